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
	for (size_t len = EVIDENCE_MAX; text.len > len && len >= EVIDENCE_MIN; len--) {
		if (ascii_is_space(text.data[len])) {
			return slice_take(text, len);
		}
	}
	return text;
}

/* add_evidence - further lines of a rule, in brackets behind the indent */
static void
add_evidence(const struct rule_hit *rule, const char *indent, struct dynbuf *out)
{
	for (size_t i = 0; i < rule->evidence_count; i++) {
		struct slice rest = rule->evidence[i];

		while (rest.len > 0) {
			struct slice piece = evidence_piece(rest);

			(void)dynbuf_add_str(out, indent);
			(void)dynbuf_add_byte(out, '[');
			(void)dynbuf_add(out, piece);
			(void)dynbuf_add_str(out, "]\n");
			rest = slice_skip(rest, piece.len + 1);
		}
	}
}

/* description - of a rule, or what stands for it */
static struct slice
description(const struct rule_hit *rule)
{
	return slice_is_empty(rule->describe) ? SLICE("No description available.")
					      : rule->describe;
}

/* add_blanks - fills a column */
static void
add_blanks(struct dynbuf *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		(void)dynbuf_add_byte(out, ' ');
	}
}

void
report_write_summary(const struct presentation *p, struct dynbuf *out)
{
	for (size_t i = 0; i < p->verdict->rule_count; i++) {
		const struct rule_hit *rule = &p->verdict->rules[i];
		struct score_text points = score_text_points(rule->score);
		struct text_wrap wrap = {
			.start = strlen(points.text) + rule->name.len + rule->area.len + 3,
			.width = p->settings->report_wrap_width,
			.prefix = SLICE(TABLE_INDENT),
		};

		(void)dynbuf_add_str(out, points.text);
		(void)dynbuf_add_byte(out, ' ');
		(void)dynbuf_add(out, rule->name);
		add_blanks(out, rule->name.len < 22 ? 22 - rule->name.len : 0);
		(void)dynbuf_add_byte(out, ' ');
		(void)dynbuf_add(out, rule->area);
		text_wrap_add(out, &wrap, description(rule));
		(void)dynbuf_add_byte(out, '\n');
		add_evidence(rule, TABLE_INDENT, out);
	}
}

void
report_write_header_rows(const struct presentation *p, struct dynbuf *out)
{
	(void)dynbuf_add_byte(out, '\n');
	for (size_t i = 0; i < p->verdict->rule_count; i++) {
		const struct rule_hit *rule = &p->verdict->rules[i];
		struct score_text points = score_text_points(rule->score);
		struct text_wrap wrap = {
			.start = strlen(points.text) + rule->name.len + rule->area.len + 4,
			.width = p->settings->report_wrap_width,
			.prefix = SLICE("*      "),
		};

		(void)dynbuf_printf(out, "* %s ", points.text);
		(void)dynbuf_add(out, rule->name);
		(void)dynbuf_add_byte(out, ' ');
		(void)dynbuf_add(out, rule->area);
		text_wrap_add(out, &wrap, description(rule));
		(void)dynbuf_add_byte(out, '\n');
		add_evidence(rule, "*      ", out);
	}
}

void
report_write_preview(const struct presentation *p, struct dynbuf *out)
{
	preview_write(p->message, out);
}
