#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/conf/settings.h"

/* Everything the loader said, one line a message: SEVERITY LINE TEXT. */
static struct dynbuf said;

static void
set_up(void)
{
	dynbuf_init(&said, 1024 * 1024);
}

static void
tear_down(void)
{
	dynbuf_fini(&said);
}

TestSuite(settings, .init = set_up, .fini = tear_down);

static void
note(void *ctx, const struct cf_diagnostic *d)
{
	static const char *const names[] = {"info", "warning", "error"};

	(void)ctx;
	(void)dynbuf_printf(&said, "%s %u %s\n", names[d->severity], d->line, d->text);
}

static const struct settings_load_options start = {.diagnose = note};
static const struct settings_load_options check = {.diagnose = note, .check = true};

static int
load_with(const char *text, const struct settings_load_options *options, struct settings **out,
	struct err_msg *msg)
{
	const struct settings_source source = {SETTINGS_SOURCE_TEXT, text, "test.cf"};

	*out = NULL;
	dynbuf_reset(&said);
	return settings_load(&source, 1, options, out, msg);
}

/* load - the settings of a text that must be faultless */
static struct settings *
load(const char *text)
{
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(load_with(text, &check, &s, &msg), 0, "%s: %s", text, msg.text);
	return s;
}

static bool
is(struct slice s, const char *text)
{
	return slice_eq(s, slice_str(text));
}

/* printed - does settings_print give this line? */
static bool
printed(const struct settings *s, const char *line)
{
	struct dynbuf out;
	char *wanted = NULL;
	bool found = false;

	dynbuf_init(&out, 1024 * 1024);
	cr_assert_eq(dynbuf_add_byte(&out, '\n'), 0);
	cr_assert_eq(settings_print(s, &out), 0);
	cr_assert_gt(asprintf(&wanted, "\n%s\n", line), 0);
	found = strstr(dynbuf_cstr(&out), wanted) != NULL;
	free(wanted);
	dynbuf_fini(&out);
	return found;
}

Test(settings, defaults_are_those_of_the_documentation)
{
	struct settings *s = NULL;
	double score = 0;

	cr_assert_eq(settings_new(&s), 0);
	cr_assert_eq(s->required_score, 5);
	cr_assert_eq(s->report_safe, 1);
	cr_assert_eq(s->report_wrap_width, 75);
	cr_assert(is(s->report_charset, "UTF-8"));
	cr_assert(s->fold_headers);
	cr_assert(s->fold_local_part);
	cr_assert(s->colleagues);
	cr_assert_float_eq(s->metric.introduction_credit, 1.0, 1e-12);
	cr_assert_eq(s->metric.fresh_vouches, 20);
	cr_assert_not(s->share_reports);
	cr_assert_eq(s->metric.learned_life_s, 400 * 86400);
	cr_assert_not(s->dmarc_spf);
	cr_assert_not(s->unknown_is_spam);
	cr_assert_not(s->allow_user_rules);
	cr_assert_eq(s->trust_mode, SETTINGS_TRUST_ENFORCE);
	cr_assert_eq(s->authres_position, SETTINGS_AUTHRES_ABOVE);
	cr_assert_eq(s->authres_networks, SETTINGS_AUTHRES_INTERNAL);
	cr_assert_eq(s->authres_trusted_authserv.count, 0);
	cr_assert_eq(s->recipient_headers.count, 0);
	cr_assert_eq(s->subaddress_delimiter.len, 0);
	cr_assert_eq(s->time_limit_s, 300);
	cr_assert_eq(s->max_message_size_bytes, (uint64_t)64 * 1024 * 1024);
	cr_assert_eq(s->control_socket.len, 0);
	cr_assert_eq(s->history_s, 90 * 86400);
	cr_assert_eq(s->history_max, 1000000);
	cr_assert_eq(s->upstream.count, 0);
	cr_assert_eq(s->upstream_timeout_s, 30);
	cr_assert(s->upstream_skip_well_trusted);
	cr_assert(s->upstream_headers);
	cr_assert(s->upstream_tls_verify);
	cr_assert_eq(s->max_connections, 65536);
	cr_assert_eq(s->max_connections_per_address, 1024);
	cr_assert_eq(s->max_buffered_size_bytes, 1024 * 1024 * 1024);
	cr_assert_eq(s->command_timeout_s, 30);
	cr_assert_eq(s->request_timeout_s, 300);
	cr_assert_eq(s->upstream_max_size_bytes, 512000);
	cr_assert(strlist_has(&s->free_mail_domains, SLICE("gmail.com")));
	cr_assert_eq(s->headers_ham.count, 6);
	cr_assert_eq(s->headers_spam.count, 7);
	cr_assert(is(s->headers_spam.items[0].name, "Checker-Version"));
	cr_assert(is(s->headers_spam.items[1].name, "Flag"));
	cr_assert(is(s->headers_ham.items[2].value,
		"_YESNO_, score=_SCORE_ required=_REQD_ tests=_TESTS_ autolearn=_AUTOLEARN_ "
		"version=_VERSION_"));
	cr_assert(settings_score(s, SLICE("TRUST_WELL"), &score));
	cr_assert_eq(score, -100);
	settings_free(s);
	settings_free(NULL);
}

