#include "gossip/https_call.h"

#include <stdio.h>
#include <stdlib.h>

/* Longest value of "sha256//..." for libcurl. */
#define PIN_TEXT_MAX 64

/* Fields of an answer, all together, bytes. */
#define ANSWER_HEAD_MAX 8192

void
call_free(struct call *call)
{
	if (call == NULL) {
		return;
	}
	if (call->easy != NULL) {
		curl_easy_cleanup(call->easy);
	}
	curl_slist_free_all(call->fields);
	dynbuf_fini(&call->answer);
	free(call->body);
	free(call);
}

static size_t
on_answer(char *data, size_t size, size_t count, void *ctx)
{
	struct call *call = ctx;

	/* A short count makes libcurl end the transfer. */
	return dynbuf_add(&call->answer, slice_of(data, size * count)) == 0 ? size * count : 0;
}

static size_t
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is curl_write_callback */
on_answer_head(char *data, size_t size, size_t count, void *ctx)
{
	struct call *call = ctx;

	(void)data;
	call->head_len += size * count;
	return call->head_len <= ANSWER_HEAD_MAX ? size * count : 0;
}

/* make_body - now that there is a session to bind it to */
static int
make_body(struct call *call)
{
	struct curl_tlssessioninfo *info = NULL;
	uint8_t exporter[TLS_NODE_EXPORTER_LEN];

	if (curl_easy_getinfo(call->easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK ||
		info == NULL || info->backend != CURLSSLBACKEND_OPENSSL ||
		info->internals == NULL || tls_exporter(info->internals, exporter) != 0) {
		return ERR_CRYPTO;
	}
	return call->make_body(call->ctx, exporter, call->body);
}

static size_t
on_body(char *out, size_t size, size_t count, void *ctx)
{
	struct call *call = ctx;
	size_t n = call->body_len - call->body_sent;

	if (call->make_body != NULL && !call->body_made) {
		if (make_body(call) != 0) {
			return CURL_READFUNC_ABORT;
		}
		call->body_made = true;
	}
	n = n < size * count ? n : size * count;
	if (n > 0) {
		memcpy(out, call->body + call->body_sent, n);
		call->body_sent += n;
	}
	return n;
}

/* on_seek - libcurl sends the body again when a kept connection turns out to be dead */
static int
on_seek(void *ctx, curl_off_t offset, int origin)
{
	struct call *call = ctx;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > call->body_len) {
		return CURL_SEEKFUNC_CANTSEEK;
	}
	call->body_sent = (size_t)offset;
	call->body_made = false;
	return CURL_SEEKFUNC_OK;
}

static CURLcode
on_tls(CURL *easy, void *ssl_ctx, void *ctx)
{
	const struct call *call = ctx;

	(void)easy;
	return tls_node_client(call->node, &call->pin, ssl_ctx) == 0 ? CURLE_OK
								     : CURLE_SSL_CERTPROBLEM;
}

/*
 * pin_option - libcurl's own pinning, beside the check in the handshake. It also makes libcurl
 * keep connections to one address apart by the key that was asked for.
 */
static void
pin_option(const struct digest *pin, char out[PIN_TEXT_MAX])
{
	char text[TLS_NODE_PIN_TEXT_LEN + 1];
	char *at = out + sizeof("sha256//") - 1;

	tls_pin_print(pin, text);
	memcpy(out, "sha256//", sizeof("sha256//") - 1);
	for (size_t i = 0; i < TLS_NODE_PIN_TEXT_LEN; i++) {
		char c = text[i];

		if (c == '-') {
			c = '+';
		} else if (c == '_') {
			c = '/';
		}
		*at++ = c;
	}
	*at++ = '=';
	*at = '\0';
}

/* set - one of a row of options; whether all were taken is asked once, behind the row */
#define SET(ok, easy, option, value) \
	((ok) = curl_easy_setopt((easy), (option), (value)) == CURLE_OK && (ok))

