#include <criterion/criterion.h>

#include "common/base/dynbuf.h"
#include "common/mail/address_list.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

#define A "alice@example.org"
#define M "mallory@example.com"

static struct arena arena;
static struct dynbuf text;

static void
set_up(void)
{
	arena_init(&arena, 4 * 1024 * 1024);
	dynbuf_init(&text, 1024 * 1024);
}

static void
tear_down(void)
{
	dynbuf_fini(&text);
	arena_fini(&arena);
}

TestSuite(address_list, .init = set_up, .fini = tear_down);

/* joined - the addresses of a body, with "!" behind them if it is malformed */
static const char *
joined(struct slice body)
{
	struct address_list list;

	arena_reset(&arena);
	dynbuf_reset(&text);
	cr_assert_eq(address_list_parse(body, true, &arena, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		dynbuf_add_str(&text, i > 0 ? " " : "");
		dynbuf_add(&text, list.items[i].address);
	}
	dynbuf_add_str(&text, list.malformed ? "!" : "");
	return dynbuf_cstr(&text);
}

static const struct {
	const char *label;
	struct slice body;
	const char *expected;
} rows[] = {
	{"bare", SLICE(" alice@example.org"), A},
	{"angle", SLICE(" Alice <alice@example.org>"), A},
	{"angle only", SLICE("<alice@example.org>"), A},
	{"no blank before the angle", SLICE("Alice<alice@example.org>"), A},
	{"quoted name", SLICE("\"Alice, A.\" <alice@example.org>"), A},
	{"dots in an unquoted name", SLICE("Alice A. Example <alice@example.org>"), A},
	{"brackets in an unquoted name", SLICE("[List] Alice <alice@example.org>"), A},
	{"encoded word", SLICE("=?utf-8?Q?Al=2Cice?= <alice@example.org>"), A},
	{"raw 8-bit name", SLICE("J\xf6rg \xc3\x84 <alice@example.org>"), A},
	{"comment as name", SLICE("alice@example.org (Alice, \\) <x@y>)"), A},
	{"nested comments everywhere",
		SLICE("(a(b)c) Alice (d) <(e) alice (f) @ (g) example.org (h)> (i)"), A},
	{"blanks inside, folded", SLICE("alice\r\n @ example\r\n\t. org\r\n"), A},
	{"folded name, LF", SLICE("Alice\n Example\n <alice@example.org>"), A},
	{"route", SLICE("<@a.example,@b.example:alice@example.org>"), A},
	{"route with empty parts", SLICE("<,@a.example, ,@[192.0.2.1]:alice@example.org>"),
		"!"},
	{"two", SLICE("alice@example.org, mallory@example.com"), A " " M},
	{"empty elements", SLICE(" ,, alice@example.org,\r\n , ,mallory@example.com,"),
		A " " M},
	{"empty body", SLICE(""), ""},
	{"blank body", SLICE(" \r\n\t"), ""},
	{"empty group", SLICE("undisclosed-recipients:;"), ""},
	{"group", SLICE("Friends: Alice <alice@example.org>, mallory@example.com;"), A " " M},
	{"group among others",
		SLICE("\"My friends\": alice@example.org ; , mallory@example.com"), A " " M},
	{"group with empty elements", SLICE("a:,alice@example.org,,;"), A},
	{"local part in quotes", SLICE("\"alice\"@example.org"), A},
	{"words of a local part", SLICE("alice . b@example.org"), "alice.b@example.org"},
	{"literal", SLICE("alice@[192.0.2.1]"), "alice@[192.0.2.1]"},

	/* What is shown and what counts. */
	{"address as name", SLICE("alice@example.org <mallory@example.com>"), M},
	{"address as quoted name", SLICE("\"alice@example.org\" <mallory@example.com>"), M},
	{"address as comment", SLICE("(alice@example.org) mallory@example.com"), M},
	{"address in front, comma", SLICE("alice@example.org, <mallory@example.com>"), A " " M},
	{"two angles", SLICE("<alice@example.org> <mallory@example.com>"), "!"},
	{"two angles and a third address",
		SLICE("<a@example.org> <b@example.org>, alice@example.org"), A "!"},
	{"two bare ones", SLICE("alice@example.org mallory@example.com"), "!"},
	{"angle, then bare", SLICE("<alice@example.org> mallory@example.com"), "!"},
	{"angle in an angle", SLICE("<<alice@example.org>>"), "!"},
	{"two at signs", SLICE("alice@example.org@example.com"), "!"},
	{"encoded address", SLICE("=?utf-8?Q?alice=40example.org?="), "!"},
	{"encoded address, then angle",
		SLICE("=?utf-8?Q?alice=40example.org?= <mallory@example.com>"), M},

	/* Malformed. */
	{"unquoted comma in a name", SLICE("Example, Alice <alice@example.org>"), A "!"},
	{"name only", SLICE("Alice"), "!"},
	{"null address", SLICE("\"\" <>"), "!"},
	{"no domain", SLICE("<alice>"), "!"},
	{"unclosed angle", SLICE("<alice@example.org"), "!"},
	{"stray closing angle", SLICE("alice@example.org>"), "!"},
	{"unclosed quote", SLICE("mallory@example.com, \"Alice <alice@example.org>"), M "!"},
	{"unclosed comment", SLICE("alice@example.org (comment"), "!"},
	{"stray closing parenthesis", SLICE("alice@example.org )"), "!"},
	{"unclosed literal", SLICE("alice@[192.0.2.1"), "!"},
	{"unclosed group", SLICE("Friends: alice@example.org"), A "!"},
	{"group in a group", SLICE("a: b: alice@example.org;;"), "!"},
	{"semicolon outside a group", SLICE("alice@example.org; mallory@example.com"), "!"},
	{"text behind a group", SLICE("a:; alice@example.org"), "!"},
	{"address as group name", SLICE("alice@example.org: mallory@example.com;"), "!"},
	{"mailto", SLICE("mailto:alice@example.org"), A "!"},
	{"backslash outside quotes", SLICE("Ali\\ce <alice@example.org>"), "!"},
	{"NUL", SLICE("alice@example.org\0, mallory@example.com"), M "!"},
	{"NUL in quotes", SLICE("\"a\0b\" <alice@example.org>"), "!"},
	{"NUL in a comment", SLICE("alice@example.org (\0)"), "!"},
	{"bare CR", SLICE("Alice\rFrom: <alice@example.org>"), "!"},
	{"bad domain, then good", SLICE("a@-b.example, alice@example.org"), A "!"},
	{"too long, then good",
		SLICE("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@b.example,"
		      " alice@example.org"),
		A "!"},
	{"colon first", SLICE(":alice@example.org;"), "!"},
};

Test(address_list, yields_addresses_and_says_when_in_doubt)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect_str_eq(joined(rows[i].body), rows[i].expected, "%s: '%s'",
			rows[i].label, dynbuf_cstr(&text));
	}
}

