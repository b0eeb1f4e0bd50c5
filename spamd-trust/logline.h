/*
 * logline.h - the lines spamd writes about each request (SPEC 11), as text.
 *
 * Log scrapers parse these, so they are byte-exact. Each builder replaces the content of
 * `out` with one line: "spamd: " in front, no line end, everything from outside escaped
 * (\x{C3} style). Where it is written, and with which time stamp, is the caller's matter.
 */
#ifndef SPAMD_TRUST_LOGLINE_H
#define SPAMD_TRUST_LOGLINE_H

#include "common/base/dynbuf.h"
#include "common/scan/verdict.h"
#include "spamd-trust/spamd_proto.h"

/** The other end of a connection. A UNIX socket logs as localhost, its path as port. */
struct logline_peer {
	struct slice
		socket_path; /**< not empty: a UNIX socket, and nothing below counts but fd */
	struct slice host;   /**< "localhost" for loopback, else the address */
	struct slice address;
	unsigned int port;
	unsigned int local_port;
	int fd;
	struct slice tls; /**< "TLSv1_3/TLS_AES_256_GCM_SHA384", or empty */
};

/** Cleaned Message-Ids; empty for none. Live in the arena given. */
struct logline_ids {
	struct slice message_id;
	struct slice resent_message_id;
};

/** Takes them from a header (SPEC 11 `mid=`). Empty ones when memory is out. */
struct logline_ids logline_message_ids(struct slice header, struct arena *arena);

/** Whose request it is. */
struct logline_subject {
	struct slice user; /**< empty: (unknown) */
	unsigned int uid;  /**< effective uid of the worker */
	struct logline_ids ids;
	uint64_t elapsed_ms; /**< since the connection was accepted */
	size_t size_bytes;
};

void logline_connection(struct dynbuf *out, const struct logline_peer *peer);

/** Warning: a client that `-A` does not allow. */
void logline_unauthorized(struct dynbuf *out, const struct logline_peer *peer);

/** "checking message ..." ("processing" for PROCESS). */
void logline_checking(
	struct dynbuf *out, enum spamd_command command, const struct logline_subject *subject);

/** "identified spam ..." or "clean message ...". */
void logline_verdict(struct dynbuf *out, const struct logline_subject *subject,
	const struct verdict *verdict);

/** "result: ..."; `sorted` is what verdict_sorted() gave. */
void logline_result(struct dynbuf *out, const struct logline_subject *subject,
	const struct verdict *verdict, const struct rule_hit *const *sorted,
	const struct logline_peer *peer);

/** "Tell: ...". */
void logline_tell(struct dynbuf *out, const struct logline_subject *subject,
	const struct spamd_told *told);

/** "skipped large message ...". */
void logline_skipped(struct dynbuf *out, const struct logline_subject *subject);

/** Warning: text of a SPAMD_EVENT_ERROR or SPAMD_EVENT_NOTE, less CR and LF at its end. */
void logline_warning(struct dynbuf *out, struct slice text);

#endif
