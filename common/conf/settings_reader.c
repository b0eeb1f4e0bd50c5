#include "common/conf/settings_reader.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/base/log.h"
#include "common/conf/settings_nearest.h"

/* Longest part of a line that is repeated in a message. */
#define SHOWN_MAX     120
#define SHOWN_ESCAPED (SHOWN_MAX * 6 + 1)

/* Built in, so blocks for it are read without a loadplugin. */
#define BUILT_IN_PLUGIN SLICE("Mail::SpamAssassin::Plugin::AuthRes")

/* note_error - counts it, and keeps the first for the summary */
static void
note_error(struct settings_reader *r, const struct cf_diagnostic *d)
{
	char file[SHOWN_ESCAPED];

	if (r->error_count++ == 0) {
		(void)err_set_at(&r->first_error, ERR_INVALID, d->line, "%s:%u: %s",
			log_escape(slice_take(d->file, SHOWN_MAX), file, sizeof(file)), d->line,
			d->text);
	}
}

/* pass_on - gives a diagnostic to the caller, sharpened where it only checks */
static void
pass_on(void *ctx, const struct cf_diagnostic *diagnostic)
{
	struct settings_reader *r = ctx;
	struct cf_diagnostic d = *diagnostic;

	if (r->options->check && d.severity == CF_WARNING) {
		d.severity = CF_ERROR;
	}
	if (d.severity == CF_ERROR) {
		note_error(r, &d);
	}
	if (r->options->diagnose != NULL) {
		r->options->diagnose(r->options->ctx, &d);
	}
}

static void PRINTF_LIKE(4, 5) diagnose(struct settings_reader *r, enum cf_severity severity,
	const struct cf_setting *line, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX];
	struct cf_diagnostic d = {severity, line->file, line->line, text};
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	pass_on(r, &d);
}

static const char *
show(struct slice text, char out[SHOWN_ESCAPED])
{
	return log_escape(slice_take(text, SHOWN_MAX), out, SHOWN_ESCAPED);
}

/* is_refused - may a user not say this? Texts as SPEC 13 has them, scripts look for them. */
static bool
is_refused(struct settings_reader *r, unsigned int flags, const struct cf_setting *line)
{
	char shown[SHOWN_ESCAPED];

	if (!r->is_user_prefs) {
		return false;
	}
	if ((flags & SETTING_PRIVILEGED) != 0 && !r->settings->allow_user_rules) {
		diagnose(r, CF_INFO, line, "config: not parsing, 'allow_user_rules' is 0: %s",
			show(line->text, shown));
		return true;
	}
	if ((flags & SETTING_ADMIN) != 0) {
		diagnose(r, CF_INFO, line, "config: not parsing, administrator setting: %s",
			show(line->text, shown));
		return true;
	}
	return false;
}

/*
 * A bad value of SpamAssassin's settings is skipped, as there; of ours, or where skipping
 * would trust more than was meant, it keeps the configuration from being used. A user only
 * harms himself, and his mail must not wait.
 */
static enum cf_severity
severity_of_bad_value(const struct settings_reader *r, const struct setting_change *change)
{
	bool strict = (change->row->flags & SETTING_STRICT) != 0 || change->is_dangerous;

	return strict && !r->is_user_prefs ? CF_ERROR : CF_WARNING;
}

static int
set_row(struct settings_reader *r, const struct setting_row *row, const struct cf_setting *line)
{
	struct err_msg msg = {0};
	struct setting_change change = {
		.settings = r->settings, .row = row, .value = line->value, .msg = &msg};
	int ret = 0;

	if (is_refused(r, row->flags, line)) {
		return 0;
	}
	ret = row->type->set(&change);
	if (ret == 0 || ret == ERR_NOMEM || ret == ERR_UNSUPPORTED) {
		return ret;
	}
	diagnose(r, severity_of_bad_value(r, &change), line, "%s", msg.text);
	return 0;
}

/*
 * note_plugin - remembers a loadplugin, for ifplugin. One with a file of its own is not of
 * the distribution, and its settings are unknown here: it counts as absent.
 */
