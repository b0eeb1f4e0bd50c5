/*
 * Welcome and block lists: whole scans without stores, so that nothing but a list changes the
 * score. What a block or a revocation does to a welcome list is in test_scan_message.c.
 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "common/scan/scan.h"

#define DKIM "Authentication-Results: mx.example.org; dkim=pass header.d=example.net\n"
#define SPF                                                                                 \
	"Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=bob@example.net;\n" \
	"\tdmarc=pass header.from=example.net\n"
#define HOP_FROM(peer)                                 \
	"Received: from helo.example.com (" peer ")\n" \
	"\tby mx.example.org (Postfix) with ESMTPS id 1; Mon, 01 Jan 2024 10:00:00 +0000\n"
#define HOP  HOP_FROM("relay.example.net [198.51.100.7]")
#define BOB  "From: Bob <Bob@example.net>\n"
#define TO   "To: alice@example.org\n"
#define BODY "Subject: x\n\nhello\n"

struct row {
	const char *label;
	const char *settings;
	const char *user;
	const char *message;
	const char *rule; /* the only list that hits; NULL: none does */
	double score;
};

static struct settings *
load(const char *text)
{
	struct settings_source sources[] = {
		{SETTINGS_SOURCE_TEXT, "authres_trusted_authserv mx.example.org\n", "site"},
		{SETTINGS_SOURCE_TEXT, text, "row"},
	};
	struct settings_load_options options = {.check = true};
	struct settings *s = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(
		settings_load(sources, 2, &options, &s, &msg), 0, "%s: %s", text, msg.text);
	return s;
}

static void
check_row(const struct row *row)
{
	struct settings *s = load(row->settings);
	struct scanner scanner = {0};
	struct scan_request request = {
		.message = slice_str(row->message),
		.user = slice_str(row->user),
		.now_s = 1,
	};
	struct slice found = {0};
	struct arena arena;
	struct verdict v;

	arena_init(&arena, 4 << 20);
	cr_assert_eq(scan_message(&scanner, s, &request, &arena, &v), 0, "%s", row->label);
	for (size_t i = 0; i < v.rule_count; i++) {
		if (slice_starts_with(v.rules[i].name, SLICE("USER_IN_"))) {
			cr_expect_eq(found.len, 0, "%s: also %.*s", row->label,
				SLICE_ARG(v.rules[i].name));
			found = v.rules[i].name;
			cr_expect_gt(v.rules[i].describe.len, 0, "%s", row->label);
		}
	}
	cr_expect(slice_eq(found, slice_str(row->rule == NULL ? "" : row->rule)), "%s: '%.*s'",
		row->label, SLICE_ARG(found));
	cr_expect_float_eq(v.score, row->score, 1e-9, "%s: %f", row->label, v.score);
	cr_expect_eq(v.is_spam, row->score >= 5.0, "%s", row->label);
	arena_fini(&arena);
	settings_free(s);
}

