#include "common/conf/cf.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/base/arena.h"
#include "common/base/dynbuf.h"
#include "common/base/log.h"
#include "common/base/strnum.h"
#include "common/conf/cf_expr.h"
#include "common/conf/cf_feature.h"
#include "common/conf/cf_if.h"

/* Longest text of a diagnostic; values inside are cut to SHOWN_MAX bytes first. */
#define DIAGNOSTIC_MAX 512
#define SHOWN_MAX      80
#define SHOWN_ESCAPED  (SHOWN_MAX * 6 + 1)

/*
 * A diamond of includes repeats files; the sum is bounded so that depth 16 with two includes
 * in each file does not become 65,536 files.
 */
#define INCLUDES_MAX 256

/* Longest path of an included file, as PATH_MAX, and all of them together. */
#define INCLUDE_PATH_MAX 4096
#define PATHS_MAX        ((size_t)INCLUDES_MAX * (INCLUDE_PATH_MAX + 64))

/** One open file. */
struct cf_file {
	const struct cf_file *parent;
	struct slice name;
	uint32_t line;
	struct cf_if_stack ifs;
	bool skip_rest; /* require_version did not match */
};

struct cf_parser {
	const struct cf_options *options;
	const struct cf_callbacks *callbacks;
	struct arena paths;
	struct dynbuf line; /* the line with \# undone */
	struct dynbuf key;
	struct cf_file *file;
	unsigned int include_depth;
	unsigned int include_count;
};

/* diagnose - reports about one line of the file being read */
static void PRINTF_LIKE(4, 5) diagnose(const struct cf_parser *p, enum cf_severity severity,
	uint32_t line, const char *fmt, ...)
{
	char text[DIAGNOSTIC_MAX];
	struct cf_diagnostic d = {
		.severity = severity, .file = p->file->name, .line = line, .text = text};
	va_list ap;

	if (p->callbacks->diagnose == NULL) {
		return;
	}
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->callbacks->diagnose(p->callbacks->ctx, &d);
}

/* show - makes text of the file fit to be printed in a message */
static const char *
show(struct slice text, char out[SHOWN_ESCAPED])
{
	return log_escape(slice_take(text, SHOWN_MAX), out, SHOWN_ESCAPED);
}

static bool
has_plugin(const void *ctx, struct slice name)
{
	const struct cf_parser *p = ctx;

	return p->callbacks->has_plugin != NULL &&
	       p->callbacks->has_plugin(p->callbacks->ctx, name);
}

static bool
has_feature(const void *ctx, struct slice name)
{
	const struct cf_parser *p = ctx;
	struct slice plugin = cf_feature_plugin(name);

	return slice_is_empty(plugin) ? cf_feature_is_known(name) : has_plugin(p, plugin);
}

static void
push_if(struct cf_parser *p, uint32_t line, bool truth, bool is_bad)
{
	if (cf_if_push(&p->file->ifs, line, truth, is_bad) == CF_IF_TOO_DEEP) {
		diagnose(p, CF_WARNING, line,
			"more than %d nested conditions; this one is skipped", CF_IF_DEPTH_MAX);
	}
}

static int
do_if(struct cf_parser *p, const struct cf_setting *s)
{
	const struct cf_expr_env env = {
		.version = CF_VERSION_NUMBER,
		.perl_version = CF_PERL_VERSION_NUMBER,
		.local_tests_only = p->options->local_tests_only,
		.has_plugin = has_plugin,
		.has_feature = has_feature,
		.ctx = p,
	};
	struct err_msg msg = {0};
	bool truth = false;
	int ret = 0;

	/* Where nothing is read, a condition only has to be paired with its endif. */
	if (!cf_if_is_active(&p->file->ifs)) {
		push_if(p, s->line, false, false);
		return 0;
	}
	ret = cf_expr_eval(s->value, &env, &truth, &msg);
	if (ret != 0) {
		diagnose(p, CF_WARNING, s->line,
			"condition not understood, the block is skipped: %s", msg.text);
	}
	push_if(p, s->line, truth, ret != 0);
	return 0;
}