static int
note_plugin(struct settings_reader *r, const struct cf_setting *line)
{
	struct slice path = line->value;
	struct slice name = cf_next_word(&path);

	if (slice_is_empty(name) || !slice_is_empty(path) || strlist_has(&r->plugins, name)) {
		return 0;
	}
	return strlist_add(&r->plugins, r->scratch, name);
}

static int
count_ignored(struct settings_reader *r, enum setting_ignored_group group,
	const struct cf_setting *line)
{
	if (r->ignored[group].count++ == 0) {
		r->ignored[group].first_key = arena_copy(r->scratch, line->key);
		r->ignored[group].first_file = arena_copy(r->scratch, line->file);
		r->ignored[group].first_line = line->line;
		if (r->ignored[group].first_key.data == NULL ||
			r->ignored[group].first_file.data == NULL) {
			return ERR_NOMEM;
		}
	}
	if (slice_eq(line->key, SLICE("loadplugin")) ||
		slice_eq(line->key, SLICE("tryplugin"))) {
		return note_plugin(r, line);
	}
	return 0;
}

static void
diagnose_unknown(struct settings_reader *r, struct slice name, const struct cf_setting *line)
{
	char shown[SHOWN_ESCAPED];
	struct slice nearest = settings_nearest(name);

	if (slice_is_empty(nearest)) {
		diagnose(r, CF_WARNING, line, "unknown setting \"%s\"", show(line->key, shown));
	} else {
		diagnose(r, CF_WARNING, line, "unknown setting \"%s\"; did you mean %.*s?",
			show(line->key, shown), SLICE_ARG(nearest));
	}
}

/* read_setting - the callback of cf_parse */
static int
read_setting(void *ctx, const struct cf_setting *line)
{
	struct settings_reader *r = ctx;
	char present[SETTING_NAME_MAX];
	struct slice name = setting_present_name(line->key, present);
	const struct setting_row *row = setting_row_find(name);
	enum setting_ignored_group group = SETTING_IGNORED_RULES;
	unsigned int flags = 0;

	if (row != NULL) {
		int ret = set_row(r, row, line);

		return ret == ERR_UNSUPPORTED ? count_ignored(r, SETTING_IGNORED_RULES, line)
					      : ret;
	}
	if (!setting_ignored_find(name, &group, &flags)) {
		diagnose_unknown(r, name, line);
		return 0;
	}
	return is_refused(r, flags, line) ? 0 : count_ignored(r, group, line);
}

static bool
has_plugin(void *ctx, struct slice name)
{
	const struct settings_reader *r = ctx;

	return slice_eq(name, BUILT_IN_PLUGIN) || strlist_has(&r->plugins, name);
}

int
settings_reader_parse(struct settings_reader *r, struct slice file, struct slice bytes)
{
	const struct cf_options options = {
		.lang = slice_str(r->options->lang),
		.local_tests_only = r->options->local_tests_only,
	};
	const struct cf_callbacks callbacks = {
		.ctx = r,
		.setting = read_setting,
		.diagnose = pass_on,
		.include = r->include,
		.has_plugin = has_plugin,
	};

	return cf_parse(file, bytes, &options, &callbacks);
}

static void
report_ignored(struct settings_reader *r, enum setting_ignored_group group)
{
	const struct cf_setting place = {
		.file = r->ignored[group].first_file, .line = r->ignored[group].first_line};
	size_t count = r->ignored[group].count;
	char shown[SHOWN_ESCAPED];

	if (count > 0) {
		diagnose(r, CF_INFO, &place, "%zu line%s ignored, %s first: %s", count,
			count == 1 ? "" : "s", show(r->ignored[group].first_key, shown),
			setting_ignored_reason(group));
	}
}

int
settings_reader_finish(struct settings_reader *r, struct err_msg *msg)
{
	for (size_t i = 0; i < SETTING_IGNORED_COUNT; i++) {
		report_ignored(r, (enum setting_ignored_group)i);
	}
	if (r->error_count == 0) {
		return 0;
	}
	return err_set(msg, ERR_INVALID, "%zu error%s in the configuration; the first: %s",
		r->error_count, r->error_count == 1 ? "" : "s", r->first_error.text);
}
