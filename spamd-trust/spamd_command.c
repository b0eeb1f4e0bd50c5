#include "spamd-trust/spamd_command.h"

#include <math.h>

#include "common/base/err.h"
#include "common/base/strnum.h"

/* Digits of a version that are looked at; more change nothing that is compared. */
#define VERSION_DIGITS_MAX 38

/* Beyond this a decimal exponent only says "huge" or "nothing". */
#define EXPONENT_MAX 200

static const char *const names[] = {
	[SPAMD_CHECK] = "CHECK",
	[SPAMD_SYMBOLS] = "SYMBOLS",
	[SPAMD_REPORT] = "REPORT",
	[SPAMD_REPORT_IFSPAM] = "REPORT_IFSPAM",
	[SPAMD_PROCESS] = "PROCESS",
	[SPAMD_HEADERS] = "HEADERS",
	[SPAMD_TELL] = "TELL",
	[SPAMD_SKIP] = "SKIP",
	[SPAMD_PING] = "PING",
};

const char *
spamd_command_name(enum spamd_command command)
{
	return names[command];
}

/* ends_in_command - one of first..last directly before the " SPAMC/" that follows `text` */
static bool
ends_in_command(struct slice text, enum spamd_command first, enum spamd_command last,
	enum spamd_command *out)
{
	/* No command is the end of another, so that at most one fits. */
	for (enum spamd_command c = first; c <= last; c++) {
		if (slice_ends_with(text, slice_str(names[c]))) {
			*out = c;
			return true;
		}
	}
	return false;
}

/* find_command - the leftmost one of first..last, and the text after " SPAMC/" */
static bool
find_command(struct slice line, enum spamd_command first, enum spamd_command last,
	enum spamd_command *out, struct slice *version_out)
{
	static const struct slice separator = {(const uint8_t *)" SPAMC/", 7};
	size_t at = slice_find(line, separator);

	while (at < line.len) {
		size_t after = at + separator.len;

		if (ends_in_command(slice_take(line, at), first, last, out)) {
			*version_out = slice_skip(line, after);
			return true;
		}
		at = after + slice_find(slice_skip(line, after), separator);
	}
	return false;
}

int
spamd_command_parse(struct slice line, enum spamd_command *command_out, double *version_out)
{
	struct slice version = {0};

	if (!find_command(line, SPAMD_CHECK, SPAMD_HEADERS, command_out, &version) &&
		!find_command(line, SPAMD_TELL, SPAMD_TELL, command_out, &version) &&
		!find_command(line, SPAMD_SKIP, SPAMD_PING, command_out, &version)) {
		return ERR_INVALID;
	}
	*version_out = spamd_version_parse(version);
	return 0;
}

/* digits_at - number of digits from `at` on */
static size_t
digits_at(struct slice text, size_t at)
{
	size_t n = 0;

	while (at + n < text.len && ascii_is_digit(text.data[at + n])) {
		n++;
	}
	return n;
}

/* scaled - value times ten to the exponent written in `text` ("e-3"), if one is there */
static double
scaled(double value, struct slice text)
{
	size_t sign = text.len > 1 && (text.data[1] == '-' || text.data[1] == '+');
	size_t digits = digits_at(text, 1 + sign);
	uint32_t exponent = EXPONENT_MAX;

	if (text.len == 0 || ascii_lower(text.data[0]) != 'e' || digits == 0) {
		return value;
	}
	if (strnum_u32(slice_take(slice_skip(text, 1 + sign), digits), EXPONENT_MAX,
		    &exponent) != 0) {
		exponent = EXPONENT_MAX;
	}
	for (uint32_t i = 0; i < exponent; i++) {
		value = text.data[1] == '-' ? value / 10 : value * 10;
	}
	return value;
}

double
spamd_version_parse(struct slice text)
{
	double value = 0;
	bool is_negative = false;
	size_t end = 0;

	while (text.len > 0 && ascii_is_space(text.data[0])) {
		text = slice_skip(text, 1);
	}
	if (text.len > 0 && (text.data[0] == '-' || text.data[0] == '+')) {
		is_negative = text.data[0] == '-';
		text = slice_skip(text, 1);
	}
	if (slice_starts_with_nocase(text, SLICE("inf"))) {
		return is_negative ? -INFINITY : INFINITY;
	}
	if (slice_starts_with_nocase(text, SLICE("nan"))) {
		return NAN;
	}
	while (digits_at(text, 0) > 1 && text.data[0] == '0') {
		text = slice_skip(text, 1);
	}
	end = digits_at(text, 0);
	if (end < text.len && text.data[end] == '.') {
		end += 1 + digits_at(text, end + 1);
	}
	if (strnum_decimal(
		    slice_take(text, end < VERSION_DIGITS_MAX ? end : VERSION_DIGITS_MAX),
		    &value) != 0) {
		return 0;
	}
	value = scaled(value, slice_skip(text, end));
	return is_negative ? -value : value;
}
