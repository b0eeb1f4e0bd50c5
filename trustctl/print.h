/*
 * print.h - the two streams of trustctl, and text on them.
 *
 * Text from outside (addresses, notes, names in address books) is cleaned for the terminal:
 * control characters and bytes that are not UTF-8 never reach it. Colour appears only on a
 * terminal and without NO_COLOR. Nothing is ever written by force: print_flush() tells whether
 * everything reached standard output.
 */
#ifndef TRUSTCTL_PRINT_H
#define TRUSTCTL_PRINT_H

#include <stdio.h>

#include "common/base/dynbuf.h"
#include "common/base/err.h"

/** Most text at a time: a listing of a million rows of ordinary addresses. */
#define PRINT_TEXT_MAX ((size_t)64 << 20)

struct print {
	FILE *out;
	FILE *err;
	bool json;
	bool color;     /**< for out */
	bool err_color; /**< for err */
	bool progress;  /**< err is a terminal */
};

/** Finds out what the two streams can show; no_color is NO_COLOR of the environment or NULL. */
void print_init(struct print *p, FILE *out, FILE *err, bool json, const char *no_color);

/**
 * @return 0, or what the system said (ERR_FULL, ERR_IO) when something could not be written to
 * out.
 */
NODISCARD int print_flush(struct print *p, struct err_msg *msg);

enum print_style {
	PRINT_PLAIN,
	PRINT_BOLD,
	PRINT_GOOD,
	PRINT_WARN,
	PRINT_BAD,
};

/** Writes text from outside to out, cleaned, in a style. */
void print_text(const struct print *p, enum print_style style, struct slice text);

/** Appends `text` as valid UTF-8 without control characters: others become U+FFFD or '?'. */
void print_clean(struct slice text, struct dynbuf *out);

#endif
