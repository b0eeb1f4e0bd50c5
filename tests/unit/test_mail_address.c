#include <criterion/criterion.h>

#include "common/mail/address.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

#define LOCAL_64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LABEL_63 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define DOMAIN_253                             \
	LABEL_63 "." LABEL_63 "." LABEL_63 "." \
		 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
	const char *label;
	struct slice text;
	const char *kept;   /* canonical, case of the local part kept */
	const char *folded; /* canonical, folded; NULL: the same */
} valid_rows[] = {
	{"plain", SLICE("alice@example.org"), "alice@example.org", NULL},
	{"upper case", SLICE("Alice.B@EXAMPLE.Org"), "Alice.B@example.org",
		"alice.b@example.org"},
	{"sub-address", SLICE("alice+tag@example.org"), "alice+tag@example.org", NULL},
	{"all of atext", SLICE("!#$%&'*+-/=?^_`{|}~@example.org"),
		"!#$%&'*+-/=?^_`{|}~@example.org", NULL},
	{"needless quotes", SLICE("\"alice\"@example.org"), "alice@example.org", NULL},
	{"needless quotes, dots", SLICE("\"a.b\"@example.org"), "a.b@example.org", NULL},
	{"needless quoted pair", SLICE("\"al\\ice\"@example.org"), "alice@example.org", NULL},
	{"quoted blank", SLICE("\"a b\"@example.org"), "\"a b\"@example.org", NULL},
	{"quoted at sign", SLICE("\"a@b\"@example.org"), "\"a@b\"@example.org", NULL},
	{"quoted pairs kept", SLICE("\"a\\\"\\\\b\"@example.org"), "\"a\\\"\\\\b\"@example.org",
		NULL},
	{"dots that need quotes", SLICE("\"a..b\"@example.org"), "\"a..b\"@example.org", NULL},
	{"empty local part", SLICE("\"\"@example.org"), "\"\"@example.org", NULL},
	{"words of both kinds", SLICE("a.\"b c\".d@example.org"), "\"a.b c.d\"@example.org",
		NULL},
	{"words needing no quotes", SLICE("\"A\".b@example.org"), "A.b@example.org",
		"a.b@example.org"},
	{"UTF-8 local part", SLICE("J\xc3\x96RG@example.org"), "J\xc3\x96RG@example.org",
		"j\xc3\x96rg@example.org"},
	{"U-label",
		SLICE("alice@b\xc3\xbc"
		      "cher.example"),
		"alice@xn--bcher-kva.example", NULL},
	{"trailing dot", SLICE("alice@example.org."), "alice@example.org", NULL},
	{"IPv4 literal", SLICE("alice@[192.0.2.1]"), "alice@[192.0.2.1]", NULL},
	{"IPv6 literal", SLICE("alice@[IPv6:2001:DB8::0:1]"), "alice@[ipv6:2001:db8::1]", NULL},
	{"longest", SLICE(LOCAL_64 "@" DOMAIN_253), LOCAL_64 "@" DOMAIN_253, NULL},
};

Test(address, has_one_canonical_form)
{
	for (size_t i = 0; i < ARRAY_LEN(valid_rows); i++) {
		const char *label = valid_rows[i].label;
		const char *folded = valid_rows[i].folded != NULL ? valid_rows[i].folded
								  : valid_rows[i].kept;
		struct address a = {.len = 0};

		cr_expect_eq(
			address_parse(valid_rows[i].text, false, &a, NULL), 0, "%s", label);
		cr_expect_str_eq(a.text, valid_rows[i].kept, "%s", label);
		cr_expect_eq(address_parse(valid_rows[i].text, true, &a, NULL), 0, "%s", label);
		cr_expect_str_eq(a.text, folded, "%s", label);
		cr_expect_eq(a.len, strlen(a.text), "%s", label);
	}
}

