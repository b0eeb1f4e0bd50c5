/*
 * upstream_targets.h - where chained scorers listen, and which of them are worth asking.
 *
 * Pure: no socket, no clock, and no name is resolved ("localhost" is 127.0.0.1). One that fails
 * UPSTREAM_FAILURES_MAX times in a row is left alone for a while, which doubles with every
 * further failure up to UPSTREAM_PAUSE_MAX_MS; one good answer makes it well again. A single
 * failure changes nothing, so that one message that a scorer chokes on does not switch it off.
 */
#ifndef SPAMD_TRUST_UPSTREAM_TARGETS_H
#define SPAMD_TRUST_UPSTREAM_TARGETS_H

#include <sys/socket.h>

#include "common/base/err.h"
#include "common/conf/strlist.h"

#define UPSTREAM_TARGETS_MAX     16
#define UPSTREAM_FAILURES_MAX    3
#define UPSTREAM_PAUSE_FIRST_MS  1000
#define UPSTREAM_PAUSE_MAX_MS    60000
#define UPSTREAM_TARGET_TEXT_MAX 128

struct upstream_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	bool tls;
	bool is_localhost;                   /**< by that name */
	char text[UPSTREAM_TARGET_TEXT_MAX]; /**< as configured, for the log */
};

struct upstream_targets {
	struct upstream_target items[UPSTREAM_TARGETS_MAX];
	size_t count;
};

/**
 * Reads the values of `upstream`: HOST:PORT, [V6]:PORT or /PATH; HOST is an address or localhost;
 * `ssl:` before a host means TLS.
 * @return 0, or ERR_INVALID with the value and what would be right in msg.
 */
NODISCARD int upstream_targets_parse(
	const struct strlist *values, struct upstream_targets *out, struct err_msg *msg);

/** Is there one with TLS among them? */
bool upstream_targets_want_tls(const struct upstream_targets *targets);

/** How one of them did lately; zeroed: well. */
struct upstream_health {
	unsigned int failures; /**< in a row */
	uint64_t rests_until_ms;
};

bool upstream_health_is_due(const struct upstream_health *h, uint64_t now_ms);

/** Counts a failure. @return true where it is left alone from now on. */
bool upstream_health_failed(struct upstream_health *h, uint64_t now_ms);
void upstream_health_answered(struct upstream_health *h);

#endif
