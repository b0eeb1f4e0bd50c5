#include "spamd-trust/stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "common/base/err.h"

void
stream_init_plain(struct stream *s, int fd)
{
	*s = (struct stream){.fd = fd};
}

int
stream_init_tls(struct stream *s, int fd, struct ssl_ctx_st *ctx)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl == NULL || SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return ERR_CRYPTO;
	}
	SSL_set_accept_state(ssl);
	*s = (struct stream){.fd = fd, .ssl = ssl};
	return 0;
}

void
stream_close(struct stream *s)
{
	SSL_free(s->ssl);
	s->ssl = NULL;
	if (s->fd >= 0) {
		(void)close(s->fd);
		s->fd = -1;
	}
}

/* status_of - what OpenSSL wants; its error queue is per thread and must not carry over */
static enum stream_status
status_of(const struct stream *s, int result)
{
	int error = SSL_get_error(s->ssl, result);

	ERR_clear_error();
	switch (error) {
	case SSL_ERROR_NONE:
		return STREAM_OK;
	case SSL_ERROR_WANT_READ:
		return STREAM_WANT_READ;
	case SSL_ERROR_WANT_WRITE:
		return STREAM_WANT_WRITE;
	case SSL_ERROR_ZERO_RETURN:
		return STREAM_EOF;
	default:
		return STREAM_FAILED;
	}
}

enum stream_status
stream_handshake(struct stream *s)
{
	if (s->ssl == NULL) {
		return STREAM_OK;
	}
	return status_of(s, SSL_do_handshake(s->ssl));
}

const char *
stream_certificate_error(const struct stream *s)
{
	long result = s->ssl == NULL ? X509_V_OK : SSL_get_verify_result(s->ssl);

	return result == X509_V_OK ? NULL : X509_verify_cert_error_string(result);
}

struct slice
stream_describe(const struct stream *s, char *out, size_t cap)
{
	if (s->ssl == NULL || cap == 0) {
		return (struct slice){0};
	}
	(void)snprintf(out, cap, "%s/%s", SSL_get_version(s->ssl), SSL_get_cipher_name(s->ssl));
	for (char *at = out; *at != '\0' && *at != '/'; at++) {
		if (*at == '.') {
			*at = '_';
		}
	}
	return slice_str(out);
}

enum stream_status
stream_read(struct stream *s, uint8_t *buf, size_t cap, size_t *n_out)
{
	ssize_t n = 0;

	*n_out = 0;
	if (s->ssl != NULL) {
		return status_of(s, SSL_read_ex(s->ssl, buf, cap, n_out));
	}
	do {
		n = recv(s->fd, buf, cap, 0);
	} while (n < 0 && errno == EINTR);
	if (n > 0) {
		*n_out = (size_t)n;
		return STREAM_OK;
	}
	if (n == 0) {
		return STREAM_EOF;
	}
	return errno == EAGAIN ? STREAM_WANT_READ : STREAM_FAILED;
}

static struct iovec
io_part(struct slice bytes)
{
	return (struct iovec){.iov_base = attr_without_const(bytes.data), .iov_len = bytes.len};
}

enum stream_status
stream_write(struct stream *s, struct slice bytes, struct slice rest, size_t *n_out)
{
	struct iovec parts[] = {io_part(bytes), io_part(rest)};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = ARRAY_LEN(parts)};
	ssize_t n = 0;

	*n_out = 0;
	if (s->ssl != NULL) {
		return status_of(s, SSL_write_ex(s->ssl, bytes.data, bytes.len, n_out));
	}
	do {
		n = rest.len == 0 ? send(s->fd, bytes.data, bytes.len, MSG_NOSIGNAL | MSG_MORE)
				  : sendmsg(s->fd, &message, MSG_NOSIGNAL | MSG_MORE);
	} while (n < 0 && errno == EINTR);
	if (n >= 0) {
		*n_out = (size_t)n;
		return STREAM_OK;
	}
	return errno == EAGAIN ? STREAM_WANT_WRITE : STREAM_FAILED;
}

enum stream_status
stream_end(struct stream *s)
{
	if (s->ssl != NULL) {
		int result = SSL_shutdown(s->ssl);
		enum stream_status status = result >= 0 ? STREAM_OK : status_of(s, result);

		if (status != STREAM_OK) {
			return status;
		}
	}
	return shutdown(s->fd, SHUT_WR) == 0 ? STREAM_OK : STREAM_FAILED;
}
