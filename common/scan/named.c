#include "common/scan/named.h"

#include "common/mail/address.h"

/* What ends an address in a field body, whatever the grammar says of the place. */
static bool
is_border(uint8_t c)
{
	switch (c) {
	case '<':
	case '>':
	case '(':
	case ')':
	case ',':
	case ';':
	case ':':
	case '"':
		return true;
	default:
		return ascii_is_space(c);
	}
}

/* token_around - the bytes around an "@" that may be an address */
static struct slice
token_around(struct slice body, size_t at)
{
	size_t from = at;
	size_t to = at;

	while (from > 0 && !is_border(body.data[from - 1])) {
		from--;
	}
	while (to < body.len && !is_border(body.data[to])) {
		to++;
	}
	return slice_of(body.data + from, to - from);
}

static void
find_in(struct slice body, bool fold_local_part, struct arena *arena, struct named *out)
{
	size_t at = slice_find_byte(body, '@');

	while (at < body.len && out->count < NAMED_MAX) {
		struct address address;

		if (address_parse(token_around(body, at), fold_local_part, &address, NULL) ==
			0) {
			struct slice copy = arena_copy(arena, address_slice(&address));

			if (copy.data != NULL) {
				out->items[out->count++] = copy;
			}
		}
		at += 1 + slice_find_byte(slice_skip(body, at + 1), '@');
	}
}

/* names_one - a field with one "@" names nobody but the one it is from */
static bool
names_one(struct slice body)
{
	size_t at = slice_find_byte(body, '@');

	return slice_find_byte(slice_skip(body, at + 1), '@') == body.len - at - 1;
}

void
named_find(const struct header *h, bool fold_local_part, struct slice single,
	struct arena *arena, struct named *out)
{
	const struct header_field *f = NULL;

	out->count = 0;
	if (single.len > 0 && names_one(header_find(h, SLICE("From"), 0)->body)) {
		out->items[out->count++] = single;
		return;
	}
	while ((f = header_next(h, SLICE("From"), f)) != NULL) {
		find_in(f->body, fold_local_part, arena, out);
	}
}
