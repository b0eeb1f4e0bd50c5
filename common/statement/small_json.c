#include "common/statement/small_json.h"

#include "common/base/strnum.h"
#include "common/base/utf8.h"

/* The object, and one object or list inside it. */
#define NESTING_MAX 2

/* Where the parser stands. */
struct parser {
	struct slice in;
	size_t at;
	struct small_json *out;
	struct err_msg *msg;
};

static int parse_value(struct parser *p, unsigned int depth, struct small_json_member *out);

static int
fail(const struct parser *p, const char *what)
{
	(void)err_set_at(p->msg, ERR_INVALID, p->at, "payload: %s", what);
	return ERR_INVALID;
}

/* peek - the next byte, or NUL at the end; a NUL in the text is valid nowhere either */
static uint8_t
peek(const struct parser *p)
{
	return p->at < p->in.len ? p->in.data[p->at] : '\0';
}

static void
skip_blanks(struct parser *p)
{
	while (peek(p) == ' ' || peek(p) == '\t' || peek(p) == '\n' || peek(p) == '\r') {
		p->at++;
	}
}

/* accept - takes c where it is next, behind blanks */
static bool
accept(struct parser *p, uint8_t c)
{
	skip_blanks(p);
	if (peek(p) != c) {
		return false;
	}
	p->at++;
	return true;
}

/*
 * put_byte - appends to the decoded strings; there is room, since they are never longer than
 * the input
 */
static void
put_byte(struct parser *p, unsigned int c)
{
	p->out->text[p->out->text_len++] = (uint8_t)c;
}

/* put_code_point - as UTF-8 (RFC 3629) */
static void
put_code_point(struct parser *p, uint32_t c)
{
	if (c < 0x80) {
		put_byte(p, c);
		return;
	}
	if (c < 0x800) {
		put_byte(p, 0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			put_byte(p, 0xe0 | c >> 12);
		} else {
			put_byte(p, 0xf0 | c >> 18);
			put_byte(p, 0x80 | (c >> 12 & 0x3f));
		}
		put_byte(p, 0x80 | (c >> 6 & 0x3f));
	}
	put_byte(p, 0x80 | (c & 0x3f));
}

/* parse_hex4 - the digits of a \u escape */
static int
parse_hex4(struct parser *p, uint32_t *out)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++, p->at++) {
		uint8_t c = ascii_lower(peek(p));

		if (ascii_is_digit(c)) {
			value = value << 4 | (uint32_t)(c - '0');
		} else if (c >= 'a' && c <= 'f') {
			value = value << 4 | (uint32_t)(c - 'a' + 10);
		} else {
			return fail(p, "not four hexadecimal digits behind \\u");
		}
	}
	*out = value;
	return 0;
}

/* parse_unicode - what follows \u, with the second half of a surrogate pair (RFC 8259 section 7) */
static int
parse_unicode(struct parser *p)
{
	uint32_t c = 0;
	uint32_t low = 0;
	int ret = parse_hex4(p, &c);

	if (ret != 0) {
		return ret;
	}
	if (c == 0) {
		return fail(p, "a NUL in a string");
	}
	if (c >= 0xd800 && c <= 0xdbff) {
		if (!slice_starts_with(slice_skip(p->in, p->at), SLICE("\\u"))) {
			return fail(p, "half a surrogate pair");
		}
		p->at += 2;
		ret = parse_hex4(p, &low);
		if (ret != 0) {
			return ret;
		}
		if (low < 0xdc00 || low > 0xdfff) {
			return fail(p, "half a surrogate pair");
		}
		c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
	} else if (c >= 0xdc00 && c <= 0xdfff) {
		return fail(p, "half a surrogate pair");
	}
	put_code_point(p, c);
	return 0;
}

/* parse_escape - what follows a backslash */
static int
parse_escape(struct parser *p)
{
	static const char values[] = "\"\\/\b\f\n\r\t";
	const struct slice names = SLICE("\"\\/bfnrt");
	uint8_t c = peek(p);
	size_t i = slice_find_byte(names, c);

	if (c == 'u') {
		p->at++;
		return parse_unicode(p);
	}
	if (i == names.len) {
		return fail(p, "an unknown escape");
	}
	p->at++;
	put_byte(p, (uint8_t)values[i]);
	return 0;
}

/* parse_string - the opening quote is next */
static int
parse_string(struct parser *p, struct slice *out)
{
	size_t start = p->out->text_len;
	int ret = 0;

	p->at++;
	while (peek(p) != '"') {
		if (peek(p) < 0x20) {
			return fail(p, "a control character in a string, or no end of it");
		}
		if (peek(p) != '\\') {
			put_byte(p, p->in.data[p->at++]);
			continue;
		}
		p->at++;
		ret = parse_escape(p);
		if (ret != 0) {
			return ret;
		}
	}
	p->at++;
	*out = slice_of(p->out->text + start, p->out->text_len - start);
	return 0;
}

