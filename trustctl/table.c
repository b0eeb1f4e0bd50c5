#include "trustctl/table.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "common/base/array.h"
#include "trustctl/utf8.h"

/** Enough for "YYYY-MM-DD HH:MM" and for 20 digits. */
#define CELL_NUMBER_MAX 32

struct table_cell {
	bool present;
	uint64_t number;
	size_t start; /* of the text in table.text */
	size_t len;
};

void
table_init(struct table *t, const struct column *columns, size_t column_count)
{
	*t = (struct table){.columns = columns, .column_count = column_count};
	dynbuf_init(&t->text, PRINT_TEXT_MAX);
}

void
table_fini(struct table *t)
{
	free(t->cells);
	dynbuf_fini(&t->text);
	*t = (struct table){0};
}

/* add_cell - room for one more cell, NULL after a failure */
static struct table_cell *
add_cell(struct table *t)
{
	struct table_cell *cells = NULL;

	if (t->error != 0) {
		return NULL;
	}
	cells = ARRAY_ROOM(t->cells, t->cell_count, &t->cell_cap);
	if (cells == NULL) {
		t->error = ERR_NOMEM;
		return NULL;
	}
	t->cells = cells;
	cells[t->cell_count] = (struct table_cell){.present = true};
	return &cells[t->cell_count++];
}

void
table_text(struct table *t, struct slice value)
{
	struct table_cell *cell = add_cell(t);

	if (cell == NULL) {
		return;
	}
	cell->start = dynbuf_slice(&t->text).len;
	print_clean(value, &t->text);
	cell->len = dynbuf_slice(&t->text).len - cell->start;
	t->error = dynbuf_error(&t->text);
}

void
table_str(struct table *t, const char *value)
{
	table_text(t, slice_str(value));
}

void
table_number(struct table *t, uint64_t value)
{
	struct table_cell *cell = add_cell(t);

	if (cell != NULL) {
		cell->number = value;
	}
}

void
table_bool(struct table *t, bool value)
{
	table_number(t, value ? 1 : 0);
}

/*
 * table_list - what people see, and behind it the items for JSON, each with a NUL (which
 * print_clean leaves in none); the cell's number is the length of the latter
 */
void
table_list(struct table *t, const struct slice *items, size_t count)
{
	struct table_cell *cell = add_cell(t);
	size_t items_start = 0;

	if (cell == NULL) {
		return;
	}
	cell->start = dynbuf_slice(&t->text).len;
	for (size_t i = 0; i < count; i++) {
		(void)dynbuf_add_str(&t->text, i > 0 ? ", " : "");
		print_clean(items[i], &t->text);
	}
	items_start = dynbuf_slice(&t->text).len;
	cell->len = items_start - cell->start;
	for (size_t i = 0; i < count; i++) {
		print_clean(items[i], &t->text);
		(void)dynbuf_add_byte(&t->text, '\0');
	}
	cell->number = dynbuf_slice(&t->text).len - items_start;
	t->error = dynbuf_error(&t->text);
}

void
table_text_if_any(struct table *t, struct slice value)
{
	if (value.len > 0) {
		table_text(t, value);
	} else {
		table_none(t);
	}
}

void
table_none(struct table *t)
{
	struct table_cell *cell = add_cell(t);

	if (cell != NULL) {
		cell->present = false;
	}
}

static struct slice
cell_text(const struct table *t, const struct table_cell *cell)
{
	return slice_take(slice_skip(dynbuf_slice(&t->text), cell->start), cell->len);
}

static int
compare_rows(const void *a, const void *b, void *table)
{
	const struct table_cell *left = a;
	const struct table_cell *right = b;

	return slice_cmp(cell_text(table, left), cell_text(table, right));
}

void
table_sort(struct table *t)
{
	assert(t->columns[0].kind == COLUMN_TEXT);
	if (t->error == 0 && t->cell_count > 0) {
		qsort_r(t->cells, table_rows(t), t->column_count * sizeof(*t->cells),
			compare_rows, t);
	}
}

size_t
table_rows(const struct table *t)
{
	return t->cell_count / t->column_count;
}

