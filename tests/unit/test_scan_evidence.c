#include <criterion/criterion.h>

#include <stdio.h>

#include "common/scan/evidence.h"

/* The one site all rows are about. */
#define SITE_CONF                                   \
	"authres_trusted_authserv mx.example.org\n" \
	"internal_networks 192.0.2.0/24\n"

#define BORDER                                                                  \
	"Received: from relay.example.net (relay.example.net [198.51.100.7])\n" \
	"\tby mx.example.org (Postfix) with ESMTPS id 1A2B3C\n"                 \
	"\tfor <alice@example.org>; Mon, 01 Jan 2024 10:00:00 +0000\n"

#define INTERNAL                                                        \
	"Received: from mx.example.org (mx.example.org [192.0.2.25])\n" \
	"\tby store.example.org (Postfix) with ESMTPS id 4D5E6F;\n"     \
	"\tMon, 01 Jan 2024 10:00:01 +0000\n"

#define AR   "Authentication-Results: mx.example.org; "
#define FROM "From: Bob <bob@example.net>\n"
#define DKIM "dkim=pass header.d=example.net header.s=s1 header.b=abcdefgh"
#define REST "To: alice@example.org\nSubject: hello\n\nhello\n"
#define SIGNED \
	"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s1; h=from; bh=x; b=abcdefghijkl\n"
#define SIGNED_PART \
	"DKIM-Signature: v=1; a=rsa-sha256; d=example.net; s=s1; l=20; h=from; bh=x; b=abcdefghijkl\n"

struct row {
	const char *label;
	const char *conf; /* added to SITE_CONF */
	const char *message;
	enum evidence_level level;
	bool forged;
};

