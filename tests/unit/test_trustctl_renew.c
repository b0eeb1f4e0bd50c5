#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "trustctl/cmd.h"
#include "trustctl/files.h"

#define START_S    ((uint64_t)1700000000)
#define DAY_S      ((uint64_t)86400)
#define WORDS_MAX  12
#define OUTPUT_MAX ((size_t)64 * 1024)

/* A store directory of its own and a command line with a clock. */
struct world {
	char root[64];
	char output[OUTPUT_MAX];
};

static void
world_start(struct world *w)
{
	(void)snprintf(w->root, sizeof(w->root), "/tmp/trustctl-renew-XXXXXX");
	cr_assert_not_null(mkdtemp(w->root));
}

static void
world_end(const struct world *w)
{
	static const char *const parts[] = {"/graph", "/private", "/keys", "/ledger", ""};
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", w->root, parts[i]);
		cr_expect_eq(files_remove_directory(path, NULL), 0, "%s", path);
	}
}

/* call - runs one command at a moment; what it printed is in w->output */
static int
call(struct world *w, uint64_t now_s, const char *line)
{
	char *argv[WORDS_MAX + 1] = {(char *)"trustctl"};
	char text[256];
	char *rest = text;
	char *word;
	int argc = 1;
	struct options options;
	struct err_msg msg = {0};
	size_t used;
	FILE *memory = fmemopen(w->output, sizeof(w->output), "w");
	struct ctl ctl = {.now_s = now_s, .root = w->root, .rng = rng_system()};

	(void)snprintf(text, sizeof(text), "%s", line);
	while (argc <= WORDS_MAX && (word = strsep(&rest, " ")) != NULL) {
		argv[argc++] = word;
	}
	cr_assert_eq(options_parse(argc, argv, &options, &msg), 0, "%s: %s", line, msg.text);
	ctl.print = (struct print){.out = memory, .err = memory};
	ctl.options = &options;
	ctl.command = command_find(options.words, options.word_count, &used, &msg);
	cr_assert_not_null(ctl.command, "%s: %s", line, msg.text);
	ctl.args = options.words + used;
	ctl.arg_count = options.word_count - used;

	int status = ctl.command->run(&ctl);

	cr_assert_eq(fclose(memory), 0);
	return status;
}

static size_t
count(const char *text, const char *word)
{
	size_t found = 0;

	for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
		found++;
	}
	return found;
}

Test(renew, a_vouch_by_a_device_whose_certificate_ended_is_not_passed_off_as_good)
{
	struct world w;
	uint64_t later_s = START_S + 200 * DAY_S;

	world_start(&w);
	cr_assert_eq(call(&w, START_S, "init --domain example.org"), EX_OK);
	cr_assert_eq(call(&w, START_S, "user add alice@example.org"), EX_OK);
	cr_assert_eq(call(&w, later_s, "vouch --user alice@example.org bob@example.net"),
		EX_UNAVAILABLE);
	cr_assert_not_null(strstr(w.output, "trustctl renew"), "%s", w.output);
	cr_assert_eq(call(&w, later_s, "renew"), EX_OK, "%s", w.output);
	cr_assert_eq(call(&w, later_s, "vouch --user alice@example.org bob@example.net"), EX_OK,
		"%s", w.output);
	cr_assert_eq(
		call(&w, later_s, "block --publish --user alice@example.org m@example.com"),
		EX_OK, "%s", w.output);
	world_end(&w);
}

Test(renew, only_what_ends_soon_is_signed_again)
{
	struct world w;

	world_start(&w);
	cr_assert_eq(call(&w, START_S, "init --domain example.org"), EX_OK);
	cr_assert_eq(call(&w, START_S, "user add alice@example.org"), EX_OK);
	cr_assert_eq(call(&w, START_S + 80 * DAY_S, "renew"), EX_OK);
	cr_assert_eq(count(w.output, "\n"), 1, "only the title: %s", w.output);
	cr_assert_eq(call(&w, START_S + 100 * DAY_S, "renew --dry-run"), EX_OK);
	cr_assert_eq(count(w.output, "device"), 2, "%s", w.output);
	cr_assert_eq(call(&w, START_S + 100 * DAY_S, "renew"), EX_OK);
	cr_assert_eq(count(w.output, "device"), 2, "site and alice: %s", w.output);
	cr_assert_eq(count(w.output, "bind"), 0, "%s", w.output);
	cr_assert_eq(call(&w, START_S + 100 * DAY_S, "renew"), EX_OK);
	cr_assert_eq(count(w.output, "device"), 0, "%s", w.output);
	cr_assert_eq(call(&w, START_S + 350 * DAY_S, "renew"), EX_OK);
	cr_assert_eq(count(w.output, "identity"), 2, "%s", w.output);
	cr_assert_eq(count(w.output, "addr:alice@example.org"), 1, "%s", w.output);
	world_end(&w);
}