/* format_time - "YYYY-MM-DD HH:MM" in UTC */
static void
format_time(uint64_t wall_s, char out[CELL_NUMBER_MAX])
{
	time_t when = (time_t)wall_s;
	struct tm parts;

	if (gmtime_r(&when, &parts) == NULL ||
		strftime(out, CELL_NUMBER_MAX, "%Y-%m-%d %H:%M", &parts) == 0) {
		(void)snprintf(out, CELL_NUMBER_MAX, "%" PRIu64, wall_s);
	}
}

/* cell_shown - what people see; numbers are written to the caller's buffer */
static struct slice
cell_shown(const struct table *t, const struct table_cell *cell, enum column_kind kind,
	char number[CELL_NUMBER_MAX])
{
	if (!cell->present) {
		return SLICE("-");
	}
	switch (kind) {
	case COLUMN_TEXT:
		return cell_text(t, cell);
	case COLUMN_NUMBER:
		(void)snprintf(number, CELL_NUMBER_MAX, "%" PRIu64, cell->number);
		return slice_str(number);
	case COLUMN_TIME:
		if (cell->number == 0) {
			return SLICE("-");
		}
		format_time(cell->number, number);
		return slice_str(number);
	case COLUMN_BOOL:
		return cell->number != 0 ? SLICE("yes") : SLICE("no");
	case COLUMN_LIST:
		return cell->len > 0 ? cell_text(t, cell) : SLICE("-");
	}
	return SLICE("");
}

/* list_json - an array of the items of a cell */
static json_t *
list_json(const struct table *t, const struct table_cell *cell)
{
	struct slice rest = slice_take(
		slice_skip(dynbuf_slice(&t->text), cell->start + cell->len), cell->number);
	json_t *array = json_array();

	while (rest.len > 0) {
		struct slice item = slice_take(rest, slice_find_byte(rest, '\0'));

		rest = slice_skip(rest, item.len + 1);
		if (json_array_append_new(
			    array, json_stringn((const char *)item.data, item.len)) != 0) {
			json_decref(array);
			return NULL;
		}
	}
	return array;
}

static json_t *
cell_json(const struct table *t, const struct table_cell *cell, enum column_kind kind)
{
	if (!cell->present) {
		return json_null();
	}
	switch (kind) {
	case COLUMN_TEXT: {
		struct slice text = cell_text(t, cell);

		return json_stringn((const char *)text.data, text.len);
	}
	case COLUMN_TIME:
		return cell->number == 0 ? json_null() : json_integer((json_int_t)cell->number);
	case COLUMN_NUMBER:
		return json_integer((json_int_t)cell->number);
	case COLUMN_LIST:
		return list_json(t, cell);
	case COLUMN_BOOL:
		return json_boolean(cell->number != 0);
	}
	return NULL;
}

/* row_json - a new reference, NULL when out of memory */
static json_t *
row_json(const struct table *t, size_t row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < t->column_count; i++) {
		const struct table_cell *cell = &t->cells[row * t->column_count + i];
		json_t *value = cell_json(t, cell, t->columns[i].kind);

		if (json_object_set_new(object, t->columns[i].key, value) != 0) {
			json_decref(object);
			return NULL;
		}
	}
	return object;
}

static int
print_row_json(const struct table *t, size_t row, const struct print *p)
{
	json_t *object = row_json(t, row);

	if (object == NULL) {
		return ERR_NOMEM;
	}
	(void)json_dumpf(object, p->out, JSON_COMPACT);
	json_decref(object);
	return 0;
}

/* print_rows_json - one object a line, so that a long listing is never held twice */
static int
print_rows_json(const struct table *t, const struct print *p)
{
	size_t rows = table_rows(t);

	(void)fputs("[", p->out);
	for (size_t row = 0; row < rows; row++) {
		(void)fputs(row == 0 ? "\n" : ",\n", p->out);
		if (print_row_json(t, row, p) != 0) {
			return ERR_NOMEM;
		}
	}
	(void)fputs(rows == 0 ? "]\n" : "\n]\n", p->out);
	return 0;
}

