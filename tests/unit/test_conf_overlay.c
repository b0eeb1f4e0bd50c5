#include <criterion/criterion.h>

#include <stdio.h>

#include "common/conf/settings.h"

#define ARENA_MAX ((size_t)4 * 1024 * 1024)

static struct arena arena;
static struct dynbuf said;

static void
set_up(void)
{
	arena_init(&arena, ARENA_MAX);
	dynbuf_init(&said, 1024 * 1024);
}

static void
tear_down(void)
{
	arena_fini(&arena);
	dynbuf_fini(&said);
}

TestSuite(overlay, .init = set_up, .fini = tear_down);

static void
note(void *ctx, const struct cf_diagnostic *d)
{
	(void)ctx;
	(void)dynbuf_printf(&said, "%d %s\n", (int)d->severity, d->text);
}

static const struct settings_load_options options = {.diagnose = note};

static struct settings *
load(const char *text)
{
	const struct settings_source source = {SETTINGS_SOURCE_TEXT, text, "test.cf"};
	struct settings *s = NULL;

	cr_assert_eq(settings_load(&source, 1, &options, &s, NULL), 0);
	dynbuf_reset(&said);
	return s;
}

static const struct settings *
overlay(const struct settings *base, const char *text)
{
	const struct settings *s = NULL;

	cr_assert_eq(settings_overlay(
			     base, SLICE("user_prefs"), slice_str(text), &options, &arena, &s),
		0);
	return s;
}

/* print - everything settings say, to compare them whole */
static void
print(const struct settings *s, struct dynbuf *out)
{
	dynbuf_init(out, 1024 * 1024);
	cr_assert_eq(settings_print(s, out), 0);
}

Test(overlay, takes_what_a_user_may_set)
{
	struct settings *base = load("required_score 6\nadd_header all Site x\n"
				     "blocklist_from *@example.net\nscore TRUST_WELL -50");
	const struct settings *s = overlay(base,
		"required_score 8\nclear_headers\nadd_header all Level _STARS(o)_\n"
		"rewrite_header Subject [trust _SCORE_]\nblacklist_from *@example.com\n"
		"score TRUST_WELL (-1)\nunknown_is_spam yes\ndescribe TRUST_WELL mine\n");
	double score = 0;

	cr_assert_eq(dynbuf_slice(&said).len, 0, "%s", dynbuf_cstr(&said));
	cr_assert_eq(s->required_score, 8);
	cr_assert_eq(s->headers_ham.count, 2);
	cr_assert(slice_eq(s->rewrite_subject, SLICE("[trust _SCORE_]")));
	cr_assert(strlist_has_glob_match(&s->blocklist_from, SLICE("a@example.net")));
	cr_assert(strlist_has_glob_match(&s->blocklist_from, SLICE("a@example.com")));
	cr_assert(settings_score(s, SLICE("TRUST_WELL"), &score));
	cr_assert_eq(score, -51);
	cr_assert(settings_score(s, SLICE("TRUST_UNKNOWN"), &score));
	cr_assert_eq(score, 6.5);
	cr_assert(settings_score(s, SLICE("TRUST_BLOCKED"), &score));
	cr_assert_eq(score, 100, "what he does not set shows through");
	cr_assert(slice_eq(settings_describe(s, SLICE("TRUST_WELL")), SLICE("mine")));
	settings_free(base);
}

Test(overlay, leaves_nothing_behind_in_the_base_or_for_the_next_user)
{
	static const char everything[] =
		"required_score 99\nscore TRUST_WELL 1\nscore ALICE_RULE 1\n"
		"describe TRUST_WELL alice\ndescribe ALICE_RULE alice\n"
		"add_header all Alice x\nremove_header all Site\nclear_headers\n"
		"rewrite_header subject alice\nreport_safe 0\nreport_safe_copy_headers X-Alice\n"
		"clear_report_template\nreport alice\nunsafe_report alice\n"
		"report_contact alice\nreport_hostname alice\nreport_wrap_width 40\n"
		"welcomelist_from alice@example.org\nunwelcomelist_from *@example.org\n"
		"welcomelist_auth alice@example.org\nblocklist_from alice@example.net\n"
		"welcomelist_from_rcvd alice@example.org x\nall_spam_to alice\n"
		"originating_ip_headers X-Alice\nfold_headers no\nunknown_is_spam yes\n";
	struct settings *base = load("welcomelist_from *@example.org\nadd_header all Site x\n"
				     "report_safe_copy_headers Received\nall_spam_to root\n");
	struct dynbuf before;
	struct dynbuf after;
	struct dynbuf next;

	print(base, &before);
	(void)overlay(base, everything);
	print(base, &after);
	cr_assert_str_eq(dynbuf_cstr(&before), dynbuf_cstr(&after));
	arena_reset(&arena);
	print(overlay(base, ""), &next);
	/* An overlay prints only the rules it changes itself. */
	cr_assert_null(strstr(dynbuf_cstr(&next), "alice"));
	cr_assert_null(strstr(dynbuf_cstr(&next), "99"));
	dynbuf_fini(&before);
	dynbuf_fini(&after);
	dynbuf_fini(&next);
	settings_free(base);
}