/* parse_integer - RFC 8259 section 6 without fraction and exponent */
static int
parse_integer(struct parser *p, int64_t *out)
{
	size_t start = p->at;
	size_t digits = 0;
	struct slice text;

	p->at += peek(p) == '-';
	digits = p->at;
	while (ascii_is_digit(peek(p))) {
		p->at++;
	}
	text = slice_skip(slice_take(p->in, p->at), start);
	if (p->at == digits || (p->in.data[digits] == '0' && p->at > digits + 1)) {
		return fail(p, "not a number");
	}
	if (peek(p) == '.' || ascii_lower(peek(p)) == 'e') {
		return fail(p, "numbers must be integers");
	}
	if (strnum_i64(text, INT64_MIN, INT64_MAX, out) != 0) {
		(void)err_set_at(
			p->msg, ERR_RANGE, start, "payload: an integer beyond 64 bits");
		return ERR_RANGE;
	}
	return 0;
}

static int
parse_word(struct parser *p)
{
	static const char *const words[] = {"true", "false", "null"};
	struct slice rest = slice_skip(p->in, p->at);

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (slice_starts_with(rest, slice_str(words[i]))) {
			p->at += strlen(words[i]);
			return 0;
		}
	}
	return fail(p, "not a value");
}

/* is_taken - whether an object has a member of that name already */
static bool
is_taken(const struct small_json *json, size_t parent, struct slice name)
{
	for (size_t i = 0; i < json->count; i++) {
		if (json->members[i].parent == parent &&
			slice_eq(json->members[i].name, name)) {
			return true;
		}
	}
	return false;
}

/* parse_member - "name": value, into the flat array */
static int
parse_member(struct parser *p, unsigned int depth, size_t parent)
{
	struct small_json *json = p->out;
	struct small_json_member *member = NULL;
	struct slice name;
	int ret = 0;

	skip_blanks(p);
	if (peek(p) != '"') {
		return fail(p, "not the name of a member");
	}
	ret = parse_string(p, &name);
	if (ret != 0) {
		return ret;
	}
	if (is_taken(json, parent, name)) {
		return fail(p, "a name occurs twice");
	}
	if (!accept(p, ':')) {
		return fail(p, "no colon behind a name");
	}
	if (json->count == SMALL_JSON_MEMBERS_MAX) {
		return fail(p, "too many members");
	}
	member = &json->members[json->count++];
	*member = (struct small_json_member){.parent = parent, .name = name};
	return parse_value(p, depth, member);
}

/* parse_members - the opening brace is taken */
static int
parse_members(struct parser *p, unsigned int depth, size_t parent)
{
	int ret = 0;

	if (accept(p, '}')) {
		return 0;
	}
	do {
		ret = parse_member(p, depth + 1, parent);
		if (ret != 0) {
			return ret;
		}
	} while (accept(p, ','));
	return accept(p, '}') ? 0 : fail(p, "neither comma nor closing brace");
}

/* parse_items - the opening bracket is taken; values are checked, not kept */
static int
parse_items(struct parser *p, unsigned int depth)
{
	struct small_json_member item;
	int ret = 0;

	if (accept(p, ']')) {
		return 0;
	}
	do {
		ret = parse_value(p, depth + 1, &item);
		if (ret != 0) {
			return ret;
		}
	} while (accept(p, ','));
	return accept(p, ']') ? 0 : fail(p, "neither comma nor closing bracket");
}

/* parse_value - depth is how many objects and lists it would be in, counting itself */
static int
parse_value(struct parser *p, unsigned int depth, struct small_json_member *out)
{
	uint8_t c = '\0';

	skip_blanks(p);
	c = peek(p);
	if ((c == '{' || c == '[') && depth > NESTING_MAX) {
		return fail(p, "nested deeper than 2");
	}
	if (c == '{') {
		p->at++;
		out->type = SMALL_JSON_OBJECT;
		return parse_members(p, depth, (size_t)(out - p->out->members) + 1);
	}
	if (c == '[') {
		p->at++;
		out->type = SMALL_JSON_LIST;
		return parse_items(p, depth);
	}
	if (c == '"') {
		out->type = SMALL_JSON_STRING;
		return parse_string(p, &out->text);
	}
	if (c == '-' || ascii_is_digit(c)) {
		out->type = SMALL_JSON_INTEGER;
		return parse_integer(p, &out->number);
	}
	out->type = SMALL_JSON_WORD;
	return parse_word(p);
}

int
small_json_parse(struct small_json *out, struct slice in, struct err_msg *msg)
{
	struct parser p = {.in = in, .out = out, .msg = msg};
	int ret = 0;

	out->count = 0;
	out->text_len = 0;
	if (in.len > SMALL_JSON_BYTES_MAX) {
		return err_set(
			msg, ERR_TOOBIG, "payload: more than %d bytes", SMALL_JSON_BYTES_MAX);
	}
	if (!utf8_is_valid(in)) {
		return fail(&p, "not UTF-8");
	}
	if (!accept(&p, '{')) {
		return fail(&p, "not an object");
	}
	ret = parse_members(&p, 1, 0);
	if (ret != 0) {
		return ret;
	}
	skip_blanks(&p);
	return p.at == in.len ? 0 : fail(&p, "something stands behind the object");
}

struct small_json_object
small_json_inner(const struct small_json *json, const struct small_json_member *member)
{
	return (struct small_json_object){json, (size_t)(member - json->members) + 1};
}

const struct small_json_member *
small_json_find(struct small_json_object object, const char *name)
{
	for (size_t i = 0; i < object.json->count; i++) {
		const struct small_json_member *member = &object.json->members[i];

		if (member->parent == object.id && slice_eq(member->name, slice_str(name))) {
			return member;
		}
	}
	return NULL;
}