static const struct row rows[] = {
	{"no results at all", "", BORDER FROM REST, EVIDENCE_NONE, false},
	{"DKIM pass of the From domain", "", AR DKIM "\n" BORDER FROM REST, EVIDENCE_DKIM,
		false},
	{"DKIM pass of an ancestor", "",
		AR "dkim=pass header.d=example.net\n" BORDER
		   "From: bob@mail.example.net\n" REST,
		EVIDENCE_DKIM, false},
	{"DKIM pass of a child does not speak for the parent", "",
		AR "dkim=pass header.d=mail.example.net\n" BORDER FROM REST, EVIDENCE_NONE,
		false},
	{"DKIM pass of a look-alike", "",
		AR "dkim=pass header.d=notexample.net\n" BORDER FROM REST, EVIDENCE_NONE,
		false},
	{"a suffix that is no label border", "",
		AR "dkim=pass header.d=ample.net\n" BORDER FROM REST, EVIDENCE_NONE, false},
	{"header.i where header.d is not given", "",
		AR "dkim=pass header.i=@example.net header.s=s1\n" BORDER FROM REST,
		EVIDENCE_DKIM, false},
	{"case of method, domain and id does not matter", "",
		"Authentication-Results: MX.Example.Org; DKIM=Pass header.d=EXAMPLE.net\n" BORDER
			FROM REST,
		EVIDENCE_DKIM, false},
	{"DKIM fail", "", AR "dkim=fail header.d=example.net\n" BORDER FROM REST, EVIDENCE_NONE,
		false},
	{"the result stands in a comment", "",
		AR "dkim=none (dkim=pass header.d=example.net)\n" BORDER FROM REST,
		EVIDENCE_NONE, false},
	{"signature with l=", "", AR DKIM "\n" BORDER SIGNED_PART FROM REST, EVIDENCE_NONE,
		false},
	{"whole signature in the message", "", AR DKIM "\n" BORDER SIGNED FROM REST,
		EVIDENCE_DKIM, false},
	{"partial signature of another selector", "",
		AR "dkim=pass header.d=example.net header.s=s2 header.b=zzzzzzzz\n" BORDER
			SIGNED_PART FROM REST,
		EVIDENCE_DKIM, false},
	{"not named apart, and one signature is partial", "",
		AR "dkim=pass header.d=example.net\n" BORDER SIGNED SIGNED_PART FROM REST,
		EVIDENCE_NONE, false},
	{"below the border", "", BORDER AR DKIM "\n" FROM REST, EVIDENCE_NONE, true},
	{"below the border where the site writes it there", "authres_position below\n",
		BORDER AR DKIM "\n" FROM REST, EVIDENCE_DKIM, false},
	{"below the next Received is never ours", "authres_position below\n",
		BORDER "Received: from a (b [203.0.113.9]) by c with SMTP; x\n" AR DKIM
		       "\n" FROM REST,
		EVIDENCE_NONE, true},
	{"an internal hop on top", "", INTERNAL AR DKIM "\n" BORDER FROM REST, EVIDENCE_DKIM,
		false},
	{"internal hop, results above it", "", AR DKIM "\n" INTERNAL BORDER FROM REST,
		EVIDENCE_DKIM, false},
	{"forged internal hop below the border", "", BORDER INTERNAL AR DKIM "\n" FROM REST,
		EVIDENCE_NONE, true},
	{"no Received: the run at the very top", "", AR DKIM "\n" FROM REST, EVIDENCE_DKIM,
		false},
	{"no Received: an envelope field before the run", "",
		"Return-Path: <bob@example.net>\n" AR DKIM "\n" FROM REST, EVIDENCE_DKIM,
		false},
	{"no Received: not at the very top", "", FROM AR DKIM "\n" REST, EVIDENCE_NONE, true},
	{"unreadable Received is a border", "", "Received: something\n" AR DKIM "\n" FROM REST,
		EVIDENCE_NONE, true},
	{"submitted on the host: what is below is the submitter's", "",
		"Received: by mx.example.org (Postfix, from userid 1000)\n\tid 1; x\n" AR DKIM
		"\n" BORDER FROM REST,
		EVIDENCE_NONE, true},
	{"another authserv-id", "",
		"Authentication-Results: mx.example.com; " DKIM "\n" BORDER FROM REST,
		EVIDENCE_NONE, false},
	{"ignored authserv-id", "authres_ignored_authserv mx.example.org\n",
		AR DKIM "\n" BORDER FROM REST, EVIDENCE_NONE, false},
	{"two From fields", "", AR DKIM "\n" BORDER FROM FROM REST, EVIDENCE_NONE, false},
	{"two From fields, one with a blank before the colon", "",
		AR DKIM "\n" BORDER FROM "From : mallory@example.com\n" REST, EVIDENCE_NONE,
		false},
	{"two addresses in From", "",
		AR DKIM "\n" BORDER "From: bob@example.net, carol@example.net\n" REST,
		EVIDENCE_NONE, false},
	{"no From", "", AR DKIM "\n" BORDER REST, EVIDENCE_NONE, false},
	{"unclosed quote in From", "",
		AR DKIM "\n" BORDER "From: \"bob <bob@example.net>\n" REST, EVIDENCE_NONE,
		false},
	{"NUL in the header", "", NULL, EVIDENCE_NONE, false},
	{"several fields are merged", "",
		AR "spf=pass smtp.mailfrom=bob@example.net\n" AR DKIM "\n" AR
		   "dmarc=pass header.from=example.net\n" BORDER FROM REST,
		EVIDENCE_DKIM, false},
	{"two fields contradict each other about one signature", "",
		AR DKIM "\n" AR "dkim=fail header.d=example.net header.s=s1\n" BORDER FROM REST,
		EVIDENCE_NONE, false},
	{"one field says there is no signature", "",
		AR DKIM "\n" AR "dkim=none\n" BORDER FROM REST, EVIDENCE_NONE, false},
	{"two signatures of one domain, one broken on the way", "",
		AR "dkim=fail header.d=example.net header.b=11111111; " DKIM
		   "\n" BORDER FROM REST,
		EVIDENCE_DKIM, false},
	{"another domain's broken signature is no contradiction", "",
		AR "dkim=fail header.d=lists.example.com\n" AR DKIM "\n" BORDER FROM REST,
		EVIDENCE_DKIM, false},
	{"DKIM pass beside DMARC fail", "",
		AR DKIM "; dmarc=fail header.from=example.net\n" BORDER FROM REST,
		EVIDENCE_NONE, false},
	{"SPF alone is a hint", "",
		AR "spf=pass smtp.mailfrom=bob@example.net\n" BORDER FROM REST, EVIDENCE_SPF,
		false},
	{"SPF of another domain", "",
		AR "spf=pass smtp.mailfrom=bob@example.com\n" BORDER FROM REST, EVIDENCE_NONE,
		false},
	{"DMARC without DKIM proves nothing by default", "",
		AR "spf=pass smtp.mailfrom=bob@example.net; dmarc=pass "
		   "header.from=example.net\n" BORDER FROM REST,
		EVIDENCE_SPF, false},
	{"DMARC without DKIM where the site allows", "dmarc_spf yes\n",
		AR "dmarc=pass header.from=example.net\n" BORDER FROM REST, EVIDENCE_DKIM,
		false},
	{"DMARC for another From", "dmarc_spf yes\n",
		AR "dmarc=pass header.from=example.com\n" BORDER FROM REST, EVIDENCE_NONE,
		false},
	{"DMARC that rests on a partial signature", "dmarc_spf yes\n",
		AR DKIM "; dmarc=pass header.from=example.net\n" BORDER SIGNED_PART FROM REST,
		EVIDENCE_NONE, false},
	{"authenticated owner of the address", "",
		AR "auth=pass smtp.auth=bob\n" BORDER FROM REST, EVIDENCE_DKIM, false},
	{"authenticated as somebody else", "",
		AR "auth=pass smtp.auth=mallory\n" BORDER FROM REST, EVIDENCE_NONE, false},
	{"a field that cannot be read to its end", "", AR DKIM "; (unclosed\n" BORDER FROM REST,
		EVIDENCE_NONE, false},
	{"ARC without a listed sealer", "",
		AR "arc=pass\n" BORDER
		   "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.com; "
		   "s=a; b=xyz\n"
		   "ARC-Authentication-Results: i=1; lists.example.com; " DKIM "\n" FROM REST,
		EVIDENCE_NONE, false},
	{"ARC by a listed sealer who saw DKIM pass", "arc_trusted_sealers lists.example.com\n",
		AR "arc=pass\n" BORDER
		   "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.com; "
		   "s=a; b=xyz\n"
		   "ARC-Authentication-Results: i=1; lists.example.com; " DKIM "\n" FROM REST,
		EVIDENCE_ARC, false},
	{"ARC by a listed sealer who saw nothing proven",
		"arc_trusted_sealers lists.example.com\n",
		AR "arc=pass\n" BORDER
		   "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.com; "
		   "s=a; b=xyz\n"
		   "ARC-Authentication-Results: i=1; lists.example.com; dkim=none\n" FROM REST,
		EVIDENCE_NONE, false},
	{"ARC where the listed sealer is not the newest",
		"arc_trusted_sealers lists.example.com\n",
		AR "arc=pass\n" BORDER
		   "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.com; "
		   "s=a; b=xyz\n"
		   "ARC-Seal: i=2; a=rsa-sha256; cv=pass; d=mallory.example.com; s=a; b=xyz\n"
		   "ARC-Authentication-Results: i=1; lists.example.com; " DKIM "\n" FROM REST,
		EVIDENCE_NONE, false},
	{"a decoy signature with the same first letters hides no l=", "",
		AR DKIM
		"\n" BORDER
		"DKIM-Signature: d=example.net; s=s1; b=abcdefghFAKE\n" SIGNED_PART FROM REST,
		EVIDENCE_NONE, false},
	{"one field passes and fails the same signature", "",
		AR DKIM
		"; dkim=fail header.d=example.net header.s=s1 header.b=abcdefgh\n" BORDER FROM
			REST,
		EVIDENCE_NONE, false},
	{"l= of a signature whose i= lies below its d=", "",
		AR
		"dkim=pass header.i=@mail.example.net header.s=s1\n" BORDER
		"DKIM-Signature: d=example.net; i=@mail.example.net; s=s1; l=3; b=abcdefghijk\n"
		"From: bob@mail.example.net\n" REST,
		EVIDENCE_NONE, false},
	{"a signature that cannot be read may be the partial one", "",
		AR DKIM
		"\n" BORDER
		"DKIM-Signature: d=example.net; s=s1; l=1; l=1; b=abcdefghijk\n" FROM REST,
		EVIDENCE_NONE, false},
	{"another signature whose i= reads as a result", "",
		AR DKIM "\n" BORDER SIGNED
			"DKIM-Signature: d=example.com; s=s1; b=abcdefghijkl; "
			"i=a=3B=20dkim=3Dpass=20header.d=3Dexample.net@example.com\n" FROM REST,
		EVIDENCE_NONE, false},
	{"such a signature beside SPF and an authenticated sender", "",
		AR
		"spf=pass smtp.mailfrom=bob@example.net\n" AR
		"auth=pass smtp.auth=bob@example.net\n" BORDER
		"DKIM-Signature: d=example.com; s=s1; b=abcdefghijkl; i=a=20b@example.com\n" FROM
			REST,
		EVIDENCE_NONE, false},
	{"what follows the name that the client gave may be his words", "",
		AR "spf=none smtp.helo=a; " DKIM "\n" BORDER FROM REST, EVIDENCE_NONE, false},
	{"what stands before it is not", "",
		AR DKIM "; spf=pass smtp.helo=mail.example.net\n" BORDER FROM REST,
		EVIDENCE_DKIM, false},
	{"another field beside such a one", "",
		AR "spf=none smtp.helo=a\n" AR DKIM "\n" BORDER FROM REST, EVIDENCE_DKIM,
		false},
	{"an i= with an address in the local part", "",
		AR DKIM "\n" BORDER SIGNED
			"DKIM-Signature: d=example.com; s=s1; b=abcdefghijkl; "
			"i=bob=3Dexample.net@example.com\n" FROM REST,
		EVIDENCE_DKIM, false},
	{"a top-level domain speaks for nobody below it", "",
		AR "dkim=pass header.d=net\n" BORDER FROM REST, EVIDENCE_NONE, false},
	{"more fields of ours than any chain of filters writes", "",
		AR "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR
		   "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR
		   "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR
		   "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR "spf=none\n" AR DKIM
		   "\n" BORDER FROM REST,
		EVIDENCE_NONE, false},
	{"a line that is no field but may be a From to others", "",
		AR DKIM "\n" BORDER "From\xa0: mallory@example.com\n" FROM REST, EVIDENCE_NONE,
		false},
	{"ARC whose newest seal cannot be read", "arc_trusted_sealers lists.example.com\n",
		AR
		"arc=pass\n" BORDER
		"ARC-Seal: i=2; i=2; a=rsa-sha256; cv=pass; d=mallory.example.com; s=a; b=x\n"
		"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.com; s=a; b=xyz\n"
		"ARC-Authentication-Results: i=1; lists.example.com; " DKIM "\n" FROM REST,
		EVIDENCE_NONE, false},
	{"ARC with results newer than the newest seal",
		"arc_trusted_sealers lists.example.com\n",
		AR "arc=pass\n" BORDER
		   "ARC-Authentication-Results: i=2; mallory.example.com; none\n"
		   "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=lists.example.com; s=a; b=xyz\n"
		   "ARC-Authentication-Results: i=1; lists.example.com; " DKIM "\n" FROM REST,
		EVIDENCE_NONE, false},
	{"HELO that looks like a comment of the server", "",
		"Received: from x (y [192.0.2.1]) (unknown [203.0.113.9]) by mx.example.org with "
		"ESMTP id 1; x\n" AR DKIM "\n" BORDER FROM REST,
		EVIDENCE_NONE, true},
	{"a hop by LMTP whose from clause cannot be read", "",
		"Received: from x y z (unknown [203.0.113.9]) by mx.example.org with LMTP id 1; x\n" AR
			DKIM "\n" BORDER FROM REST,
		EVIDENCE_NONE, true},
	{"authres_networks all believes every field", "authres_networks all\n",
		BORDER AR DKIM "\n" FROM REST, EVIDENCE_DKIM, false},
};

