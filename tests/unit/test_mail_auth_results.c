#include <criterion/criterion.h>

#include "common/base/dynbuf.h"
#include "common/mail/auth_results.h"
#include "tests/support/mail_checks.h"
#include "tests/support/mutate.h"

static struct arena arena;
static struct dynbuf text;

static void
set_up(void)
{
	arena_init(&arena, 4 * 1024 * 1024);
	dynbuf_init(&text, 64 * 1024);
}

static void
tear_down(void)
{
	dynbuf_fini(&text);
	arena_fini(&arena);
}

TestSuite(auth_results, .init = set_up, .fini = tear_down);

/* summary - "id; method=result {reason} ptype.name=[value] ..; .." */
static const char *
summary(const struct auth_results *results)
{
	dynbuf_reset(&text);
	dynbuf_add(&text, results->authserv_id);
	for (size_t i = 0; i < results->count; i++) {
		const struct auth_result *r = &results->results[i];

		dynbuf_printf(&text, "; %.*s=%.*s", SLICE_ARG(r->method), SLICE_ARG(r->text));
		if (r->reason.len > 0) {
			dynbuf_printf(&text, " {%.*s}", SLICE_ARG(r->reason));
		}
		for (size_t k = 0; k < r->property_count; k++) {
			const struct auth_property *p = &r->properties[k];

			dynbuf_printf(&text, " %.*s.%.*s=[%.*s]", SLICE_ARG(p->ptype),
				SLICE_ARG(p->name), SLICE_ARG(p->value));
		}
	}
	return dynbuf_cstr(&text);
}

