#include "spamd-trust/upstream_report.h"

#include "common/base/err.h"
#include "common/base/strnum.h"
#include "common/mail/message_split.h"

/* Begins the last line above the rows. */
#define DASHES "---- ------"

/* Rows begin with points in at least this many columns. */
#define POINTS_COLUMNS 4

/* Further lines of a row begin with this many blanks at least. */
#define MORE_COLUMNS 20

#define NAME_LEN_MAX 128

/* A description may wrap to this length; the original breaks lines of 75. */
#define DESCRIBE_MAX 1024

/* Lines of evidence kept of one row. */
#define EVIDENCE_LINES_MAX 16

/* A table being read. */
struct table {
	struct arena *arena;
	struct rule_hit *rules;
	size_t count;
	int error;
};

/* find_table - what is behind the last line of dashes; empty where there is none */
static struct slice
find_table(struct slice report)
{
	struct slice table = {0};
	struct slice line = {0};

	while (message_next_line(&report, &line)) {
		if (slice_starts_with(line, SLICE(DASHES))) {
			table = report;
		}
	}
	return table;
}

static bool
is_name(struct slice name)
{
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '_') {
			return false;
		}
	}
	return name.len > 0 && name.len <= NAME_LEN_MAX;
}

/* copy - into the arena, bytes that could break a header line made blanks */
static struct slice
copy(struct table *t, struct slice text)
{
	uint8_t *bytes = arena_alloc(t->arena, text.len);

	if (bytes == NULL) {
		t->error = ERR_NOMEM;
		return (struct slice){0};
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		bytes[i] = c < ' ' || c == 0x7f ? ' ' : c;
	}
	return slice_of(bytes, text.len);
}

/* read_row - "-0.5 NAME                   description"; false where the line is none */
static bool
read_row(struct table *t, struct slice line)
{
	struct slice rest = line;
	struct slice points = {0};
	struct slice name = {0};
	struct rule_hit hit = {0};

	if (!slice_next_token(&rest, " \r\n", &points) ||
		!slice_next_token(&rest, " \r\n", &name) ||
		(size_t)(points.data - line.data) + points.len < POINTS_COLUMNS ||
		strnum_decimal(points, &hit.score) != 0 || !is_name(name)) {
		return false;
	}
	hit.name = copy(t, name);
	hit.describe = copy(t, slice_trim(rest));
	t->rules[t->count++] = hit;
	return true;
}

/* add_evidence - a line in brackets below a row */
static void
add_evidence(struct table *t, struct rule_hit *rule, struct slice text)
{
	if (rule->evidence == NULL) {
		rule->evidence = arena_alloc_array(
			t->arena, EVIDENCE_LINES_MAX, sizeof(*rule->evidence));
	}
	if (rule->evidence == NULL) {
		t->error = ERR_NOMEM;
	} else if (rule->evidence_count < EVIDENCE_LINES_MAX) {
		rule->evidence[rule->evidence_count++] = copy(t, text);
	}
}

/* add_description - the next line of a wrapped one */
static void
add_description(struct table *t, struct rule_hit *rule, struct slice text)
{
	size_t len = rule->describe.len;
	uint8_t *bytes = NULL;
	struct slice tail = {0};

	if (len + 1 + text.len > DESCRIBE_MAX) {
		return;
	}
	bytes = arena_alloc(t->arena, len + 1 + text.len);
	tail = copy(t, text);
	if (bytes == NULL || t->error != 0) {
		t->error = ERR_NOMEM;
		return;
	}
	memcpy(bytes, rule->describe.data, len);
	bytes[len] = ' ';
	memcpy(bytes + len + 1, tail.data, tail.len);
	rule->describe = slice_of(bytes, len + 1 + tail.len);
}

/* read_more - a line below a row; false where the line is none */
static bool
read_more(struct table *t, struct slice line)
{
	struct slice text = slice_trim(line);
	struct rule_hit *rule = t->count == 0 ? NULL : &t->rules[t->count - 1];

	if (rule == NULL || text.len == 0 || (size_t)(text.data - line.data) < MORE_COLUMNS) {
		return false;
	}
	if (text.len > 2 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
		add_evidence(t, rule, slice_take(slice_skip(text, 1), text.len - 2));
	} else {
		add_description(t, rule, text);
	}
	return true;
}

int
upstream_report_read(struct slice report, struct arena *arena, struct rule_hit **rules_out,
	size_t *count_out)
{
	struct table t = {.arena = arena};
	struct slice rest = find_table(report);
	struct slice line = {0};
	bool goes_on = true;

	*rules_out = NULL;
	*count_out = 0;
	if (slice_is_empty(rest)) {
		return 0;
	}
	t.rules = arena_alloc_array(arena, VERDICT_RULES_MAX, sizeof(*t.rules));
	if (t.rules == NULL) {
		return ERR_NOMEM;
	}
	while (t.error == 0 && goes_on && message_next_line(&rest, &line)) {
		goes_on = read_more(&t, line) ||
			  (t.count < VERDICT_RULES_MAX && read_row(&t, line));
	}
	*rules_out = t.rules;
	*count_out = t.count;
	return t.error;
}