static bool
bob_owns_his_address(void *ctx, struct slice login, struct slice address)
{
	(void)ctx;
	return slice_eq(login, SLICE("bob")) && slice_eq(address, SLICE("bob@example.net"));
}

static struct settings *
load(const char *extra)
{
	struct settings_source sources[] = {
		{SETTINGS_SOURCE_TEXT, SITE_CONF, "site"},
		{SETTINGS_SOURCE_TEXT, extra, "row"},
	};
	struct settings_load_options options = {.check = true};
	struct settings *s = NULL;
	struct err_msg msg;

	cr_assert_eq(settings_load(sources, 2, &options, &s, &msg), 0, "%s", msg.text);
	return s;
}

static void
judge(struct slice message, const struct settings *s, struct arena *arena, struct evidence *e)
{
	const struct evidence_owner owner = {.owns = bob_owns_his_address};
	struct header h;

	cr_assert_eq(header_parse(message, &HEADER_LIMITS_DEFAULT, arena, &h), 0);
	cr_assert_eq(evidence_find(&h, s, &owner, arena, e), 0);
}

static const char nul_message[] = AR DKIM "\n" BORDER FROM "X-Odd: a\0b\n" REST;

Test(evidence, follows_the_table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct settings *s = load(row->conf);
		struct slice message = row->message != NULL
					       ? slice_str(row->message)
					       : slice_of(nul_message, sizeof(nul_message) - 1);
		struct evidence e;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		judge(message, s, &arena, &e);
		cr_expect_eq(e.level, row->level, "%s: %s, not %s (%.*s)", row->label,
			evidence_name(e.level), evidence_name(row->level), SLICE_ARG(e.text));
		cr_expect_eq(
			e.ar_forged, row->forged, "%s: forged %d", row->label, e.ar_forged);
		cr_expect_gt(e.text.len, 0, "%s: no explanation", row->label);
		arena_fini(&arena);
		settings_free(s);
	}
}