Test(address_list, keeps_display_names_raw)
{
	struct slice body = SLICE("\"Al\\\"ice\"\r\n =?utf-8?Q?x?= (c) <alice@example.org>,"
				  " mallory@example.com (Mallory)");
	struct address_list list;

	cr_assert_eq(address_list_parse(body, false, &arena, &list), 0);
	cr_assert_eq(list.count, 2);
	cr_expect(slice_eq(
		list.items[0].display_name, SLICE("\"Al\\\"ice\"\r\n =?utf-8?Q?x?= (c)")));
	cr_expect_eq(list.items[1].display_name.len, 0);
	cr_expect(slice_eq(list.items[0].local, SLICE("alice")));
	cr_expect(slice_eq(list.items[0].domain, SLICE("example.org")));
	cr_expect_not(address_list_is_single(&list));
}

Test(address_list, tells_where_it_went_wrong_first)
{
	struct address_list list;

	cr_assert_eq(
		address_list_parse(SLICE("a@b, <c@d> <e@f>, \"g"), false, &arena, &list), 0);
	cr_expect(list.malformed);
	cr_expect_eq(list.malformed_at, 11);
}

Test(address_list, is_bounded)
{
	struct address_list list;

	for (size_t i = 0; i <= ADDRESS_LIST_MAX; i++) {
		dynbuf_add_str(&text, "alice@example.org,");
	}
	cr_assert_eq(address_list_parse(dynbuf_slice(&text), false, &arena, &list), 0);
	cr_expect_eq(list.count, ADDRESS_LIST_MAX);
	cr_expect(list.malformed);

	dynbuf_truncate(&text, ADDRESS_LIST_MAX * strlen("alice@example.org,"));
	cr_assert_eq(address_list_parse(dynbuf_slice(&text), false, &arena, &list), 0);
	cr_expect_eq(list.count, ADDRESS_LIST_MAX);
	cr_expect_not(list.malformed);
}

