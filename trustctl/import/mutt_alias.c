#include "trustctl/import/mutt_alias.h"

void
mutt_alias_init(struct mutt_alias *m)
{
	memset(m, 0, sizeof(*m));
}

static enum mutt_alias_status
fail(struct mutt_alias *m, const char *error)
{
	m->error = error;
	return MUTT_ALIAS_ERROR;
}

/* without_comment - up to a "#" that starts a word outside quotes */
static struct slice
without_comment(struct slice text)
{
	bool quoted = false;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];
		bool starts_word = i == 0 || ascii_is_wsp(text.data[i - 1]);

		if (c == '"') {
			quoted = !quoted;
		} else if (c == '#' && starts_word && !quoted) {
			return slice_take(text, i);
		}
	}
	return text;
}

/* next_word - up to a blank; *rest starts behind it */
static struct slice
next_word(struct slice *rest)
{
	size_t end = 0;

	*rest = slice_trim(*rest);
	while (end < rest->len && !ascii_is_wsp(rest->data[end])) {
		end++;
	}
	struct slice word = slice_take(*rest, end);

	*rest = slice_trim(slice_skip(*rest, end));
	return word;
}

/* end_line - looks at a complete logical line */
static enum mutt_alias_status
end_line(struct mutt_alias *m)
{
	struct slice rest = slice_trim(without_comment(slice_of(m->text, m->len)));

	m->joined = false;
	if (!slice_eq(next_word(&rest), SLICE("alias"))) {
		return MUTT_ALIAS_NEED_MORE;
	}
	if (m->oversized) {
		return fail(m, "a line that is too long");
	}
	struct slice key = next_word(&rest);

	while (slice_eq(key, SLICE("-group"))) {
		(void)next_word(&rest);
		key = next_word(&rest);
	}
	if (key.len == 0) {
		return fail(m, "an alias without a name");
	}
	if (rest.len == 0) {
		return fail(m, "an alias without an address");
	}
	m->key = key;
	m->addresses = rest;
	return MUTT_ALIAS_ENTRY;
}

enum mutt_alias_status
mutt_alias_feed(struct mutt_alias *m, const struct line *line)
{
	struct slice text = line->text;

	if (line->starts && !m->joined) {
		m->len = 0;
		m->oversized = false;
		m->line_number = line->number;
	}
	m->joined = line->ends && slice_ends_with(text, SLICE("\\"));
	if (m->joined) {
		text.len--;
	}
	struct slice taken = slice_take(text, MUTT_ALIAS_LINE_MAX - m->len);

	if (taken.len > 0) {
		memcpy(m->text + m->len, taken.data, taken.len);
		m->len += taken.len;
	}
	m->oversized = m->oversized || taken.len < text.len;
	if (m->joined || !line->ends) {
		return MUTT_ALIAS_NEED_MORE;
	}
	return end_line(m);
}

enum mutt_alias_status
mutt_alias_finish(struct mutt_alias *m)
{
	return m->joined ? end_line(m) : MUTT_ALIAS_NEED_MORE;
}
