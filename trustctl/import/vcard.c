#include "trustctl/import/vcard.h"

#include "common/base/encoding.h"

void
vcard_init(struct vcard *v)
{
	memset(v, 0, sizeof(*v));
}

static enum vcard_status
fail(struct vcard *v, uint64_t line, const char *error)
{
	v->error = error;
	v->error_line = line;
	return VCARD_ERROR;
}

/* split_property - "group.NAME;PARAMETERS:VALUE"; false without a colon */
static bool
split_property(struct slice property, struct slice *name, struct slice *parameters,
	struct slice *value)
{
	bool quoted = false;
	size_t colon = property.len;

	for (size_t i = 0; i < property.len && colon == property.len; i++) {
		if (property.data[i] == '"') {
			quoted = !quoted;
		} else if (property.data[i] == ':' && !quoted) {
			colon = i;
		}
	}
	if (colon == property.len) {
		return false;
	}
	struct slice head = slice_take(property, colon);
	size_t semicolon = slice_find_byte(head, ';');

	*value = slice_skip(property, colon + 1);
	*parameters = slice_skip(head, semicolon);
	head = slice_take(head, semicolon);

	size_t dot = slice_find_byte(head, '.');

	*name = slice_trim(dot < head.len ? slice_skip(head, dot + 1) : head);
	return true;
}

static bool
contains_nocase(struct slice text, struct slice word)
{
	for (size_t i = 0; i + word.len <= text.len; i++) {
		if (slice_starts_with_nocase(slice_skip(text, i), word)) {
			return true;
		}
	}
	return false;
}

/* decode_quoted_printable - RFC 2045 section 6.7 in one line; what is not an escape stays */
static struct slice
decode_quoted_printable(struct slice value, char out[VCARD_PROPERTY_MAX])
{
	size_t len = 0;

	for (size_t i = 0; i < value.len; len++) {
		uint8_t byte;
		size_t n;

		if (value.data[i] == '=' && i + 2 < value.len &&
			hex_decode(slice_of(value.data + i + 1, 2), &byte, 1, &n) == 0) {
			out[len] = (char)byte;
			i += 3;
			continue;
		}
		out[len] = (char)value.data[i++];
	}
	return slice_of(out, len);
}

/* unescape - backslash escapes of RFC 6350 section 3.4; line breaks become blanks */
static void
unescape(struct slice value, struct vcard_text *out)
{
	out->len = 0;
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c == '\\' && i + 1 < value.len) {
			c = value.data[++i];
			c = c == 'n' || c == 'N' ? ' ' : c;
		}
		out->text[out->len++] = (char)c;
	}
}

static enum vcard_status
take_email(struct vcard *v, struct slice value)
{
	struct slice address = slice_trim(value);

	if (slice_starts_with_nocase(address, SLICE("mailto:"))) {
		address = slice_skip(address, strlen("mailto:"));
	}
	if (address.len == 0) {
		return VCARD_NEED_MORE;
	}
	if (v->email_count == VCARD_EMAILS_MAX) {
		return fail(v, v->property_line, "too many addresses in one card");
	}
	v->email_lines[v->email_count] = v->property_line;
	unescape(address, &v->emails[v->email_count++]);
	return VCARD_NEED_MORE;
}

static enum vcard_status
take_begin(struct vcard *v, struct slice value)
{
	bool nested = v->inside;

	if (!slice_eq_nocase(slice_trim(value), SLICE("VCARD"))) {
		return VCARD_NEED_MORE;
	}
	v->inside = true;
	v->name.len = 0;
	v->email_count = 0;
	return nested ? fail(v, v->property_line,
				"BEGIN:VCARD inside a card: the first is dropped")
		      : VCARD_NEED_MORE;
}

static enum vcard_status
take_end(struct vcard *v, struct slice value)
{
	if (!slice_eq_nocase(slice_trim(value), SLICE("VCARD"))) {
		return VCARD_NEED_MORE;
	}
	if (!v->inside) {
		return fail(v, v->property_line, "END:VCARD without BEGIN:VCARD");
	}
	v->inside = false;
	return VCARD_CARD;
}