Test(settings, take_each_kind_of_value)
{
	static const struct {
		const char *text;
		const char *line; /* of settings_print */
	} rows[] = {
		{"required_score 7.25", "required_score 7.25"},
		{"required_hits -3", "required_score -3"},
		{"required_score 5.", "required_score 5"},
		{"Required-Score +6", "required_score 6"},
		{"fold_headers 0", "fold_headers no"},
		{"fold_headers No", "fold_headers no"},
		{"dmarc_spf YES", "dmarc_spf yes"},
		{"dmarc_spf 1", "dmarc_spf yes"},
		{"report_safe 2", "report_safe 2"},
		{"time_limit 90", "time_limit 90s"},
		{"time_limit 0", "time_limit 0s"},
		{"time_limit 1.5m", "time_limit 90s"},
		{"time_limit 2 H", "time_limit 7200s"},
		{"time_limit 1d", "time_limit 86400s"},
		{"max_message_size 2048", "max_message_size 2048"},
		{"max_message_size 512k", "max_message_size 524288"},
		{"max_message_size 10M", "max_message_size 10485760"},
		{"trust_mode Observe", "trust_mode observe"},
		{"authres_networks all", "authres_networks all"},
		{"authres_position below", "authres_position below"},
		{"report_contact the \\#1 admin", "report_contact the \\#1 admin"},
		{"subaddress_delimiter +-", "subaddress_delimiter +-"},
		{"subaddress_delimiter \\#", "subaddress_delimiter \\#"},
		{"subaddress_delimiter +\nsubaddress_delimiter none",
			"subaddress_delimiter none"},
		{"authres_trusted_authserv MX.Example.org mx2.example.org",
			"authres_trusted_authserv mx.example.org\n"
			"authres_trusted_authserv mx2.example.org"},
		{"recipient_headers delivered-to", "recipient_headers delivered-to"},
		{"clear_free_mail_domains\nfree_mail_domains Example.com",
			"clear_free_mail_domains\nfree_mail_domains example.com\nreport_safe 1"},
		{"whitelist_from *@Example.org", "welcomelist_from *@example.org"},
		{"blacklist_to a b", "blocklist_to a\nblocklist_to b"},
		{"whitelist_from_rcvd *@example.org example.org",
			"welcomelist_from_rcvd *@example.org example.org"},
		{"trusted_networks 10. !10.1.0.0/16 192.0.2.7",
			"trusted_networks 10.0.0.0/8\ntrusted_networks !10.1.0.0/16\n"
			"trusted_networks 192.0.2.7"},
		{"trusted_networks 10.\nclear_trusted_networks\ntrusted_networks 192.0.2.7",
			"clear_trusted_networks\ntrusted_networks 192.0.2.7"},
		{"score X_RULE 1.5\nscore X_RULE (-0.25)", "score X_RULE 1.25"},
		{"score X_RULE 1 2 3 4", "score X_RULE 4"},
		{"score USER_IN_WHITELIST -50", "score USER_IN_WELCOMELIST -50"},
		{"describe X_RULE  some   words", "describe X_RULE some   words"},
		{"rewrite_header SUBJECT [SPAM _SCORE(0)_]",
			"rewrite_header subject [SPAM _SCORE(0)_]"},
		{"rewrite_header From (_SCORE_)", "rewrite_header from [_SCORE_]"},
		{"rewrite_header to x\nrewrite_header to", "rewrite_header to"},
		{"version_tag mine", "version_tag mine"},
		{"report_hostname scanner.example.org", "report_hostname scanner.example.org"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].text);

		cr_expect(printed(s, rows[i].line), "%s", rows[i].text);
		settings_free(s);
	}
}

