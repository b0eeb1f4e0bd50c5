/* The syntax of .cf files: settings come out normalised, includes and conditions are bounded. */
#include <assert.h>
#include <stdlib.h>

#include "common/conf/cf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file may include the beginning of itself under any name: cheap, and as deep as it gets. */
#define INCLUDED_MAX 64

static void
check_trimmed(struct slice s)
{
	assert(slice_eq(slice_trim(s), s));
}

static int
check_setting(void *ctx, const struct cf_setting *s)
{
	(void)ctx;
	assert(s->line > 0);
	assert(s->key.len > 0);
	for (size_t i = 0; i < s->key.len; i++) {
		assert(s->key.data[i] == ascii_lower(s->key.data[i]));
		assert(s->key.data[i] != '-' && !ascii_is_space(s->key.data[i]));
	}
	check_trimmed(s->value);
	check_trimmed(s->text);
	assert(s->text.len >= s->key.len + s->value.len);
	return 0;
}

static void
check_diagnostic(void *ctx, const struct cf_diagnostic *d)
{
	(void)ctx;
	for (const char *c = d->text; *c != '\0'; c++) {
		assert(*c >= ' ' && *c < 0x7f);
	}
}

static int
include_beginning(void *ctx, struct slice path, struct slice *bytes_out, struct err_msg *msg)
{
	const struct slice *input = ctx;

	(void)msg;
	assert(path.len > 0);
	*bytes_out = slice_take(*input, INCLUDED_MAX);
	return 0;
}

static bool
has_plugin(void *ctx, struct slice name)
{
	(void)ctx;
	return name.len % 2 == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice input = {data, size};
	const struct cf_options options = {.lang = SLICE("de_DE.UTF-8")};
	const struct cf_callbacks callbacks = {
		.ctx = &input,
		.setting = check_setting,
		.diagnose = check_diagnostic,
		.include = include_beginning,
		.has_plugin = has_plugin,
	};

	assert(cf_parse(SLICE("dir/local.cf"), input, &options, &callbacks) == 0);
	return 0;
}
