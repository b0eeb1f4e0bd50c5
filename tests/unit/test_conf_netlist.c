#include <criterion/criterion.h>

#include "common/conf/netlist.h"

#define ARENA_MAX ((size_t)1024 * 1024)

static struct arena arena;

static void
set_up(void)
{
	arena_init(&arena, ARENA_MAX);
}

static void
tear_down(void)
{
	arena_fini(&arena);
}

TestSuite(netlist, .init = set_up, .fini = tear_down);

static bool
contains(const struct netlist *list, const char *text)
{
	struct net_address a = {{0}};

	cr_assert_eq(net_address_parse(slice_str(text), &a), 0, "%s", text);
	return netlist_contains(list, &a);
}

/* add_all - adds blank-separated entries */
static void
add_all(struct netlist *list, const char *entries)
{
	struct slice rest = slice_str(entries);
	struct slice entry = {0};

	while (slice_next_token(&rest, " ", &entry)) {
		struct err_msg msg = {0};

		cr_assert_eq(netlist_add_text(list, &arena, entry, &msg), 0, "%s: %s", entries,
			msg.text);
	}
}

Test(netlist, holds_what_its_entries_say)
{
	static const struct {
		const char *label;
		const char *entries;
		const char *inside; /* blank-separated */
		const char *outside;
	} rows[] = {
		{"one address", "192.0.2.7", "192.0.2.7 ::ffff:192.0.2.7",
			"192.0.2.6 192.0.2.8"},
		{"CIDR", "192.0.2.0/25", "192.0.2.0 192.0.2.127", "192.0.2.128 192.0.1.255"},
		{"CIDR with host bits", "192.0.2.77/24", "192.0.2.0 192.0.2.255", "192.0.3.0"},
		{"prefix with point", "10.", "10.0.0.0 10.255.255.255",
			"11.0.0.0 9.255.255.255"},
		{"prefix without point", "10", "10.1.2.3", "11.0.0.0"},
		{"two numbers", "192.168.", "192.168.0.1", "192.169.0.0"},
		{"three numbers", "192.0.2", "192.0.2.99", "192.0.3.0"},
		{"short with length", "10/9", "10.127.0.1", "10.128.0.0"},
		{"all of IPv4", "0/0", "1.2.3.4 255.255.255.255", "2001:db8::1 ::1"},
		{"all of IPv6", "::/0", "2001:db8::1 1.2.3.4", NULL},
		{"v6 network", "2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1 192.0.2.1"},
		{"v6 in brackets", "[2001:db8::1]/128", "2001:db8::1", "2001:db8::2"},
		{"v4 in brackets", "[192.0.2.7]/31", "192.0.2.6 192.0.2.7", "192.0.2.8"},
		{"odd length", "2001:db8::/45", "2001:db8:7:ffff::", "2001:db8:8::"},
		{"v4-mapped network", "::ffff:192.0.2.0/120", "192.0.2.5", "192.0.3.5"},
		{"range", "192.0.2.5-192.0.2.9", "192.0.2.5 192.0.2.9", "192.0.2.4 192.0.2.10"},
		{"v6 range", "::5-::9", "::7", "::a"},
		{"scope is ignored", "fe80::1%eth-0", "fe80::1", "fe80::2"},
		{"several", "10. 192.0.2.7", "10.1.1.1 192.0.2.7", "192.0.2.8"},
		{"exclusion first cuts a hole", "!10.1. 10.", "10.0.0.1 10.2.0.1", "10.1.0.1"},
		{"exclusion second comes too late", "10. !10.1.", "10.1.0.1", "11.1.0.1"},
		{"nested holes", "10.1.1. !10.1. 10.", "10.1.1.1 10.2.0.1", "10.1.2.1"},
		{"only an exclusion", "!10.", NULL, "10.1.1.1 11.1.1.1"},
		{"exclusion of a range", "!192.0.2.5-192.0.2.6 192.0.2.", "192.0.2.7",
			"192.0.2.5 192.0.2.6"},
		{"nothing", "", NULL, "127.0.0.1 ::1"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlist list = {0};
		struct slice rest = slice_str(rows[i].inside);
		struct slice word = {0};

		add_all(&list, rows[i].entries);
		while (slice_next_token(&rest, " ", &word)) {
			cr_expect(contains(&list, arena_strdup(&arena, word)),
				"%s: %.*s inside", rows[i].label, SLICE_ARG(word));
		}
		rest = slice_str(rows[i].outside);
		while (slice_next_token(&rest, " ", &word)) {
			cr_expect_not(contains(&list, arena_strdup(&arena, word)),
				"%s: %.*s outside", rows[i].label, SLICE_ARG(word));
		}
	}
}

Test(netlist, refuses_bad_entries_with_a_reason_and_stays_as_it_was)
{
	static const struct {
		const char *entry;
		const char *reason; /* part of the message */
	} rows[] = {
		{"", "missing"},
		{"!", "missing"},
		{"mail.example.org", "names are not looked up"},
		{"10.0.0.0/33", "0 to 32"},
		{"10.0.0.0/+1", "0 to 32"},
		{"10.0.0.0/", "0 to 32"},
		{"10.0.0.0/255.0.0.0", "0 to 32"},
		{"2001:db8::/129", "0 to 128"},
		{"2001:db8:::/32", "not an IPv6 address"},
		{"300.1.1.1", "not an IP address"},
		{"192.0.2.9-192.0.2.5", "ends before"},
		{"192.0.2.5-::9", "ends before"},
		{"192.0.2.5-9", "whole addresses"},
		{"-", "whole addresses"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlist list = {0};
		struct err_msg msg = {0};

		cr_assert_eq(netlist_add_text(&list, &arena, slice_str(rows[i].entry), &msg),
			ERR_INVALID, "%s", rows[i].entry);
		cr_assert_not_null(strstr(msg.text, rows[i].reason), "%s: \"%s\"",
			rows[i].entry, msg.text);
		cr_assert_eq(list.count, 0);
	}
}

Test(netlist, puts_loopback_first_so_that_no_exclusion_takes_it_out)
{
	struct netlist list = {0};

	cr_assert_eq(netlist_add_loopback(&list, &arena), 0);
	add_all(&list, "!127.0.0.1 !::1 !127.");
	cr_assert(contains(&list, "127.0.0.1"));
	cr_assert(contains(&list, "127.9.9.9"));
	cr_assert(contains(&list, "::1"));
}

Test(netlist, prints_entries_as_it_reads_them)
{
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
		{"192.0.2.7", "192.0.2.7"},
		{"10.", "10.0.0.0/8"},
		{"!192.0.2.77/24", "!192.0.2.0/24"},
		{"2001:db8::/32", "2001:db8::/32"},
		{"::ffff:0:0/96", "0.0.0.0/0"},
		{"::/0", "::/0"},
		{"192.0.2.4-192.0.2.7", "192.0.2.4/30"},
		{"!192.0.2.5-192.0.2.9", "!192.0.2.5-192.0.2.9"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct netlist list = {0};
		char text[NETLIST_ENTRY_TEXT_MAX];

		add_all(&list, rows[i].in);
		cr_assert_str_eq(net_range_print(&list.items[0], text), rows[i].out);
	}
}

Test(netlist, copies_share_until_they_are_added_to)
{
	struct arena other;
	struct netlist base = {0};
	struct netlist overlay = {0};
	struct netlist shared = {0};

	arena_init(&other, ARENA_MAX);
	add_all(&base, "10.");
	overlay = base;
	shared = netlist_share(&base);
	cr_assert_eq(netlist_add_text(&overlay, &other, SLICE("192.0.2."), NULL), 0);
	cr_assert_eq(netlist_add_text(&shared, &arena, SLICE("198.51.100."), NULL), 0);
	add_all(&base, "203.0.113.");

	cr_assert(contains(&base, "203.0.113.1"));
	cr_assert_not(contains(&base, "192.0.2.1"));
	cr_assert_not(contains(&base, "198.51.100.1"));
	cr_assert(contains(&overlay, "192.0.2.1"));
	cr_assert(contains(&overlay, "10.1.1.1"));
	cr_assert_not(contains(&overlay, "203.0.113.1"));
	cr_assert(contains(&shared, "198.51.100.1"));
	cr_assert_not(contains(&shared, "203.0.113.1"));
	arena_fini(&other);
}

Test(netlist, is_bounded_in_number_and_memory)
{
	struct netlist list = {0};
	struct netlist poor = {0};
	struct arena small;

	for (int i = 0; i < NETLIST_MAX; i++) {
		cr_assert_eq(netlist_add_text(&list, &arena, SLICE("192.0.2.1"), NULL), 0);
	}
	cr_assert_eq(netlist_add_text(&list, &arena, SLICE("192.0.2.2"), NULL), ERR_TOOBIG);
	cr_assert_eq(list.count, NETLIST_MAX);

	arena_init(&small, 16);
	cr_assert_eq(netlist_add_text(&poor, &small, SLICE("10."), NULL), ERR_NOMEM);
	cr_assert_not(contains(&poor, "10.1.1.1"));
	arena_fini(&small);
}
