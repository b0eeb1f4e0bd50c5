#include "common/base/dynbuf.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/err.h"

#define DYNBUF_MIN_CAP 64

/* 2^64 - 1 in decimal. */
#define U64_DIGITS 20

void
dynbuf_init(struct dynbuf *b, size_t max)
{
	*b = (struct dynbuf){.max = max};
}

void
dynbuf_fini(struct dynbuf *b)
{
	free(b->data);
	dynbuf_init(b, b->max);
}

void
dynbuf_reset(struct dynbuf *b)
{
	b->len = 0;
	b->error = 0;
}

static int
fail(struct dynbuf *b, int code)
{
	b->error = code;
	return code;
}

uint8_t *
dynbuf_reserve(struct dynbuf *b, size_t n)
{
	size_t need = 0;
	size_t cap = b->cap < DYNBUF_MIN_CAP ? DYNBUF_MIN_CAP : b->cap;
	uint8_t *data = NULL;

	if (b->error != 0) {
		return NULL;
	}
	if (__builtin_add_overflow(b->len, n, &need) || need > b->max) {
		(void)fail(b, ERR_TOOBIG);
		return NULL;
	}
	if (need <= b->cap && b->data != NULL) {
		return b->data + b->len;
	}
	while (cap < need) {
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	}
	data = realloc(b->data, cap);
	if (data == NULL) {
		(void)fail(b, ERR_NOMEM);
		return NULL;
	}
	b->data = data;
	b->cap = cap;
	return b->data + b->len;
}

void
dynbuf_commit(struct dynbuf *b, size_t n)
{
	assert(n <= b->cap - b->len);
	b->len += n;
}

int
dynbuf_add_growing(struct dynbuf *b, struct slice s)
{
	uint8_t *to = dynbuf_reserve(b, s.len);

	if (to == NULL) {
		return b->error;
	}
	if (s.len > 0) {
		memcpy(to, s.data, s.len);
	}
	dynbuf_commit(b, s.len);
	return 0;
}

int
dynbuf_add_u64(struct dynbuf *b, uint64_t value)
{
	char text[U64_DIGITS];
	size_t at = sizeof(text);

	do {
		text[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return dynbuf_add(b, slice_of(text + at, sizeof(text) - at));
}

int
dynbuf_vprintf(struct dynbuf *b, const char *fmt, va_list ap)
{
	char small[256];
	va_list again;
	uint8_t *to = NULL;
	int n = 0;

	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0) {
		(void)fail(b, ERR_INVALID);
	} else if ((size_t)n < sizeof(small)) {
		(void)dynbuf_add(b, slice_of(small, (size_t)n));
	} else {
		to = dynbuf_reserve(b, (size_t)n + 1);
		if (to != NULL) {
			(void)vsnprintf((char *)to, (size_t)n + 1, fmt, again);
			dynbuf_commit(b, (size_t)n);
		}
	}
	va_end(again);
	return b->error;
}

int
dynbuf_printf(struct dynbuf *b, const char *fmt, ...)
{
	va_list ap;
	int ret = 0;

	va_start(ap, fmt);
	ret = dynbuf_vprintf(b, fmt, ap);
	va_end(ap);
	return ret;
}

void
dynbuf_consume(struct dynbuf *b, size_t n)
{
	if (n >= b->len) {
		b->len = 0;
		return;
	}
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void
dynbuf_truncate(struct dynbuf *b, size_t n)
{
	if (n < b->len) {
		b->len = n;
	}
}

void
dynbuf_overwrite(struct dynbuf *b, size_t at, struct slice s)
{
	assert(at <= b->len && s.len <= b->len - at);
	if (s.len > 0) {
		memcpy(b->data + at, s.data, s.len);
	}
}

struct slice
dynbuf_slice(const struct dynbuf *b)
{
	return slice_of(b->data, b->len);
}

const char *
dynbuf_cstr(struct dynbuf *b)
{
	uint8_t *end = dynbuf_reserve(b, 1);

	if (end == NULL) {
		return "";
	}
	*end = '\0';
	return (const char *)b->data;
}

void
dynbuf_join_error(struct dynbuf *b, const struct dynbuf *part)
{
	if (b->error == 0) {
		b->error = part->error;
	}
}

int
dynbuf_error(const struct dynbuf *b)
{
	return b->error;
}
