#include "tests/support/golden.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_MAX ((size_t)16 * 1024 * 1024)

struct slice
golden_read(struct arena *arena, const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = arena_alloc(arena, FILE_MAX);
	size_t len = 0;

	if (file == NULL || data == NULL) {
		perror(path);
		abort();
	}
	len = fread(data, 1, FILE_MAX, file);
	if (ferror(file) || len == FILE_MAX) {
		(void)fprintf(stderr, "%s: cannot be read, or too large\n", path);
		abort();
	}
	(void)fclose(file);
	return slice_of(data, len);
}

static bool
write_file(const char *path, struct slice bytes)
{
	FILE *file = fopen(path, "wb");
	bool ok = file != NULL && fwrite(bytes.data, 1, bytes.len, file) == bytes.len;

	if (file == NULL || fclose(file) != 0 || !ok) {
		perror(path);
		return false;
	}
	return true;
}

/* next_line - takes a line without its end from *rest */
static struct slice
next_line(struct slice *rest)
{
	size_t end = slice_find_byte(*rest, '\n');
	struct slice line = slice_take(*rest, end);

	*rest = slice_skip(*rest, end + 1);
	return line;
}

static void
print_difference(const char *path, struct slice expected, struct slice actual)
{
	for (unsigned int n = 1; expected.len > 0 || actual.len > 0; n++) {
		struct slice wanted = next_line(&expected);
		struct slice got = next_line(&actual);

		if (!slice_eq(wanted, got)) {
			(void)fprintf(stderr, "%s:%u:\n- %.*s\n+ %.*s\n", path, n,
				SLICE_ARG(wanted), SLICE_ARG(got));
			return;
		}
	}
	(void)fprintf(stderr, "%s: differs in the end of the last line\n", path);
}

bool
golden_matches(const char *path, struct slice actual)
{
	struct arena arena;
	struct slice expected = {0};
	bool same = false;

	if (getenv("UPDATE_GOLDEN") != NULL) {
		return write_file(path, actual);
	}
	arena_init(&arena, 2 * FILE_MAX);
	expected = golden_read(&arena, path);
	same = slice_eq(expected, actual);
	if (!same) {
		print_difference(path, expected, actual);
	}
	arena_fini(&arena);
	return same;
}