static int
do_ifplugin(struct cf_parser *p, const struct cf_setting *s)
{
	bool is_bad = slice_is_empty(s->value);

	if (is_bad && cf_if_is_active(&p->file->ifs)) {
		diagnose(p, CF_WARNING, s->line,
			"ifplugin needs the name of a plugin; the block is skipped");
	}
	push_if(p, s->line, has_plugin(p, s->value), is_bad);
	return 0;
}

/* expects_no_value - warns about text behind else and endif, which are obeyed all the same */
static void
expects_no_value(struct cf_parser *p, const struct cf_setting *s)
{
	char shown[SHOWN_ESCAPED];

	if (!slice_is_empty(s->value)) {
		diagnose(p, CF_WARNING, s->line, "%.*s stands alone; \"%s\" is ignored",
			SLICE_ARG(s->key), show(s->value, shown));
	}
}

static int
do_else(struct cf_parser *p, const struct cf_setting *s)
{
	enum cf_if_result result = CF_IF_OK;

	expects_no_value(p, s);
	result = cf_if_else(&p->file->ifs);
	if (result == CF_IF_NOT_OPEN) {
		diagnose(p, CF_WARNING, s->line, "else without if");
	} else if (result == CF_IF_SECOND_ELSE) {
		diagnose(p, CF_WARNING, s->line, "second else; skipped until endif");
	}
	return 0;
}

static int
do_endif(struct cf_parser *p, const struct cf_setting *s)
{
	expects_no_value(p, s);
	if (cf_if_end(&p->file->ifs) == CF_IF_NOT_OPEN) {
		diagnose(p, CF_WARNING, s->line, "endif without if");
	}
	return 0;
}

static int
do_require_version(struct cf_parser *p, const struct cf_setting *s)
{
	char shown[SHOWN_ESCAPED];

	/* The second is what an uninstalled rule file carries: any version. */
	if (slice_eq(s->value, SLICE(CF_VERSION_TEXT)) ||
		slice_eq(s->value, SLICE("@@VERSION@@"))) {
		return 0;
	}
	diagnose(p, CF_WARNING, s->line,
		"written for version %s of SpamAssassin, this is " CF_VERSION_TEXT
		"; the rest of the file is skipped",
		show(s->value, shown));
	p->file->skip_rest = true;
	return 0;
}

/* include_path - puts a relative path into the directory of the including file */
static struct slice
include_path(struct cf_parser *p, struct slice value)
{
	struct slice name = p->file->name;
	size_t dir_len = name.len;
	struct slice path = {0};
	uint8_t *joined = NULL;

	if (value.data[0] == '/') {
		return arena_copy(&p->paths, value);
	}
	while (dir_len > 0 && name.data[dir_len - 1] != '/') {
		dir_len--;
	}
	joined = arena_alloc(&p->paths, dir_len + value.len + 1);
	if (joined != NULL) {
		memcpy(joined, name.data, dir_len);
		memcpy(joined + dir_len, value.data, value.len);
		path = slice_of(joined, dir_len + value.len);
	}
	return path;
}

static bool
is_open(const struct cf_parser *p, struct slice path)
{
	for (const struct cf_file *f = p->file; f != NULL; f = f->parent) {
		if (slice_eq(f->name, path)) {
			return true;
		}
	}
	return false;
}

static int parse_file(struct cf_parser *p, struct slice name, struct slice bytes);

/* include_file - reads one included file; faults are reported, only memory and callbacks fail */
static int
include_file(struct cf_parser *p, struct slice path, uint32_t line)
{
	struct slice bytes = {0};
	struct err_msg msg = {0};
	char shown[DIAGNOSTIC_MAX];
	int ret = 0;

	if (is_open(p, path)) {
		diagnose(p, CF_WARNING, line, "\"%s\" includes itself; skipped",
			show(path, shown));
		return 0;
	}
	p->include_count++;
	ret = p->callbacks->include(p->callbacks->ctx, path, &bytes, &msg);
	if (ret == ERR_NOMEM) {
		return ret;
	}
	if (ret != 0) {
		diagnose(p, CF_WARNING, line, "include skipped: %s",
			log_escape(slice_str(msg.text), shown, sizeof(shown)));
		return 0;
	}
	p->include_depth++;
	ret = parse_file(p, path, bytes);
	p->include_depth--;
	return ret;
}

