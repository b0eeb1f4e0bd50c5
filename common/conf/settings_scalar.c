/* Settings that are one value. */
#include <stdio.h>

#include "common/base/log.h"
#include "common/base/strnum.h"
#include "common/conf/settings_table.h"

/* Six decimals are more than anybody scores with; see setting_print_number. */
#define NUMBER_TEXT_MAX 64

/* Longest printed part of a bad value. */
#define SHOWN_MAX 40

/* bad_value - the common end of a refused value: what was wanted, and what was found */
static int
bad_value(struct setting_change *c, int code, const char *wanted)
{
	char shown[SHOWN_MAX * 6 + 1];

	if (slice_is_empty(c->value)) {
		return err_set(c->msg, code, "%s needs a value: %s", c->row->name, wanted);
	}
	return err_set(c->msg, code, "%s must be %s, not \"%s\"", c->row->name, wanted,
		log_escape(slice_take(c->value, SHOWN_MAX), shown, sizeof(shown)));
}

static int
out_of_range(struct setting_change *c)
{
	struct dynbuf wanted;
	int ret = 0;

	dynbuf_init(&wanted, ERR_TEXT_MAX);
	(void)dynbuf_add_str(&wanted, "from ");
	setting_print_number(c->row->min, &wanted);
	(void)dynbuf_add_str(&wanted, " to ");
	setting_print_number(c->row->max, &wanted);
	if (c->row->unit != NULL) {
		(void)dynbuf_printf(&wanted, " %s", c->row->unit);
	}
	ret = bad_value(c, ERR_RANGE, dynbuf_cstr(&wanted));
	dynbuf_fini(&wanted);
	return ret;
}

static bool
in_range(const struct setting_row *row, double value)
{
	return value >= row->min && value <= row->max;
}

void
setting_print_number(double value, struct dynbuf *out)
{
	char text[NUMBER_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "%.6f", value);
	size_t len = n > 0 && (size_t)n < sizeof(text) ? (size_t)n : 0;

	while (len > 0 && text[len - 1] == '0') {
		len--;
	}
	if (len > 0 && text[len - 1] == '.') {
		len--;
	}
	(void)dynbuf_add(out, slice_of(text, len));
}

void
setting_print_text(struct slice text, struct dynbuf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '#') {
			(void)dynbuf_add_byte(out, '\\');
		}
		(void)dynbuf_add_byte(out, text.data[i]);
	}
}

static int
set_bool(struct setting_change *c)
{
	bool *field = setting_field(c->settings, c->row);

	if (slice_eq(c->value, SLICE("1")) || slice_eq_nocase(c->value, SLICE("yes"))) {
		*field = true;
	} else if (slice_eq(c->value, SLICE("0")) || slice_eq_nocase(c->value, SLICE("no"))) {
		*field = false;
	} else {
		return bad_value(c, ERR_INVALID, "yes or no (1 or 0)");
	}
	return 0;
}

static void
print_bool(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const bool *field = setting_field_const(s, row);

	(void)dynbuf_printf(out, "%s %s\n", row->name, *field ? "yes" : "no");
}

const struct setting_type setting_type_bool = {"`yes` or `no`", set_bool, print_bool};

int
setting_read_decimal(struct slice text, double *out)
{
	bool has_sign =
		slice_starts_with(text, SLICE("-")) || slice_starts_with(text, SLICE("+"));
	struct slice digits = slice_skip(text, has_sign);

	if (digits.len == 0 || !ascii_is_digit(digits.data[0])) {
		return ERR_INVALID;
	}
	return strnum_decimal(text, out);
}

static int
set_number(struct setting_change *c)
{
	double *field = setting_field(c->settings, c->row);
	double value = 0;

	if (setting_read_decimal(c->value, &value) != 0) {
		return bad_value(c, ERR_INVALID, "a decimal number such as 5.0");
	}
	if (!in_range(c->row, value)) {
		return out_of_range(c);
	}
	*field = value;
	return 0;
}

static void
print_number(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const double *field = setting_field_const(s, row);

	(void)dynbuf_printf(out, "%s ", row->name);
	setting_print_number(*field, out);
	(void)dynbuf_add_byte(out, '\n');
}

const struct setting_type setting_type_number = {"number", set_number, print_number};

static int
set_integer(struct setting_change *c)
{
	uint32_t *field = setting_field(c->settings, c->row);
	uint32_t value = 0;
	int ret = strnum_u32(c->value, UINT32_MAX, &value);

	if (ret == ERR_INVALID) {
		return bad_value(c, ret, "a whole number");
	}
	if (ret != 0 || !in_range(c->row, value)) {
		return out_of_range(c);
	}
	*field = value;
	return 0;
}

static void
print_integer(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const uint32_t *field = setting_field_const(s, row);

	(void)dynbuf_printf(out, "%s %u\n", row->name, *field);
}

const struct setting_type setting_type_integer = {"whole number", set_integer, print_integer};

/*
 * split_unit - takes a unit letter off the end of the value: the number of the unit in
 * `units` (any case), or 1 where there is none
 */
static double
split_unit(struct slice *value, const char *letters, const double *factors)
{
	uint8_t last = value->len > 0 ? value->data[value->len - 1] : 0;

	for (size_t i = 0; letters[i] != '\0'; i++) {
		if (ascii_lower(last) == (uint8_t)letters[i]) {
			*value = slice_trim(slice_take(*value, value->len - 1));
			return factors[i];
		}
	}
	return 1;
}

