/* The files of a configuration, in the order of SPEC 13. */
#include <stdlib.h>

#include "common/conf/cf_file.h"
#include "common/conf/settings_reader.h"

/* All files of one load together; the distribution's rules are 3 MiB. */
#define FILES_MAX ((size_t)128 * 1024 * 1024)

static int
include_file(void *ctx, struct slice path, struct slice *bytes_out, struct err_msg *msg)
{
	struct settings_reader *r = ctx;
	const char *name = arena_strdup(r->scratch, path);

	if (name == NULL) {
		return ERR_NOMEM;
	}
	return cf_file_read(name, r->scratch, bytes_out, msg);
}

static int
load_file(struct settings_reader *r, const char *path, struct err_msg *msg)
{
	struct slice bytes = {0};
	int ret = cf_file_read(path, r->scratch, &bytes, msg);

	if (ret == 0) {
		ret = settings_reader_parse(r, slice_str(path), bytes);
	}
	return ret;
}

static int
load_directory(
	struct settings_reader *r, const char *path, const char *suffix, struct err_msg *msg)
{
	struct strlist files = {0};
	int ret = cf_file_list(path, suffix, r->scratch, &files, msg);

	for (size_t i = 0; ret == 0 && i < files.count; i++) {
		/* The copies of a strlist end in a NUL. */
		ret = load_file(r, (const char *)files.items[i].data, msg);
	}
	return ret;
}

static int
load_path(struct settings_reader *r, const char *path, struct err_msg *msg)
{
	int ret = 0;

	if (!cf_file_is_directory(path)) {
		return load_file(r, path, msg);
	}
	ret = load_directory(r, path, ".pre", msg);
	return ret != 0 ? ret : load_directory(r, path, ".cf", msg);
}

static int
load_source(
	struct settings_reader *r, const struct settings_source *source, struct err_msg *msg)
{
	switch (source->kind) {
	case SETTINGS_SOURCE_PATH:
		return load_path(r, source->value, msg);
	case SETTINGS_SOURCE_PRE_DIR:
		return load_directory(r, source->value, ".pre", msg);
	case SETTINGS_SOURCE_CF_DIR:
		return load_directory(r, source->value, ".cf", msg);
	case SETTINGS_SOURCE_TEXT:
		return settings_reader_parse(
			r, slice_str(source->label), slice_str(source->value));
	}
	return ERR_INVALID;
}

static int
load_sources(struct settings_reader *r, const struct settings_source *sources, size_t count,
	struct err_msg *msg)
{
	for (size_t i = 0; i < count; i++) {
		int ret = load_source(r, &sources[i], msg);

		if (ret != 0) {
			return ret;
		}
	}
	return settings_reader_finish(r, msg);
}

int
settings_load(const struct settings_source *sources, size_t count,
	const struct settings_load_options *options, struct settings **out, struct err_msg *msg)
{
	struct settings_reader r = {.options = options, .include = include_file};
	struct settings *s = NULL;
	struct arena scratch;
	int ret = settings_new(&s);

	arena_init(&scratch, FILES_MAX);
	r.settings = s;
	r.scratch = &scratch;
	if (ret == 0) {
		ret = load_sources(&r, sources, count, msg);
	}
	if (ret == 0) {
		ret = settings_complete(s);
	}
	arena_fini(&scratch);
	if (ret == ERR_NOMEM) {
		(void)err_set(msg, ret, "out of memory for the configuration");
	}
	if (ret != 0) {
		settings_free(s);
		return ret;
	}
	*out = s;
	return 0;
}
