#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/dynbuf.h"
#include "gossip/http_request.h"

#define BODY_MAX 1024

static const struct {
	const char *label;
	const char *text;
	enum http_method method;
	const char *target;
	const char *path;
	const char *body;
	bool keep_alive;
	size_t behind; /* bytes that belong to the next request */
} good_rows[] = {
	{"get", "GET /v1/node HTTP/1.1\r\nHost: a\r\n\r\n", HTTP_GET, "/v1/node", "/v1/node",
		"", true, 0},
	{"query", "GET /v1/feed?epoch=1&after=2 HTTP/1.1\r\nhost: a:7483\r\n\r\n", HTTP_GET,
		"/v1/feed?epoch=1&after=2", "/v1/feed", "", true, 0},
	{"post", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", HTTP_POST, "/x",
		"/x", "abc", true, 0},
	{"empty body", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", HTTP_POST,
		"/x", "/x", "", true, 0},
	{"leading zeros", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0003\r\n\r\nabc",
		HTTP_POST, "/x", "/x", "abc", true, 0},
	{"close", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Close\r\n\r\n",
		HTTP_GET, "/", "/", "", false, 0},
	{"unknown fields", "GET / HTTP/1.1\r\nHost: a\r\nX-Y: \t z\t\r\nEmpty:\r\n\r\n",
		HTTP_GET, "/", "/", "", true, 0},
	{"pipelined", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n", HTTP_GET, "/", "/",
		"", true, 16},
	{"zero length behind get", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n",
		HTTP_GET, "/", "/", "", true, 0},
};

static void
expect_good(size_t i, const struct http_request *r)
{
	const char *label = good_rows[i].label;

	cr_expect_eq(r->method, good_rows[i].method, "%s", label);
	cr_expect(slice_eq(r->target, slice_str(good_rows[i].target)), "%s: target", label);
	cr_expect(slice_eq(r->path, slice_str(good_rows[i].path)), "%s: path", label);
	cr_expect(slice_eq(r->body, slice_str(good_rows[i].body)), "%s: body", label);
	cr_expect_eq(r->keep_alive, good_rows[i].keep_alive, "%s: keep_alive", label);
}

Test(http_request, takes_apart_what_peers_send)
{
	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++) {
		struct slice in = slice_str(good_rows[i].text);
		struct http_refusal refusal = {0, ""};
		struct http_request r;
		size_t used = 0;

		cr_expect_eq(http_request_parse(in, BODY_MAX, &r, &used, &refusal),
			HTTP_PARSE_DONE, "%s: %d %s", good_rows[i].label, refusal.status,
			refusal.text);
		cr_expect_eq(used, in.len - good_rows[i].behind, "%s", good_rows[i].label);
		expect_good(i, &r);
	}
}

Test(http_request, waits_for_the_rest_after_every_byte)
{
	for (size_t i = 0; i < ARRAY_LEN(good_rows); i++) {
		struct slice in = slice_str(good_rows[i].text);
		size_t whole = in.len - good_rows[i].behind;
		struct http_refusal refusal;
		struct http_request r;
		size_t used = 0;

		for (size_t n = 0; n < whole; n++) {
			enum http_parse_status s = http_request_parse(
				slice_take(in, n), BODY_MAX, &r, &used, &refusal);

			cr_expect(s == HTTP_PARSE_MORE || s == HTTP_PARSE_HEAD, "%s: %zu bytes",
				good_rows[i].label, n);
		}
	}
}

#define HEAD "POST / HTTP/1.1\r\nHost: a\r\n"

