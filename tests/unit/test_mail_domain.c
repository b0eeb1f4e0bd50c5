#include <criterion/criterion.h>

#include "common/base/err.h"
#include "common/mail/domain.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

#define LABEL_63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define NAME_253                               \
	LABEL_63 "." LABEL_63 "." LABEL_63 "." \
		 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
	const char *label;
	struct slice text;
	const char *canonical;
} valid_rows[] = {
	{"lower case", SLICE("example.org"), "example.org"},
	{"upper case", SLICE("Mail.EXAMPLE.Org"), "mail.example.org"},
	{"trailing dot", SLICE("example.org."), "example.org"},
	{"single label", SLICE("localhost"), "localhost"},
	{"digits and hyphens", SLICE("3com.x--y.example"), "3com.x--y.example"},
	{"underscore", SLICE("_dmarc.example.org"), "_dmarc.example.org"},
	{"A-label", SLICE("XN--Bcher-KVA.example"), "xn--bcher-kva.example"},
	{"U-label",
		SLICE("b\xc3\xbc"
		      "cher.example"),
		"xn--bcher-kva.example"},
	{"U-label, upper case",
		SLICE("B\xc3\x9c"
		      "CHER.Example"),
		"xn--bcher-kva.example"},
	{"U-label, decomposed",
		SLICE("bu\xcc\x88"
		      "cher.example"),
		"xn--bcher-kva.example"},
	{"non-transitional",
		SLICE("stra\xc3\x9f"
		      "e.example"),
		"xn--strae-oqa.example"},
	{"ideographic full stop",
		SLICE("b\xc3\xbc"
		      "cher\xe3\x80\x82"
		      "example"),
		"xn--bcher-kva.example"},
	{"label of 63", SLICE(LABEL_63 ".org"), LABEL_63 ".org"},
	{"name of 253", SLICE(NAME_253), NAME_253},
	{"name of 253 and a dot", SLICE(NAME_253 "."), NAME_253},
};

Test(domain, comes_out_as_lower_case_a_labels)
{
	for (size_t i = 0; i < ARRAY_LEN(valid_rows); i++) {
		struct domain d = {.len = 0};

		cr_expect_eq(
			domain_normalise(valid_rows[i].text, &d), 0, "%s", valid_rows[i].label);
		cr_expect_str_eq(d.text, valid_rows[i].canonical, "%s", valid_rows[i].label);
		cr_expect_eq(d.len, strlen(valid_rows[i].canonical), "%s", valid_rows[i].label);
		cr_expect_eq(domain_normalise_or_literal(valid_rows[i].text, &d), 0, "%s",
			valid_rows[i].label);
	}
}

static const struct {
	const char *label;
	struct slice text;
	int ret;
} invalid_rows[] = {
	{"empty", SLICE(""), ERR_INVALID},
	{"only a dot", SLICE("."), ERR_INVALID},
	{"leading dot", SLICE(".example.org"), ERR_INVALID},
	{"empty label", SLICE("example..org"), ERR_INVALID},
	{"two trailing dots", SLICE("example.org.."), ERR_INVALID},
	{"hyphen first", SLICE("-a.example"), ERR_INVALID},
	{"hyphen last", SLICE("a-.example"), ERR_INVALID},
	{"blank", SLICE("exam ple.org"), ERR_INVALID},
	{"NUL", SLICE("example.org\0.net"), ERR_INVALID},
	{"NUL in a U-label", SLICE("b\xc3\xbc\0cher"), ERR_INVALID},
	{"line ending", SLICE("example.org\n"), ERR_INVALID},
	{"at sign", SLICE("a@example.org"), ERR_INVALID},
	{"bad UTF-8", SLICE("caf\xe9.example"), ERR_INVALID},
	{"full-width at sign",
		SLICE("a\xef\xbc\xa0"
		      "example.org"),
		ERR_INVALID},
	{"label of 64", SLICE(LABEL_63 "a.org"), ERR_TOOBIG},
	{"name of 254", SLICE(NAME_253 "b"), ERR_TOOBIG},
	{"literal", SLICE("[192.0.2.1]"), ERR_INVALID},
};

Test(domain, refuses_what_is_no_host_name)
{
	for (size_t i = 0; i < ARRAY_LEN(invalid_rows); i++) {
		struct domain d;

		cr_expect_eq(domain_normalise(invalid_rows[i].text, &d), invalid_rows[i].ret,
			"%s", invalid_rows[i].label);
	}
}

static const struct {
	const char *text;
	const char *canonical; /* NULL: refused */
} literal_rows[] = {
	{"[192.0.2.1]", "[192.0.2.1]"},
	{"[IPv6:2001:DB8:0::1]", "[ipv6:2001:db8::1]"},
	{"[ipv6:::ffff:192.0.2.1]", "[192.0.2.1]"},
	{"[2001:db8::1]", NULL},
	{"[IPv6:192.0.2.1]", NULL},
	{"[IPv6:fe80::1%eth0]", NULL},
	{"[[192.0.2.1]]", NULL},
	{"[192.0.2]", NULL},
	{"[192.0.2.256]", NULL},
	{"[example.org]", NULL},
	{"[]", NULL},
	{"[", NULL},
	{"[192.0.2.1", NULL},
};

Test(domain, takes_address_literals_where_asked_to)
{
	for (size_t i = 0; i < ARRAY_LEN(literal_rows); i++) {
		struct domain d = {.len = 0};
		int ret = domain_normalise_or_literal(slice_str(literal_rows[i].text), &d);

		if (literal_rows[i].canonical == NULL) {
			cr_expect_eq(ret, ERR_INVALID, "%s", literal_rows[i].text);
		} else {
			cr_expect_eq(ret, 0, "%s", literal_rows[i].text);
			cr_expect_str_eq(d.text, literal_rows[i].canonical);
		}
	}
}

static const struct {
	const char *domain;
	const char *ancestor;
	bool expected;
} ancestor_rows[] = {
	{"example.org", "example.org", true},
	{"mail.example.org", "example.org", true},
	{"a.b.example.org", "example.org", true},
	{"badexample.org", "example.org", false},
	{"example.org", "mail.example.org", false},
	{"example.org.net", "example.org", false},
	{"example.org", "", false},
	{"", "", false},
	{"", "example.org", false},
	{"[192.0.2.1]", "[192.0.2.1]", true},
};

Test(domain, is_under_an_ancestor_on_label_borders)
{
	for (size_t i = 0; i < ARRAY_LEN(ancestor_rows); i++) {
		cr_expect_eq(domain_is_same_or_under(slice_str(ancestor_rows[i].domain),
				     slice_str(ancestor_rows[i].ancestor)),
			ancestor_rows[i].expected, "%s under %s", ancestor_rows[i].domain,
			ancestor_rows[i].ancestor);
	}
}

Test(domain, canonical_form_is_stable_for_near_misses)
{
	static const struct slice seeds[] = {
		SLICE("Mail.example.org."),
		SLICE("b\xc3\xbc"
		      "cher.example"),
		SLICE("[IPv6:2001:db8::1]"),
		SLICE("[192.0.2.1]"),
	};

	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		mutate_truncations(seeds[i], check_domain);
		mutate_bytes(seeds[i], check_domain);
	}
}
