#include "trustctl/import/mail_date.h"

#include "common/base/err.h"
#include "common/base/strnum.h"

#define TOKENS_MAX 8

static const char *const months[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};

static const struct {
	const char *name;
	int minutes;
} zones[] = {
	{"UT", 0},
	{"GMT", 0},
	{"EST", -300},
	{"EDT", -240},
	{"CST", -360},
	{"CDT", -300},
	{"MST", -420},
	{"MDT", -360},
	{"PST", -480},
	{"PDT", -420},
};

static const unsigned int month_days[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/* split - the words in front of the first comment */
static size_t
split(struct slice body, struct slice tokens[TOKENS_MAX])
{
	size_t count = 0;

	body = slice_take(body, slice_find_byte(body, '('));
	while (count < TOKENS_MAX && slice_next_token(&body, " \t,", &tokens[count])) {
		count++;
	}
	return count;
}

static int
parse_month(struct slice word, uint32_t *month_out)
{
	for (uint32_t i = 0; i < ARRAY_LEN(months); i++) {
		if (slice_starts_with_nocase(word, slice_str(months[i]))) {
			*month_out = i + 1;
			return 0;
		}
	}
	return ERR_INVALID;
}

static int
parse_year(struct slice word, uint32_t *year_out)
{
	int rc = strnum_u32(word, 9999, year_out);

	if (rc == 0 && word.len == 2) {
		*year_out += *year_out < 50 ? 2000 : 1900;
	} else if (rc == 0 && word.len == 3) {
		*year_out += 1900;
	}
	return rc;
}

/* parse_clock - HH:MM or HH:MM:SS, as seconds of the day */
static int
parse_clock(struct slice word, uint32_t *seconds_out)
{
	static const uint32_t most[] = {23, 59, 60};
	uint32_t parts[3] = {0};
	struct slice part;
	size_t count = 0;

	while (slice_next_token(&word, ":", &part)) {
		if (count == ARRAY_LEN(parts)) {
			return ERR_INVALID;
		}
		int rc = strnum_u32(part, most[count], &parts[count]);

		if (rc != 0) {
			return rc;
		}
		count++;
	}
	*seconds_out = parts[0] * 3600 + parts[1] * 60 + parts[2];
	return count < 2 ? ERR_INVALID : 0;
}

/* parse_zone - minutes east of Greenwich; unknown names mean "not known", so 0 */
static int
parse_zone(struct slice word)
{
	uint32_t digits;

	for (size_t i = 0; i < ARRAY_LEN(zones); i++) {
		if (slice_eq_nocase(word, slice_str(zones[i].name))) {
			return zones[i].minutes;
		}
	}
	if (word.len == 5 && strnum_u32(slice_skip(word, 1), 9999, &digits) == 0) {
		int minutes = (int)(digits / 100 * 60 + digits % 100);

		return word.data[0] == '-' ? -minutes : minutes;
	}
	return 0;
}

/* days_before - days from 1970-01-01 to a date of the Gregorian calendar (years from 1970) */
static int64_t
days_before(uint32_t year, uint32_t month, uint32_t day)
{
	/* March starts the year, so that the leap day comes last. */
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t m = month <= 2 ? month + 9 : month - 3;

	return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

int
mail_date_parse(struct slice body, uint64_t *wall_s_out)
{
	struct slice tokens[TOKENS_MAX];
	struct slice *t = tokens;
	size_t count = split(body, tokens);
	uint32_t day;
	uint32_t month;
	uint32_t year;
	uint32_t clock_s;

	if (count > 0 && ascii_is_alpha(t[0].data[0])) {
		t++;
		count--;
	}
	if (count < 4 || parse_month(t[1], &month) != 0) {
		return ERR_INVALID;
	}
	if (strnum_u32(t[0], month_days[month - 1], &day) != 0 || day == 0 ||
		parse_year(t[2], &year) != 0 || year < 1970 ||
		parse_clock(t[3], &clock_s) != 0) {
		return ERR_RANGE;
	}
	int64_t wall_s = days_before(year, month, day) * 86400 + clock_s -
			 (count > 4 ? parse_zone(t[4]) : 0) * 60;

	if (wall_s < 0) {
		return ERR_RANGE;
	}
	*wall_s_out = (uint64_t)wall_s;
	return 0;
}