static const struct {
	const char *label;
	struct slice body;
	const char *expected;
} valid_rows[] = {
	/* RFC 8601 appendix B. */
	{"RFC B.2", SLICE(" example.org 1; none"), "example.org"},
	{"RFC B.3", SLICE(" example.com;\r\n          spf=pass smtp.mailfrom=example.net"),
		"example.com; spf=pass smtp.mailfrom=[example.net]"},
	{"RFC B.4",
		SLICE(" example.com;\r\n"
		      "          auth=pass (cram-md5) smtp.auth=sender@example.net;\r\n"
		      "          spf=pass smtp.mailfrom=example.net"),
		"example.com; auth=pass smtp.auth=[sender@example.net];"
		" spf=pass smtp.mailfrom=[example.net]"},
	{"RFC B.6",
		SLICE(" example.com;\r\n"
		      "      dkim=pass reason=\"good signature\"\r\n"
		      "        header.i=@mail-router.example.net;\r\n"
		      "      dkim=fail reason=\"bad signature\"\r\n"
		      "        header.i=@newyork.example.com"),
		"example.com; dkim=pass {good signature} header.i=[@mail-router.example.net];"
		" dkim=fail {bad signature} header.i=[@newyork.example.com]"},
	{"RFC B.7",
		SLICE(" foo.example.net (foobar) 1 (baz);\r\n"
		      "    dkim (Because I like it) / 1 (One yay) = (wait for it) fail\r\n"
		      "      policy (A dot can go here) . (like that) expired\r\n"
		      "      (this surprised me) = (as I wasn't expecting it) 1362471462"),
		"foo.example.net; dkim=fail policy.expired=[1362471462]"},

	/* Writers in the wild. */
	{"OpenDKIM",
		SLICE(" mx.example.org;\r\n\tdkim=pass (2048-bit key; unprotected)"
		      " header.d=example.net header.i=@example.net header.a=rsa-sha256"
		      " header.s=s1 header.b=\"aB+/9z==\";\r\n\tdkim-atps=neutral"),
		"mx.example.org; dkim=pass header.d=[example.net] header.i=[@example.net]"
		" header.a=[rsa-sha256] header.s=[s1] header.b=[aB+/9z==]; dkim-atps=neutral"},
	{"OpenDKIM, bare base64",
		SLICE("mx.example.org; dkim=pass header.d=example.net header.b=aB+/9z=="),
		"mx.example.org; dkim=pass header.d=[example.net] header.b=[aB+/9z==]"},
	{"OpenDKIM with a job id", SLICE("mx.example.org/4Fx1; dkim=none"),
		"mx.example.org/4Fx1; dkim=none"},
	{"OpenDMARC",
		SLICE(" mx.example.org; dmarc=pass (p=none dis=none) header.from=example.net"),
		"mx.example.org; dmarc=pass header.from=[example.net]"},
	{"OpenDMARC, null sender", SLICE("mx.example.org; spf=none smtp.mailfrom=<>"),
		"mx.example.org; spf=none smtp.mailfrom=[<>]"},
	{"rspamd",
		SLICE(" mx.example.org;\n\tdkim=pass header.d=example.net header.s=s1"
		      " header.b=aBc1;\n\tspf=pass (mx.example.org: domain of alice@example.net"
		      " designates 192.0.2.1 as permitted sender)"
		      " smtp.mailfrom=alice@example.net;\n\tdmarc=pass (policy=none)"
		      " header.from=example.net;\n\tarc=pass (\"example.com:s=x:i=1\");\n"
		      "\tauth=pass smtp.auth=alice smtp.mailfrom=alice@example.org"),
		"mx.example.org; dkim=pass header.d=[example.net] header.s=[s1] header.b=[aBc1];"
		" spf=pass smtp.mailfrom=[alice@example.net]; dmarc=pass"
		" header.from=[example.net]; arc=pass; auth=pass smtp.auth=[alice]"
		" smtp.mailfrom=[alice@example.org]"},
	{"Exim",
		SLICE(" mx.example.org;\n\tiprev=pass (mail.example.net)"
		      " smtp.remote-ip=192.0.2.1;\n\tauth=pass (PLAIN) smtp.auth=alice"
		      " header.from=alice@example.org;\n\tarc=none"),
		"mx.example.org; iprev=pass smtp.remote-ip=[192.0.2.1]; auth=pass"
		" smtp.auth=[alice] header.from=[alice@example.org]; arc=none"},
	{"policyd-spf",
		SLICE(" mx.example.org; spf=pass (mailfrom) smtp.mailfrom=example.net"
		      " (client-ip=192.0.2.1; helo=h; envelope-from=a@example.net;"
		      " receiver=<UNKNOWN>)"),
		"mx.example.org; spf=pass smtp.mailfrom=[example.net]"},
	{"OpenARC",
		SLICE("mx.example.org; arc=pass smtp.remote-ip=192.0.2.1 arc.chain=a.example:b.example"),
		"mx.example.org; arc=pass smtp.remote-ip=[192.0.2.1]"
		" arc.chain=[a.example:b.example]"},
	{"Exim, quoted address", SLICE("h; iprev=fail policy.iprev=\"192.0.2.1\""),
		"h; iprev=fail policy.iprev=[192.0.2.1]"},
	{"amavis",
		SLICE(" mx.example.org (amavisd-new);\n dkim=pass (2048-bit key)\n"
		      " reason=\"pass (just generated, assumed good)\" header.d=example.net"),
		"mx.example.org; dkim=pass {pass (just generated, assumed good)}"
		" header.d=[example.net]"},
	{"Microsoft",
		SLICE(" mx.example.org 1; spf=pass (sender IP is 192.0.2.1)"
		      " smtp.mailfrom=example.net; dkim=pass (signature was verified)"
		      " header.d=example.net;dmarc=pass action=none"
		      " header.from=example.net;compauth=pass reason=100"),
		"mx.example.org; spf=pass smtp.mailfrom=[example.net]; dkim=pass"
		" header.d=[example.net]; dmarc=pass .action=[none] header.from=[example.net];"
		" compauth=pass {100}"},
	{"Gmail",
		SLICE(" mx.google.com;\r\n       dkim=pass header.i=@example.net header.s=s1"
		      " header.b=\"aB/c\";\r\n       spf=pass (google.com: domain of"
		      " alice@example.net designates 192.0.2.1 as permitted sender)"
		      " smtp.mailfrom=alice@example.net;\r\n       dmarc=pass (p=REJECT"
		      " sp=REJECT dis=NONE) header.from=example.net"),
		"mx.google.com; dkim=pass header.i=[@example.net] header.s=[s1] header.b=[aB/c];"
		" spf=pass smtp.mailfrom=[alice@example.net]; dmarc=pass"
		" header.from=[example.net]"},
	{"Fastmail",
		SLICE("mx1.example.com; dkim=pass (2048-bit rsa key sha256) header.d=example.net"
		      " x-bits=2048; dmarc=pass policy.published-domain-policy=none"
		      " (p=none,d=none,d.eval=none) header.from=example.net;"
		      " x-tls=pass smtp.version=TLSv1.3 smtp.bits=256/256"),
		"mx1.example.com; dkim=pass header.d=[example.net] .x-bits=[2048]; dmarc=pass"
		" policy.published-domain-policy=[none] header.from=[example.net]; x-tls=pass"
		" smtp.version=[TLSv1.3] smtp.bits=[256/256]"},
	{"Yahoo",
		SLICE("mta.example.com; domainkeys=neutral (no sig) from=example.net; dkim=pass (ok)"),
		"mta.example.com; domainkeys=neutral .from=[example.net]; dkim=pass"},

	/* Form. */
	{"no blanks", SLICE("h;dkim=pass(ok)header.d=\"x\"header.s=y;dmarc=pass(p=none)"),
		"h; dkim=pass header.d=[x] header.s=[y]; dmarc=pass"},
	{"blanks around everything", SLICE(" h ; dkim = pass header . d = x ; "),
		"h; dkim=pass header.d=[x]"},
	{"none with a semicolon", SLICE("h; None ;"), "h"},
	{"semicolon at the end", SLICE("h; dkim=pass;\r\n"), "h; dkim=pass"},
	{"no statement behind the semicolon", SLICE("h;"), "h"},
	{"quoted id", SLICE("\"mx \\\"1\\\"\" 1; none"), "mx \"1\""},
	{"comment before the id", SLICE("(x) h; none"), "h"},
	{"semicolon in a comment", SLICE("h; dkim=fail (bad; dkim=pass header.d=x) header.d=y"),
		"h; dkim=fail header.d=[y]"},
	{"semicolon in a reason", SLICE("h; dkim=fail reason=\"bad; dkim=pass\" header.d=y"),
		"h; dkim=fail {bad; dkim=pass} header.d=[y]"},
	{"nested comment and quoted pair",
		SLICE("h; dkim=fail (a (b; \\) dkim=pass) ; spf=pass ) ; spf=none"),
		"h; dkim=fail; spf=none"},
	{"quotes in a comment", SLICE("h; dkim=fail (\"a\" \\\") header.d=y"),
		"h; dkim=fail header.d=[y]"},
	{"parenthesis in a quote", SLICE("h; dkim=fail reason=\"(\" header.d=y"),
		"h; dkim=fail {(} header.d=[y]"},
	{"quoted pairs and fold in a value", SLICE("h; dkim=fail reason=\"a\\\"b\r\n c\""),
		"h; dkim=fail {a\"b c}"},
	{"quoted local part", SLICE("h; spf=pass smtp.mailfrom=\"a b\"@example.net"),
		"h; spf=pass smtp.mailfrom=[\"a b\"@example.net]"},
	{"empty values",
		SLICE("h; spf=none smtp.mailfrom=; dkim=pass header.d= ; arc=none x-a="),
		"h; spf=none smtp.mailfrom=[]; dkim=pass header.d=[]; arc=none .x-a=[]"},
	{"UTF-8", SLICE("h; spf=pass smtp.mailfrom=j\xc3\xb6rg@example.net"),
		"h; spf=pass smtp.mailfrom=[j\xc3\xb6rg@example.net]"},
	{"other version of a method", SLICE("h; dkim/2=pass header.d=x; dkim/1=fail"),
		"h; dkim=fail"},
};

