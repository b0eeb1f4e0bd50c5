#include <criterion/criterion.h>

#include "common/base/dynbuf.h"
#include "common/mail/dkim_signature.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

static struct arena arena;

static void
set_up(void)
{
	arena_init(&arena, 1024 * 1024);
}

static void
tear_down(void)
{
	arena_fini(&arena);
}

TestSuite(dkim_signature, .init = set_up, .fini = tear_down);

#define RFC_SIGNATURE                                                   \
	" v=1; a=rsa-sha256; d=example.net; s=brisbane;\r\n"            \
	"   c=simple; q=dns/txt; i=@eng.example.net;\r\n"               \
	"   t=1117574938; x=1118006938;\r\n"                            \
	"   h=from:to:subject:date;\r\n"                                \
	"   bh=MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI=;\r\n"       \
	"   b=dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZ\r\n" \
	"            VoG4ZHRNiYzR"

Test(dkim_signature, reads_the_example_of_the_rfc)
{
	struct dkim_signature sig;

	cr_assert_eq(dkim_signature_parse(SLICE(RFC_SIGNATURE), &arena, &sig, NULL), 0);
	cr_expect(slice_eq(sig.algorithm, SLICE("rsa-sha256")));
	cr_expect(slice_eq(sig.domain, SLICE("example.net")));
	cr_expect(slice_eq(sig.selector, SLICE("brisbane")));
	cr_expect(slice_eq(sig.identity, SLICE("@eng.example.net")));
	cr_expect(slice_eq(sig.signature,
		SLICE("dzdVyOfAKCdLXdJOc9G2q8LoXSlEniSbav+yuU4zGeeruD00lszZVoG4ZHRNiYzR")));
	cr_expect_not(sig.has_length);
}

static const struct {
	const char *label;
	const char *body;
	int ret;
	bool has_length;
} rows[] = {
	{"least", "d=x;s=y;b=z", 0, false},
	{"semicolon at the end", "d=x;s=y;b=z;\r\n ", 0, false},
	{"blanks everywhere", "\r\n d = x ;\r\n\ts = y ; b =\r\n z ", 0, false},
	{"length", "d=x; l=100; s=y; b=z", 0, true},
	{"folded length", "d=x;\r\n\tl\r\n =\r\n 0; s=y; b=z", 0, true},
	{"empty length", "d=x; s=y; b=z; l=", 0, true},
	{"other tags with an l", "d=x; s=y; b=l=1; ll=1; z=l", 0, false},
	{"upper case is another tag", "d=x; s=y; b=z; L=1; D=q", 0, false},
	{"empty", "", ERR_INVALID, false},
	{"no d", "s=y; b=z", ERR_INVALID, false},
	{"no s", "d=x; b=z", ERR_INVALID, false},
	{"no b", "d=x; s=y", ERR_INVALID, false},
	{"empty b", "d=x; s=y; b= \r\n ", ERR_INVALID, false},
	{"d twice", "d=x; s=y; b=z; d=x", ERR_INVALID, false},
	{"unknown tag twice", "d=x; s=y; b=z; q=1; q=1", ERR_INVALID, false},
	{"no equals sign", "d=x; s=y; b=z; l", ERR_INVALID, false},
	{"empty tag", "d=x;; s=y; b=z", ERR_INVALID, false},
	{"no name", "d=x; =1; s=y; b=z", ERR_INVALID, false},
	{"blank in a name", "d=x; a b=1; s=y; b=z", ERR_INVALID, false},
	{"digit first", "d=x; 1a=1; s=y; b=z", ERR_INVALID, false},
};

Test(dkim_signature, is_strict_about_the_tag_list)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dkim_signature sig;
		int ret = dkim_signature_parse(slice_str(rows[i].body), &arena, &sig, NULL);

		cr_expect_eq(ret, rows[i].ret, "%s", rows[i].label);
		cr_expect(
			ret != 0 || sig.has_length == rows[i].has_length, "%s", rows[i].label);
	}
}