static const struct {
	const char *label;
	struct slice text;
	int ret;
	size_t offset;
} invalid_rows[] = {
	{"empty", SLICE(""), ERR_INVALID, 0},
	{"no at sign", SLICE("alice"), ERR_INVALID, 5},
	{"no local part", SLICE("@example.org"), ERR_INVALID, 0},
	{"no domain", SLICE("alice@"), ERR_INVALID, 5},
	{"two at signs", SLICE("alice@bob@example.org"), ERR_INVALID, 9},
	{"leading dot", SLICE(".alice@example.org"), ERR_INVALID, 0},
	{"trailing dot in the local part", SLICE("alice.@example.org"), ERR_INVALID, 6},
	{"two dots", SLICE("a..b@example.org"), ERR_INVALID, 2},
	{"blank in front", SLICE(" alice@example.org"), ERR_INVALID, 18},
	{"blank behind", SLICE("alice@example.org "), ERR_INVALID, 18},
	{"blank inside", SLICE("al ice@example.org"), ERR_INVALID, 3},
	{"comment", SLICE("alice(x)@example.org"), ERR_INVALID, 20},
	{"angle brackets", SLICE("<alice@example.org>"), ERR_INVALID, 0},
	{"list", SLICE("alice@example.org,bob@example.net"), ERR_INVALID, 17},
	{"unclosed quote", SLICE("\"alice@example.org"), ERR_INVALID, 0},
	{"text behind the quotes", SLICE("\"a\"b@example.org"), ERR_INVALID, 3},
	{"unclosed literal", SLICE("alice@[192.0.2.1"), ERR_INVALID, 6},
	{"text behind the literal", SLICE("alice@[192.0.2.1]x"), ERR_INVALID, 17},
	{"bad literal", SLICE("alice@[x400:foo]"), ERR_INVALID, 5},
	{"bad domain", SLICE("alice@exa_mple-.org"), ERR_INVALID, 5},
	{"NUL", SLICE("al\0ice@example.org"), ERR_INVALID, 2},
	{"quoted NUL", SLICE("\"al\\\0ice\"@example.org"), ERR_INVALID, 4},
	{"quoted control", SLICE("\"al\tice\"@example.org"), ERR_INVALID, 0},
	{"quoted line ending", SLICE("\"a\\\r\n b\"@example.org"), ERR_INVALID, 3},
	{"header injection", SLICE("alice@example.org\nBcc: bob@example.net"), ERR_INVALID, 18},
	{"local part not UTF-8", SLICE("j\xf6rg@example.org"), ERR_INVALID, 0},
	{"C1 control as UTF-8",
		SLICE("a\xc2\x9b"
		      "b@example.org"),
		ERR_INVALID, 0},
	{"local part of 65", SLICE(LOCAL_64 "a@example.org"), ERR_TOOBIG, 65},
	{"local part of 66 with its quotes", SLICE("\"" LOCAL_64 "\"@example.org"), 0, 0},
	{"local part of 65 that needs quotes",
		SLICE("\" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"@x.org"),
		ERR_TOOBIG, 0},
	{"domain of 254", SLICE("alice@" DOMAIN_253 "b"), ERR_TOOBIG, 5},
};

Test(address, tells_where_it_is_wrong)
{
	for (size_t i = 0; i < ARRAY_LEN(invalid_rows); i++) {
		struct err_msg msg = {.offset = 0};
		struct address a;

		cr_expect_eq(address_parse(invalid_rows[i].text, true, &a, &msg),
			invalid_rows[i].ret, "%s", invalid_rows[i].label);
		cr_expect_eq(msg.offset, invalid_rows[i].offset, "%s: %zu",
			invalid_rows[i].label, msg.offset);
	}
}

Test(address, gives_its_parts)
{
	struct address a;

	cr_assert_eq(address_parse(SLICE("\"a@b\"@Example.org"), true, &a, NULL), 0);
	cr_assert(slice_eq(address_slice(&a), SLICE("\"a@b\"@example.org")));
	cr_assert(slice_eq(address_local(&a), SLICE("\"a@b\"")));
	cr_assert(slice_eq(address_domain(&a), SLICE("example.org")));
}

static const struct {
	const char *text;
	const char *delimiters;
	const char *bare; /* NULL: there is no sub-address */
} sub_rows[] = {
	{"alice+shop@example.org", "+", "alice@example.org"},
	{"alice+shop+more@example.org", "+", "alice@example.org"},
	{"alice-shop+more@example.org", "+-", "alice@example.org"},
	{"alice+shop@example.org", "-", NULL},
	{"alice+shop@example.org", "", NULL},
	{"alice@example.org", "+", NULL},
	{"alice@exam-ple.org", "-", NULL},
	{"+shop@example.org", "+", NULL},
	{"alice+@example.org", "+", NULL},
	{"alice.+shop@example.org", "+", NULL},
	{"\"alice +shop\"@example.org", "+", NULL},
};

Test(address, loses_its_sub_address)
{
	for (size_t i = 0; i < ARRAY_LEN(sub_rows); i++) {
		const char *bare = sub_rows[i].bare;
		struct address a;
		struct address out;

		cr_assert_eq(address_parse(slice_str(sub_rows[i].text), true, &a, NULL), 0);
		cr_expect_eq(address_strip_sub_address(&a, sub_rows[i].delimiters, &out),
			bare != NULL, "%s", sub_rows[i].text);
		cr_expect_str_eq(out.text, bare != NULL ? bare : sub_rows[i].text);
		cr_expect_eq(out.len, strlen(out.text));
		cr_expect(slice_eq(address_domain(&out), address_domain(&a)));
	}
}

Test(address, canonical_form_is_stable_for_near_misses)
{
	static const struct slice seeds[] = {
		SLICE("Alice+x@Example.org"),
		SLICE("\"a \\\" b\".c@[192.0.2.1]"),
		SLICE("j\xc3\xb6rg@b\xc3\xbc"
		      "cher.example"),
		SLICE("<@a.example,@b.example:bob@example.net>"),
	};

	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		mutate_truncations(seeds[i], check_address);
		mutate_bytes(seeds[i], check_address);
	}
}
