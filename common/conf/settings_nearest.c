#include "common/conf/settings_nearest.h"

#include "common/conf/settings_ignored.h"
#include "common/conf/settings_table.h"

/* Two slips in a long name, one in a short one: beyond, a guess only misleads. */
#define DISTANCE_MAX 2
#define SHORT_NAME   6

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/*
 * edit_distance - Levenshtein, with one row of the matrix; names are below SETTING_NAME_MAX
 */
static size_t
edit_distance(struct slice a, struct slice b)
{
	size_t row[SETTING_NAME_MAX + 1];

	for (size_t j = 0; j <= b.len; j++) {
		row[j] = j;
	}
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			size_t above = row[j];
			size_t change = a.data[i - 1] == b.data[j - 1] ? 0 : 1;

			row[j] = min3(diagonal + change, above + 1, row[j - 1] + 1);
			diagonal = above;
		}
	}
	return row[b.len];
}

struct search {
	struct slice key;
	struct slice best;
	size_t distance;
};

static void
consider(struct search *s, struct slice name)
{
	size_t gap = name.len > s->key.len ? name.len - s->key.len : s->key.len - name.len;
	size_t distance = gap;

	if (gap < s->distance && name.len < SETTING_NAME_MAX) {
		distance = edit_distance(s->key, name);
	}
	if (distance < s->distance) {
		s->distance = distance;
		s->best = name;
	}
}

struct slice
settings_nearest(struct slice key)
{
	struct search s = {
		.key = key, .distance = (key.len <= SHORT_NAME ? 1 : DISTANCE_MAX) + 1};

	if (key.len >= SETTING_NAME_MAX) {
		return s.best;
	}
	for (size_t i = 0; i < settings_row_count; i++) {
		consider(&s, slice_str(settings_rows[i].name));
	}
	for (size_t i = 0; i < settings_ignored_count; i++) {
		struct slice rest = slice_str(settings_ignored[i].names);
		struct slice name = {0};

		while (slice_next_token(&rest, " ", &name)) {
			consider(&s, name);
		}
	}
	return s.best;
}
