/* -A: who may connect. */
#include <criterion/criterion.h>

#include "spamd-trust/access.h"

#define ARGS_MAX 4

static const struct {
	const char *label;
	const char *allowed[ARGS_MAX]; /* -A arguments */
	const char *client;
	bool expected;
} rows[] = {
	{"default: IPv4 loopback", {NULL}, "127.0.0.1", true},
	{"default: IPv6 loopback", {NULL}, "::1", true},
	{"default: nobody else", {NULL}, "192.0.2.7", false},
	{"one address", {"192.0.2.7"}, "192.0.2.7", true},
	{"its neighbour", {"192.0.2.7"}, "192.0.2.8", false},
	{"-A replaces the default", {"192.0.2.7"}, "127.0.0.1", false},
	{"list with commas", {"127.0.0.1,192.0.2.7"}, "192.0.2.7", true},
	{"list with blanks", {"127.0.0.1, 192.0.2.7"}, "192.0.2.7", true},
	{"several -A", {"127.0.0.1", "192.0.2.7"}, "192.0.2.7", true},
	{"CIDR", {"192.0.2.0/25"}, "192.0.2.127", true},
	{"outside of it", {"192.0.2.0/25"}, "192.0.2.128", false},
	{"prefix", {"10."}, "10.9.8.7", true},
	{"outside of it", {"10."}, "11.9.8.7", false},
	{"brackets", {"[2001:db8::]/32"}, "2001:db8:1::5", true},
	{"IPv6 without brackets", {"2001:db8::/32"}, "2001:db9::5", false},
	{"IPv4 over IPv6", {"192.0.2.0/24"}, "::ffff:192.0.2.9", true},
};

Test(spamd_access, lets_in_whom_the_list_names)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct option_list list = {0};
		struct arena arena;
		struct netlist allowed;
		struct net_address client;
		struct err_msg msg = {0};

		for (size_t n = 0; n < ARGS_MAX && rows[i].allowed[n] != NULL; n++) {
			list.items[list.count++] = rows[i].allowed[n];
		}
		arena_init(&arena, 65536);
		cr_assert_eq(access_parse(&list, &arena, &allowed, &msg), 0, "%s: %s",
			rows[i].label, msg.text);
		cr_assert_eq(net_address_parse(slice_str(rows[i].client), &client), 0);
		cr_expect_eq(netlist_contains(&allowed, &client), rows[i].expected, "%s: %s",
			rows[i].label, rows[i].client);
		arena_fini(&arena);
	}
}

Test(spamd_access, names_the_entry_that_is_no_address)
{
	struct option_list list = {{"127.0.0.1,mail.example.org"}, 1};
	struct arena arena;
	struct netlist allowed;
	struct err_msg msg = {0};

	arena_init(&arena, 65536);
	cr_expect_eq(access_parse(&list, &arena, &allowed, &msg), ERR_INVALID);
	cr_expect_not_null(strstr(msg.text, "mail.example.org"), "%s", msg.text);
	arena_fini(&arena);
}