Test(settings, name_the_range_of_a_bad_value)
{
	static const struct {
		const char *text;
		const char *message; /* part of it */
	} rows[] = {
		{"required_score five", "a decimal number such as 5.0, not \"five\""},
		{"required_score", "needs a value"},
		{"required_score 1e3", "a decimal number"},
		{"required_score .5", "a decimal number"},
		{"score TRUST_FOF -.5", "wants decimal numbers"},
		{"required_score 999999", "from -100000 to 100000 points"},
		{"report_safe 3", "from 0 to 2, not \"3\""},
		{"report_safe -1", "a whole number"},
		{"report_safe 99999999999999999999", "from 0 to 2"},
		{"report_wrap_width 5", "from 20 to 1000 columns"},
		{"fold_headers maybe", "yes or no (1 or 0), not \"maybe\""},
		{"time_limit soon", "a time such as 90"},
		{"time_limit -5", "from 0 to 86400 seconds"},
		{"time_limit 2w", "from 0 to 86400 seconds"},
		{"max_message_size 1G", "from 1024 to 268435456 bytes"},
		{"max_message_size 1T", "a size such as"},
		{"max_message_size 0", "from 1024"},
		{"trust_mode on", "one of observe enforce, not \"on\""},
		{"authres_networks some", "one of internal trusted all"},
		{"subaddress_delimiter x", "punctuation"},
		{"subaddress_delimiter +++++", "up to 4"},
		{"subaddress_delimiter @", "punctuation"},
		{"subaddress_delimiter", "needs a value"},
		{"recipient_headers To", "is not one of X-Envelope-To"},
		{"report_contact", "needs a value"},
		{"authres_trusted_authserv", "one or more words"},
		{"trusted_networks", "one or more addresses"},
		{"trusted_networks 10.0.0.0/33", "\"10.0.0.0/33\": the prefix length"},
		{"internal_networks mail.example.org", "names are not looked up"},
		{"clear_internal_networks 10.", "takes no value"},
		{"clear_report_template x", "takes no value"},
		{"clear_headers all", "takes no value"},
		{"welcomelist_from_rcvd *@example.org", "the domain of the relay"},
		{"welcomelist_from_rcvd a b c", "the domain of the relay"},
		{"unwelcomelist_from", "the addresses to take off"},
		{"score X_RULE", "one score or four"},
		{"score X_RULE 1 2", "one score or four"},
		{"score X_RULE 1 2 3 4 5", "one score or four"},
		{"score X_RULE high", "decimal numbers"},
		{"score TRUST_FOF (1)", "none yet"},
		{"score X_RULE 100001", "from -100000 to 100000"},
		{"describe X_RULE", "a text"},
		{"add_header Level x", "ham, spam or all"},
		{"add_header ALL Level x", "ham, spam or all"},
		{"add_header all X-Spam:Level x", "letters, digits"},
		{"add_header all", "letters, digits"},
		{"add_header all X", "needs a text behind the name"},
		{"remove_header all", "one name"},
		{"remove_header all Level Flag", "one name"},
		{"remove_header some Level", "ham, spam or all"},
		{"rewrite_header cc x", "subject, from or to"},
		{"rewrite_header", "subject, from or to"},
		{"requird_score 5",
			"unknown setting \"requird_score\"; did you mean required_score?"},
		{"trustmode observe", "did you mean trust_mode?"},
		{"whitelist_form x", "did you mean welcomelist_from?"},
		{"entirely_different 1", "unknown setting \"entirely_different\"\n"},
		{"x\x1b[2J 1", "unknown setting \"x\\x{1B}[2j\""},
		{"if nonsense\nendif", "condition not understood"},
		{"endif", "endif without if"},
		{"include /nonexistent/x.cf", "cannot open /nonexistent/x.cf"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = NULL;
		struct err_msg msg = {0};

		cr_expect_eq(load_with(rows[i].text, &check, &s, &msg), ERR_INVALID, "%s",
			rows[i].text);
		cr_expect_null(s, "%s", rows[i].text);
		cr_expect_not_null(strstr(dynbuf_cstr(&said), rows[i].message), "%s: %s",
			rows[i].text, dynbuf_cstr(&said));
		cr_expect_eq(strncmp(dynbuf_cstr(&said), "error 1 ", 8), 0, "%s: %s",
			rows[i].text, dynbuf_cstr(&said));
		cr_expect_not_null(strstr(msg.text, "1 error in the configuration"));
		cr_expect_not_null(strstr(msg.text, "test.cf:1: "), "%s", msg.text);
	}
}

Test(settings, go_on_at_start_where_spamassassin_would)
{
	static const struct {
		const char *text;
		bool starts;
	} rows[] = {
		{"unknown_thing 1", true},
		{"required_score x", true},
		{"trusted_networks 10.0.0.0/33", true},
		{"add_header nonsense", true},
		{"endif", true},
		{"trusted_networks !10.0.0.0/33", false}, /* would trust what was excluded */
		{"trust_mode off", false},
		{"unknown_is_spam maybe", false},
		{"dmarc_spf maybe", false},
		{"authres_position beside", false},
		{"max_message_size big", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = NULL;
		struct err_msg msg = {0};
		int ret = load_with(rows[i].text, &start, &s, &msg);

		cr_expect_eq(ret, rows[i].starts ? 0 : ERR_INVALID, "%s", rows[i].text);
		cr_expect_not_null(
			strstr(dynbuf_cstr(&said), rows[i].starts ? "warning 1 " : "error 1 "),
			"%s: %s", rows[i].text, dynbuf_cstr(&said));
		settings_free(s);
	}
}

Test(settings, a_bad_line_leaves_the_value_before_it)
{
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(load_with("required_score 6\nrequired_score x\n"
			       "trusted_networks 10.0.0.0/33 192.0.2.7",
			     &start, &s, &msg),
		0);
	cr_assert_eq(s->required_score, 6);
	cr_assert(printed(s, "clear_trusted_networks\ntrusted_networks 192.0.2.7"),
		"the good entries of the line count");
	settings_free(s);
}

Test(settings, a_list_of_networks_without_a_good_entry_is_empty_not_unset)
{
	struct settings *s = NULL;
	struct settings *again = NULL;
	struct net_address a = {{0}};
	struct dynbuf out;

	dynbuf_init(&out, 1024 * 1024);
	cr_assert_eq(net_address_parse(SLICE("192.0.2.7"), &a), 0);
	cr_assert_eq(load_with("trusted_networks 192.0.2.\ninternal_networks mail.example.org",
			     &start, &s, NULL),
		0);
	cr_assert_not(netlist_contains(&s->internal_networks, &a));
	cr_assert_eq(settings_print(s, &out), 0);
	again = load(dynbuf_cstr(&out));
	cr_assert_not(
		netlist_contains(&again->internal_networks, &a), "printed and read again");
	cr_assert(netlist_contains(&again->trusted_networks, &a));
	dynbuf_fini(&out);
	settings_free(s);
	settings_free(again);
}

Test(settings, networks_have_loopback_and_stand_in_for_each_other)
{
	static const struct {
		const char *text;
		const char *address;
		bool trusted;
		bool internal;
	} rows[] = {
		{"", "127.0.0.1", true, true},
		{"", "::1", true, true},
		{"", "192.0.2.7", false, false},
		{"trusted_networks !127.0.0.1", "127.0.0.1", true, true},
		{"trusted_networks 192.0.2.", "192.0.2.7", true, true},
		{"internal_networks 192.0.2.", "192.0.2.7", true, true},
		{"trusted_networks 192.0.2.\ninternal_networks 10.", "192.0.2.7", true, false},
		{"trusted_networks 192.0.2.\ninternal_networks 10.", "10.1.1.1", false, true},
		{"trusted_networks 192.0.2.\nclear_trusted_networks\ninternal_networks 10.",
			"10.1.1.1", true, true},
		{"internal_networks 10.\nclear_internal_networks", "10.1.1.1", false, false},
		{"clear_internal_networks", "127.0.0.1", true, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].text);
		struct net_address a = {{0}};

		cr_assert_eq(net_address_parse(slice_str(rows[i].address), &a), 0);
		cr_expect_eq(netlist_contains(&s->trusted_networks, &a), rows[i].trusted,
			"%s: trusted %s", rows[i].text, rows[i].address);
		cr_expect_eq(netlist_contains(&s->internal_networks, &a), rows[i].internal,
			"%s: internal %s", rows[i].text, rows[i].address);
		cr_expect_not(netlist_contains(&s->msa_networks, &a));
		settings_free(s);
	}
}

/* names - the names of a list of fields, blank-separated */
static const char *
names(const struct strpairs *list)
{
	static char text[1024];
	size_t len = 0;

	text[0] = '\0';
	for (size_t i = 0; i < list->count; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%.*s",
			i == 0 ? "" : " ", SLICE_ARG(list->items[i].name));
	}
	return text;
}