Test(evidence, nothing_counts_without_a_configured_id)
{
	struct settings *s = NULL;
	struct evidence e;
	struct arena arena;

	cr_assert_eq(settings_new(&s), 0);
	arena_init(&arena, 1 << 20);
	judge(SLICE(AR DKIM "\n" BORDER FROM REST), s, &arena, &e);
	cr_assert_eq(e.level, EVIDENCE_NONE);
	cr_assert(e.has_sender, "the sender is still named, for blocks");
	cr_assert(slice_eq(principal_slice(&e.sender), SLICE("addr:bob@example.net")));
	arena_fini(&arena);
	settings_free(s);
}

Test(evidence, names_everybody_that_from_names)
{
	static const struct {
		const char *from;
		const char *named; /* joined by blanks */
		bool has_sender;
	} cases[] = {
		{"Bob <bob@EXAMPLE.net>", "bob@example.net", true},
		{"bob@example.net (Bob)", "bob@example.net", true},
		{"\"b b\"@example.net", "\"b b\"@example.net", true},
		{"\"carol@example.org\" <bob@example.net>", "carol@example.org bob@example.net",
			true},
		{"bob@example.net (dave@example.com)", "bob@example.net dave@example.com",
			true},
		{"Bob <bob@example.net", "bob@example.net", false},
		{"bob@example.net, dave@example.com", "bob@example.net dave@example.com",
			false},
		{"bob@example.net\nFrom: dave@example.com", "bob@example.net dave@example.com",
			false},
		{"Bob", "", false},
	};
	struct settings *s = load("");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char message[200];
		char named[400] = "";
		struct evidence e;
		struct arena arena;

		(void)snprintf(message, sizeof(message), "From: %s\n\ntext\n", cases[i].from);
		arena_init(&arena, 1 << 20);
		judge(slice_str(message), s, &arena, &e);
		for (size_t j = 0; j < e.named.count; j++) {
			(void)snprintf(named + strlen(named), sizeof(named) - strlen(named),
				"%s%.*s", j == 0 ? "" : " ", SLICE_ARG(e.named.items[j]));
		}
		cr_expect_str_eq(named, cases[i].named, "%s", cases[i].from);
		cr_expect_eq(e.has_sender, cases[i].has_sender, "%s", cases[i].from);
		arena_fini(&arena);
	}
	settings_free(s);
}