Test(auth_results, reads_what_servers_write)
{
	for (size_t i = 0; i < ARRAY_LEN(valid_rows); i++) {
		struct auth_results results;

		cr_expect_eq(auth_results_parse(valid_rows[i].body, &arena, &results, NULL), 0,
			"%s", valid_rows[i].label);
		cr_expect_str_eq(summary(&results), valid_rows[i].expected, "%s: '%s'",
			valid_rows[i].label, dynbuf_cstr(&text));
	}
}

static const struct {
	const char *label;
	struct slice body;
	int ret;
	size_t offset;
	const char *id;
} invalid_rows[] = {
	{"empty", SLICE(" "), ERR_INVALID, 1, ""},
	{"a literal broken off", SLICE("h; spf=none smtp.mailfrom=[192.0.2.1; dkim=pass"),
		ERR_INVALID, 36, "h"},
	{"the rest of a literal", SLICE("h; spf=none smtp.mailfrom=[::1] header.x=]"),
		ERR_INVALID, 42, "h"},
	{"no id", SLICE("spf=pass smtp.mailfrom=x; dkim=pass"), ERR_INVALID, 3, ""},
	{"no semicolon", SLICE("h"), ERR_INVALID, 1, "h"},
	{"two ids", SLICE("h g; dkim=pass"), ERR_INVALID, 2, "h"},
	{"version 2", SLICE("h 2; dkim=pass"), ERR_UNSUPPORTED, 3, "h"},
	{"version 1x", SLICE("h 1x; dkim=pass"), ERR_INVALID, 4, "h"},
	{"none and a result", SLICE("h; none; dkim=pass"), ERR_INVALID, 7, "h"},
	{"result, then none", SLICE("h; dkim=pass; none"), ERR_INVALID, 18, "h"},
	{"two semicolons", SLICE("h; dkim=pass;; spf=pass"), ERR_INVALID, 13, "h"},
	{"no result", SLICE("h; dkim"), ERR_INVALID, 7, "h"},
	{"empty result", SLICE("h; dkim=; spf=pass"), ERR_INVALID, 8, "h"},
	{"quoted result", SLICE("h; dkim=\"pass\""), ERR_INVALID, 8, "h"},
	{"result behind a result", SLICE("h; dkim=pass dkim=fail"), ERR_INVALID, 22, "h"},
	{"comma for a semicolon", SLICE("h; dkim=pass, spf=pass"), ERR_INVALID, 12, "h"},
	{"property without value", SLICE("h; dkim=pass header.d; spf=pass"), ERR_INVALID, 21,
		"h"},
	{"property without name", SLICE("h; dkim=pass header.=x"), ERR_INVALID, 20, "h"},
	{"empty value or two properties", SLICE("h; spf=pass smtp.mailfrom= header.d=x"),
		ERR_INVALID, 37, "h"},
	{"unclosed comment", SLICE("h; dkim=pass (header.d=x"), ERR_INVALID, 13, "h"},
	{"comment closed too often", SLICE("h; dkim=fail (x)) header.d=y"), ERR_INVALID, 16,
		"h"},
	{"comment ended by a quoted address in it",
		SLICE("h; spf=pass (h: domain of \"a) smtp.mailfrom=x; dkim=pass header.d=y;"
		      " arc=none (\"@example.com designates 192.0.2.1) smtp.mailfrom=z"),
		ERR_INVALID, 130, "h"},
	{"unclosed quote", SLICE("h; dkim=pass; spf=fail reason=\"x"), ERR_INVALID, 30, "h"},
	{"quote in a bare value", SLICE("h; dkim=pass header.d=x\"y\""), ERR_INVALID, 23, "h"},
	{"backslash in a bare value", SLICE("h; dkim=pass header.d=x\\;y"), ERR_INVALID, 23,
		"h"},
	{"NUL", SLICE("h; dkim=pass\0; spf=pass"), ERR_INVALID, 12, "h"},
	{"NUL in a comment", SLICE("h; dkim=pass (\0)"), ERR_INVALID, 14, "h"},
	{"bare CR", SLICE("h; dkim=pass\rheader.d=x"), ERR_INVALID, 12, "h"},
};