Test(dkim_signature, tells_which_fields_it_covers)
{
	static const struct {
		const char *h;
		const char *field;
		bool covers;
	} cases[] = {
		{"from:to:subject", "to", true},
		{"from:to:subject", "FROM", true},
		{"from:to:Subject", "subject", true},
		{" from :\r\n\tto : subject ", "to", true},
		{"from:to", "t", false},
		{"from:to", "too", false},
		{"from:to", "", false},
		{"from:to:", "to", true},
		{"::to::", "to", true},
		{"x-trust-identity:from", "trust-identity", false},
		{"", "from", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dkim_signature sig;
		struct dynbuf body;

		dynbuf_init(&body, 1024);
		dynbuf_printf(&body, "d=x; s=y; b=z; h=%s", cases[i].h);
		cr_assert_eq(dkim_signature_parse(dynbuf_slice(&body), &arena, &sig, NULL), 0);
		cr_expect_eq(dkim_signature_covers(&sig, slice_str(cases[i].field)),
			cases[i].covers, "%s in %s", cases[i].field, cases[i].h);
		dynbuf_fini(&body);
	}
}

Test(dkim_signature, knows_what_would_read_otherwise_in_a_result)
{
	static const struct {
		const char *tags;
		bool plain;
	} cases[] = {
		{"", true},
		{"i=@example.net", true},
		{"i=bob+lists@mail.example.net", true},
		{"i=bob=3Dexample.org@example.net", true},
		{"i=bob=@example.net", true},
		{"i=b\xc3\xb6"
		 "b@example.net",
			true},
		{"i=b=C3=B6b@example.net", true},
		{"a=rsa-sha256", true},
		{"i=a=3B=20dkim=3Dpass=20header.d=3Dx@example.net", false},
		{"i=a=3b@example.net", false},
		{"i=a=\r\n 3B@example.net", false},
		{"i=a=20b@example.net", false},
		{"i=a=09b@example.net", false},
		{"i=a=0D=0Ab@example.net", false},
		{"i=a=00b@example.net", false},
		{"i=a=28b@example.net", false},
		{"i=a=22b@example.net", false},
		{"i=a=5Cb@example.net", false},
		{"i=a(c)header.d=x@example.net", false},
		{"i=\"a\"@example.net", false},
		{"i=a,b@example.net", false},
		{"i=a<b@example.net", false},
		{"a=rsa-sha256(", false},
		{"a==3B", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct dkim_signature sig;
		struct dynbuf body;

		dynbuf_init(&body, 1024);
		dynbuf_printf(&body, "d=example.net; s=y; b=zz==; %s", cases[i].tags);
		cr_assert_eq(dkim_signature_parse(dynbuf_slice(&body), &arena, &sig, NULL), 0);
		cr_expect_eq(
			dkim_signature_is_plain(&sig), cases[i].plain, "%s", cases[i].tags);
		dynbuf_fini(&body);
	}
}

Test(dkim_signature, every_value_that_verifiers_copy_must_be_plain)
{
	static const char *const bodies[] = {"d=x(; s=y; b=z", "d=x; s=y(; b=z",
		"d=x; s=y; b=z(", "d=x; s=y; b=z; i=(", "d=x; s=y; b=z; a=("};

	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct dkim_signature sig;

		cr_assert_eq(dkim_signature_parse(slice_str(bodies[i]), &arena, &sig, NULL), 0);
		cr_expect_not(dkim_signature_is_plain(&sig), "%s", bodies[i]);
	}
}

Test(dkim_signature, tells_where_the_tag_list_is_broken)
{
	struct dkim_signature sig;
	struct err_msg msg;

	cr_assert_eq(
		dkim_signature_parse(SLICE("d=x; s=y; d=q"), &arena, &sig, &msg), ERR_INVALID);
	cr_expect_eq(msg.offset, 9);
}

Test(dkim_signature, bounds_the_number_of_tags)
{
	struct dkim_signature sig;
	struct dynbuf body;

	dynbuf_init(&body, 4096);
	dynbuf_add_str(&body, "d=x;s=y;b=z");
	for (int i = 3; i < DKIM_TAGS_MAX; i++) {
		dynbuf_printf(&body, ";t%d=1", i);
	}
	cr_expect_eq(dkim_signature_parse(dynbuf_slice(&body), &arena, &sig, NULL), 0);
	dynbuf_add_str(&body, ";l=1");
	cr_expect_eq(dkim_signature_parse(dynbuf_slice(&body), &arena, &sig, NULL), ERR_TOOBIG);
	dynbuf_fini(&body);
}

Test(dkim_signature, reports_an_exhausted_arena)
{
	struct dkim_signature sig;
	struct arena small;

	arena_init(&small, 32);
	cr_expect_eq(dkim_signature_parse(SLICE("d=x;s=y;b=z"), &small, &sig, NULL), ERR_NOMEM);
	arena_fini(&small);
}

static const struct {
	const char *header_b;
	bool is_named;
} name_rows[] = {
	{"dzdVyOfA", true},
	{"dzdVyOfAKCdLXd", true},
	{"dzdVyOf", false}, /* too short to tell signatures apart */
	{"dzdVyOfB", false},
	{"DZDVyOfA", false},
	{"zdVyOfAK", false},
	{"", false},
};

Test(dkim_signature, is_named_by_its_first_eight_characters_or_more)
{
	struct dkim_signature sig;

	cr_assert_eq(dkim_signature_parse(SLICE(RFC_SIGNATURE), &arena, &sig, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(name_rows); i++) {
		cr_expect_eq(dkim_signature_is_named(&sig, slice_str(name_rows[i].header_b)),
			name_rows[i].is_named, "'%s'", name_rows[i].header_b);
	}
	cr_assert_eq(dkim_signature_parse(SLICE("d=x;s=y;b=abc"), &arena, &sig, NULL), 0);
	cr_expect(dkim_signature_is_named(&sig, SLICE("abc")));
	cr_expect_not(dkim_signature_is_named(&sig, SLICE("abcdefgh")));
}

Test(dkim_signature, holds_its_promises_for_near_misses)
{
	mutate_truncations(SLICE(RFC_SIGNATURE), check_dkim_signature);
	mutate_bytes(SLICE(RFC_SIGNATURE), check_dkim_signature);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mutate_bytes(slice_str(rows[i].body), check_dkim_signature);
	}
}
