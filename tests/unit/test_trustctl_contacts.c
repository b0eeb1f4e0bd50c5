#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/attr.h"
#include "trustctl/import/contacts.h"
#include "trustctl/import/robot_address.h"

#define NOW_S 1700000000

static const struct slice own[] = {{(const uint8_t *)"alice@example.org", 17},
	{(const uint8_t *)"a.smith@example.org", 19}};

static void
start(struct contacts *c)
{
	const struct contacts_config config = {.own = own,
		.own_count = ARRAY_LEN(own),
		.fold_local_part = true,
		.now_s = NOW_S};

	contacts_init(c, &config);
}

static enum contacts_result
collect(struct contacts *c, const char *header)
{
	enum contacts_result result = CONTACTS_RESULT_COUNT;

	cr_assert_eq(contacts_collect(c, slice_str(header), &result), 0, "%s", header);
	return result;
}

static enum contacts_result
reply(struct contacts *c, const char *header)
{
	enum contacts_result result = CONTACTS_RESULT_COUNT;

	cr_assert_eq(contacts_reply(c, slice_str(header), &result), 0, "%s", header);
	return result;
}

/* find - the contact of that address; aborts where there is none */
static const struct contact *
find(const struct contacts *c, const char *address)
{
	for (size_t i = 0; i < contacts_count(c); i++) {
		const struct contact *contact = contacts_at(c, i);

		if (slice_eq(contact->address, slice_str(address))) {
			return contact;
		}
	}
	cr_log_error("no contact %s", address);
	abort();
}

Test(contacts, only_mail_of_the_user_to_people_counts)
{
	static const struct {
		const char *label;
		const char *header;
		enum contacts_result result;
	} rows[] = {
		{"written", "From: alice@example.org\nTo: bob@example.net\n", CONTACTS_TAKEN},
		{"from an alias", "From: A <A.Smith@Example.ORG>\nTo: bob@example.net\n",
			CONTACTS_TAKEN},
		{"Cc and Bcc", "From: alice@example.org\nCc: bob@example.net\n",
			CONTACTS_TAKEN},
		{"by another", "From: bob@example.net\nTo: alice@example.org\n",
			CONTACTS_FOREIGN},
		{"two authors", "From: alice@example.org, bob@example.net\nTo: c@example.net\n",
			CONTACTS_MALFORMED},
		{"two From fields",
			"From: alice@example.org\nFrom: alice@example.org\nTo: c@example.net\n",
			CONTACTS_MALFORMED},
		{"no From", "To: bob@example.net\n", CONTACTS_MALFORMED},
		{"binary", "\x01\x02\x03", CONTACTS_MALFORMED},
		{"vacation",
			"From: alice@example.org\nTo: b@example.net\n"
			"Auto-Submitted: auto-replied\n",
			CONTACTS_AUTOMATIC},
		{"said not to be automatic",
			"From: alice@example.org\nTo: b@example.net\nAuto-Submitted: no\n",
			CONTACTS_TAKEN},
		{"spam in her name",
			"Return-Path: <m@example.com>\nFrom: alice@example.org\nTo: m@example.com\n",
			CONTACTS_FORGED},
		{"handed over by another host",
			"Received: from x (x [192.0.2.1]) by mail.example.org; today\n"
			"From: alice@example.org\nTo: m@example.com\n",
			CONTACTS_FORGED},
		{"submitted on the host",
			"Received: by mail.example.org (Postfix, from userid 1000); today\n"
			"From: alice@example.org\nTo: bob@example.net\n",
			CONTACTS_TAKEN},
		{"bounce", "Return-Path: <>\nFrom: alice@example.org\nTo: b@example.net\n",
			CONTACTS_AUTOMATIC},
		{"copy from a list",
			"From: alice@example.org\nTo: b@example.net\nList-Id: <x.example.net>\n",
			CONTACTS_LIST_MAIL},
		{"bulk", "From: alice@example.org\nTo: b@example.net\nPrecedence: bulk\n",
			CONTACTS_LIST_MAIL},
		{"to himself", "From: alice@example.org\nTo: a.smith@example.org\n",
			CONTACTS_NO_RECIPIENTS},
		{"to a robot", "From: alice@example.org\nTo: no-reply@example.net\n",
			CONTACTS_NO_RECIPIENTS},
		{"no recipients", "From: alice@example.org\n", CONTACTS_NO_RECIPIENTS},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct contacts c;

		start(&c);
		cr_assert_eq(collect(&c, rows[i].header), rows[i].result, "%s", rows[i].label);
		cr_assert_eq(contacts_count(&c) > 0, rows[i].result == CONTACTS_TAKEN, "%s",
			rows[i].label);
		contacts_fini(&c);
	}
}

