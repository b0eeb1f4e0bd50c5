#include "common/mail/dkim_signature.h"

#include "common/base/encoding.h"

/* RFC 6008 section 4: fewer characters of b= might name two signatures. */
#define HEADER_B_MIN 8

struct tag {
	struct slice name;
	struct slice value; /* raw, without blanks at the ends */
};

struct tag_list {
	struct tag tags[DKIM_TAGS_MAX];
	size_t count;
};

static bool
is_tag_name(struct slice name)
{
	if (name.len == 0 || !ascii_is_alpha(name.data[0])) {
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

static const struct tag *
find(const struct tag_list *list, struct slice name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (slice_eq(list->tags[i].name, name)) {
			return &list->tags[i];
		}
	}
	return NULL;
}

static int
add_tag(struct tag_list *list, struct slice spec)
{
	size_t equals = slice_find_byte(spec, '=');
	struct tag tag = {
		.name = slice_trim(slice_take(spec, equals)),
		.value = slice_trim(slice_skip(spec, equals + 1)),
	};

	if (equals == spec.len || !is_tag_name(tag.name) || find(list, tag.name) != NULL) {
		return ERR_INVALID;
	}
	if (list->count == DKIM_TAGS_MAX) {
		return ERR_TOOBIG;
	}
	list->tags[list->count++] = tag;
	return 0;
}

/* read_tags - tag-spec *(";" tag-spec) [";"], RFC 6376 section 3.2 */
static int
read_tags(struct slice body, struct tag_list *list, struct err_msg *msg)
{
	size_t at = 0;

	while (slice_trim(slice_skip(body, at)).len > 0) {
		struct slice rest = slice_skip(body, at);
		size_t len = slice_find_byte(rest, ';');
		int ret = add_tag(list, slice_take(rest, len));

		if (ret != 0) {
			return err_set_at(msg, ret, at,
				"DKIM-Signature: %s in the tag at byte %zu", err_text(ret), at);
		}
		at += len + 1;
	}
	return 0;
}

/* copy_value - the value of a tag without any white space; empty where there is no such tag */
static int
copy_value(
	const struct tag_list *list, struct slice name, struct arena *arena, struct slice *out)
{
	const struct tag *tag = find(list, name);
	uint8_t *bytes;
	size_t len = 0;

	*out = slice_of(NULL, 0);
	if (tag == NULL) {
		return 0;
	}
	bytes = arena_alloc(arena, tag->value.len);
	if (bytes == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < tag->value.len; i++) {
		if (!ascii_is_space(tag->value.data[i])) {
			bytes[len++] = tag->value.data[i];
		}
	}
	*out = slice_of(bytes, len);
	return 0;
}

int
dkim_signature_parse(
	struct slice body, struct arena *arena, struct dkim_signature *out, struct err_msg *msg)
{
	const struct {
		struct slice name;
		struct slice *value;
		bool is_required;
	} wanted[] = {
		{SLICE("a"), &out->algorithm, false},
		{SLICE("d"), &out->domain, true},
		{SLICE("s"), &out->selector, true},
		{SLICE("i"), &out->identity, false},
		{SLICE("b"), &out->signature, true},
		{SLICE("h"), &out->fields, false},
	};
	struct tag_list list = {.count = 0};
	int ret;

	*out = (struct dkim_signature){0};
	ret = read_tags(body, &list, msg);
	if (ret != 0) {
		return ret;
	}
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
		ret = copy_value(&list, wanted[i].name, arena, wanted[i].value);
		if (ret != 0) {
			return err_set(msg, ret, "DKIM-Signature: %s", err_text(ret));
		}
		if (wanted[i].is_required && wanted[i].value->len == 0) {
			return err_set(msg, ERR_INVALID,
				"DKIM-Signature: no %.*s=", SLICE_ARG(wanted[i].name));
		}
	}
	out->has_length = find(&list, SLICE("l")) != NULL;
	return 0;
}

static bool
is_plain_byte(uint8_t c)
{
	const struct slice others = SLICE("!#$%&'*+-/=?^_`{|}~.@");

	return c >= 0x80 || ascii_is_alpha(c) || ascii_is_digit(c) ||
	       slice_find_byte(others, c) < others.len;
}

/* is_plain - decoded or not */
static bool
is_plain(struct slice value)
{
	for (size_t i = 0; i < value.len; i++) {
		struct slice escape = slice_take(slice_skip(value, i + 1), 2);
		uint8_t decoded = 0;
		size_t len = 0;

		if (!is_plain_byte(value.data[i])) {
			return false;
		}
		if (value.data[i] == '=' && hex_decode(escape, &decoded, 1, &len) == 0 &&
			len == 1 && !is_plain_byte(decoded)) {
			return false;
		}
	}
	return true;
}

bool
dkim_signature_is_plain(const struct dkim_signature *sig)
{
	return is_plain(sig->algorithm) && is_plain(sig->domain) && is_plain(sig->selector) &&
	       is_plain(sig->identity) && is_plain(sig->signature);
}

bool
dkim_signature_is_named(const struct dkim_signature *sig, struct slice header_b)
{
	if (header_b.len < HEADER_B_MIN) {
		return header_b.len > 0 && slice_eq(sig->signature, header_b);
	}
	return slice_starts_with(sig->signature, header_b);
}

bool
dkim_signature_covers(const struct dkim_signature *sig, struct slice field)
{
	struct slice rest = sig->fields;

	while (rest.len > 0) {
		size_t len = slice_find_byte(rest, ':');

		if (slice_eq_nocase(slice_take(rest, len), field)) {
			return true;
		}
		rest = slice_skip(rest, len + 1);
	}
	return false;
}