Test(overlay, refuses_what_is_not_for_users_with_the_words_of_the_original)
{
	static const struct {
		const char *base;
		const char *line;
		const char *said;
	} rows[] = {
		{"", "header X From =~ /x/",
			"0 config: not parsing, 'allow_user_rules' is 0: header X From =~ /x/\n"},
		{"", "allow-user-rules 1 # please",
			"0 config: not parsing, 'allow_user_rules' is 0: allow-user-rules 1\n"},
		{"", "bayes_path /x",
			"0 config: not parsing, administrator setting: bayes_path /x\n"},
		{"", "trusted_networks 0/0",
			"0 config: not parsing, administrator setting: trusted_networks 0/0\n"},
		{"", "authres_trusted_authserv evil.example.com",
			"0 config: not parsing, administrator setting: "
			"authres_trusted_authserv evil.example.com\n"},
		{"", "trust_mode observe",
			"0 config: not parsing, administrator setting: trust_mode observe\n"},
		{"allow_user_rules 1", "header X From =~ /x/", ""},
		{"allow_user_rules 1", "trusted_networks 0/0",
			"0 config: not parsing, administrator setting: trusted_networks 0/0\n"},
		{"", "include /etc/passwd", "1 include is not allowed here; skipped\n"},
		{"", "unknown_is_spam maybe",
			"1 unknown_is_spam must be yes or no (1 or 0), not \"maybe\"\n"},
		{"", "ok_locales en", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *base = load(rows[i].base);
		const struct settings *s = overlay(base, rows[i].line);

		cr_expect_str_eq(dynbuf_cstr(&said), rows[i].said, "%s", rows[i].line);
		cr_expect_eq(s->trusted_networks.count, base->trusted_networks.count);
		cr_expect_eq(s->authres_trusted_authserv.count, 0);
		settings_free(base);
		dynbuf_reset(&said);
	}
}

Test(overlay, is_bounded_in_size_and_memory)
{
	static uint8_t large[SETTINGS_USER_PREFS_MAX + 1];
	struct settings *base = load("");
	const struct settings *s = NULL;
	struct arena small;
	size_t most = 0;

	memset(large, '\n', sizeof(large));
	cr_assert_eq(settings_overlay(base, SLICE("user_prefs"), slice_of(large, sizeof(large)),
			     &options, &arena, &s),
		ERR_TOOBIG);
	cr_assert_null(s);
	cr_assert_eq(settings_overlay(base, SLICE("user_prefs"),
			     slice_of(large, sizeof(large) - 1), &options, &arena, &s),
		0);

	/* Each amount of memory that is not enough is said to be so, and changes nothing. */
	s = NULL;
	for (most = 0; s == NULL && most < ARENA_MAX; most += 64) {
		int ret = 0;

		arena_init(&small, most);
		ret = settings_overlay(base, SLICE("user_prefs"),
			SLICE("score A 1\nadd_header all X y\nblocklist_from a b c\nreport x"),
			&options, &small, &s);
		cr_assert_eq(ret, s == NULL ? ERR_NOMEM : 0, "%zu bytes", most);
		arena_fini(&small);
	}
	cr_assert_gt(most, sizeof(struct settings));
	settings_free(base);
}

Test(overlay, a_file_of_the_largest_size_is_read)
{
	struct settings *base = load("");
	struct dynbuf text;
	const struct settings *s = NULL;

	/* Distinct names in ascending order would degrade a plain tree or a bad hash. */
	dynbuf_init(&text, SETTINGS_USER_PREFS_MAX);
	for (int i = 0; dynbuf_slice(&text).len + 16 < SETTINGS_USER_PREFS_MAX; i++) {
		(void)dynbuf_printf(&text, "score %06d 1\n", i);
	}
	arena_fini(&arena);
	arena_init(&arena, 8 * ARENA_MAX);
	cr_assert_eq(settings_overlay(base, SLICE("user_prefs"), dynbuf_slice(&text), &options,
			     &arena, &s),
		0);
	cr_assert_gt(s->rules.count, 8000);
	dynbuf_fini(&text);
	settings_free(base);
}
