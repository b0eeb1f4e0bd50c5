#include "spamd-trust/prefs_path.h"

#include <assert.h>

/* Longer names are no mailbox of this world (RFC 5321: 64 + 1 + 255). */
#define NAME_MAX_BYTES 512

static bool
is_safe(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || (c != '\0' && strchr("-+_.,@=", c));
}

/* make_safe - the name as it may stand in a path */
static int
make_safe(struct slice user, char *out, size_t cap)
{
	if (user.len >= cap) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < user.len; i++) {
		memcpy(out + i, is_safe(user.data[i]) ? (const char *)&user.data[i] : "_", 1);
	}
	out[user.len] = '\0';
	return 0;
}

/* without_dots - "." and ".." would leave the directory they are put into */
static struct slice
without_dots(struct slice name)
{
	if (slice_eq(name, SLICE(".")) || slice_eq(name, SLICE(".."))) {
		return SLICE("_");
	}
	return name;
}

/* A place to write a path to; `failed` is sticky. */
struct path_writer {
	char *out;
	size_t cap;
	size_t len;
	bool failed;
};

static void
put(struct path_writer *w, struct slice text)
{
	if (w->failed || text.len >= w->cap - w->len) {
		w->failed = true;
		return;
	}
	if (text.len > 0) {
		memcpy(w->out + w->len, text.data, text.len);
	}
	w->len += text.len;
	w->out[w->len] = '\0';
}

/* The values a pattern may name. */
struct pattern_names {
	struct slice user;
	struct slice local_part;
	struct slice domain;
	struct slice x;
	bool only_x; /* the pattern has a %x, so nothing else is an escape */
};

/* put_escape - one %c of the pattern */
static void
put_escape(struct path_writer *w, char c, const struct pattern_names *names)
{
	const char literal[] = {'%', c};
	bool is_x = c == 'x';

	if (is_x) {
		put(w, names->x);
	} else if (!names->only_x && c == 'u') {
		put(w, names->user);
	} else if (!names->only_x && c == 'l') {
		put(w, names->local_part);
	} else if (!names->only_x && c == 'd') {
		put(w, names->domain);
	} else if (!names->only_x && c == '%') {
		put(w, SLICE("%"));
	} else {
		put(w, slice_of(literal, sizeof(literal)));
	}
}

int
prefs_path_expand(
	const char *pattern, struct slice user, bool x_is_domain, char *out, size_t cap)
{
	struct path_writer w = {.out = out, .cap = cap};
	struct pattern_names names = {.only_x = strstr(pattern, "%x") != NULL};
	char safe[NAME_MAX_BYTES];
	const char *at = NULL;

	assert(cap > 0);
	out[0] = '\0';
	if (make_safe(user, safe, sizeof(safe)) != 0) {
		return ERR_TOOBIG;
	}
	at = strrchr(safe, '@');
	names.user = without_dots(slice_str(safe));
	if (at != NULL) {
		names.local_part = without_dots(slice_of(safe, (size_t)(at - safe)));
		names.domain = without_dots(slice_str(at + 1));
	}
	names.x = x_is_domain ? names.domain : names.user;
	for (const char *p = pattern; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] != '\0') {
			put_escape(&w, *++p, &names);
		} else {
			put(&w, slice_of(p, 1));
		}
	}
	return w.failed ? ERR_TOOBIG : 0;
}