static int
do_include(struct cf_parser *p, const struct cf_setting *s)
{
	uint32_t line = s->line;
	struct slice path = {0};

	if (slice_is_empty(s->value)) {
		diagnose(p, CF_WARNING, line, "include needs the name of a file");
		return 0;
	}
	if (p->callbacks->include == NULL) {
		diagnose(p, CF_WARNING, line, "include is not allowed here; skipped");
		return 0;
	}
	if (p->include_depth == CF_INCLUDE_DEPTH_MAX || p->include_count == INCLUDES_MAX) {
		diagnose(p, CF_WARNING, line,
			"more than %d included files, or nested more than %d deep; skipped",
			INCLUDES_MAX, CF_INCLUDE_DEPTH_MAX);
		return 0;
	}
	if (p->file->name.len + s->value.len > INCLUDE_PATH_MAX) {
		diagnose(p, CF_WARNING, line, "the path of the file is too long; skipped");
		return 0;
	}
	path = include_path(p, s->value);
	return path.data == NULL ? ERR_NOMEM : include_file(p, path, line);
}

/** What the syntax itself knows; the others are handed to the caller. */
static const struct directive {
	const char *key;
	bool always; /* also where a condition skips */
	int (*run)(struct cf_parser *p, const struct cf_setting *s);
} directives[] = {
	{"if", true, do_if},
	{"ifplugin", true, do_ifplugin},
	{"else", true, do_else},
	{"endif", true, do_endif},
	{"include", false, do_include},
	{"require_version", false, do_require_version},
};

struct slice
cf_next_word(struct slice *rest)
{
	size_t end = 0;
	struct slice word = {0};

	*rest = slice_trim(*rest);
	while (end < rest->len && !ascii_is_space(rest->data[end])) {
		end++;
	}
	word = slice_take(*rest, end);
	*rest = slice_trim(slice_skip(*rest, end));
	return word;
}

/*
 * without_comment - cuts at the first # that has no backslash before it, and undoes \#. Most
 * lines need no copy.
 */
static int
without_comment(struct cf_parser *p, struct slice *line)
{
	struct slice rest = *line;
	size_t hash = slice_find_byte(rest, '#');

	dynbuf_reset(&p->line);
	while (hash < rest.len && hash > 0 && rest.data[hash - 1] == '\\') {
		(void)dynbuf_add(&p->line, slice_take(rest, hash - 1));
		(void)dynbuf_add_byte(&p->line, '#');
		rest = slice_skip(rest, hash + 1);
		hash = slice_find_byte(rest, '#');
	}
	if (dynbuf_slice(&p->line).len == 0) {
		*line = slice_take(rest, hash);
		return 0;
	}
	(void)dynbuf_add(&p->line, slice_take(rest, hash));
	*line = dynbuf_slice(&p->line);
	return dynbuf_error(&p->line);
}

static int
normalise_key(struct cf_parser *p, struct slice word, struct slice *key_out)
{
	dynbuf_reset(&p->key);
	for (size_t i = 0; i < word.len; i++) {
		uint8_t c = ascii_lower(word.data[i]);

		(void)dynbuf_add_byte(&p->key, c == '-' ? '_' : c);
	}
	*key_out = dynbuf_slice(&p->key);
	return dynbuf_error(&p->key);
}

/*
 * lang_matches - is the locale, or the beginning of it, what `lang` names?
 *
 * C and POSIX mean en_US; C.UTF-8 does not, as in the original.
 */
