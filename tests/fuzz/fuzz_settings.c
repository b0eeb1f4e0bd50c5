/*
 * Whole configurations: an administrator's file prints to a file that loads to the same, and
 * a user's leaves the settings of the site as they were.
 */
#include <assert.h>
#include <stdlib.h>

#include "common/conf/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PRINTED_MAX ((size_t)16 * 1024 * 1024)

/* Files stay out of the game: an input must not read the machine. */
static bool
may_read_files(struct slice input)
{
	for (size_t i = 0; i < input.len; i++) {
		if (slice_starts_with_nocase(slice_skip(input, i), SLICE("include"))) {
			return true;
		}
	}
	return slice_find_byte(input, '\0') < input.len;
}

static int
load(const char *text, struct settings **out)
{
	const struct settings_load_options options = {0};
	const struct settings_source source = {SETTINGS_SOURCE_TEXT, text, "fuzz"};

	return settings_load(&source, 1, &options, out, NULL);
}

static void
print(const struct settings *s, struct dynbuf *out)
{
	int ret = 0;

	dynbuf_init(out, PRINTED_MAX);
	ret = settings_print(s, out);
	assert(ret == 0);
}

static void
check_round_trip(struct dynbuf *printed)
{
	struct settings *second = NULL;
	struct dynbuf again;
	int ret = load(dynbuf_cstr(printed), &second);

	assert(ret == 0);
	print(second, &again);
	assert(slice_eq(dynbuf_slice(printed), dynbuf_slice(&again)));
	dynbuf_fini(&again);
	settings_free(second);
}

static void
check_overlay(const struct settings *base, const struct dynbuf *printed, struct slice input)
{
	const struct settings_load_options options = {0};
	const struct settings *user = NULL;
	struct dynbuf after;
	struct arena arena;
	int ret = 0;

	arena_init(&arena, PRINTED_MAX);
	ret = settings_overlay(base, SLICE("user_prefs"), input, &options, &arena, &user);
	assert(ret == 0 || ret == ERR_TOOBIG || ret == ERR_NOMEM);
	print(base, &after);
	assert(slice_eq(dynbuf_slice(printed), dynbuf_slice(&after)));
	dynbuf_fini(&after);
	arena_fini(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = {data, size};
	struct settings *s = NULL;
	struct dynbuf printed;
	struct arena arena;
	char *text = NULL;

	if (may_read_files(input)) {
		return 0;
	}
	arena_init(&arena, size + 64);
	text = arena_strdup(&arena, input);
	assert(text != NULL);
	if (load(text, &s) == 0) {
		print(s, &printed);
		check_round_trip(&printed);
		check_overlay(s, &printed, input);
		dynbuf_fini(&printed);
		settings_free(s);
	}
	arena_fini(&arena);
	return 0;
}
