#include "spamd-trust/report.h"

#include "common/conf/settings.h"
#include "spamd-trust/preview.h"
#include "spamd-trust/score_text.h"
#include "spamd-trust/text_wrap.h"

/* Where descriptions stand in the table. */
#define TABLE_INDENT "                            "

/* Evidence is cut into pieces of this many characters, at a blank. */
#define EVIDENCE_MIN 30
#define EVIDENCE_MAX 48

/* Where brackets of more than EVIDENCE_LONG columns end; shorter ones start 28 columns in. */
#define EVIDENCE_LONG 50
#define EVIDENCE_END  78

/* Width of the column of rule names. */
#define NAME_COLUMNS 22

/* expand_lines - the lines of a template, each with its line end */
static void
expand_lines(const struct presentation *p, const struct strlist *lines, struct dynbuf *out)
{
	for (size_t i = 0; i < lines->count; i++) {
		template_expand(p, lines->items[i], out);
		(void)dynbuf_add_byte(out, '\n');
	}
}

void
report_write(const struct presentation *p, struct dynbuf *out)
{
	size_t start = dynbuf_slice(out).len;
	struct slice text = {0};

	if (p->settings->report_template.count == 0) {
		(void)dynbuf_add_str(out, "(no report template found)");
	}
	expand_lines(p, &p->settings->report_template, out);
	text = slice_skip(dynbuf_slice(out), start);
	while (slice_ends_with(text, SLICE("\n"))) {
		text.len--;
	}
	dynbuf_truncate(out, start + text.len);
	(void)dynbuf_add_str(out, "\n\n");
}

void
report_write_unsafe(const struct presentation *p, struct dynbuf *out)
{
	expand_lines(p, &p->settings->unsafe_report_template, out);
}

/* evidence_piece - as much as fits on a line, up to a blank after EVIDENCE_MIN, as the original */
static struct slice
evidence_piece(struct slice text)
{
	for (size_t len = EVIDENCE_MAX; len >= EVIDENCE_MIN; len--) {
		if (len < text.len && ascii_is_space(text.data[len])) {
			return slice_take(text, len);
		}
	}
	return text;
}

/* add_blanks - fills a column */
static void
add_blanks(struct dynbuf *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)dynbuf_add_byte(out, ' ');
	}
}

/* add_evidence - further lines of a rule, in brackets; long ones end in column EVIDENCE_END */
static void
add_evidence(const struct rule_hit *rule, bool is_table, struct dynbuf *out)
{
	for (size_t i = 0; i < rule->evidence_count; i++) {
		struct slice rest = rule->evidence[i];

		while (rest.len > 0) {
			struct slice piece = evidence_piece(rest);
			size_t shown =
				piece.len + 2 > EVIDENCE_LONG ? piece.len + 2 : EVIDENCE_LONG;

			if (is_table) {
				add_blanks(
					out, shown < EVIDENCE_END ? EVIDENCE_END - shown : 0);
			}
			(void)dynbuf_add_byte(out, '[');
			(void)dynbuf_add(out, piece);
			(void)dynbuf_add_str(out, "]\n");
			rest = slice_skip(rest, piece.len + 1);
		}
	}
}

/*
 * add_description - wrapped behind the name of a rule
 *
 * Behind a name that fills the line the original breaks at once and then cuts the blanks in
 * front of everything, so that only a prefix that is no blank is left.
 */
static void
add_description(const struct presentation *p, const struct rule_hit *rule, size_t start,
	struct slice prefix, struct dynbuf *out)
{
	struct text_wrap wrap = {
		.start = start, .width = p->settings->report_wrap_width, .prefix = prefix};
	struct slice text = slice_trim(rule->describe);

	if (slice_is_empty(text)) {
		text = SLICE("No description available.");
	}
	if (start > wrap.width) {
		wrap.start = prefix.len;
		(void)dynbuf_add(out, prefix.data[0] == ' ' ? SLICE("") : prefix);
	}
	text_wrap_add(out, &wrap, text);
	(void)dynbuf_add_byte(out, '\n');
}

void
report_write_summary(const struct presentation *p, struct dynbuf *out)
{
	for (size_t i = 0; i < p->verdict->rule_count; i++) {
		const struct rule_hit *rule = &p->verdict->rules[i];
		UNINITIALIZED struct score_text text;
		const char *points = score_text_points(rule->score, &text);
		size_t points_len = strlen(points);

		(void)dynbuf_add_str(out, points);
		(void)dynbuf_add_byte(out, ' ');
		(void)dynbuf_add(out, rule->name);
		add_blanks(
			out, rule->name.len < NAME_COLUMNS ? NAME_COLUMNS - rule->name.len : 0);
		(void)dynbuf_add_byte(out, ' ');
		(void)dynbuf_add(out, rule->area);
		add_description(p, rule, points_len + rule->name.len + rule->area.len + 3,
			SLICE(TABLE_INDENT), out);
		add_evidence(rule, true, out);
	}
}

void
report_write_header_rows(const struct presentation *p, struct dynbuf *out)
{
	static const struct slice prefix = {(const uint8_t *)"*      ", 7};

	(void)dynbuf_add_byte(out, '\n');
	for (size_t i = 0; i < p->verdict->rule_count; i++) {
		const struct rule_hit *rule = &p->verdict->rules[i];
		UNINITIALIZED struct score_text text;
		const char *points = score_text_points(rule->score, &text);

		(void)dynbuf_printf(out, "* %s ", points);
		(void)dynbuf_add(out, rule->name);
		(void)dynbuf_add_byte(out, ' ');
		(void)dynbuf_add(out, rule->area);
		add_description(p, rule, strlen(points) + rule->name.len + rule->area.len + 4,
			prefix, out);
		(void)dynbuf_add(out, rule->evidence_count > 0 ? prefix : SLICE(""));
		add_evidence(rule, false, out);
	}
}

void
report_write_preview(const struct presentation *p, struct dynbuf *out)
{
	preview_write(p->message, out);
}