static bool
lang_matches(const struct cf_parser *p, struct slice wanted)
{
	struct slice lang = p->options->lang;
	size_t len = 0;

	if (slice_is_empty(lang) || slice_eq(lang, SLICE("C")) ||
		slice_eq(lang, SLICE("POSIX"))) {
		lang = SLICE("en_US");
	}
	while (len < lang.len && strchr("@.+,:", lang.data[len]) == NULL) {
		len++;
	}
	return slice_starts_with_nocase(slice_take(lang, len), wanted);
}

static int
run_setting(struct cf_parser *p, const struct cf_setting *s)
{
	for (size_t i = 0; i < ARRAY_LEN(directives); i++) {
		const struct directive *d = &directives[i];

		if (slice_eq(s->key, slice_str(d->key))) {
			return d->always || cf_if_is_active(&p->file->ifs) ? d->run(p, s) : 0;
		}
	}
	return cf_if_is_active(&p->file->ifs) ? p->callbacks->setting(p->callbacks->ctx, s) : 0;
}

static int
parse_line(struct cf_parser *p, struct slice line)
{
	struct cf_setting s = {.file = p->file->name, .line = p->file->line};
	struct slice word = {0};
	int ret = 0;

	if (line.len > CF_LINE_MAX) {
		diagnose(p, CF_WARNING, s.line, "line longer than %d bytes; skipped",
			CF_LINE_MAX);
		return 0;
	}
	ret = without_comment(p, &line);
	s.value = slice_trim(line);
	word = cf_next_word(&s.value);
	if (ret == 0 && slice_eq(word, SLICE("lang"))) {
		if (!lang_matches(p, cf_next_word(&s.value))) {
			return 0;
		}
		line = s.value;
		word = cf_next_word(&s.value);
	}
	if (ret != 0 || slice_is_empty(word)) {
		return ret;
	}
	s.text = slice_trim(line);
	ret = normalise_key(p, word, &s.key);
	return ret != 0 ? ret : run_setting(p, &s);
}

static int
parse_lines(struct cf_parser *p, struct slice bytes)
{
	struct cf_file *f = p->file;

	while (bytes.len > 0 && !f->skip_rest) {
		size_t end = slice_find_byte(bytes, '\n');
		int ret = 0;

		f->line++;
		ret = parse_line(p, slice_take(bytes, end));
		if (ret != 0) {
			return ret;
		}
		bytes = slice_skip(bytes, end + 1);
	}
	for (size_t i = 0; !f->skip_rest && i < f->ifs.count; i++) {
		diagnose(p, CF_WARNING, f->ifs.frames[i].line, "if without endif");
	}
	return 0;
}

/* parse_file - recurses through include_file, at most CF_INCLUDE_DEPTH_MAX deep */
static int
parse_file(struct cf_parser *p, struct slice name, struct slice bytes)
{
	static const uint8_t bom[] = {0xef, 0xbb, 0xbf}; /* some editors put it in front */
	struct cf_file f = {.parent = p->file, .name = name};
	struct cf_file *outer = p->file;
	int ret = 0;

	p->file = &f;
	if (bytes.len > CF_FILE_MAX) {
		diagnose(p, CF_WARNING, 0, "file larger than %d bytes; skipped", CF_FILE_MAX);
	} else {
		if (slice_starts_with(bytes, slice_of(bom, sizeof(bom)))) {
			bytes = slice_skip(bytes, sizeof(bom));
		}
		ret = parse_lines(p, bytes);
	}
	p->file = outer;
	return ret;
}

int
cf_parse(struct slice file, struct slice bytes, const struct cf_options *options,
	const struct cf_callbacks *callbacks)
{
	struct cf_parser p = {.options = options, .callbacks = callbacks};
	int ret = 0;

	arena_init(&p.paths, PATHS_MAX);
	dynbuf_init(&p.line, CF_LINE_MAX);
	dynbuf_init(&p.key, CF_LINE_MAX);
	ret = parse_file(&p, file, bytes);
	dynbuf_fini(&p.key);
	dynbuf_fini(&p.line);
	arena_fini(&p.paths);
	return ret;
}