static bool
is_wanted(struct slice name)
{
	return slice_eq_nocase(name, SLICE("EMAIL")) || slice_eq_nocase(name, SLICE("FN")) ||
	       slice_eq_nocase(name, SLICE("BEGIN")) || slice_eq_nocase(name, SLICE("END"));
}

/* end_property - looks at the complete property, if there is one */
static enum vcard_status
end_property(struct vcard *v)
{
	char decoded[VCARD_PROPERTY_MAX];
	struct slice name;
	struct slice parameters;
	struct slice value;

	if (!v->open) {
		return VCARD_NEED_MORE;
	}
	v->open = false;
	if (!split_property(
		    slice_of(v->property, v->property_len), &name, &parameters, &value)) {
		return v->oversized ? VCARD_NEED_MORE
				    : fail(v, v->property_line, "a line without a colon");
	}
	if (!is_wanted(name)) {
		return VCARD_NEED_MORE;
	}
	if (v->oversized) {
		return fail(v, v->property_line, "a property that is too long");
	}
	if (contains_nocase(parameters, SLICE("QUOTED-PRINTABLE"))) {
		value = decode_quoted_printable(value, decoded);
	}
	if (slice_eq_nocase(name, SLICE("BEGIN"))) {
		return take_begin(v, value);
	}
	if (slice_eq_nocase(name, SLICE("END"))) {
		return take_end(v, value);
	}
	if (!v->inside) {
		return fail(v, v->property_line, "a property outside a card");
	}
	if (slice_eq_nocase(name, SLICE("EMAIL"))) {
		return take_email(v, value);
	}
	unescape(slice_trim(value), &v->name);
	return VCARD_NEED_MORE;
}

static void
append(struct vcard *v, struct slice text)
{
	struct slice taken = slice_take(text, VCARD_PROPERTY_MAX - v->property_len);

	memcpy(v->property + v->property_len, taken.data, taken.len);
	v->property_len += taken.len;
	v->oversized = v->oversized || taken.len < text.len;
}

/* is_soft_break - a quoted-printable line of vCard 2.1 that ends in "=" goes on below */
static bool
is_soft_break(const struct vcard *v)
{
	struct slice property = slice_of(v->property, v->property_len);

	return !v->oversized && slice_ends_with(property, SLICE("=")) &&
	       contains_nocase(slice_take(property, slice_find_byte(property, ':')),
		       SLICE("QUOTED-PRINTABLE"));
}

enum vcard_status
vcard_feed(struct vcard *v, const struct line *line)
{
	struct slice text = line->text;
	enum vcard_status status = VCARD_NEED_MORE;
	bool folded = line->starts && text.len > 0 && ascii_is_wsp(text.data[0]);

	if (!line->starts || (v->open && v->soft_break)) {
		append(v, text);
	} else if (folded && v->open) {
		append(v, slice_skip(text, 1));
	} else {
		status = end_property(v);
		if (text.len == 0) {
			return status;
		}
		v->open = true;
		v->oversized = false;
		v->property_line = line->number;
		v->property_len = 0;
		append(v, text);
	}
	v->soft_break = is_soft_break(v);
	if (v->soft_break) {
		v->property_len--;
	}
	/* The end of a card is known at once, not when the next one starts. */
	if (status == VCARD_NEED_MORE && line->ends &&
		slice_starts_with_nocase(text, SLICE("END:"))) {
		status = end_property(v);
	}
	return status;
}

enum vcard_status
vcard_finish(struct vcard *v)
{
	enum vcard_status status = end_property(v);

	if (status != VCARD_NEED_MORE) {
		return status;
	}
	if (v->inside) {
		v->inside = false;
		return fail(v, v->property_line, "the file ends inside a card");
	}
	return VCARD_NEED_MORE;
}
