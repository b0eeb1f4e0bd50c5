#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/base/err.h"
#include "common/base/net_address.h"

static struct net_address
address(const char *text)
{
	struct net_address a = {{0}};

	cr_assert_eq(net_address_parse(slice_str(text), &a), 0, "%s", text);
	return a;
}

Test(net_address, reads_what_mail_software_writes_and_prints_it_plainly)
{
	static const struct {
		const char *label;
		const char *in;
		const char *out;
	} rows[] = {
		{"dotted quad", "192.0.2.7", "192.0.2.7"},
		{"lowest", "0.0.0.0", "0.0.0.0"},
		{"highest", "255.255.255.255", "255.255.255.255"},
		{"leading zeros are decimal", "010.001.002.099", "10.1.2.99"},
		{"brackets", "[192.0.2.7]", "192.0.2.7"},
		{"v6", "2001:db8::1", "2001:db8::1"},
		{"v6, upper case", "2001:DB8::A", "2001:db8::a"},
		{"v6 in brackets", "[2001:db8::1]", "2001:db8::1"},
		{"RFC 5321 literal", "[IPv6:2001:db8::1]", "2001:db8::1"},
		{"RFC 5321 literal, other case", "ipv6:2001:db8::1", "2001:db8::1"},
		{"scope", "fe80::1%eth0", "fe80::1"},
		{"scope in brackets", "[fe80::1%eth0.1]", "fe80::1"},
		{"v4-mapped", "::ffff:192.0.2.7", "192.0.2.7"},
		{"v4-mapped in hex", "::ffff:c000:207", "192.0.2.7"},
		{"unspecified", "::", "::"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_address a = {{0}};
		char text[NET_ADDRESS_TEXT_MAX];

		cr_assert_eq(
			net_address_parse(slice_str(rows[i].in), &a), 0, "%s", rows[i].label);
		cr_assert_str_eq(net_address_print(&a, text), rows[i].out, "%s", rows[i].label);
	}
}

Test(net_address, refuses_what_is_no_whole_address)
{
	static const char *const rows[] = {"", "[]", "%eth0", "192.0.2", "192.0.2.",
		"192.0.2.7.", "192.0.2.7.1", "192..2.7", "256.0.0.1", "-1.0.0.1", "1.2.3.4x",
		"1.2.3.4/32", "[1.2.3.4", "[[1.2.3.4]]", "localhost", "2001:db8",
		":::", "2001:db8::1::2", "2001:db8::/32",
		"IPv6:", "12345::", "1:2:3:4:5:6:7:8:9",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_address a = {{42}};

		cr_assert_eq(
			net_address_parse(slice_str(rows[i]), &a), ERR_INVALID, "%s", rows[i]);
		cr_assert_eq(a.bytes[0], 42, "untouched on failure: %s", rows[i]);
	}
}

Test(net_address, refuses_a_nul_inside)
{
	struct net_address a = {{0}};

	cr_assert_eq(net_address_parse(SLICE("::1\0::2"), &a), ERR_INVALID);
	cr_assert_eq(net_address_parse(SLICE("1.2.3.4\0"), &a), ERR_INVALID);
}

Test(net_address, reads_the_beginning_of_a_dotted_quad)
{
	static const struct {
		const char *in;
		const char *out; /* NULL: refused */
		size_t numbers;
	} rows[] = {
		{"10", "10.0.0.0", 1},
		{"10.", "10.0.0.0", 1},
		{"192.168", "192.168.0.0", 2},
		{"192.0.2.", "192.0.2.0", 3},
		{"192.0.2.7", "192.0.2.7", 4},
		{"[10.]", "10.0.0.0", 1},
		{".10", NULL, 0},
		{"10..", NULL, 0},
		{"", NULL, 0},
		{"10.0.0.0.", NULL, 0},
		{"10.x", NULL, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_address a = {{0}};
		char text[NET_ADDRESS_TEXT_MAX];
		size_t numbers = 0;
		int ret = net_address_parse_v4_short(slice_str(rows[i].in), &a, &numbers);

		cr_assert_eq(ret, rows[i].out == NULL ? ERR_INVALID : 0, "%s", rows[i].in);
		if (ret == 0) {
			cr_assert_str_eq(net_address_print(&a, text), rows[i].out);
			cr_assert_eq(numbers, rows[i].numbers, "%s", rows[i].in);
		}
	}
}

Test(net_address, knows_loopback)
{
	static const struct {
		const char *text;
		bool is_loopback;
	} rows[] = {
		{"127.0.0.1", true},
		{"127.255.255.255", true},
		{"::1", true},
		{"::ffff:127.0.0.1", true},
		{"128.0.0.1", false},
		{"126.255.255.255", false},
		{"::", false},
		{"::2", false},
		{"7f00::1", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct net_address a = address(rows[i].text);

		cr_assert_eq(
			net_address_is_loopback(&a), rows[i].is_loopback, "%s", rows[i].text);
	}
}

Test(net_address, orders_numerically)
{
	struct net_address low = address("192.0.2.9");
	struct net_address high = address("192.0.2.10");

	cr_assert_lt(net_address_cmp(&low, &high), 0);
	cr_assert_gt(net_address_cmp(&high, &low), 0);
	cr_assert(net_address_eq(&low, &low));
	cr_assert_not(net_address_eq(&low, &high));
}

Test(net_address, takes_socket_addresses_of_both_families)
{
	struct sockaddr_in in = {.sin_family = AF_INET};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct net_address expected = address("192.0.2.7");
	struct net_address a = {{0}};

	cr_assert_eq(inet_pton(AF_INET, "192.0.2.7", &in.sin_addr), 1);
	cr_assert_eq(net_address_from_sockaddr((const struct sockaddr *)&in, &a), 0);
	cr_assert(net_address_eq(&a, &expected));
	cr_assert(net_address_is_v4(&a));

	cr_assert_eq(inet_pton(AF_INET6, "::ffff:192.0.2.7", &in6.sin6_addr), 1);
	cr_assert_eq(net_address_from_sockaddr((const struct sockaddr *)&in6, &a), 0);
	cr_assert(net_address_eq(&a, &expected), "a dual-stack socket sees IPv4 mapped");

	cr_assert_eq(
		net_address_from_sockaddr((const struct sockaddr *)&un, &a), ERR_UNSUPPORTED);
}