Test(settings, added_fields_keep_the_order_of_the_configuration)
{
	static const struct {
		const char *text;
		const char *ham;
		const char *spam;
	} rows[] = {
		{"clear_headers", "Checker-Version", "Checker-Version"},
		{"clear_headers\nadd_header all Level x\nadd_header spam Flag y",
			"Checker-Version Level", "Checker-Version Level Flag"},
		{"clear_headers\nadd_header all A 1\nadd_header all B 2\nadd_header ham a 3",
			"Checker-Version B a", "Checker-Version A B"},
		{"clear_headers\nadd_header all A 1\nremove_header spam A", "Checker-Version A",
			"Checker-Version"},
		{"clear_headers\nremove_header all Checker-Version", "Checker-Version",
			"Checker-Version"},
		{"clear_headers\nadd_header all A 1\nadd_header all Checker-Version mine",
			"A Checker-Version", "A Checker-Version"},
		{"clear_headers\nreport_safe 0", "Checker-Version", "Checker-Version Report"},
		{"clear_headers\nreport_safe 0\nreport_safe 1", "Checker-Version",
			"Checker-Version Report"},
		{"clear_headers\nadd_header spam Report x\nreport_safe 0", "Checker-Version",
			"Checker-Version Report"},
		{"report_safe 0\nclear_headers", "Checker-Version", "Checker-Version"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].text);

		cr_expect_str_eq(names(&s->headers_ham), rows[i].ham, "%s", rows[i].text);
		cr_expect_str_eq(names(&s->headers_spam), rows[i].spam, "%s", rows[i].text);
		settings_free(s);
	}
}