static int
set_duration(struct setting_change *c)
{
	static const double seconds[] = {1, 60, 3600, 86400, 604800};
	uint32_t *field = setting_field(c->settings, c->row);
	struct slice number = c->value;
	double factor = split_unit(&number, "smhdw", seconds);
	double value = 0;

	if (setting_read_decimal(number, &value) != 0) {
		return bad_value(c, ERR_INVALID,
			"a time such as 90, 90s, 5m, 2h, 1d or 1w (seconds without a letter)");
	}
	if (!in_range(c->row, value * factor)) {
		return out_of_range(c);
	}
	*field = (uint32_t)(value * factor + 0.5);
	return 0;
}

static void
print_duration(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const uint32_t *field = setting_field_const(s, row);

	(void)dynbuf_printf(out, "%s %us\n", row->name, *field);
}

const struct setting_type setting_type_duration = {
	"time: number with `s`, `m`, `h`, `d` or `w`, else seconds", set_duration,
	print_duration};

static int
set_size(struct setting_change *c)
{
	static const double bytes[] = {1024, 1024.0 * 1024, 1024.0 * 1024 * 1024};
	uint64_t *field = setting_field(c->settings, c->row);
	struct slice number = c->value;
	double factor = split_unit(&number, "kmg", bytes);
	uint32_t value = 0;
	int ret = strnum_u32(number, UINT32_MAX, &value);

	if (ret == ERR_INVALID) {
		return bad_value(c, ret, "a size such as 524288, 512k, 64M or 1G");
	}
	if (ret != 0 || !in_range(c->row, value * factor)) {
		return out_of_range(c);
	}
	*field = (uint64_t)(value * factor);
	return 0;
}

static void
print_size(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const uint64_t *field = setting_field_const(s, row);

	(void)dynbuf_printf(out, "%s %llu\n", row->name, (unsigned long long)*field);
}

const struct setting_type setting_type_size = {
	"size: number with `k`, `M` or `G`, else bytes", set_size, print_size};

static int
set_choice(struct setting_change *c)
{
	int *field = setting_field(c->settings, c->row);
	struct slice rest = slice_str(c->row->choices);
	struct slice choice = {0};
	char wanted[ERR_TEXT_MAX];

	for (int i = 0; slice_next_token(&rest, " ", &choice); i++) {
		if (slice_eq_nocase(choice, c->value)) {
			*field = i;
			return 0;
		}
	}
	(void)snprintf(wanted, sizeof(wanted), "one of %s", c->row->choices);
	return bad_value(c, ERR_INVALID, wanted);
}

static void
print_choice(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const int *field = setting_field_const(s, row);
	struct slice rest = slice_str(row->choices);
	struct slice choice = {0};

	for (int i = 0; slice_next_token(&rest, " ", &choice); i++) {
		if (i == *field) {
			(void)dynbuf_printf(out, "%s %.*s\n", row->name, SLICE_ARG(choice));
		}
	}
}

_Static_assert(sizeof(enum settings_trust_mode) == sizeof(int), "set_choice writes an int");

const struct setting_type setting_type_choice = {"one of", set_choice, print_choice};

static int
set_text(struct setting_change *c)
{
	struct slice *field = setting_field(c->settings, c->row);
	struct slice copy = {0};

	if (slice_is_empty(c->value)) {
		return bad_value(c, ERR_INVALID, "a text");
	}
	copy = arena_copy(c->settings->arena, c->value);
	if (copy.data == NULL) {
		return ERR_NOMEM;
	}
	*field = copy;
	return 0;
}

static void
print_text(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const struct slice *field = setting_field_const(s, row);

	if (!slice_is_empty(*field)) {
		(void)dynbuf_printf(out, "%s ", row->name);
		setting_print_text(*field, out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

const struct setting_type setting_type_text = {"text", set_text, print_text};

/* Postfix's recipient_delimiter may hold several characters; more than these nobody uses. */
#define DELIMITERS_MAX 4

static bool
is_delimiter(uint8_t c)
{
	return c > ' ' && c < 0x7f && c != '@' && c != '"' && !ascii_is_alpha(c) &&
	       !ascii_is_digit(c);
}

static int
set_delimiter(struct setting_change *c)
{
	struct slice *field = setting_field(c->settings, c->row);

	if (slice_eq_nocase(c->value, SLICE("none"))) {
		*field = (struct slice){0};
		return 0;
	}
	for (size_t i = 0; i < c->value.len; i++) {
		if (!is_delimiter(c->value.data[i]) || c->value.len > DELIMITERS_MAX) {
			return bad_value(c, ERR_INVALID,
				"none, or up to 4 punctuation characters such as + or +-");
		}
	}
	return set_text(c);
}

static void
print_delimiter(const struct setting_row *row, const struct settings *s, struct dynbuf *out)
{
	const struct slice *field = setting_field_const(s, row);

	if (slice_is_empty(*field)) {
		(void)dynbuf_printf(out, "%s none\n", row->name);
	} else {
		print_text(row, s, out);
	}
}

const struct setting_type setting_type_delimiter = {
	"`none`, or the characters", set_delimiter, print_delimiter};
