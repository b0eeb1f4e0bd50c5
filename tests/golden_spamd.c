/*
 * golden-spamd - replays recordings of spamd against the protocol engine.
 *
 * usage: golden-spamd [DIRECTORY]
 *
 * DIRECTORY holds manifest.json and, for each case, ID.req and ID.resp; the settings of the
 * profiles are in its folder site/, or else in ours. Each request is fed whole and one byte at
 * a time; reply and log lines must be those recorded, the parts apart that the manifest
 * names as varying. Lines of the log that are not the daemon's own ("spamd: ") are skipped.
 * Ends in "N passed, N failed", and in status 1 if a case failed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include <jansson.h>

#include "spamd-trust/score_text.h"
#include "tests/golden_spamd/compare.h"
#include "tests/golden_spamd/recorded.h"
#include "tests/golden_spamd/replay.h"

#define PATH_LEN   1024
#define FILE_MAX   (64 * 1024 * 1024)
#define ARENA_MAX  ((size_t)64 * 1024 * 1024)
#define BUFFER_MAX ((size_t)64 * 1024 * 1024)

struct runner {
	const char *directory;
	char site[PATH_LEN];
	json_t *manifest;
	struct profile profiles[PROFILES_MAX];
	size_t profile_count;
	size_t passed;
	size_t failed;
	size_t skipped;
};

/* One case of the manifest with its bytes. */
struct golden_case {
	json_t *json;
	const char *id;
	const struct profile *profile;
	struct slice request;
	struct slice response;
	struct arena *arena;
};

static struct slice
json_slice(const json_t *value)
{
	return slice_of(json_string_value(value), json_string_length(value));
}

/* read_file - a whole file into the arena; data is NULL when it cannot be read */
static struct slice
read_file(const char *directory, const char *name, const char *suffix, struct arena *arena)
{
	char path[PATH_LEN];
	FILE *file = NULL;
	struct slice out = {0};
	uint8_t *bytes = NULL;
	long len = 0;

	(void)snprintf(path, sizeof(path), "%s/%s%s", directory, name, suffix);
	file = fopen(path, "rb");
	if (file == NULL) {
		(void)printf("  cannot read %s\n", path);
		return out;
	}
	if (fseek(file, 0, SEEK_END) == 0) {
		len = ftell(file);
	}
	if (len >= 0 && len < FILE_MAX && fseek(file, 0, SEEK_SET) == 0) {
		bytes = arena_alloc(arena, (size_t)len + 1);
	}
	if (bytes != NULL) {
		out = slice_of(bytes, fread(bytes, 1, (size_t)len, file));
	}
	(void)fclose(file);
	return out;
}

static bool
varies(const struct golden_case *c, const char *part)
{
	json_t *parts = json_object_get(c->json, "varies");
	json_t *value = NULL;
	size_t i = 0;

	json_array_foreach(parts, i, value)
	{
		if (strcmp(json_string_value(value), part) == 0) {
			return true;
		}
	}
	return false;
}

/* recorded_autolearn - the manifest has it in the log only */
static struct slice
recorded_autolearn(const struct golden_case *c)
{
	json_t *lines = json_object_get(c->json, "log");
	json_t *line = NULL;
	struct slice found = SLICE("disabled");
	size_t i = 0;

	json_array_foreach(lines, i, line)
	{
		struct slice value =
			recorded_after(json_slice(line), SLICE(",autolearn="), '\n');

		if (value.len > 0) {
			found = value;
		}
	}
	return found;
}

/* row_position - where the row of a rule stands in the recorded report */
static size_t
row_position(const struct golden_case *c, const struct rule_hit *rule)
{
	struct score_text text;
	char row[512];

	(void)snprintf(row, sizeof(row), "%s %.*s ", score_text_points(rule->score, &text),
		SLICE_ARG(rule->name));
	return slice_find(c->response, slice_str(row));
}

/* order_rows - the original's order is arbitrary: rules get the order the recording has */
static void
order_rows(const struct golden_case *c, struct verdict *v)
{
	for (size_t i = 1; i < v->rule_count; i++) {
		struct rule_hit moved = v->rules[i];
		size_t at = i;

		while (at > 0 && row_position(c, &v->rules[at - 1]) > row_position(c, &moved)) {
			v->rules[at] = v->rules[at - 1];
			at--;
		}
		v->rules[at] = moved;
	}
}