Test(settings, undo_the_escapes_of_added_fields)
{
	static const struct {
		const char *text;
		const char *value;
	} rows[] = {
		{"add_header all X one two", "one two"},
		{"add_header all X \"  kept  \"", "  kept  "},
		{"add_header all X a\\nb\\tc", "a\nb\tc"},
		{"add_header all X a\\\\nb", "a\\nb"},
		{"add_header all X a\\xb\\", "ab"},
		{"add_header all X \"", "\""},
		{"add_header all X \"\"", ""},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].text);
		const struct strpair *last = &s->headers_ham.items[s->headers_ham.count - 1];

		cr_expect(is(last->value, rows[i].value), "%s: \"%.*s\"", rows[i].text,
			SLICE_ARG(last->value));
		settings_free(s);
	}
}

Test(settings, collect_the_lines_of_a_template)
{
	struct settings *s = load("clear_report_template\nreport one\nreport\n"
				  "report \"  two \"\nreport a \"b\"");

	cr_assert_eq(s->report_template.count, 4);
	cr_assert(is(s->report_template.items[0], "one"));
	cr_assert(is(s->report_template.items[1], ""));
	cr_assert(is(s->report_template.items[2], "  two "));
	cr_assert(is(s->report_template.items[3], "a \"b\""));
	settings_free(s);
}

Test(settings, take_addresses_off_lists_again)
{
	struct settings *s = load("blocklist_from a@x *@y b@x\nunblacklist_from A@X b@x\n"
				  "whitelist_auth a@x\ndef_welcomelist_auth a@x b@x\n"
				  "unwhitelist_auth a@x\n"
				  "welcomelist_from_rcvd a@x r\ndef_whitelist_from_rcvd a@x r\n"
				  "unwelcomelist_from_rcvd a@x");

	cr_assert_eq(s->blocklist_from.count, 1);
	cr_assert(is(s->blocklist_from.items[0], "*@y"));
	cr_assert_eq(s->welcomelist_auth.count, 0);
	cr_assert_eq(s->def_welcomelist_auth.count, 1);
	cr_assert_eq(s->welcomelist_from_rcvd.count, 0);
	cr_assert_eq(s->def_welcomelist_from_rcvd.count, 0);
	settings_free(s);
}