/* set_limits - what a server must not be able to make us do */
static bool
set_limits(struct call *call, const struct https_call *spec)
{
	CURL *easy = call->easy;
	bool ok = true;

	SET(ok, easy, CURLOPT_PROTOCOLS_STR, "https");
	SET(ok, easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(ok, easy, CURLOPT_PROXY, "");
	SET(ok, easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(ok, easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(ok, easy, CURLOPT_NOSIGNAL, 1L);
	/* A peer that moved is found by the next connection; kept ones need no name. */
	SET(ok, easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
	SET(ok, easy, CURLOPT_TIMEOUT_MS, (long)spec->timeout_ms);
	SET(ok, easy, CURLOPT_CONNECTTIMEOUT_MS, (long)spec->timeout_ms);
	SET(ok, easy, CURLOPT_WRITEFUNCTION, on_answer);
	SET(ok, easy, CURLOPT_WRITEDATA, call);
	SET(ok, easy, CURLOPT_HEADERFUNCTION, on_answer_head);
	SET(ok, easy, CURLOPT_HEADERDATA, call);
	SET(ok, easy, CURLOPT_ERRORBUFFER, call->error);
	SET(ok, easy, CURLOPT_PRIVATE, call);
	return ok;
}

/* set_tls - libcurl's own view of certificates is off: tls_node_client() decides */
static bool
set_tls(struct call *call)
{
	char pin[PIN_TEXT_MAX];
	CURL *easy = call->easy;
	bool ok = true;

	pin_option(&call->pin, pin);
	SET(ok, easy, CURLOPT_SSLVERSION,
		(long)CURL_SSLVERSION_TLSv1_3 | (long)CURL_SSLVERSION_MAX_TLSv1_3);
	SET(ok, easy, CURLOPT_SSL_VERIFYPEER, 0L);
	SET(ok, easy, CURLOPT_SSL_VERIFYHOST, 0L);
	SET(ok, easy, CURLOPT_PINNEDPUBLICKEY, pin);
	SET(ok, easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	SET(ok, easy, CURLOPT_SSL_CTX_FUNCTION, on_tls);
	SET(ok, easy, CURLOPT_SSL_CTX_DATA, call);
	return ok;
}

static int
add_field(struct call *call, const char *text)
{
	struct curl_slist *fields = curl_slist_append(call->fields, text);

	if (fields == NULL) {
		return ERR_NOMEM;
	}
	call->fields = fields;
	return 0;
}

static bool
set_body(struct call *call, const struct https_call *spec)
{
	char type[128];
	CURL *easy = call->easy;
	bool ok = true;

	(void)snprintf(type, sizeof(type), "Content-Type: %s",
		spec->content_type == NULL ? "application/octet-stream" : spec->content_type);
	call->body_len = spec->body.len;
	call->body = malloc(spec->body.len == 0 ? 1 : spec->body.len);
	if (call->body == NULL || add_field(call, type) != 0 ||
		add_field(call, "Expect:") != 0) {
		return false;
	}
	if (spec->make_body == NULL && spec->body.len > 0) {
		memcpy(call->body, spec->body.data, spec->body.len);
	}
	SET(ok, easy, CURLOPT_POST, 1L);
	SET(ok, easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)call->body_len);
	SET(ok, easy, CURLOPT_READFUNCTION, on_body);
	SET(ok, easy, CURLOPT_READDATA, call);
	SET(ok, easy, CURLOPT_SEEKFUNCTION, on_seek);
	SET(ok, easy, CURLOPT_SEEKDATA, call);
	return ok;
}

static int
set_all(struct call *call, const struct https_call *spec)
{
	bool ok = set_limits(call, spec) && set_tls(call) &&
		  (spec->method != HTTP_POST || set_body(call, spec)) &&
		  add_field(call, "Accept:") == 0;

	SET(ok, call->easy, CURLOPT_HTTPHEADER, call->fields);
	SET(ok, call->easy, CURLOPT_URL, spec->url);
	return ok ? 0 : ERR_NOMEM;
}

/* --- how a call ends ------------------------------------------------------------------------- */

/* holds - does the text of libcurl speak of this alert? */
static bool
holds(const struct call *call, const char *words)
{
	struct slice text = slice_str(call->error);

	return slice_find_nocase(text, slice_str(words)) < text.len;
}

/* refused_our_key - the alerts with which servers answer a certificate they do not like */
static bool
refused_our_key(const struct call *call)
{
	return holds(call, "alert unknown ca") || holds(call, "alert bad certificate") ||
	       holds(call, "alert certificate") || holds(call, "alert access denied");
}

static enum https_end
end_of(const struct call *call, CURLcode rc)
{
	switch (rc) {
	case CURLE_OK:
		return HTTPS_ANSWERED;
	case CURLE_OPERATION_TIMEDOUT:
		return HTTPS_TIMEOUT;
	case CURLE_WRITE_ERROR:
		return HTTPS_TOO_BIG;
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_PEER_FAILED_VERIFICATION:
		return HTTPS_WRONG_KEY;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		if (refused_our_key(call)) {
			return HTTPS_UNKNOWN_KEY;
		}
		if (holds(call, "certificate verify failed")) {
			return HTTPS_WRONG_KEY;
		}
		return rc == CURLE_SSL_CONNECT_ERROR ? HTTPS_TLS : HTTPS_OFFLINE;
	default:
		return HTTPS_OFFLINE;
	}
}

static const char *
text_of(const struct call *call, enum https_end end, CURLcode rc)
{
	switch (end) {
	case HTTPS_ANSWERED:
		return "";
	case HTTPS_TIMEOUT:
		return "no answer in time";
	case HTTPS_WRONG_KEY:
		return "the key it shows is not the one pinned for this peer";
	case HTTPS_UNKNOWN_KEY:
		return "the peer does not know our key: it has to add us with our pin";
	case HTTPS_TOO_BIG:
		return "the answer is longer than allowed";
	case HTTPS_OFFLINE:
	case HTTPS_TLS:
		break;
	}
	return call->error[0] == '\0' ? curl_easy_strerror(rc) : call->error;
}

void
call_tell(struct call *call, CURLcode rc)
{
	struct https_result result = {.end = end_of(call, rc)};
	curl_off_t retry_after = 0;
	long status = 0;

	result.text = text_of(call, result.end, rc);
	if (result.end == HTTPS_ANSWERED) {
		(void)curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		(void)curl_easy_getinfo(call->easy, CURLINFO_RETRY_AFTER, &retry_after);
		result.status = (int)status;
		result.retry_after_s = retry_after < 0        ? 0
				       : retry_after > 604800 ? 604800
							      : (uint32_t)retry_after;
		result.body = dynbuf_slice(&call->answer);
	}
	call->done(call->ctx, call->id, &result);
}

int
call_new(const struct tls_node *node, const struct https_call *spec, struct call **out)
{
	struct call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		return ERR_NOMEM;
	}
	call->node = node;
	call->id = spec->id;
	call->pin = spec->pin;
	call->make_body = spec->make_body;
	call->done = spec->done;
	call->ctx = spec->ctx;
	dynbuf_init(&call->answer, spec->answer_max);
	call->easy = curl_easy_init();
	if (call->easy == NULL || set_all(call, spec) != 0) {
		call_free(call);
		return ERR_NOMEM;
	}
	*out = call;
	return 0;
}
