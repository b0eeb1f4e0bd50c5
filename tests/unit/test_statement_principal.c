#include <criterion/criterion.h>

#include "common/base/encoding.h"
#include "common/statement/principal.h"

#define NAME "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

static const struct {
	const char *label;
	const char *text;
	bool fold;
	enum principal_kind kind;
	const char *canonical;
} valid[] = {
	{"identity", "id:" NAME, false, PRINCIPAL_ID, "id:" NAME},
	{"key", "key:" NAME, false, PRINCIPAL_KEY, "key:" NAME},
	{"statement", "stmt:" NAME, false, PRINCIPAL_STMT, "stmt:" NAME},
	{"address", "addr:bob@example.net", false, PRINCIPAL_ADDR, "addr:bob@example.net"},
	{"domain in capitals", "addr:bob@EXAMPLE.net", false, PRINCIPAL_ADDR,
		"addr:bob@example.net"},
	{"local part kept", "addr:Bob@example.net", false, PRINCIPAL_ADDR,
		"addr:Bob@example.net"},
	{"local part folded", "addr:Bob@example.net", true, PRINCIPAL_ADDR,
		"addr:bob@example.net"},
	{"quotes that are not needed", "addr:\"bob\"@example.net", false, PRINCIPAL_ADDR,
		"addr:bob@example.net"},
	{"domain", "dom:example.net", false, PRINCIPAL_DOM, "dom:example.net"},
	{"domain with U-labels",
		"dom:B\xc3\xbc"
		"cher.example",
		false, PRINCIPAL_DOM, "dom:xn--bcher-kva.example"},
	{"list", "list:dev.lists.example.org", false, PRINCIPAL_LIST,
		"list:dev.lists.example.org"},
	{"list in capitals", "list:Dev.Lists.Example.org", false, PRINCIPAL_LIST,
		"list:dev.lists.example.org"},
	{"list with special characters", "list:a+b=c~d.example.org", false, PRINCIPAL_LIST,
		"list:a+b=c~d.example.org"},
	{"list without a dot", "list:dev", false, PRINCIPAL_LIST, "list:dev"},
};

Test(principal, texts_are_made_canonical)
{
	for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
		struct principal p;
		struct err_msg msg = {0};

		cr_assert_eq(principal_parse(slice_str(valid[i].text), valid[i].fold, &p, &msg),
			0, "%s: %s", valid[i].label, msg.text);
		cr_expect_eq(p.kind, valid[i].kind, "%s", valid[i].label);
		cr_expect_str_eq(p.text, valid[i].canonical, "%s", valid[i].label);
		cr_expect_eq(p.len, strlen(valid[i].canonical), "%s", valid[i].label);
	}
}

Test(principal, canonical_texts_stay_as_they_are)
{
	for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
		struct principal p;

		cr_assert_eq(
			principal_parse(slice_str(valid[i].canonical), valid[i].fold, &p, NULL),
			0);
		cr_expect_str_eq(p.text, valid[i].canonical, "%s", valid[i].label);
	}
}

static const struct {
	const char *label;
	struct slice text;
	int code;
} invalid[] = {
	{"empty", {(const uint8_t *)"", 0}, ERR_INVALID},
	{"no kind", {(const uint8_t *)"bob@example.net", 15}, ERR_INVALID},
	{"unknown kind", {(const uint8_t *)"mail:bob@example.net", 20}, ERR_INVALID},
	{"kind in capitals", {(const uint8_t *)"DOM:example.net", 15}, ERR_INVALID},
	{"sealed", {(const uint8_t *)"seal:AAAA", 9}, ERR_UNSUPPORTED},
	{"only a kind", {(const uint8_t *)"dom:", 4}, ERR_INVALID},
	{"address without domain", {(const uint8_t *)"addr:bob", 8}, ERR_INVALID},
	{"address literal as domain", {(const uint8_t *)"dom:[192.0.2.1]", 15}, ERR_INVALID},
	{"NUL in a domain", {(const uint8_t *)"dom:exa\0mple.net", 16}, ERR_INVALID},
	{"NUL in a list", {(const uint8_t *)"list:a\0b.example.org", 20}, ERR_INVALID},
	{"empty list", {(const uint8_t *)"list:", 5}, ERR_INVALID},
	{"list with a leading dot", {(const uint8_t *)"list:.example", 13}, ERR_INVALID},
	{"list with a trailing dot", {(const uint8_t *)"list:example.", 13}, ERR_INVALID},
	{"list in angle brackets", {(const uint8_t *)"list:<a.example>", 16}, ERR_INVALID},
	{"list beyond ASCII", {(const uint8_t *)"list:\xc3\xbc.example", 15}, ERR_INVALID},
	{"short thumbprint", {(const uint8_t *)"id:" NAME, 45}, ERR_INVALID},
	{"long thumbprint", {(const uint8_t *)"id:" NAME "A", 47}, ERR_INVALID},
};