static const struct {
	const char *label;
	const char *text;
	int status;
} bad_rows[] = {
	{"bare LF behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400},
	{"bare LF behind a field", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
	{"bare CR in a field", "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400},
	{"empty line first", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"folded field", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
	{"blank before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
	{"blank before the colon", HEAD "Content-Length : 1\r\n\r\na", 400},
	{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n", 400},
	{"field without a name", "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", 400},
	{"no host", "GET / HTTP/1.1\r\n\r\n", 400},
	{"two hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400},
	{"list of hosts", "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
	{"empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
	{"chunked", HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501},
	{"chunked and a length",
		HEAD "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501},
	{"identity", HEAD "transfer-encoding: identity\r\n\r\n", 501},
	{"two lengths", HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400},
	{"the same length twice", HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", 400},
	{"list of lengths", HEAD "Content-Length: 1, 1\r\n\r\na", 400},
	{"positive length", HEAD "Content-Length: +1\r\n\r\na", 400},
	{"negative length", HEAD "Content-Length: -1\r\n\r\na", 400},
	{"hexadecimal length", HEAD "Content-Length: 0x1\r\n\r\na", 400},
	{"empty length", HEAD "Content-Length:\r\n\r\n", 400},
	{"blank in a length", HEAD "Content-Length: 1 1\r\n\r\na", 400},
	{"body over the limit", HEAD "Content-Length: 1025\r\n\r\n", 413},
	{"length beyond all numbers", HEAD "Content-Length: 99999999999999999999999\r\n\r\n",
		413},
	{"no length", HEAD "\r\n", 411},
	{"body behind get", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na", 400},
	{"expectation", HEAD "Expect: 100-continue\r\nContent-Length: 1\r\n\r\na", 417},
	{"compressed body", HEAD "Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\na", 415},
	{"other method", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
	{"connect", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
	{"method of lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
	{"absolute target", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"asterisk target", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"fragment", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"blank behind the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 505},
	{"version 1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n", 505},
	{"version 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405},
	{"no version", "GET /\r\nHost: a\r\n\r\n", 400},
	{"foreign bytes in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
	{"foreign bytes in a field", "GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\r\n\r\n", 400},
	{"TLS inside TLS", "\x16\x03\x01\x02", 400},
	{"bare LF, head not whole", "GET / HTTP/1.1\nHost", 400},
};

Test(http_request, refuses_what_could_be_read_in_two_ways)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		struct http_refusal refusal = {0, ""};
		struct http_request r;
		size_t used = 0;

		cr_expect_eq(http_request_parse(slice_str(bad_rows[i].text), BODY_MAX, &r,
				     &used, &refusal),
			HTTP_PARSE_REFUSED, "%s", bad_rows[i].label);
		cr_expect_eq(refusal.status, bad_rows[i].status, "%s: %d %s", bad_rows[i].label,
			refusal.status, refusal.text);
		cr_expect_str_neq(http_reason(refusal.status), "Error");
	}
}

/* parse_filled - a request whose middle is `fill` bytes of 'a' */
static struct http_refusal
parse_filled(const char *before, size_t fill, const char *behind, enum http_parse_status *s)
{
	size_t head = strlen(before);
	size_t len = head + fill + strlen(behind);
	struct http_refusal refusal = {0, ""};
	struct http_request r;
	char *text = malloc(len + 1);
	size_t used = 0;

	cr_assert_not_null(text);
	memcpy(text, before, head);
	memset(text + head, 'a', fill);
	memcpy(text + head + fill, behind, strlen(behind) + 1);
	*s = http_request_parse(slice_of(text, len), BODY_MAX, &r, &used, &refusal);
	free(text);
	return refusal;
}

/* parse_fields - a head with so many fields */
static struct http_refusal
parse_fields(size_t count, enum http_parse_status *s)
{
	struct dynbuf text;
	struct http_refusal refusal = {0, ""};
	struct http_request r;
	size_t used = 0;

	dynbuf_init(&text, 2 * HTTP_HEAD_MAX);
	dynbuf_add_str(&text, "GET / HTTP/1.1\r\nHost: a\r\n");
	for (size_t i = 1; i < count; i++) {
		dynbuf_add_str(&text, "X: y\r\n");
	}
	dynbuf_add_str(&text, "\r\n");
	cr_assert_eq(dynbuf_error(&text), 0);
	*s = http_request_parse(dynbuf_slice(&text), BODY_MAX, &r, &used, &refusal);
	dynbuf_fini(&text);
	return refusal;
}

Test(http_request, bounds_every_part)
{
	enum http_parse_status s = HTTP_PARSE_MORE;

	(void)parse_filled("GET /", HTTP_TARGET_MAX - 1, " HTTP/1.1\r\nHost: a\r\n\r\n", &s);
	cr_expect_eq(s, HTTP_PARSE_DONE);
	cr_expect_eq(parse_filled("GET /", HTTP_TARGET_MAX, " HTTP/1.1\r\nHost: a\r\n\r\n", &s)
			     .status,
		414);
	cr_expect_eq(parse_filled("GET /", HTTP_TARGET_MAX + 100, "", &s).status, 414,
		"a request line that never ends is refused before it does");
	cr_expect_eq(parse_filled("GET / HTTP/1.1\r\nX: ", HTTP_HEAD_MAX, "", &s).status, 431);
	(void)parse_fields(HTTP_FIELDS_MAX, &s);
	cr_expect_eq(s, HTTP_PARSE_DONE);
	cr_expect_eq(parse_fields(HTTP_FIELDS_MAX + 1, &s).status, 431);
}
