/*
 * slice.h - a borrowed run of bytes.
 *
 * Everything that comes from outside travels as a slice: it has a length, may
 * hold NUL bytes and is never assumed to be terminated. A slice owns nothing;
 * it is good for as long as the bytes it points at. ASCII case folding here is
 * independent of the locale.
 */
#ifndef COMMON_BASE_SLICE_H
#define COMMON_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct slice {
	const uint8_t *data;
	size_t len;
};

/** A slice over a string literal; for a static table keep `const char *` and use slice_str(). */
#define SLICE(lit) ((struct slice){(const uint8_t *)("" lit), sizeof(lit) - 1})

/** printf arguments for "%.*s"; for text already known to be printable. */
#define SLICE_ARG(s) (int)(s).len, (const char *)(s).data

static inline struct slice
slice_of(const void *data, size_t len)
{
	return (struct slice){data, len};
}

/** Over a NUL-terminated string, without its NUL; NULL gives an empty slice. */
static inline struct slice
slice_str(const char *text)
{
	return (struct slice){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

static inline bool
slice_is_empty(struct slice s)
{
	return s.len == 0;
}

/** ASCII lower case of one byte; other bytes are unchanged. */
static inline uint8_t
ascii_lower(uint8_t c)
{
	return (uint8_t)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static inline bool
ascii_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_is_alpha(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/** SP or HTAB, the WSP of RFC 5234. */
static inline bool
ascii_is_wsp(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/** WSP, CR, LF, VT or FF. */
static inline bool
ascii_is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Those that every parser calls for each byte or line are inline. */

static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/** As slice_eq() with a string; most of a table's names differ in the first letter. */
static inline bool
slice_eq_str(struct slice s, const char *text)
{
	return s.len > 0 && s.data[0] == (uint8_t)text[0] && slice_eq(s, slice_str(text));
}

/**
 * FNV-1a in 64 bits, for places in tables where nothing but speed depends on it: anybody can
 * make it collide.
 */
uint64_t slice_hash(struct slice s);

/** Length of the run of printable ASCII (0x20 to 0x7e) at the start. */
size_t slice_printable_len(struct slice s);

/** The work of slice_eq_nocase(), of slices of one length. */
bool slice_same_nocase(struct slice a, struct slice b);

static inline bool
slice_eq_nocase(struct slice a, struct slice b)
{
	return a.len == b.len && slice_same_nocase(a, b);
}

/** Bytewise order, a proper prefix first; <0, 0, >0 as memcmp. */
int slice_cmp(struct slice a, struct slice b);

/** The slice without its first n bytes; n beyond the end gives an empty one. */
static inline struct slice
slice_skip(struct slice s, size_t n)
{
	if (n > s.len) {
		n = s.len;
	}
	if (n == 0) {
		return s; /* only an empty slice may be NULL: nothing is added to it */
	}
	return slice_of(s.data + n, s.len - n);
}

/** The first n bytes, or all where it is shorter. */
static inline struct slice
slice_take(struct slice s, size_t n)
{
	return slice_of(s.data, n < s.len ? n : s.len);
}

static inline bool
slice_starts_with(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && slice_eq(slice_take(s, prefix.len), prefix);
}

static inline bool
slice_ends_with(struct slice s, struct slice suffix)
{
	return s.len >= suffix.len && slice_eq(slice_skip(s, s.len - suffix.len), suffix);
}

bool slice_starts_with_nocase(struct slice s, struct slice prefix);

/** Without leading and trailing ascii_is_space bytes. */
struct slice slice_trim(struct slice s);

/** Index of the first byte c, or s.len where there is none. */
size_t slice_find_byte(struct slice s, uint8_t c);

/** What is behind the last byte c; all of it where there is none. Of an address: its domain. */
struct slice slice_behind_last(struct slice s, uint8_t c);

/** Index of the first occurrence of needle (an empty one is at 0), or s.len where there is none. */
size_t slice_find(struct slice s, struct slice needle);

/** As slice_find without ASCII case. Worst case s.len * needle.len steps: for short needles. */
size_t slice_find_nocase(struct slice s, struct slice needle);

/** Without one LF or CRLF at the end. */
struct slice slice_without_line_end(struct slice s);

/**
 * Takes the next run of bytes up to one of `separators` (a set) from *rest; runs of
 * separators count as one. Returns false when nothing is left.
 */
bool slice_next_token(struct slice *rest, const char *separators, struct slice *token_out);

#endif
