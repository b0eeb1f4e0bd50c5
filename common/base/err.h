/*
 * err.h - the error codes of the whole tree and the message a person reads.
 *
 * A fallible function returns int: 0, or one of the negative constants below.
 * Logic branches on the code only; `struct err_msg` carries the text, and where
 * it applies the byte offset or line of the input at fault. Nothing here is for
 * control flow of streaming parsers: those return a status enum of their own.
 */
#ifndef COMMON_BASE_ERR_H
#define COMMON_BASE_ERR_H

#include <stddef.h>

#include "common/base/attr.h"

enum err {
	ERR_OK = 0,
	ERR_NOMEM = -1,        /**< out of memory */
	ERR_INVALID = -2,      /**< input does not follow its format */
	ERR_RANGE = -3,        /**< a number or size outside what is allowed */
	ERR_TOOBIG = -4,       /**< a named bound was reached */
	ERR_TRUNCATED = -5,    /**< input ended early */
	ERR_NOTFOUND = -6,     /**< no such record, file, user */
	ERR_EXISTS = -7,       /**< already there */
	ERR_DENIED = -8,       /**< no permission, or refused by policy */
	ERR_SIGNATURE = -9,    /**< signature, MAC or certificate does not verify */
	ERR_EXPIRED = -10,     /**< outside its validity */
	ERR_VERSION = -11,     /**< made by a newer or unknown version */
	ERR_CORRUPT = -12,     /**< stored data is damaged */
	ERR_BUSY = -13,        /**< locked or used by another; try again */
	ERR_FULL = -14,        /**< no space on disk, map or table full */
	ERR_IO = -15,          /**< the system refused a read, write or open */
	ERR_CRYPTO = -16,      /**< the cryptographic library failed */
	ERR_UNSUPPORTED = -17, /**< known, but not offered here */
	ERR_TIMEOUT = -18,     /**< a deadline passed */
	ERR_NOTREADY = -19,    /**< not possible in the present state */
	ERR_LAST = -19,
};

/** Maximum text of an err_msg, including the terminating NUL. */
#define ERR_TEXT_MAX 512

/**
 * An error for a person: what, where and, if there is one, the remedy.
 * `offset` is a byte offset or a line number, whatever the producer documents.
 */
struct err_msg {
	int code;
	size_t offset;
	char text[ERR_TEXT_MAX];
};

/** Returns the fixed English text of a code; never NULL. */
const char *err_text(int code);

/** Maps a positive errno value to a code; unknown ones become ERR_IO. */
int err_from_errno(int errnum);

/**
 * Fills `msg` (which may be NULL) and returns `code`, so that a failing
 * function can end in `return err_set(msg, ERR_X, "...")`.
 */
int err_set(struct err_msg *msg, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** As err_set, with a byte offset or line number. */
int err_set_at(struct err_msg *msg, int code, size_t offset, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/** As err_set for a failed system call: the code comes from errno, ": strerror" is appended. */
int err_set_errno(struct err_msg *msg, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
