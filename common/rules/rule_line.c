#include "common/rules/rule_line.h"

#include "common/base/attr.h"

/* take_word - up to the next blank */
static struct slice
take_word(struct slice *rest)
{
	struct slice word = {0};

	(void)slice_next_token(rest, " \t", &word);
	*rest = slice_trim(*rest);
	return word;
}

bool
rule_name_is_valid(struct slice name)
{
	if (name.len == 0 || name.len > RULE_NAME_MAX || ascii_is_digit(name.data[0])) {
		return false;
	}
	for (size_t i = 0; i < name.len; i++) {
		uint8_t c = name.data[i];

		if (!ascii_is_alpha(c) && !ascii_is_digit(c) && c != '_') {
			return false;
		}
	}
	return true;
}

static bool
is_field_name(struct slice name)
{
	if (name.data == NULL) {
		return false;
	}
	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] <= ' ' || name.data[i] >= 0x7f || name.data[i] == ':') {
			return false;
		}
	}
	return name.len > 0;
}

/* is_known_part - words of SpamAssassin alone, all of which it takes in any order */
static bool
is_known_part(struct slice text)
{
	static const char *const known[] = {
		"raw", "addr", "name", "host", "domain", "ip", "revip", "first", "last"};
	struct slice word = {0};
	size_t found = 0;
	size_t count = 0;

	for (; slice_next_token(&text, ":", &word); count++) {
		for (size_t i = 0; i < ARRAY_LEN(known); i++) {
			found += slice_eq(word, slice_str(known[i]));
		}
	}
	return count > 0 && found == count;
}

int
rule_part_parse(struct slice word, struct slice *field_out, enum rule_part *part_out,
	struct err_msg *msg)
{
	static const struct {
		const char *name;
		enum rule_part part;
	} parts[] = {{"raw", RULE_PART_RAW}, {"addr", RULE_PART_ADDR},
		{"addr:raw", RULE_PART_ADDR}, {"name", RULE_PART_NAME},
		{"name:raw", RULE_PART_RAW_NAME}, {"raw:addr", RULE_PART_ADDR},
		{"raw:name", RULE_PART_RAW_NAME}};
	size_t colon = slice_find_byte(word, ':');
	struct slice part = slice_skip(word, colon + 1);

	*field_out = slice_take(word, colon);
	*part_out = RULE_PART_TEXT;
	if (!is_field_name(*field_out)) {
		return err_set(msg, ERR_INVALID, "header needs the name of a field");
	}
	if (colon == word.len) {
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (slice_eq(part, slice_str(parts[i].name))) {
			*part_out = parts[i].part;
			return 0;
		}
	}
	return err_set(msg, is_known_part(part) ? ERR_UNSUPPORTED : ERR_INVALID,
		"header knows :raw, :addr and :name of a field");
}

/* closing_of - what ends a pattern that starts with this; 0 where none can */
static uint8_t
closing_of(uint8_t c)
{
	switch (c) {
	case '{':
		return '}';
	case '(':
		return ')';
	case '[':
		return ']';
	case '<':
		return '>';
	default:
		return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' ||
				       ascii_is_space(c) || c >= 0x7f
			       ? 0
			       : c;
	}
}

/* find_closing - the last of its kind that only flags follow, as in the original */
static size_t
find_closing(struct slice text, uint8_t closing)
{
	size_t at = text.len;

	while (at > 0 && ascii_is_alpha(text.data[at - 1])) {
		at--;
	}
	return at > 0 && text.data[at - 1] == closing ? at - 1 : text.len;
}

static int
read_flags(struct slice flags, struct rule_line *out, struct err_msg *msg)
{
	for (size_t i = 0; i < flags.len; i++) {
		switch (flags.data[i]) {
		case 'i':
			out->ignores_case = true;
			break;
		case 'm':
			out->is_multi_line = true;
			break;
		case 's':
			out->dot_matches_all = true;
			break;
		case 'x':
			out->is_extended = true;
			break;
		case 'g':
		case 'o':
			break; /* of no meaning for one match */
		default:
			return err_set(msg, ERR_INVALID,
				"header knows the flags i, m, s and x of a pattern");
		}
	}
	return 0;
}

/* read_pattern - /regex/flags or m{regex}flags */
static int
read_pattern(struct slice text, struct rule_line *out, struct err_msg *msg)
{
	uint8_t closing = 0;
	size_t end = 0;

	if (text.len > 1 && text.data[0] == 'm') {
		closing = closing_of(text.data[1]);
		text = slice_skip(text, 2);
	} else if (text.len > 0 && text.data[0] == '/') {
		closing = '/';
		text = slice_skip(text, 1);
	}
	end = find_closing(text, closing);
	if (closing == 0 || end == text.len) {
		return err_set(msg, ERR_INVALID, "header needs a pattern: /regex/ and flags");
	}
	out->pattern = slice_take(text, end);
	if (out->pattern.len > RULE_PATTERN_MAX) {
		return err_set(msg, ERR_TOOBIG, "header takes patterns of up to %d bytes",
			RULE_PATTERN_MAX);
	}
	return read_flags(slice_skip(text, end + 1), out, msg);
}

/* cut_if_unset - takes "[if-unset: text]" off the end */
static struct slice
cut_if_unset(struct slice rest, struct slice *text_out)
{
	static const char mark[] = "[if-unset:";
	size_t at = rest.len;

	if (!slice_ends_with(rest, SLICE("]"))) {
		return rest;
	}
	/* The last one, as the pattern may hold the same text. */
	for (size_t i = 0; i + sizeof(mark) - 1 <= rest.len; i++) {
		if (slice_starts_with(slice_skip(rest, i), slice_str(mark))) {
			at = i;
		}
	}
	if (at == rest.len) {
		return rest;
	}
	*text_out = slice_skip(rest, at + sizeof(mark) - 1);
	text_out->len--;
	*text_out = slice_trim(*text_out);
	return slice_trim(slice_take(rest, at));
}

int
rule_line_parse(struct slice value, struct rule_line *out, struct err_msg *msg)
{
	static const char exists[] = "exists:";
	struct slice rest = value;
	struct slice word = {0};
	int code = 0;

	*out = (struct rule_line){.name = take_word(&rest)};
	if (!rule_name_is_valid(out->name)) {
		return err_set(msg, ERR_INVALID, "header needs the name of a rule");
	}
	word = take_word(&rest);
	if (slice_starts_with(word, SLICE("eval:")) ||
		slice_starts_with(word, SLICE("rbleval:"))) {
		return ERR_UNSUPPORTED;
	}
	if (slice_starts_with(word, SLICE("exists:")) && rest.len == 0) {
		out->is_exists = true;
		return rule_part_parse(
			slice_skip(word, sizeof(exists) - 1), &out->field, &out->part, msg);
	}
	code = rule_part_parse(word, &out->field, &out->part, msg);
	if (code != 0) {
		return code;
	}
	word = take_word(&rest);
	out->is_negated = slice_eq(word, SLICE("!~"));
	if (!out->is_negated && !slice_eq(word, SLICE("=~"))) {
		return err_set(msg, ERR_INVALID, "header needs =~ or !~ behind the field");
	}
	return read_pattern(cut_if_unset(rest, &out->if_unset), out, msg);
}
