/*
 * http_request.h - one HTTP/1.1 request, taken apart strictly and without I/O.
 *
 * Peers are our own kind, so only what they send is understood, and everything else is refused
 * before anybody acts on it: RFC 9112 in its strict reading, origin-form targets, exactly one
 * Host, a Content-Length of digits, once. What intermediaries and servers read in different ways,
 * and request smuggling lives on, is an error here: a bare LF or CR, a NUL, a folded field, a
 * blank before the colon, Transfer-Encoding of any kind, a list or a sign in Content-Length, a body
 * behind GET (RFC 9112 sections 2.2, 5.1, 5.2, 6.1, 6.3, 11.2).
 *
 * The caller keeps the bytes of a connection in one buffer and offers it whole each time more have
 * come; nothing is copied, and what was found points into that buffer. A request that is
 * refused ends the connection, as where the next one starts is then anybody's guess.
 */
#ifndef GOSSIP_HTTP_REQUEST_H
#define GOSSIP_HTTP_REQUEST_H

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Request line and fields together: the longest of ours has some 300 bytes. */
#define HTTP_HEAD_MAX 8192

/** Fields of a head: curl sends six. */
#define HTTP_FIELDS_MAX 32

/** Longest target: a path of ours and two numbers. */
#define HTTP_TARGET_MAX 512

enum http_method {
	HTTP_GET,
	HTTP_POST,
};

/** Everything is borrowed from the buffer given to http_request_parse. */
struct http_request {
	enum http_method method;
	struct slice target; /**< path and query as sent; bytes 21 to 7E hex, never "#" */
	struct slice path;   /**< of it: starts with "/", ends before "?" */
	struct slice host;
	struct slice content_type; /**< empty where there is none */
	size_t body_len;           /**< as announced */
	struct slice body;         /**< good with HTTP_PARSE_DONE */
	bool keep_alive;           /**< the client expects to go on with this connection */
};

enum http_parse_status {
	HTTP_PARSE_MORE,    /**< not yet: offer the buffer again when it is longer */
	HTTP_PARSE_HEAD,    /**< the head is whole and allowed, the body is not there yet */
	HTTP_PARSE_DONE,    /**< the request is whole; *used bytes were its own */
	HTTP_PARSE_REFUSED, /**< see the refusal; answer it and close */
};

/** Why a request is not taken. */
struct http_refusal {
	int status;       /**< 400, 405, 411, 413, 414, 415, 417, 431, 501 or 505 */
	const char *text; /**< a few words, for the answer and the log */
};

/**
 * Looks at all bytes of a connection from the start of a request on.
 * @param body_max largest body taken, bytes.
 */
NODISCARD enum http_parse_status http_request_parse(struct slice in, size_t body_max,
	struct http_request *out, size_t *used, struct http_refusal *refusal);

/** The reason phrase of a status that we send (RFC 9110 section 15); "Error" for others. */
const char *http_reason(int status);

#endif