Test(evidence, sees_a_bounce_by_its_null_sender_on_top)
{
	static const struct {
		const char *message;
		bool bounce;
	} cases[] = {
		{"Return-Path: <>\n" FROM REST, true},
		{"X-Envelope-From: <>\n" FROM REST, true},
		{"Return-Path: <bob@example.net>\n" FROM REST, false},
		{FROM "Return-Path: <>\n" REST, false},
		{FROM REST, false},
	};
	struct settings *s = load("");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence e;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		judge(slice_str(cases[i].message), s, &arena, &e);
		cr_expect_eq(e.null_sender, cases[i].bounce, "case %zu", i);
		arena_fini(&arena);
	}
	settings_free(s);
}

/* --- whose identity mail shows ------------------------------------------------------------ */

/* The thumbprint of RFC 8037 appendix A.3. */
#define SHOWN      "id:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
#define OTHER      "id:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define FIELD      "Trust-Identity: " SHOWN "\n"
#define SIG(h, b)  "DKIM-Signature: v=1; d=example.net; s=s1; h=" h "; bh=x; b=" b "\n"
#define COVERING   SIG("from:trust-identity", "abcdefghijkl")
#define NO_B       "dkim=pass header.d=example.net header.s=s1"
#define MAIL(more) BORDER more FROM REST

