#include "common/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const err_texts[] = {
	[-ERR_OK] = "success",
	[-ERR_NOMEM] = "out of memory",
	[-ERR_INVALID] = "malformed input",
	[-ERR_RANGE] = "value out of range",
	[-ERR_TOOBIG] = "too large",
	[-ERR_TRUNCATED] = "input ends too early",
	[-ERR_NOTFOUND] = "not found",
	[-ERR_EXISTS] = "already exists",
	[-ERR_DENIED] = "permission denied",
	[-ERR_SIGNATURE] = "signature does not verify",
	[-ERR_EXPIRED] = "not valid at this time",
	[-ERR_VERSION] = "unknown or newer version",
	[-ERR_CORRUPT] = "stored data is damaged",
	[-ERR_BUSY] = "in use by another process",
	[-ERR_FULL] = "no space left",
	[-ERR_IO] = "input/output error",
	[-ERR_CRYPTO] = "cryptographic library failure",
	[-ERR_UNSUPPORTED] = "not supported",
	[-ERR_TIMEOUT] = "timed out",
	[-ERR_NOTREADY] = "not possible now",
};

static const struct {
	int errnum;
	enum err code;
} errno_map[] = {
	{ENOMEM, ERR_NOMEM},
	{EINVAL, ERR_INVALID},
	{ERANGE, ERR_RANGE},
	{E2BIG, ERR_TOOBIG},
	{EFBIG, ERR_TOOBIG},
	{ENOENT, ERR_NOTFOUND},
	{ENOTDIR, ERR_NOTFOUND},
	{EEXIST, ERR_EXISTS},
	{EACCES, ERR_DENIED},
	{EPERM, ERR_DENIED},
	{EROFS, ERR_DENIED},
	{EBUSY, ERR_BUSY},
	{EAGAIN, ERR_BUSY},
	{ENOSPC, ERR_FULL},
	{EDQUOT, ERR_FULL},
	{ETIMEDOUT, ERR_TIMEOUT},
	{ENOTSUP, ERR_UNSUPPORTED},
};

const char *
err_text(int code)
{
	if (code > 0 || code < ERR_LAST) {
		return "unknown error";
	}
	return err_texts[-code];
}

int
err_from_errno(int errnum)
{
	for (size_t i = 0; i < ARRAY_LEN(errno_map); i++) {
		if (errno_map[i].errnum == errnum) {
			return errno_map[i].code;
		}
	}
	return ERR_IO;
}

static void PRINTF_LIKE(4, 0)
	fill(struct err_msg *msg, int code, size_t offset, const char *fmt, va_list ap)
{
	if (msg == NULL) {
		return;
	}
	msg->code = code;
	msg->offset = offset;
	if (vsnprintf(msg->text, sizeof(msg->text), fmt, ap) < 0) {
		msg->text[0] = '\0';
	}
}

int
err_set(struct err_msg *msg, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(msg, code, 0, fmt, ap);
	va_end(ap);
	return code;
}

int
err_set_at(struct err_msg *msg, int code, size_t offset, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(msg, code, offset, fmt, ap);
	va_end(ap);
	return code;
}

int
err_set_errno(struct err_msg *msg, const char *fmt, ...)
{
	int errnum = errno;
	int code = err_from_errno(errnum);
	char reason[128];
	va_list ap;

	va_start(ap, fmt);
	fill(msg, code, 0, fmt, ap);
	va_end(ap);
	if (msg != NULL) {
		size_t used = strlen(msg->text);

		(void)snprintf(msg->text + used, sizeof(msg->text) - used, ": %s",
			strerror_r(errnum, reason, sizeof(reason)));
	}
	return code;
}