Test(auth_results, gives_no_results_for_a_broken_field)
{
	for (size_t i = 0; i < ARRAY_LEN(invalid_rows); i++) {
		struct err_msg msg = {.offset = 0};
		struct auth_results results;

		cr_expect_eq(auth_results_parse(invalid_rows[i].body, &arena, &results, &msg),
			invalid_rows[i].ret, "%s", invalid_rows[i].label);
		cr_expect_eq(msg.offset, invalid_rows[i].offset, "%s: %zu",
			invalid_rows[i].label, msg.offset);
		cr_expect_str_eq(
			summary(&results), invalid_rows[i].id, "%s", invalid_rows[i].label);
	}
}

static const struct {
	const char *word;
	enum auth_result_code code;
} code_rows[] = {
	{"none", AUTH_RESULT_NONE},
	{"PASS", AUTH_RESULT_PASS},
	{"fail", AUTH_RESULT_FAIL},
	{"hardfail", AUTH_RESULT_FAIL},
	{"SoftFail", AUTH_RESULT_SOFTFAIL},
	{"neutral", AUTH_RESULT_NEUTRAL},
	{"policy", AUTH_RESULT_POLICY},
	{"temperror", AUTH_RESULT_TEMPERROR},
	{"permerror", AUTH_RESULT_PERMERROR},
	{"passed", AUTH_RESULT_OTHER},
	{"bestguesspass", AUTH_RESULT_OTHER},
};