Test(settings, tell_scores_and_which_rules_are_off)
{
	static const struct {
		const char *text;
		const char *rule;
		bool has_score;
		double score;
		bool off;
	} rows[] = {
		{"", "TRUST_BLOCKED", true, 100, false},
		{"", "TRUST_UNKNOWN", true, 0, false},
		{"score TRUST_UNKNOWN 0", "TRUST_UNKNOWN", true, 0, true},
		{"unknown_is_spam yes", "TRUST_UNKNOWN", true, 6.5, false},
		{"unknown_is_spam yes\nscore TRUST_UNKNOWN 4", "TRUST_UNKNOWN", true, 4, false},
		{"", "TRUST_FOF", false, 0, false},
		{"score TRUST_FOF -4", "TRUST_FOF", true, -4, false},
		{"score TRUST_FOF 0", "TRUST_FOF", true, 0, true},
		{"", "NO_SUCH_RULE", false, 0, false},
		{"score NO_SUCH_RULE (2)", "NO_SUCH_RULE", false, 0, false},
		{"score trust_blocked 1", "TRUST_BLOCKED", true, 100, false},
		{"", "GTUBE", true, 1000, false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].text);
		double score = 0;
		struct slice rule = slice_str(rows[i].rule);

		cr_expect_eq(settings_score(s, rule, &score), rows[i].has_score, "%s: %s",
			rows[i].text, rows[i].rule);
		cr_expect_eq(score, rows[i].score, "%s: %s", rows[i].text, rows[i].rule);
		cr_expect_eq(settings_rule_is_off(s, rule), rows[i].off, "%s: %s", rows[i].text,
			rows[i].rule);
		settings_free(s);
	}
}

Test(settings, sum_up_what_has_no_effect_in_one_line_a_reason)
{
	struct settings *s = load("header A eval:check_x()\nbody B /x/\n"
				  "loadplugin Mail::SpamAssassin::Plugin::SPF\n"
				  "use_razor2 1\nmeta M rules_matching(A*)\n");

	cr_assert_str_eq(dynbuf_cstr(&said),
		"info 1 3 lines ignored, header first: there is no rule engine here\n"
		"info 3 1 line ignored, loadplugin first: there are no plugins here\n"
		"info 4 1 line ignored, use_razor2 first: no network tests are made here\n");
	settings_free(s);
}

Test(settings, read_the_blocks_of_plugins_that_are_loaded)
{
	static const struct {
		const char *text;
		double required;
	} rows[] = {
		{"ifplugin Mail::SpamAssassin::Plugin::SPF\nrequired_score 9\nendif", 5},
		{"loadplugin Mail::SpamAssassin::Plugin::SPF\n"
		 "ifplugin Mail::SpamAssassin::Plugin::SPF\nrequired_score 9\nendif",
			9},
		{"tryplugin Mail::SpamAssassin::Plugin::SPF\n"
		 "if plugin(Mail::SpamAssassin::Plugin::SPF)\nrequired_score 9\nendif",
			9},
		{"loadplugin Some::Own /etc/own.pm\nifplugin Some::Own\nrequired_score 9\nendif",
			5},
		{"ifplugin Mail::SpamAssassin::Plugin::AuthRes\nrequired_score 9\nendif", 9},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings *s = load(rows[i].text);

		cr_expect_eq(s->required_score, rows[i].required, "%s", rows[i].text);
		settings_free(s);
	}
}

Test(settings, printed_ones_load_to_the_same)
{
	struct settings *first = load(
		"required_score 6.5\nreport_safe 0\nremove_header spam Report\n"
		"add_header all Odd \" \\\\n \\\" \\# \\t\"\nrewrite_header subject *\\#*\n"
		"clear_report_template\nreport \" x \"\nreport \"\\#\"\n"
		"trusted_networks !10.1. 10. 2001:db8::/33 192.0.2.3-192.0.2.9\n"
		"internal_networks 10.2.3.4\nwelcomelist_from_rcvd *@x y\n"
		"score TRUST_WELL -7.125\nscore NEW 0\ndescribe NEW text \\# here\n"
		"subaddress_delimiter +\\#\nblocklist_from *@x ?@y\nunknown_is_spam yes\n"
		"clear_originating_ip_headers\nversion_tag a b\ntime_limit 1h");
	struct settings *second = NULL;
	struct dynbuf one;
	struct dynbuf two;

	dynbuf_init(&one, 1024 * 1024);
	dynbuf_init(&two, 1024 * 1024);
	cr_assert_eq(settings_print(first, &one), 0);
	second = load(dynbuf_cstr(&one));
	cr_assert_eq(settings_print(second, &two), 0);
	cr_assert_str_eq(dynbuf_cstr(&one), dynbuf_cstr(&two));
	cr_assert(settings_rule_is_off(second, SLICE("NEW")));
	cr_assert_not(settings_rule_is_off(second, SLICE("TRUST_SUSPECT")));
	settings_free(first);
	settings_free(second);
	dynbuf_fini(&one);
	dynbuf_fini(&two);
}