/* read_verdict - as the manifest has it; an empty one where the case has none */
static bool
read_verdict(const struct golden_case *c, struct verdict *v)
{
	json_t *json = json_object_get(c->json, "verdict");
	json_t *tests = json_object_get(json, "tests");
	json_t *test = NULL;
	size_t i = 0;

	verdict_init(v, 5.0, c->arena);
	v->autolearn = recorded_autolearn(c);
	json_array_foreach(tests, i, test)
	{
		struct rule_hit hit = {
			.name = json_slice(json_object_get(test, "name")),
			.score = json_number_value(json_object_get(test, "score")),
			.describe = json_slice(json_object_get(test, "desc")),
			.area = json_slice(json_object_get(test, "area")),
		};

		if (verdict_add(v, &hit) != 0) {
			return false;
		}
	}
	if (json != NULL) {
		v->score = json_number_value(json_object_get(json, "score"));
		v->required = json_number_value(json_object_get(json, "required"));
		v->is_spam = json_is_true(json_object_get(json, "spam"));
	}
	if (varies(c, "row-order")) {
		order_rows(c, v);
	}
	return true;
}

/* add_replaced - one line of the recorded log with its placeholders filled in */
static void
add_replaced(struct slice line, struct dynbuf *out)
{
	static const struct {
		const char *mark;
		const char *text;
	} marks[] = {
		{"{secs}", "0.0"},
		{"{rport}", "40000"},
		{"{port}", "783"},
		{"{fd}", "5"},
		{"{virtdir}", PROFILE_VIRTUAL_DIR},
		{"{socketpath}", REPLAY_SOCKET},
	};

	while (line.len > 0) {
		size_t i = 0;

		while (i < sizeof(marks) / sizeof(marks[0]) &&
			!slice_starts_with(line, slice_str(marks[i].mark))) {
			i++;
		}
		if (i < sizeof(marks) / sizeof(marks[0])) {
			(void)dynbuf_add_str(out, marks[i].text);
			line = slice_skip(line, strlen(marks[i].mark));
		} else {
			(void)dynbuf_add(out, slice_take(line, 1));
			line = slice_skip(line, 1);
		}
	}
	(void)dynbuf_add_byte(out, '\n');
}

/* expected_log - the daemon's own lines */
static void
expected_log(const struct golden_case *c, struct dynbuf *out)
{
	json_t *lines = json_object_get(c->json, "log");
	json_t *value = NULL;
	size_t i = 0;

	json_array_foreach(lines, i, value)
	{
		struct slice line = json_slice(value);

		if (slice_find(line, SLICE(": spamd: ")) < line.len) {
			add_replaced(line, out);
		}
	}
}

/* compare_case - prints what differs */
static bool
compare_case(const struct golden_case *c, struct slice reply, struct slice log)
{
	struct dynbuf wanted;
	struct dynbuf got;
	bool same = true;

	dynbuf_init(&wanted, BUFFER_MAX);
	dynbuf_init(&got, BUFFER_MAX);
	if (varies(c, "prose")) {
		compare_without_prose(c->response, &wanted);
		compare_without_prose(reply, &got);
		same = compare_print("reply", dynbuf_slice(&wanted), dynbuf_slice(&got));
	} else if (varies(c, "date")) {
		compare_without_date(c->response, &wanted);
		compare_without_date(reply, &got);
		same = compare_print("reply", dynbuf_slice(&wanted), dynbuf_slice(&got));
	} else {
		same = compare_print("reply", c->response, reply);
	}
	dynbuf_reset(&wanted);
	expected_log(c, &wanted);
	if (json_object_get(c->json, "log") != NULL) {
		same = compare_print("log", dynbuf_slice(&wanted), log) && same;
	}
	dynbuf_fini(&wanted);
	dynbuf_fini(&got);
	return same;
}

static bool
run_case(const struct runner *runner, struct golden_case *c, struct learner *learner,
	size_t step)
{
	struct slice boundary =
		recorded_after(c->response, SLICE("boundary=\"----------=_"), '"');
	struct replay replay = {
		.profile = c->profile,
		.site = runner->site,
		.learner = learner,
		.request = c->request,
		.half_close = json_is_true(json_object_get(c->json, "half_close")),
		.step = step,
		.hostname = recorded_hostname(c->response),
		.now_s = recorded_hex_word(boundary),
		.random = recorded_hex_word(slice_skip(boundary, 9)),
		.arena = c->arena,
	};
	struct dynbuf reply;
	struct dynbuf log;
	bool same = false;

	dynbuf_init(&reply, BUFFER_MAX);
	dynbuf_init(&log, BUFFER_MAX);
	if (!read_verdict(c, &replay.verdict)) {
		(void)printf("  no usable verdict in the manifest\n");
	} else if (!replay_run(&replay, &reply, &log)) {
		(void)printf("  no answer: the engine waits for more\n");
	} else {
		same = compare_case(c, dynbuf_slice(&reply), dynbuf_slice(&log));
	}
	dynbuf_fini(&reply);
	dynbuf_fini(&log);
	return same;
}

static const struct profile *
find_profile(const struct runner *runner, const char *name)
{
	for (size_t i = 0; name != NULL && i < runner->profile_count; i++) {
		if (strcmp(runner->profiles[i].name, name) == 0) {
			return &runner->profiles[i];
		}
	}
	return NULL;
}

