/* How a connection answers; see https_connection.h. */
#include <stdio.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "gossip/https_connection.h"

/* A head of ours; and what is sent with it in one record. */
#define HEAD_MAX       512
#define SHORT_BODY_MAX 4096

/* print_head - the status line and the fields. @return its length, below HEAD_MAX */
static size_t
print_head(const struct connection *c, const struct https_answer *answer, char out[HEAD_MAX])
{
	char retry[32] = "";
	int len = 0;

	if (answer->retry_after_s > 0) {
		(void)snprintf(retry, sizeof(retry), "Retry-After: %u\r\n",
			(unsigned int)answer->retry_after_s);
	}
	len = snprintf(out, HEAD_MAX, "HTTP/1.1 %d %s\r\nContent-Length: %zu\r\n%s%s%s%s%s\r\n",
		answer->status, http_reason(answer->status), answer->body.len,
		answer->content_type == NULL ? "" : "Content-Type: ",
		answer->content_type == NULL ? "" : answer->content_type,
		answer->content_type == NULL ? "" : "\r\n", retry,
		c->keep_alive ? "" : "Connection: close\r\n");
	return len < 0 || len >= HEAD_MAX ? 0 : (size_t)len;
}

/*
 * send_at_once - a short answer, as one record, past the stream, which would have the loop wait
 * until the socket can be written first; nearly always it can. Where it cannot, the record is
 * in the session already, and the stream has to send the very same bytes in one piece: so false
 * then, and for all that is long, closes the connection, or comes behind something else.
 */
static bool
send_at_once(struct connection *c, const uint8_t *bytes, size_t len)
{
	SSL *ssl = bufferevent_openssl_get_ssl(c->stream);
	bool is_sent = false;

	if (c->keep_alive && evbuffer_get_length(bufferevent_get_output(c->stream)) == 0) {
		is_sent = SSL_write(ssl, bytes, (int)len) == (int)len;
		ERR_clear_error();
	}
	return is_sent;
}

/*
 * queue - the answer to the stream, in one piece as far as it is short. False when there is no
 * memory
 */
static bool
queue(struct connection *c, const uint8_t *bytes, size_t len, struct slice rest)
{
	struct evbuffer *out = bufferevent_get_output(c->stream);
	struct evbuffer *whole = evbuffer_new();
	bool ok = whole != NULL && evbuffer_expand(whole, len) == 0 &&
		  evbuffer_add(whole, bytes, len) == 0 &&
		  evbuffer_add(whole, rest.data, rest.len) == 0 &&
		  evbuffer_add_buffer(out, whole) == 0;

	if (whole != NULL) {
		evbuffer_free(whole);
	}
	return ok;
}

void
connection_answer(struct connection *c, const struct https_answer *answer)
{
	char short_answer[HEAD_MAX + SHORT_BODY_MAX];
	size_t len = print_head(c, answer, short_answer);
	struct slice rest = answer->body;

	if (len > 0 && rest.len <= SHORT_BODY_MAX) {
		memcpy(short_answer + len, rest.data, rest.len);
		len += rest.len;
		rest = (struct slice){0};
		if (send_at_once(c, (const uint8_t *)short_answer, len)) {
			connection_enter(c, PHASE_IDLE);
			if (!c->is_asking) {
				connection_read(c);
			}
			return;
		}
	}
	if (len == 0 || !queue(c, (const uint8_t *)short_answer, len, rest)) {
		connection_free(c); /* out of memory: half an answer is none */
		return;
	}
	connection_enter(c, PHASE_SENDING);
}
