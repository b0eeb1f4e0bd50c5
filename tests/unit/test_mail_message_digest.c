#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/mail/message_digest.h"

#define MAIL                                      \
	"Date: Mon, 01 Jan 2024 10:00:00 +0000\n" \
	"From: Alice <alice@example.org>\n"       \
	"To: bob@example.net\n"                   \
	"Subject: lunch today\n"                  \
	"\n"                                      \
	"At noon?\n"

static struct digest
digest_of(struct slice message)
{
	struct digest digest;

	cr_assert_eq(message_digest(message, &digest), 0);
	return digest;
}

struct variant {
	const char *label;
	const char *message;
};

static const struct variant same[] = {
	{"itself", MAIL},
	{"a Message-Id", "Message-Id: <1@example.org>\n" MAIL},
	{"Received, Return-Path, Delivered-To",
		"Return-Path: <alice@example.org>\nDelivered-To: bob@example.net\n"
		"Received: from a by b\n\tfor <bob@example.net>; now\n" MAIL},
	{"X-Spam fields",
		"X-Spam-Status: No, score=0.0\n\ttests=X\nX-Spam-Trust-Tier: known\n" MAIL},
	{"an mbox line", "From alice@example.org Mon Jan  1 10:00:00 2024\n" MAIL},
	{"empty lines at the end", MAIL "\r\n\n\n"},
	{"no line end at the end",
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: lunch today\n\nAt noon?"},
	{"CRLF", "Date: Mon, 01 Jan 2024 10:00:00 +0000\r\nFrom: Alice <alice@example.org>\r\n"
		 "To: bob@example.net\r\nSubject: lunch today\r\n\r\nAt noon?\r\n"},
	{"CRLF for the empty line alone",
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: lunch today\n\r\nAt noon?\n"},
	{"another order, folding and case of names",
		"SUBJECT:lunch\n\ttoday\nTo: bob@example.net\nfrom: Alice\n <alice@example.org>\n"
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\n\nAt noon?\n"},
	{"a rewritten Subject",
		"X-Spam-Checker-Version: SpamAssassin 4.0.1\n"
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: [SPAM] lunch today\n"
		"X-Spam-Prev-Subject: lunch today\n\nAt noon?\n"},
	{"a rewritten Subject that was folded",
		"X-Spam-Checker-Version: SpamAssassin 4.0.1\n"
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: [SPAM] lunch\n\ttoday\n"
		"X-Spam-Prev-Subject: lunch\n\nAt noon?\n"},
	{"a rewritten From",
		"X-Spam-Checker-Version: SpamAssassin 4.0.1\n"
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: (SPAM) Alice <alice@example.org>\n"
		"X-Spam-Prev-From: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: lunch today\n\nAt noon?\n"},
};

Test(mail_message_digest, is_the_same_for)
{
	struct digest expected = digest_of(SLICE(MAIL));

	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct digest got = digest_of(slice_str(same[i].message));

		cr_expect(digest_eq(&got, &expected), "%s", same[i].label);
	}
}

static const struct variant others[] = {
	{"Date", "Date: Mon, 01 Jan 2024 10:00:01 +0000\nFrom: Alice <alice@example.org>\n"
		 "To: bob@example.net\nSubject: lunch today\n\nAt noon?\n"},
	{"From", "Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <carol@example.org>\n"
		 "To: bob@example.net\nSubject: lunch today\n\nAt noon?\n"},
	{"To", "Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
	       "To: carol@example.net\nSubject: lunch today\n\nAt noon?\n"},
	{"Subject", "Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		    "To: bob@example.net\nSubject: dinner today\n\nAt noon?\n"},
	{"body", "Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		 "To: bob@example.net\nSubject: lunch today\n\nAt one?\n"},
	{"a second From", "From: mallory@example.com\n" MAIL},
	{"a Cc", "Cc: carol@example.com\n" MAIL},
	{"blanks within a line of the body",
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: lunch today\n\nAt  noon?\n"},
	{"an old Subject without sign of markup",
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: [SPAM] lunch today\n"
		"X-Spam-Prev-Subject: lunch today\n\nAt noon?\n"},
	{"body moved into the Subject",
		"Date: Mon, 01 Jan 2024 10:00:00 +0000\nFrom: Alice <alice@example.org>\n"
		"To: bob@example.net\nSubject: lunch today At noon?\n\n"},
	{"nothing", ""},
};

Test(mail_message_digest, is_another_for_a_change_of)
{
	struct digest all[ARRAY_LEN(others) + 1];

	all[ARRAY_LEN(others)] = digest_of(SLICE(MAIL));
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		all[i] = digest_of(slice_str(others[i].message));
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		for (size_t j = i + 1; j < ARRAY_LEN(all); j++) {
			cr_expect(!digest_eq(&all[i], &all[j]), "%s", others[i].label);
		}
	}
}

Test(mail_message_digest, leaves_out_a_subject_that_markup_made)
{
	struct digest bare = digest_of(SLICE("From: a@example.org\n\nhello\n"));
	struct digest marked = digest_of(
		SLICE("From: a@example.org\nX-Spam-Checker-Version: 4\nSubject: [SPAM] \n"
		      "X-Spam-Prev-Subject: (nonexistent)\n\nhello\n"));

	cr_assert(digest_eq(&bare, &marked));
}

#define WRAP(type, inner)                                                 \
	"From: Alice <alice@example.org>\n"                               \
	"Subject: [SPAM] lunch today\n"                                   \
	"X-Spam-Checker-Version: SpamAssassin 4.0.1\n"                    \
	"MIME-Version: 1.0\n"                                             \
	"Content-Type: multipart/mixed; boundary=\"----------=_1.2\"\n\n" \
	"This is a multi-part message in MIME format.\n\n"                \
	"------------=_1.2\n"                                             \
	"Content-Type: text/plain; charset=UTF-8\n\n"                     \
	"Spam detection software found this.\n\n\n"                       \
	"------------=_1.2\n"                                             \
	"Content-Type: " type "; x-spam-type=original\n"                  \
	"Content-Disposition: inline\n\n" inner "\n------------=_1.2--\n\n"

Test(mail_message_digest, is_that_of_the_message_inside_a_report)
{
	static const struct variant wrapped[] = {
		{"report_safe 1", WRAP("message/rfc822", MAIL)},
		{"report_safe 2", WRAP("text/plain", MAIL)},
		{"marked before it was wrapped",
			WRAP("message/rfc822", "X-Spam-Checker-Version: 3\n" MAIL)},
		{"wrapped behind an mbox line", "From x\n" WRAP("message/rfc822", MAIL)},
	};
	struct digest expected = digest_of(SLICE(MAIL));

	for (size_t i = 0; i < ARRAY_LEN(wrapped); i++) {
		struct digest got = digest_of(slice_str(wrapped[i].message));

		cr_expect(digest_eq(&got, &expected), "%s", wrapped[i].label);
	}
}

Test(mail_message_digest, takes_any_cut_of_a_wrapped_message)
{
	struct slice whole = SLICE(WRAP("message/rfc822", MAIL));
	struct digest digest;

	for (size_t n = 0; n <= whole.len; n++) {
		cr_assert_eq(message_digest(slice_take(whole, n), &digest), 0, "cut at %zu", n);
	}
}
