#include "common/base/slice.h"

bool
slice_same_nocase(struct slice a, struct slice b)
{
	for (size_t i = 0; i < a.len; i++) {
		if (ascii_lower(a.data[i]) != ascii_lower(b.data[i])) {
			return false;
		}
	}
	return true;
}

uint64_t
slice_hash(struct slice s)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < s.len; i++) {
		hash = (hash ^ s.data[i]) * 0x100000001b3U;
	}
	return hash;
}

/* all_printable - of eight bytes: none below 0x20 or above 0x7e, seen by their highest bits */
static bool
all_printable(const uint8_t *bytes)
{
	const uint64_t each = 0x0101010101010101U;
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return (((word - each * 0x20) | (word + each) | word) & each * 0x80) == 0;
}

size_t
slice_printable_len(struct slice s)
{
	size_t n = 0;

	while (s.len - n >= sizeof(uint64_t) && all_printable(s.data + n)) {
		n += sizeof(uint64_t);
	}
	while (n < s.len && s.data[n] >= 0x20 && s.data[n] <= 0x7e) {
		n++;
	}
	return n;
}

int
slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n == 0 ? 0 : memcmp(a.data, b.data, n);

	if (order != 0) {
		return order;
	}
	return (a.len > b.len) - (a.len < b.len);
}

bool
slice_starts_with_nocase(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && slice_eq_nocase(slice_take(s, prefix.len), prefix);
}

struct slice
slice_trim(struct slice s)
{
	while (s.len > 0 && ascii_is_space(s.data[0])) {
		s = slice_skip(s, 1);
	}
	while (s.len > 0 && ascii_is_space(s.data[s.len - 1])) {
		s.len--;
	}
	return s;
}

size_t
slice_find_byte(struct slice s, uint8_t c)
{
	const uint8_t *hit = s.len == 0 ? NULL : memchr(s.data, c, s.len);

	return hit == NULL ? s.len : (size_t)(hit - s.data);
}

struct slice
slice_behind_last(struct slice s, uint8_t c)
{
	size_t at = s.len;

	while (at > 0 && s.data[at - 1] != c) {
		at--;
	}
	return slice_skip(s, at);
}

size_t
slice_find(struct slice s, struct slice needle)
{
	const uint8_t *hit;

	if (needle.len == 0) {
		return 0;
	}
	hit = s.len == 0 ? NULL : memmem(s.data, s.len, needle.data, needle.len);
	return hit == NULL ? s.len : (size_t)(hit - s.data);
}

size_t
slice_find_nocase(struct slice s, struct slice needle)
{
	for (size_t i = 0; needle.len <= s.len && i <= s.len - needle.len; i++) {
		if (slice_starts_with_nocase(slice_skip(s, i), needle)) {
			return i;
		}
	}
	return s.len;
}

struct slice
slice_without_line_end(struct slice s)
{
	if (slice_ends_with(s, SLICE("\n"))) {
		s.len--;
		s.len -= slice_ends_with(s, SLICE("\r"));
	}
	return s;
}

/* A bit for each byte. */
struct byte_set {
	uint64_t bits[4];
};

static struct byte_set
set_of(const char *bytes)
{
	struct byte_set set = {{0}};

	for (; *bytes != '\0'; bytes++) {
		uint8_t c = (uint8_t)*bytes;

		set.bits[c >> 6] |= (uint64_t)1 << (c & 63);
	}
	return set;
}

static bool
is_one_of(uint8_t c, const struct byte_set *set)
{
	return (set->bits[c >> 6] >> (c & 63) & 1) != 0;
}

bool
slice_next_token(struct slice *rest, const char *separators, struct slice *token_out)
{
	const struct byte_set set = set_of(separators);
	struct slice s = *rest;
	size_t end = 0;

	while (s.len > 0 && is_one_of(s.data[0], &set)) {
		s = slice_skip(s, 1);
	}
	while (end < s.len && !is_one_of(s.data[end], &set)) {
		end++;
	}
	*token_out = slice_take(s, end);
	*rest = slice_skip(s, end);
	return end > 0;
}