Test(contacts, a_folder_of_sent_mail_is_taken_at_its_word)
{
	const struct contacts_config config = {.own = own,
		.own_count = ARRAY_LEN(own),
		.fold_local_part = true,
		.is_sent_folder = true,
		.now_s = NOW_S};
	struct contacts c;

	contacts_init(&c, &config);
	cr_assert_eq(collect(&c, "Received: from x (x [192.0.2.1]) by mail.example.org; today\n"
				 "From: alice@example.org\nTo: bob@example.net\n"),
		CONTACTS_TAKEN);
	contacts_fini(&c);
}

Test(contacts, written_to_is_weak_and_mail_both_ways_is_ordinary)
{
	struct contacts c;

	start(&c);
	(void)collect(&c, "From: alice@example.org\nTo: bob@example.net, carol@example.net\n");
	(void)collect(&c, "From: alice@example.org\nTo: bob@example.net\n");
	cr_assert_eq(
		reply(&c, "From: Bob@Example.Net\nTo: alice@example.org\n"), CONTACTS_TAKEN);
	cr_assert_eq(reply(&c, "From: mallory@example.com\nTo: alice@example.org\n"),
		CONTACTS_FOREIGN, "whom she never wrote to is no contact");
	cr_assert_eq(contacts_count(&c), 2);
	cr_assert_eq(find(&c, "bob@example.net")->sent, 2);
	cr_assert_eq(contact_level(find(&c, "bob@example.net")), 2);
	cr_assert_eq(contact_level(find(&c, "carol@example.net")), 1);
	contacts_fini(&c);
}

Test(contacts, newsletters_of_a_contact_are_no_mail_both_ways)
{
	struct contacts c;

	start(&c);
	(void)collect(&c, "From: alice@example.org\nTo: shop@example.net\n");
	cr_assert_eq(reply(&c, "From: shop@example.net\nList-Unsubscribe: <x>\n"),
		CONTACTS_LIST_MAIL);
	cr_assert_eq(contact_level(find(&c, "shop@example.net")), 1);
	contacts_fini(&c);
}

Test(contacts, an_address_that_turns_out_to_be_a_list_is_dropped)
{
	struct contacts c;

	start(&c);
	(void)collect(&c, "From: alice@example.org\nTo: hikers@example.net\n");
	(void)reply(&c, "From: bob@example.net\nList-Post: <mailto:hikers@example.net?x=y>\n");
	cr_assert_eq(contact_level(find(&c, "hikers@example.net")), 0);
	contacts_fini(&c);
}

Test(contacts, the_newest_date_is_kept_and_the_future_counts_as_now)
{
	struct contacts c;

	start(&c);
	(void)collect(&c, "From: alice@example.org\nTo: b@example.net\n"
			  "Date: Tue, 14 Nov 2023 20:13:20 +0000\n");
	(void)collect(&c, "From: alice@example.org\nTo: b@example.net\n"
			  "Date: Mon, 13 Nov 2023 20:13:20 +0000\n");
	cr_assert_eq(find(&c, "b@example.net")->last_mail_s, NOW_S - 7200);
	(void)collect(&c, "From: alice@example.org\nTo: b@example.net\n"
			  "Date: Tue, 14 Nov 2099 20:13:20 +0000\n");
	cr_assert_eq(find(&c, "b@example.net")->last_mail_s, NOW_S);
	(void)collect(&c, "From: alice@example.org\nTo: c@example.net\nDate: long ago\n");
	cr_assert_eq(find(&c, "c@example.net")->last_mail_s, 0, "unknown");
	contacts_fini(&c);
}

Test(contacts, thousands_are_found_again_and_sorted)
{
	struct contacts c;
	char header[128];

	start(&c);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			(void)snprintf(header, sizeof(header),
				"From: alice@example.org\nTo: user%04d@example.net\n",
				4999 - i);
			cr_assert_eq(collect(&c, header), CONTACTS_TAKEN);
		}
	}
	cr_assert_eq(contacts_count(&c), 5000);
	contacts_sort(&c);
	for (size_t i = 0; i < 5000; i++) {
		cr_assert_eq(contacts_at(&c, i)->sent, 2);
		cr_assert(i == 0 || slice_cmp(contacts_at(&c, i - 1)->address,
					    contacts_at(&c, i)->address) < 0);
	}
	contacts_fini(&c);
}

Test(robot_address, robots_are_told_from_people)
{
	static const struct {
		const char *address;
		bool robot;
	} rows[] = {
		{"no-reply@example.net", true},
		{"NoReply+token@example.net", true},
		{"do.not.reply@example.net", true},
		{"mailer-daemon@example.net", true},
		{"bounces+alice=example.org@example.net", true},
		{"hikers-request@example.net", true},
		{"owner-hikers@example.net", true},
		{"debian-user@lists.example.org", true},
		{"bob@example.net", false},
		{"reply@example.net", false},
		{"norepl@example.net", false},
		{"owner@example.net", false},
		{"bob@listserv.example.net", false},
		{"a-very-long-local-part-that-is-nobody-we-know@example.net", false},
		{"", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_assert_eq(robot_address(slice_str(rows[i].address)), rows[i].robot, "%s",
			rows[i].address);
	}
}
