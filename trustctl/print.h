/*
 * print.h - what trustctl shows: aligned tables or JSON, colours.
 *
 * A listing is filled once, cell by cell, and printed as a table for people or as a JSON
 * array of objects, so that both always say the same. Text from outside (addresses, notes,
 * names in address books) is cleaned for the terminal: control characters and bytes that
 * are not UTF-8 never reach it. Colour appears only on a terminal and without NO_COLOR. Nothing is
 * ever written by force:
 * print_flush() tells whether everything reached standard output.
 */
#ifndef TRUSTCTL_PRINT_H
#define TRUSTCTL_PRINT_H

#include <stdio.h>

#include "common/base/dynbuf.h"
#include "common/base/err.h"

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

/** @return 0, or what the system said (ERR_FULL, ERR_IO) when something could not be written to out. */
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

enum column_kind {
	COLUMN_TEXT,
	COLUMN_NUMBER,
	COLUMN_TIME, /**< seconds since 1970; people see "2026-11-23 21:40" (UTC); 0 is unknown: "-", null */
	COLUMN_BOOL, /**< people see yes and no */
	COLUMN_LIST, /**< texts; people see "a, b", or "-" for none */
};

struct column {
	const char *key;   /**< of the JSON object */
	const char *title; /**< above the column, or before the value in a record */
	enum column_kind kind;
};

struct table_cell;

/** A listing in the making; the error is sticky and told by table_print. Fields are private. */
struct table {
	const struct column *columns;
	size_t column_count;
	struct table_cell *cells;
	size_t cell_count;
	size_t cell_cap;
	struct dynbuf text;
	int error;
};

/** Borrows the columns. */
void table_init(struct table *t, const struct column *columns, size_t column_count);
void table_fini(struct table *t);

/** The next cell, left to right; of the kind its column has. Copies. */
void table_text(struct table *t, struct slice value);
void table_str(struct table *t, const char *value);
void table_number(struct table *t, uint64_t value);
void table_bool(struct table *t, bool value);
void table_list(struct table *t, const struct slice *items, size_t count);

/** A cell without a value: "-" for people, null in JSON. */
void table_none(struct table *t);

/** Sorts the rows by their first column, a text. */
void table_sort(struct table *t);

size_t table_rows(const struct table *t);

/** Prints all rows. @return 0, ERR_NOMEM. */
NODISCARD int table_print(const struct table *t, const struct print *p);

/** Prints the only row, one value a line, or one JSON object. */
NODISCARD int table_print_record(const struct table *t, const struct print *p);

#endif