Test(lists, blocked_senders_need_no_proof)
{
	static const struct row rows[] = {
		{"address", "blocklist_from bob@example.net\n", "", BOB TO BODY,
			"USER_IN_BLOCKLIST", 100},
		{"glob, any case", "blacklist_from *@EXAMPLE.net\n", "", BOB TO BODY,
			"USER_IN_BLOCKLIST", 100},
		{"whole address only", "blocklist_from ob@example.net\n", "", BOB TO BODY, NULL,
			0},
		{"envelope sender", "blocklist_from *@spam.example\n", "",
			"Return-Path: <x@spam.example>\n" BOB TO BODY, "USER_IN_BLOCKLIST",
			100},
		{"one of several", "blocklist_from mallory@example.com\n", "",
			"From: bob@example.net, mallory@example.com\n" TO BODY,
			"USER_IN_BLOCKLIST", 100},
		{"second From field", "blocklist_from mallory@example.com\n", "",
			BOB "From: mallory@example.com\n" TO BODY, "USER_IN_BLOCKLIST", 100},
		{"bounce", "blocklist_from *@*\n", "", "Return-Path: <>\n" TO BODY, NULL, 0},
		{"taken off",
			"blocklist_from bob@example.net\nunblocklist_from bob@example.net\n",
			"", BOB TO BODY, NULL, 0},
		{"another score", "blocklist_from *\nscore USER_IN_BLOCKLIST 7\n", "",
			BOB TO BODY, "USER_IN_BLOCKLIST", 7},
		{"score 0 is off", "blocklist_from *\nscore USER_IN_BLOCKLIST 0\n", "",
			BOB TO BODY, NULL, 0},
		{"watching only", "blocklist_from *\ntrust_mode observe\n", "", BOB TO BODY,
			"USER_IN_BLOCKLIST", 100},
		{"the name is no address", "blocklist_from mallory@example.com\n", "",
			"From: \"mallory@example.com\" <bob@example.net>\n" TO BODY, NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_row(&rows[i]);
	}
}

Test(lists, welcome_senders_need_proof)
{
	static const struct row rows[] = {
		{"from, signed", "welcomelist_from bob@example.net\n", "", DKIM HOP BOB TO BODY,
			"USER_IN_WELCOMELIST", -100},
		{"from, unproven", "welcomelist_from bob@example.net\n", "", HOP BOB TO BODY,
			NULL, 0},
		{"auth, signed", "welcomelist_auth *@example.net\n", "", DKIM HOP BOB TO BODY,
			"USER_IN_DKIM_WELCOMELIST", -100},
		{"auth, unproven", "welcomelist_auth *@example.net\n", "", HOP BOB TO BODY,
			NULL, 0},
		{"auth, signed by another", "welcomelist_auth *@example.com\n", "",
			DKIM HOP "From: carol@example.com\n" TO BODY, NULL, 0},
		{"auth, SPF alone is a hint", "welcomelist_auth *@example.net\n", "",
			SPF HOP BOB TO BODY, NULL, 0},
		{"auth, SPF where the site takes it",
			"dmarc_spf yes\nwelcomelist_auth *@example.net\n", "",
			SPF HOP BOB TO BODY, "USER_IN_SPF_WELCOMELIST", -100},
		{"ready-made, signed", "def_welcomelist_auth *@example.net\n", "",
			DKIM HOP BOB TO BODY, "USER_IN_DEF_DKIM_WL", -7.5},
		{"ready-made, SPF", "dmarc_spf yes\ndef_welcomelist_auth *@example.net\n", "",
			SPF HOP BOB TO BODY, "USER_IN_DEF_SPF_WL", -7.5},
		{"on both", "def_welcomelist_auth *@example.net\nwelcomelist_auth bob@*\n", "",
			DKIM HOP BOB TO BODY, "USER_IN_DKIM_WELCOMELIST", -100},
		{"a second From field", "welcomelist_auth *@example.net\n", "",
			DKIM HOP BOB BOB TO BODY, NULL, 0},
		{"the envelope sender is not From", "welcomelist_auth *@example.net\n", "",
			"Return-Path: <bob@example.net>\n" DKIM HOP
			"From: mallory@example.com\n" TO BODY,
			NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_row(&rows[i]);
	}
}

Test(lists, a_relay_counts_where_it_entered_our_networks)
{
	static const char rcvd[] = "welcomelist_from_rcvd *@example.net example.net\n";
	static const char address[] = "welcomelist_from_rcvd *@example.net [198.51.100.0/24]\n";
	static const struct row rows[] = {
		{"below the domain", rcvd, "", HOP BOB TO BODY, "USER_IN_WELCOMELIST", -100},
		{"ready-made", "def_welcomelist_from_rcvd *@example.net relay.example.net\n",
			"", HOP BOB TO BODY, "USER_IN_DEF_WELCOMELIST", -15},
		{"its network", address, "", HOP BOB TO BODY, "USER_IN_WELCOMELIST", -100},
		{"another network", address, "",
			HOP_FROM("relay.example.net [203.0.113.7]") BOB TO BODY, NULL, 0},
		{"another sender", rcvd, "", HOP "From: carol@example.com\n" TO BODY, NULL, 0},
		{"a name that only ends so", rcvd, "",
			HOP_FROM("evilexample.net [198.51.100.7]") BOB TO BODY, NULL, 0},
		{"only the HELO says so", rcvd, "",
			"Received: from example.net (unknown [198.51.100.7]) by mx.example.org\n" BOB
				TO BODY,
			NULL, 0},
		{"a name nobody confirmed", rcvd, "",
			HOP_FROM("relay.example.net [198.51.100.7] (may be forged)")
				BOB TO BODY,
			NULL, 0},
		{"a name that qmail took as it came", rcvd, "",
			"Received: from relay.example.net (HELO h) (198.51.100.7)\n"
			"  by mx.example.org with SMTP; 1 Jan 2024 10:00:00 -0000\n" BOB TO
				BODY,
			NULL, 0},
		{"a relay further down", rcvd, "",
			HOP_FROM("mallory.example.com [203.0.113.7]") HOP BOB TO BODY, NULL, 0},
		{"behind a relay of ours",
			"trusted_networks 203.0.113.0/24\n"
			"welcomelist_from_rcvd *@example.net example.net\n",
			"", HOP_FROM("mx2.example.org [203.0.113.7]") HOP BOB TO BODY,
			"USER_IN_WELCOMELIST", -100},
		{"no relay at all", rcvd, "", BOB TO BODY, NULL, 0},
		{"a header that is read in two ways", rcvd, "", HOP BOB TO "no field\n" BODY,
			NULL, 0},
		{"proof instead of the relay", rcvd, "",
			DKIM HOP_FROM("mail.example.com [203.0.113.7]") BOB TO BODY, NULL, 0},
		{"on both lists once",
			"welcomelist_from *@example.net\n"
			"welcomelist_from_rcvd *@example.net example.net\n",
			"", DKIM HOP BOB TO BODY, "USER_IN_WELCOMELIST", -100},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_row(&rows[i]);
	}
}

Test(lists, recipients_are_those_the_site_names)
{
	static const struct row rows[] = {
		{"User", "welcomelist_to alice@example.org\n", "Alice@example.org", BOB BODY,
			"USER_IN_WELCOMELIST_TO", -6},
		{"To", "more_spam_to alice@example.org\n", "", BOB TO BODY,
			"USER_IN_MORE_SPAM_TO", -20},
		{"Cc", "all_spam_to *@example.org\n", "", BOB "Cc: dave@example.org\n" BODY,
			"USER_IN_ALL_SPAM_TO", -100},
		{"a login names no recipient", "all_spam_to alice@*\n", "root", BOB TO BODY,
			"USER_IN_ALL_SPAM_TO", -100},
		{"To against User", "all_spam_to postmaster@example.org\n", "alice@example.org",
			BOB "To: postmaster@example.org\n" BODY, NULL, 0},
		{"a field of the site",
			"recipient_headers X-Original-To\nall_spam_to alice@example.org\n", "",
			"X-Original-To: alice@example.org\n" HOP BOB BODY,
			"USER_IN_ALL_SPAM_TO", -100},
		{"To against a field of the site",
			"recipient_headers X-Original-To\nall_spam_to postmaster@example.org\n",
			"",
			"X-Original-To: alice@example.org\n" HOP BOB
			"To: postmaster@example.org\n" BODY,
			NULL, 0},
		{"block list by User", "blocklist_to trap@example.org\n", "trap@example.org",
			BOB BODY, "USER_IN_BLOCKLIST_TO", 10},
		{"block list by To, whoever User is", "blocklist_to trap@example.org\n",
			"alice@example.org",
			BOB "To: alice@example.org, trap@example.org\n" BODY,
			"USER_IN_BLOCKLIST_TO", 10},
		{"somebody else", "all_spam_to dave@example.org\n", "", BOB TO BODY, NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		check_row(&rows[i]);
	}
}

Test(lists, a_flood_of_addresses_is_cut)
{
	static char message[400 * 1024] = BOB TO "Cc: ";
	size_t len = strlen(message);
	struct row row = {"flood", "blocklist_to last@example.org alice@example.org\n", "",
		message, "USER_IN_BLOCKLIST_TO", 10};

	for (unsigned int i = 0; len < sizeof(message) - 64; i++) {
		len += (size_t)snprintf(message + len, sizeof(message) - len,
			"%s%u@example.com%s", i % 100 == 0 ? "" : " ", i,
			i % 100 == 99 ? "\nCc: " : ",");
	}
	(void)snprintf(message + len, sizeof(message) - len, "last@example.org\n" BODY);
	check_row(&row);
	row.settings = "blocklist_to last@example.org\n";
	row.rule = NULL;
	row.score = 0;
	check_row(&row);
}