static bool
is_right_aligned(enum column_kind kind)
{
	return kind == COLUMN_NUMBER;
}

/* print_padded - the last column is never padded on the right */
static void
print_padded(const struct print *p, enum print_style style, struct slice text, size_t width,
	bool right, bool last)
{
	size_t shown = utf8_width(text);
	int pad = (int)(shown < width ? width - shown : 0);

	if (right) {
		(void)fprintf(p->out, "%*s", pad, "");
	}
	print_text(p, style, text);
	if (!last) {
		(void)fprintf(p->out, "%*s", right ? 2 : pad + 2, "");
	}
}

static size_t
column_width(const struct table *t, size_t column)
{
	size_t width = strlen(t->columns[column].title);
	size_t rows = table_rows(t);
	char number[CELL_NUMBER_MAX];

	for (size_t row = 0; row < rows; row++) {
		const struct table_cell *cell = &t->cells[row * t->column_count + column];
		size_t shown = utf8_width(cell_shown(t, cell, t->columns[column].kind, number));

		width = shown > width ? shown : width;
	}
	return width;
}

static int
print_rows(const struct table *t, const struct print *p)
{
	size_t *widths = calloc(t->column_count, sizeof(*widths));
	size_t rows = table_rows(t);
	char number[CELL_NUMBER_MAX];

	if (widths == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < t->column_count; i++) {
		widths[i] = column_width(t, i);
		print_padded(p, PRINT_BOLD, slice_str(t->columns[i].title), widths[i],
			is_right_aligned(t->columns[i].kind), i + 1 == t->column_count);
	}
	(void)fputc('\n', p->out);
	for (size_t row = 0; row < rows; row++) {
		for (size_t i = 0; i < t->column_count; i++) {
			const struct table_cell *cell = &t->cells[row * t->column_count + i];

			print_padded(p, PRINT_PLAIN,
				cell_shown(t, cell, t->columns[i].kind, number), widths[i],
				is_right_aligned(t->columns[i].kind), i + 1 == t->column_count);
		}
		(void)fputc('\n', p->out);
	}
	free(widths);
	return 0;
}

int
table_print(const struct table *t, const struct print *p)
{
	if (t->error != 0) {
		return t->error;
	}
	return p->json ? print_rows_json(t, p) : print_rows(t, p);
}

int
table_print_lines(const struct table *t, const struct print *p)
{
	char number[CELL_NUMBER_MAX];
	int rc = t->error;

	for (size_t i = 0; rc == 0 && i < t->cell_count; i++) {
		size_t column = i % t->column_count;

		if (p->json && column == 0) {
			rc = print_row_json(t, i / t->column_count, p);
		} else if (!p->json) {
			(void)fputs(column == 0 ? "" : "  ", p->out);
			print_text(p, PRINT_PLAIN,
				cell_shown(t, &t->cells[i], t->columns[column].kind, number));
		}
		if (column + 1 == t->column_count) {
			(void)fputc('\n', p->out);
		}
	}
	return rc;
}

static int
print_record_json(const struct table *t, const struct print *p)
{
	json_t *object = row_json(t, 0);

	if (object == NULL) {
		return ERR_NOMEM;
	}
	(void)json_dumpf(object, p->out, JSON_INDENT(2));
	(void)fputc('\n', p->out);
	json_decref(object);
	return 0;
}

int
table_print_record(const struct table *t, const struct print *p)
{
	size_t width = 0;
	char number[CELL_NUMBER_MAX];

	if (t->error != 0) {
		return t->error;
	}
	if (p->json) {
		return print_record_json(t, p);
	}
	for (size_t i = 0; i < t->column_count; i++) {
		size_t len = strlen(t->columns[i].title);

		width = len > width ? len : width;
	}
	for (size_t i = 0; i < t->column_count; i++) {
		print_padded(
			p, PRINT_BOLD, slice_str(t->columns[i].title), width, false, false);
		print_text(p, PRINT_PLAIN,
			cell_shown(t, &t->cells[i], t->columns[i].kind, number));
		(void)fputc('\n', p->out);
	}
	return 0;
}