/* load_case - false when its files or its profile are not there */
static bool
load_case(const struct runner *runner, json_t *json, struct arena *arena, struct golden_case *c)
{
	*c = (struct golden_case){
		.json = json,
		.id = json_string_value(json_object_get(json, "id")),
		.profile = find_profile(
			runner, json_string_value(json_object_get(json, "profile"))),
		.arena = arena,
	};
	if (c->id == NULL || c->profile == NULL) {
		(void)printf("  case without id or known profile\n");
		return false;
	}
	c->request = read_file(runner->directory, c->id, ".req", arena);
	c->response = read_file(runner->directory, c->id, ".resp", arena);
	return c->request.data != NULL && c->response.data != NULL;
}

/* run_all - every case once, fed `step` bytes at a time; failed[i] is set where one failed */
static void
run_all(const struct runner *runner, size_t step, const char *manner, bool *failed)
{
	json_t *cases = json_object_get(runner->manifest, "cases");
	json_t *json = NULL;
	struct learner learner = {0};
	size_t i = 0;

	json_array_foreach(cases, i, json)
	{
		struct arena arena;
		struct golden_case c;
		bool is_good = false;

		arena_init(&arena, ARENA_MAX);
		is_good = load_case(runner, json, &arena, &c);
		if (is_good && !c.profile->denies) {
			is_good = run_case(runner, &c, &learner, step);
		}
		if (!is_good) {
			(void)printf("FAIL %s, fed %s\n", c.id == NULL ? "?" : c.id, manner);
			failed[i] = true;
		}
		arena_fini(&arena);
	}
}

static bool
load_manifest(struct runner *runner)
{
	char path[PATH_LEN];
	json_error_t error;
	json_t *profiles = NULL;
	json_t *profile = NULL;
	const char *name = NULL;

	(void)snprintf(path, sizeof(path), "%s/manifest.json", runner->directory);
	runner->manifest = json_load_file(path, JSON_ALLOW_NUL, &error);
	if (runner->manifest == NULL) {
		(void)fprintf(stderr, "%s:%d: %s\n", path, error.line, error.text);
		return false;
	}
	(void)snprintf(runner->site, sizeof(runner->site), "%s/site", runner->directory);
	if (access(runner->site, F_OK) != 0) {
		(void)snprintf(
			runner->site, sizeof(runner->site), "%s/golden/spamd/site", TESTS_DIR);
	}
	profiles = json_object_get(runner->manifest, "profiles");
	json_object_foreach(profiles, name, profile)
	{
		const char *options = json_string_value(json_object_get(profile, "opts"));

		if (runner->profile_count == PROFILES_MAX || options == NULL ||
			!profile_load(&runner->profiles[runner->profile_count], runner->site,
				name, options)) {
			(void)fprintf(stderr, "%s: profile %s is not usable\n", path, name);
			return false;
		}
		runner->profile_count++;
	}
	return true;
}

/* count_results - and names the cases that need a socket */
static void
count_results(struct runner *runner, const bool *failed)
{
	json_t *cases = json_object_get(runner->manifest, "cases");
	json_t *json = NULL;
	size_t i = 0;

	json_array_foreach(cases, i, json)
	{
		const struct profile *profile = find_profile(
			runner, json_string_value(json_object_get(json, "profile")));

		if (failed[i]) {
			runner->failed++;
		} else if (profile->denies) {
			(void)printf("socket %s: the client is refused before it speaks; "
				     "left to the integration test\n",
				json_string_value(json_object_get(json, "id")));
			runner->skipped++;
		} else {
			runner->passed++;
		}
	}
}

int
main(int argc, char **argv)
{
	static struct runner runner;
	size_t count = 0;
	bool *failed = NULL;

	if (argc > 2) {
		(void)fprintf(stderr, "usage: golden-spamd [DIRECTORY]\n");
		return EX_USAGE;
	}
	runner.directory = argc == 2 ? argv[1] : TESTS_DIR "/golden/spamd";
	if (!load_manifest(&runner)) {
		json_decref(runner.manifest);
		return EX_NOINPUT;
	}
	count = json_array_size(json_object_get(runner.manifest, "cases"));
	failed = calloc(count + 1, sizeof(*failed));
	if (failed == NULL) {
		return EX_OSERR;
	}
	run_all(&runner, SIZE_MAX, "whole", failed);
	run_all(&runner, 1, "one byte at a time", failed);
	count_results(&runner, failed);
	(void)printf("%zu passed, %zu failed\n", runner.passed, runner.failed);
	free(failed);
	json_decref(runner.manifest);
	for (size_t i = 0; i < runner.profile_count; i++) {
		profile_free(&runner.profiles[i]);
	}
	return runner.failed == 0 && runner.passed > 0 ? EX_OK : 1;
}
