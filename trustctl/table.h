/*
 * table.h - listings: aligned tables for people, or JSON.
 *
 * A listing is filled once, cell by cell, and printed as a table for people or as a JSON
 * array of objects, so that both always say the same.
 */
#ifndef TRUSTCTL_TABLE_H
#define TRUSTCTL_TABLE_H

#include "trustctl/print.h"

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

/** A text, or a cell without a value where it is empty. */
void table_text_if_any(struct table *t, struct slice value);

/** Sorts the rows by their first column, a text. */
void table_sort(struct table *t);

size_t table_rows(const struct table *t);

/** Prints all rows. @return 0, ERR_NOMEM. */
NODISCARD int table_print(const struct table *t, const struct print *p);

/**
 * Prints all rows without titles, a line each as it comes; in JSON, an object a line.
 * @return 0, ERR_NOMEM.
 */
NODISCARD int table_print_lines(const struct table *t, const struct print *p);

/** Prints the only row, one value a line, or one JSON object. */
NODISCARD int table_print_record(const struct table *t, const struct print *p);

#endif