static const struct {
	const char *label;
	const char *conf;
	const char *message;
	bool shows;
} shown_rows[] = {
	{"signed, once", "", AR DKIM "\n" MAIL(COVERING FIELD), true},
	{"signed by the only signature there is", "", AR NO_B "\n" MAIL(COVERING FIELD), true},
	{"by an ancestor of the From domain", "",
		AR DKIM "\n" BORDER COVERING FIELD "From: bob@mail.example.net\n" REST, true},
	{"case of names, and folds", "",
		AR DKIM "\n" MAIL(SIG("From : TRUST-IDENTITY",
			"abcdefghijkl") "TRUST-Identity:\n " SHOWN " \n"),
		true},
	{"h= does not list it", "", AR DKIM "\n" MAIL(SIG("from", "abcdefghijkl") FIELD),
		false},
	{"no h= at all", "",
		AR DKIM
		"\n" MAIL("DKIM-Signature: d=example.net; s=s1; b=abcdefghijkl\n" FIELD),
		false},
	{"the field is not there", "", AR DKIM "\n" MAIL(COVERING), false},
	{"a second one above", "",
		AR DKIM "\n" MAIL("Trust-Identity: " OTHER "\n" COVERING FIELD), false},
	{"a second one below", "",
		AR DKIM "\n" MAIL(COVERING FIELD "Trust-Identity: " OTHER "\n"), false},
	{"a second one that is the same", "", AR DKIM "\n" MAIL(COVERING FIELD FIELD), false},
	{"blanks before the colon", "",
		AR DKIM "\n" MAIL(COVERING "Trust-Identity : " SHOWN "\n"), false},
	{"the signature is gone", "", AR DKIM "\n" MAIL(FIELD), false},
	{"another signature than the one that passed", "",
		AR DKIM "\n" MAIL(SIG("from:trust-identity", "zzzzzzzzzzzz") FIELD), false},
	{"of another domain", "",
		AR DKIM "\n" MAIL("DKIM-Signature: d=example.com; s=s1; h=from:trust-identity; "
				  "b=abcdefghijkl\n" FIELD),
		false},
	{"a decoy that covers it, beside the one that passed", "",
		AR DKIM "\n" MAIL(SIG("from:trust-identity", "zzzzzzzzzzzz")
				SIG("from", "abcdefghijkl") FIELD),
		false},
	{"a decoy of the same b=", "",
		AR DKIM "\n" MAIL(COVERING SIG("from", "abcdefghijkl") FIELD), false},
	{"a decoy, and the result names none", "",
		AR NO_B "\n" MAIL(COVERING SIG("from", "abcdefghxxxx") FIELD), false},
	{"a signature that cannot be read", "",
		AR DKIM "\n" MAIL("DKIM-Signature: d=example.net\n" COVERING FIELD), false},
	{"one that covers less, which did not pass", "",
		AR DKIM "\n" MAIL(COVERING SIG("from", "zzzzzzzzzzzz") FIELD), true},
	{"two that passed, of which one covers it", "",
		AR DKIM "; dkim=pass header.d=example.net header.s=s1 header.b=zzzzzzzz\n" MAIL(
			COVERING SIG("from", "zzzzzzzzzzzz") FIELD),
		true},
	{"only a part of the body", "",
		AR DKIM "\n" MAIL("DKIM-Signature: d=example.net; s=s1; l=9; "
				  "h=from:trust-identity; b=abcdefghijkl\n" FIELD),
		false},
	{"DKIM fails", "",
		AR "dkim=fail header.d=example.net header.s=s1 header.b=abcdefgh\n" MAIL(
			COVERING FIELD),
		false},
	{"a signature of a stranger passes", "",
		AR "dkim=pass header.d=example.com header.s=s1 header.b=abcdefgh\n" MAIL(
			COVERING FIELD),
		false},
	{"results that contradict each other", "",
		AR DKIM "; dmarc=fail header.from=example.net\n" MAIL(COVERING FIELD), false},
	{"results that are not ours", "", BORDER AR DKIM "\n" COVERING FIELD FROM REST, false},
	{"SPF through DMARC proves who, and signs nothing", "dmarc_spf yes\n",
		AR "spf=pass smtp.mailfrom=bob@example.net; "
		   "dmarc=pass header.from=example.net\n" MAIL(COVERING FIELD),
		false},
	{"a submission here signs nothing", "", AR "auth=pass smtp.auth=bob\n" MAIL(FIELD),
		false},
	{"no identity", "", AR DKIM "\n" MAIL(COVERING "Trust-Identity: bob\n"), false},
	{"without a kind", "",
		AR DKIM "\n" MAIL(COVERING "Trust-Identity: "
					   "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\n"),
		false},
	{"another kind of principal", "",
		AR DKIM "\n" MAIL(COVERING "Trust-Identity: addr:bob@example.net\n"), false},
	{"a thumbprint that is too short", "",
		AR DKIM "\n" MAIL(COVERING "Trust-Identity: id:kPrK\n"), false},
	{"something behind it", "",
		AR DKIM "\n" MAIL(COVERING "Trust-Identity: " SHOWN " " OTHER "\n"), false},
	{"empty", "", AR DKIM "\n" MAIL(COVERING "Trust-Identity:\n"), false},
};

Test(evidence, shows_an_identity_only_where_the_proof_covers_it)
{
	struct principal p;
	struct digest wanted;

	cr_assert_eq(principal_parse(SLICE(SHOWN), false, &p, NULL), 0);
	principal_digest(&p, &wanted);
	for (size_t i = 0; i < ARRAY_LEN(shown_rows); i++) {
		struct settings *s = load(shown_rows[i].conf);
		struct evidence e;
		struct arena arena;

		arena_init(&arena, 1 << 20);
		judge(slice_str(shown_rows[i].message), s, &arena, &e);
		cr_expect_eq(e.has_identity, shown_rows[i].shows, "%s", shown_rows[i].label);
		cr_expect(!e.has_identity ||
				  (e.level == EVIDENCE_DKIM && digest_eq(&e.identity, &wanted)),
			"%s", shown_rows[i].label);
		arena_fini(&arena);
		settings_free(s);
	}
}
