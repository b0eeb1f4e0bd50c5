#include "common/scan/named.h"

#include "common/mail/address.h"

/* What ends an address in a field body, whatever the grammar says of the place. */
static bool
is_border(uint8_t c)
{
	return ascii_is_space(c) || (c != '\0' && strchr("<>(),;:\"", c) != NULL);
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
	for (size_t i = 0; i < body.len && out->count < NAMED_MAX; i++) {
		struct address address;
		struct slice copy;

		if (body.data[i] != '@' || address_parse(token_around(body, i), fold_local_part,
						   &address, NULL) != 0) {
			continue;
		}
		copy = arena_copy(arena, address_slice(&address));
		if (copy.data != NULL) {
			out->items[out->count++] = copy;
		}
	}
}

void
named_find(const struct header *h, bool fold_local_part, struct arena *arena, struct named *out)
{
	const struct header_field *f = NULL;

	out->count = 0;
	while ((f = header_next(h, SLICE("From"), f)) != NULL) {
		find_in(f->body, fold_local_part, arena, out);
	}
}
