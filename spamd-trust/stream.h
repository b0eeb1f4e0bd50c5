/*
 * stream.h - a non-blocking connection, plain or TLS, behind one small interface.
 *
 * Knows nothing of the protocol and never waits: where it cannot go on it says for what the
 * caller has to wait. With TLS a read may have to wait for writing and the other way round.
 */
#ifndef SPAMD_TRUST_STREAM_H
#define SPAMD_TRUST_STREAM_H

#include "common/base/attr.h"
#include "common/base/slice.h"

struct ssl_st;
struct ssl_ctx_st;

enum stream_status {
	STREAM_OK,         /**< done, wholly or in part */
	STREAM_WANT_READ,  /**< again when the descriptor is readable */
	STREAM_WANT_WRITE, /**< again when it is writable */
	STREAM_EOF,        /**< the other side has ended its sending */
	STREAM_FAILED,     /**< broken: close it */
};

/** Fields are private. */
struct stream {
	int fd;
	struct ssl_st *ssl; /* NULL: plain */
};

/** Takes the descriptor, which is non-blocking. */
void stream_init_plain(struct stream *s, int fd);

/**
 * The same with TLS, as the server; `ctx` is borrowed.
 * @return 0 or ERR_CRYPTO (the descriptor stays the caller's).
 */
NODISCARD int stream_init_tls(struct stream *s, int fd, struct ssl_ctx_st *ctx);

/** Closes at once. */
void stream_close(struct stream *s);

/** Goes on with the TLS handshake; STREAM_OK when it is done, and at once for plain ones. */
enum stream_status stream_handshake(struct stream *s);

/**
 * What was wrong with the other side's certificate, after a handshake that failed; NULL:
 * nothing.
 */
const char *stream_certificate_error(const struct stream *s);

/** "TLSv1_3/TLS_AES_256_GCM_SHA384" into out, as the log wants it; empty for plain ones. */
struct slice stream_describe(const struct stream *s, char *out, size_t cap);

/** Reads at most cap bytes; STREAM_OK comes with at least one. */
enum stream_status stream_read(struct stream *s, uint8_t *buf, size_t cap, size_t *n_out);

/**
 * Sends what fits of the bytes and then the rest (TLS: of the bytes alone). What would leave a
 * packet part empty may wait in the kernel (plain TCP) for what follows at once: more of it, or
 * the end by stream_end() or stream_close().
 */
enum stream_status stream_write(
	struct stream *s, struct slice bytes, struct slice rest, size_t *n_out);

/**
 * Ends the sending side (TLS: with close_notify) and leaves the other open, so that the
 * client gets everything before the connection goes.
 */
enum stream_status stream_end(struct stream *s);

#endif