Test(principal, malformed_texts_are_refused_with_a_reason)
{
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		struct principal p;
		struct err_msg msg = {0};

		cr_expect_eq(principal_parse(invalid[i].text, true, &p, &msg), invalid[i].code,
			"%s", invalid[i].label);
		cr_expect_neq(msg.text[0], '\0', "%s", invalid[i].label);
		cr_expect_eq(principal_parse(invalid[i].text, true, &p, NULL), invalid[i].code,
			"%s, without a message", invalid[i].label);
	}
}

Test(principal, every_truncation_is_refused_or_shorter_but_valid)
{
	for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
		struct slice text = slice_str(valid[i].text);

		for (size_t len = 0; len < text.len; len++) {
			struct principal p;

			if (principal_parse(slice_take(text, len), false, &p, NULL) == 0) {
				cr_expect_leq(
					p.len, PRINCIPAL_TEXT_MAX - 1, "%s", valid[i].label);
				cr_expect_eq(p.text[p.len], '\0', "%s", valid[i].label);
			}
		}
	}
}

Test(principal, a_list_id_has_at_most_255_bytes)
{
	char text[5 + 256 + 1] = "list:";
	struct principal p;

	memset(text + 5, 'x', 256);
	cr_expect_eq(principal_parse(slice_of(text, 5 + 255), false, &p, NULL), 0);
	cr_expect_eq(p.len, 5 + 255);
	cr_expect_eq(principal_parse(slice_of(text, 5 + 256), false, &p, NULL), ERR_TOOBIG);
}

static const struct {
	const char *text;
	const char *canonical;
} typed[] = {
	{"bob@example.net", "addr:bob@example.net"},
	{"Bob@Example.NET", "addr:bob@example.net"},
	{"\"a@b\"@example.net", "addr:\"a@b\"@example.net"},
	{"example.net", "dom:example.net"},
	{"@example.net", "dom:example.net"},
	{"dom:example.net", "dom:example.net"},
	{"addr:bob@example.net", "addr:bob@example.net"},
	{"list:dev.example.org", "list:dev.example.org"},
	{"id:" NAME, "id:" NAME},
};

Test(principal, what_people_type_is_understood)
{
	for (size_t i = 0; i < ARRAY_LEN(typed); i++) {
		struct principal p;
		struct err_msg msg = {0};

		cr_assert_eq(principal_parse_human(slice_str(typed[i].text), true, &p, &msg), 0,
			"%s: %s", typed[i].text, msg.text);
		cr_expect_str_eq(p.text, typed[i].canonical, "%s", typed[i].text);
	}
}

Test(principal, what_people_mistype_is_refused)
{
	static const char *const texts[] = {"", "@", "bob@", "bob@@example.net",
		"bob example.net", "addr:", "seal:x", "https://example.net"};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct principal p;
		struct err_msg msg = {0};

		cr_expect_neq(principal_parse_human(slice_str(texts[i]), true, &p, &msg), 0,
			"%s", texts[i]);
		cr_expect_neq(msg.text[0], '\0', "%s", texts[i]);
	}
}

Test(principal, digest_is_that_of_the_whole_text)
{
	struct principal p;
	struct digest digest;
	char hex[2 * DIGEST_LEN + 1];

	cr_assert_eq(principal_parse(SLICE("addr:bob@example.net"), false, &p, NULL), 0);
	principal_digest(&p, &digest);
	hex_encode(digest_slice(&digest), hex);
	/* printf addr:bob@example.net | sha256sum */
	cr_expect_str_eq(
		hex, "5a1e1f81aa1cbd87ab192e21125b346f132b771b8647e42bfa9f479cee9b8f76");
	cr_expect(slice_eq(principal_value(&p), SLICE("bob@example.net")));
}

Test(principal, an_identity_is_made_of_its_thumbprint)
{
	struct principal p;

	cr_assert_eq(principal_from_thumbprint(SLICE(NAME), &p), 0);
	cr_expect_str_eq(p.text, "id:" NAME);
	cr_expect_eq(principal_from_thumbprint(SLICE("short"), &p), ERR_INVALID);
}

Test(principal, an_address_is_taken_as_it_is)
{
	char text[PRINCIPAL_TEXT_MAX];
	struct principal made;
	struct principal parsed;

	cr_assert_eq(principal_from_address(SLICE("bob@example.net"), &made), 0);
	cr_assert_eq(principal_parse(SLICE("addr:bob@example.net"), false, &parsed, NULL), 0);
	cr_expect(slice_eq(principal_slice(&made), principal_slice(&parsed)));
	cr_expect_eq(made.kind, PRINCIPAL_ADDR);
	memset(text, 'a', sizeof(text));
	cr_expect_eq(principal_from_address(slice_of(text, sizeof(text)), &made), ERR_TOOBIG);
}