Test(auth_results, knows_the_result_words_in_any_case)
{
	for (size_t i = 0; i < ARRAY_LEN(code_rows); i++) {
		struct auth_results results;

		dynbuf_reset(&text);
		dynbuf_printf(&text, "h; DKIM=%s", code_rows[i].word);
		cr_assert_eq(
			auth_results_parse(dynbuf_slice(&text), &arena, &results, NULL), 0);
		cr_assert_eq(results.count, 1);
		cr_expect_eq(
			results.results[0].code, code_rows[i].code, "%s", code_rows[i].word);
		cr_expect(auth_result_is(&results.results[0], SLICE("dkim")));
		cr_expect_not(auth_result_is(&results.results[0], SLICE("dkim-adsp")));
	}
}

Test(auth_results, finds_properties_and_refuses_to_choose)
{
	struct slice body = SLICE("h; dkim=pass Header.D=x header.s=a header.s=b header.i=@x"
				  " header.i=@x smtp.s=c");
	struct auth_results results;
	struct slice value = SLICE("untouched");

	cr_assert_eq(auth_results_parse(body, &arena, &results, NULL), 0);
	cr_expect_not(
		auth_result_property(&results.results[0], SLICE("header"), SLICE("s"), &value));
	cr_expect_not(
		auth_result_property(&results.results[0], SLICE("header"), SLICE("b"), &value));
	cr_expect(slice_eq(value, SLICE("untouched")));
	cr_expect(
		auth_result_property(&results.results[0], SLICE("header"), SLICE("d"), &value));
	cr_expect(slice_eq(value, SLICE("x")));
	cr_expect(
		auth_result_property(&results.results[0], SLICE("header"), SLICE("i"), &value));
	cr_expect(slice_eq(value, SLICE("@x")));
	cr_expect(auth_result_property(&results.results[0], SLICE("smtp"), SLICE("s"), &value));
	cr_expect(slice_eq(value, SLICE("c")));
}

/* parse_repeated - "h" and count times the piece */
static int
parse_repeated(const char *start, const char *piece, size_t count)
{
	struct auth_results results;
	int ret;

	dynbuf_reset(&text);
	dynbuf_add_str(&text, start);
	for (size_t i = 0; i < count; i++) {
		dynbuf_add_str(&text, piece);
	}
	ret = auth_results_parse(dynbuf_slice(&text), &arena, &results, NULL);
	cr_expect_eq(results.count > 0, ret == 0);
	return ret;
}

Test(auth_results, is_bounded)
{
	cr_expect_eq(parse_repeated("h", "; dkim=pass", AUTH_RESULTS_MAX), 0);
	cr_expect_eq(parse_repeated("h", "; dkim=pass", AUTH_RESULTS_MAX + 1), ERR_TOOBIG);
	cr_expect_eq(parse_repeated("h; dkim=pass", " header.d=x", AUTH_PROPERTIES_MAX), 0);
	cr_expect_eq(parse_repeated("h; dkim=pass", " header.d=x", AUTH_PROPERTIES_MAX + 1),
		ERR_TOOBIG);
	cr_expect_eq(parse_repeated("h; dkim=pass ", "(", 17), ERR_TOOBIG);
}

Test(auth_results, reports_an_exhausted_arena)
{
	struct slice body = SLICE("h; dkim=pass reason=\"\\x\" header.d=x header.s=y");
	struct auth_results results;
	size_t size = 0;
	int ret = ERR_NOMEM;

	/* Every allocation fails once; the last size is enough. */
	for (; ret == ERR_NOMEM && size < 4096; size += 16) {
		struct arena small;

		arena_init(&small, size);
		ret = auth_results_parse(body, &small, &results, NULL);
		cr_expect_eq(results.count, ret == 0 ? 1 : 0, "size %zu", size);
		arena_fini(&small);
	}
	cr_expect_eq(ret, 0);
	cr_expect_gt(size, 64);
}

Test(auth_results, holds_its_promises_for_near_misses)
{
	for (size_t i = 0; i < ARRAY_LEN(valid_rows); i++) {
		mutate_truncations(valid_rows[i].body, check_auth_results);
		mutate_bytes(valid_rows[i].body, check_auth_results);
	}
	for (size_t i = 0; i < ARRAY_LEN(invalid_rows); i++) {
		mutate_bytes(invalid_rows[i].body, check_auth_results);
	}
}
