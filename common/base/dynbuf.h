/*
 * dynbuf.h - a growing byte buffer with a maximum and a sticky error.
 *
 * After curl's dynbuf: every buffer is told its maximum when it is initialised, so
 * nothing that comes from outside can grow without bound. A failed append leaves
 * the bytes as they were, and every later append fails too, so that a producer can
 * write many pieces and look at dynbuf_error() once.
 */
#ifndef COMMON_BASE_DYNBUF_H
#define COMMON_BASE_DYNBUF_H

#include <stdarg.h>

#include "common/base/attr.h"
#include "common/base/slice.h"

/** Fields are private. */
struct dynbuf {
	uint8_t *data;
	size_t len;
	size_t cap;
	size_t max;
	int error;
};

/** Starts empty, without allocating; holds at most max bytes. */
void dynbuf_init(struct dynbuf *b, size_t max);

/** Releases the memory and leaves an empty buffer with the same maximum. */
void dynbuf_fini(struct dynbuf *b);

/** Empties it and forgets the error; keeps the memory for reuse. */
void dynbuf_reset(struct dynbuf *b);

/** dynbuf_add() where there is no room yet. */
int dynbuf_add_growing(struct dynbuf *b, struct slice s);

/** @return 0, ERR_TOOBIG (the maximum) or ERR_NOMEM; sticky. */
static inline int
dynbuf_add(struct dynbuf *b, struct slice s)
{
	/* A log line is made of forty short pieces, nearly all of which just fit. */
	if (b->error != 0 || s.len > b->cap - b->len || s.len > b->max - b->len) {
		return dynbuf_add_growing(b, s);
	}
	if (s.len > 0) {
		memcpy(b->data + b->len, s.data, s.len);
	}
	b->len += s.len;
	return 0;
}

/* Of a literal, the length is known where it is written. */
static ALWAYS_INLINE int
dynbuf_add_str(struct dynbuf *b, const char *text)
{
	return dynbuf_add(b, slice_str(text));
}

static inline int
dynbuf_add_byte(struct dynbuf *b, uint8_t c)
{
	return dynbuf_add(b, slice_of(&c, 1));
}

int dynbuf_add_u64(struct dynbuf *b, uint64_t value); /* in decimal */
int dynbuf_printf(struct dynbuf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
int dynbuf_vprintf(struct dynbuf *b, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);

/**
 * Makes room for n more bytes and returns where they go; NULL on failure. The
 * caller fills them and calls dynbuf_commit with what it used.
 */
uint8_t *dynbuf_reserve(struct dynbuf *b, size_t n);
void dynbuf_commit(struct dynbuf *b, size_t n);

/** Drops the first n bytes (all where there are fewer). */
void dynbuf_consume(struct dynbuf *b, size_t n);

/** Cuts it to its first n bytes; no effect where it is shorter. */
void dynbuf_truncate(struct dynbuf *b, size_t n);

/** Writes s over the bytes from `at` on, which must be there already. */
void dynbuf_overwrite(struct dynbuf *b, size_t at, struct slice s);

/** The bytes; borrowed until the next change. */
struct slice dynbuf_slice(const struct dynbuf *b);

/**
 * NUL-terminated view, "" on failure; borrowed until the next change. Counts towards the
 * maximum.
 */
const char *dynbuf_cstr(struct dynbuf *b);

/** Passes an error of `part` on to `b`, for text that is made of text made elsewhere. */
void dynbuf_join_error(struct dynbuf *b, const struct dynbuf *part);

/** 0 or the first error since init or reset. */
NODISCARD int dynbuf_error(const struct dynbuf *b);

#endif