Test(address_list, bounds_the_depth_of_comments)
{
	for (size_t depth = 1; depth < 64; depth++) {
		char body[160] = "alice@example.org ";
		size_t len = strlen(body);

		memset(body + len, '(', depth);
		memset(body + len + depth, ')', depth);
		cr_expect_str_eq(
			joined(slice_str(body)), depth <= 16 ? A : "!", "depth %zu", depth);
	}
}

Test(address_list, reports_an_exhausted_arena)
{
	struct address_list list;
	struct arena small;

	arena_init(&small, 32);
	cr_expect_eq(address_list_parse(SLICE("a@b"), false, &small, &list), ERR_NOMEM);
	arena_fini(&small);
	arena_init(&small, sizeof(struct mailbox) + 15);
	cr_expect_eq(address_list_parse(SLICE(A), false, &small, &list), ERR_NOMEM);
	arena_fini(&small);
}

static const struct {
	const char *label;
	struct slice body;
	int ret;
	const char *address;
} path_rows[] = {
	{"angle", SLICE(" <alice@example.org>\r\n"), 0, A},
	{"bare", SLICE("alice@example.org"), 0, A},
	{"route", SLICE("<@a.example:alice@example.org>"), 0, A},
	{"comment", SLICE("<alice@example.org> (x)"), 0, A},
	{"null", SLICE(" <>"), ERR_NOTFOUND, NULL},
	{"null with blanks and comment", SLICE("< > (bounce)"), ERR_NOTFOUND, NULL},
	{"empty", SLICE(" \r\n"), ERR_NOTFOUND, NULL},
	{"null and more", SLICE("<> alice@example.org"), ERR_INVALID, NULL},
	{"two", SLICE("<alice@example.org>, <mallory@example.com>"), ERR_INVALID, NULL},
	{"display name", SLICE("Alice <alice@example.org>"), ERR_INVALID, NULL},
	{"no domain", SLICE("<MAILER-DAEMON>"), ERR_INVALID, NULL},
	{"unclosed", SLICE("<alice@example.org"), ERR_INVALID, NULL},
	{"unclosed comment", SLICE("<> (x"), ERR_INVALID, NULL},
	{"NUL", SLICE("\0"), ERR_INVALID, NULL},
};

Test(address_list, reads_envelope_paths)
{
	for (size_t i = 0; i < ARRAY_LEN(path_rows); i++) {
		struct address a = {.len = 0};

		cr_expect_eq(address_path_parse(path_rows[i].body, true, &a), path_rows[i].ret,
			"%s", path_rows[i].label);
		if (path_rows[i].address != NULL) {
			cr_expect_str_eq(
				a.text, path_rows[i].address, "%s", path_rows[i].label);
		}
	}
}

Test(address_list, holds_its_promises_for_near_misses)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mutate_truncations(rows[i].body, check_address_list);
		mutate_bytes(rows[i].body, check_address_list);
	}
}
