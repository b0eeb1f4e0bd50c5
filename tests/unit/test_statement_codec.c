/*
 * Properties of the codec; the single refusals are rows of tests/golden/statement/refused.txt.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>

#include "common/base/encoding.h"
#include "common/statement/issue.h"

#define NOW_S 1767225600

static struct rng_seeded_state rng_state;
static struct rng rng;
static struct keypair *root;
static struct keypair *device;
static struct issuer by_device;

static void
make_keys(void)
{
	rng = rng_seeded(&rng_state, 1);
	cr_assert_eq(keypair_generate(&rng, &root), 0);
	cr_assert_eq(keypair_generate(&rng, &device), 0);
	by_device = (struct issuer){.signer = device, .now_s = NOW_S, .aud = STATEMENT_OPEN};
	public_key_thumbprint(keypair_public(root), &by_device.identity);
}

static void
free_keys(void)
{
	keypair_free(root);
	keypair_free(device);
}

TestSuite(statement, .init = make_keys, .fini = free_keys);

static struct principal
principal_of(const char *text)
{
	struct principal p;

	cr_assert_eq(principal_parse(slice_str(text), false, &p, NULL), 0, "%s", text);
	return p;
}

static void
make_vouch(struct issued *out)
{
	struct principal bob = principal_of("addr:bob@example.net");
	struct err_msg msg = {0};

	cr_assert_eq(issue_vouch(&by_device, 1, &bob, TRUST_LEVEL_ORDINARY, out, &msg), 0, "%s",
		msg.text);
}

Test(statement, decoding_gives_back_what_was_said)
{
	struct issued made;
	struct statement st;
	struct err_msg msg = {0};

	make_vouch(&made);
	cr_assert_eq(statement_open(issued_slice(&made), &st, &msg), 0, "%s", msg.text);
	cr_expect_eq(st.act, STATEMENT_VOUCH);
	cr_expect_eq(st.aud, STATEMENT_OPEN);
	cr_expect_eq(st.why, STATEMENT_WHY_NONE);
	cr_expect_eq(st.lvl, TRUST_LEVEL_ORDINARY);
	cr_expect_str_eq(st.iss.text, by_device.identity.text);
	cr_expect_arr_eq(st.key.bytes, keypair_public(device)->bytes, IDENTITY_KEY_LEN);
	cr_expect_str_eq(st.sub.text, "addr:bob@example.net");
	cr_expect_eq(st.seq, 1);
	cr_expect_eq(st.iat, NOW_S);
	cr_expect_eq(st.exp, NOW_S + STATEMENT_LIFETIME_MAX_S);
	cr_expect_eq(st.since, 0);
	cr_expect(digest_eq(&st.id, &made.st.id), "encoding tells the same id");
}

Test(statement, the_id_covers_header_and_payload_without_the_signature)
{
	struct issued made;
	struct digest id;

	make_vouch(&made);
	digest_sha256(slice_take(issued_slice(&made), made.jws_len - 87), &id);
	cr_assert(digest_eq(&id, &made.st.id));
}

Test(statement, every_truncation_is_refused)
{
	struct issued made;
	struct statement st;

	make_vouch(&made);
	for (size_t len = 0; len < made.jws_len; len++) {
		cr_expect_neq(statement_open(slice_take(issued_slice(&made), len), &st, NULL),
			0, "length %zu", len);
	}
}

Test(statement, every_other_byte_in_every_place_is_refused)
{
	struct issued made;
	struct statement st;

	make_vouch(&made);
	for (size_t i = 0; i < made.jws_len; i++) {
		char was = made.jws[i];

		/* All values of a byte where nothing is verified, a few where a signature is. */
		for (unsigned int flip = 1; flip < 256;
			flip += i < made.jws_len - 87 ? 5 : 11) {
			made.jws[i] = (char)((unsigned char)was ^ flip);
			cr_expect_neq(statement_open(issued_slice(&made), &st, NULL), 0,
				"byte %zu xor %02x", i, flip);
		}
		made.jws[i] = was;
	}
	cr_assert_eq(statement_open(issued_slice(&made), &st, NULL), 0);
}

/* random_statement - one of any act the rules allow, drawn from rng */
static void
random_statement(struct statement *st)
{
	static const char *const subjects[] = {"addr:bob@example.net", "dom:example.net",
		"list:dev.example.org", "addr:\"a \\\"b\\\" \\\\\"@example.net",
		"id:kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"};
	static const enum statement_act acts[] = {
		STATEMENT_VOUCH, STATEMENT_BLOCK, STATEMENT_WARN};

	*st = (struct statement){
		.act = acts[rng_below(&rng, ARRAY_LEN(acts))],
		.aud = (enum statement_aud)rng_below(&rng, 2),
		.why = (enum statement_why)rng_below(&rng, STATEMENT_WHY_SLANDER + 1),
		.lvl = (uint8_t)rng_below(&rng, TRUST_LEVEL_STRONG + 1),
		.iss = by_device.identity,
		.sub = principal_of(subjects[rng_below(&rng, ARRAY_LEN(subjects))]),
		.seq = rng_below(&rng, (uint64_t)1 << 63),
		.iat = rng_below(&rng, STATEMENT_TIME_MAX_S - STATEMENT_LIFETIME_MAX_S),
	};
	st->exp = st->iat + 1 + rng_below(&rng, STATEMENT_WARN_LIFETIME_MAX_S);
	if (st->act == STATEMENT_WARN) {
		st->aud = STATEMENT_PEERS;
	}
}

static bool
is_equal(const struct statement *a, const struct statement *b)
{
	return a->act == b->act && a->aud == b->aud && a->why == b->why && a->lvl == b->lvl &&
	       thumbprint_eq(&a->iss, &b->iss) &&
	       memcmp(&a->key, &b->key, sizeof(a->key)) == 0 &&
	       strcmp(a->sub.text, b->sub.text) == 0 && a->seq == b->seq && a->iat == b->iat &&
	       a->exp == b->exp && digest_eq(&a->id, &b->id);
}

Test(statement, decoding_undoes_encoding)
{
	const char *given = getenv("TEST_SEED");
	uint64_t seed = given == NULL ? 20260101 : strtoull(given, NULL, 10);

	rng = rng_seeded(&rng_state, seed);
	for (int i = 0; i < 500; i++) {
		struct statement st;
		struct statement back;
		struct err_msg msg = {0};
		struct dynbuf jws;

		random_statement(&st);
		dynbuf_init(&jws, STATEMENT_MAX);
		cr_assert_eq(statement_encode(&st, device, &jws, &msg), 0, "seed %ju, %d: %s",
			(uintmax_t)seed, i, msg.text);
		cr_assert_eq(statement_open(dynbuf_slice(&jws), &back, &msg), 0,
			"seed %ju, %d: %s", (uintmax_t)seed, i, msg.text);
		cr_assert(is_equal(&st, &back), "seed %ju, %d: %s", (uintmax_t)seed, i,
			(const char *)dynbuf_cstr(&jws));
		dynbuf_fini(&jws);
	}
}

Test(statement, encoding_appends_and_leaves_the_buffer_alone_on_failure)
{
	struct issued made;
	struct dynbuf out;
	struct err_msg msg = {0};

	make_vouch(&made);
	dynbuf_init(&out, 3 + STATEMENT_MAX);
	dynbuf_add_str(&out, "abc");
	made.st.lvl = 4;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), ERR_RANGE);
	cr_expect(slice_eq(dynbuf_slice(&out), SLICE("abc")));
	made.st.lvl = 2;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), 0, "%s", msg.text);
	cr_expect(slice_eq(slice_skip(dynbuf_slice(&out), 3), issued_slice(&made)));
	dynbuf_fini(&out);
}

Test(statement, what_we_would_refuse_is_not_written)
{
	struct issued made;
	struct dynbuf out;
	struct err_msg msg = {0};

	make_vouch(&made);
	dynbuf_init(&out, STATEMENT_MAX);
	made.st.exp = 0;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), ERR_INVALID, "no exp");
	made.st.exp = NOW_S + STATEMENT_LIFETIME_MAX_S + 1;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), ERR_RANGE, "too long");
	made.st.exp = NOW_S + 1;
	made.st.since = 1;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), ERR_INVALID, "since");
	made.st.since = 0;
	made.st.seq = UINT64_MAX;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), ERR_RANGE, "seq");
	made.st.seq = 1;
	made.st.act = STATEMENT_IDENTITY;
	cr_expect_eq(statement_encode(&made.st, device, &out, &msg), ERR_INVALID, "identity");
	cr_expect_eq(dynbuf_slice(&out).len, 0);
	dynbuf_fini(&out);
}

Test(statement, the_offset_points_at_the_broken_json)
{
	static const char payload[] = "{\"ver\":1,\"act\":\"vouch\",,}";
	char jws[STATEMENT_MAX + 1] = "eyJhbGciOiJFZDI1NTE5IiwidHlwIjoidHJ1c3Qrand0In0.";
	size_t start = strlen(jws);
	struct statement st;
	struct err_msg msg = {0};

	base64url_encode(slice_str(payload), jws + start);
	(void)snprintf(jws + strlen(jws), 88, ".%086d", 0);
	cr_assert_eq(statement_decode(slice_str(jws), &st, &msg), ERR_INVALID);
	cr_expect_eq(msg.offset, start + 23 * 4 / 3, "%zu", msg.offset);
}

static const struct {
	const char *label;
	uint64_t now_s;
	uint64_t skew_s;
	bool current;
} moments[] = {
	{"at its beginning", NOW_S, 0, true},
	{"a second before", NOW_S - 1, 0, false},
	{"before, within the skew", NOW_S - 300, 300, true},
	{"before, beyond the skew", NOW_S - 301, 300, false},
	{"in its last second", NOW_S + 99, 0, true},
	{"at its end", NOW_S + 100, 0, false},
	{"at its end, skew or not", NOW_S + 100, 300, false},
	{"at the end of time", UINT64_MAX, UINT64_MAX, false},
};

Test(statement, is_current_from_iat_until_exp)
{
	const struct statement st = {.iat = NOW_S, .exp = NOW_S + 100};
	const struct statement endless = {.act = STATEMENT_REVOKE, .iat = NOW_S};

	for (size_t i = 0; i < ARRAY_LEN(moments); i++) {
		cr_expect_eq(statement_is_current(&st, moments[i].now_s, moments[i].skew_s),
			moments[i].current, "%s", moments[i].label);
	}
	cr_expect(statement_is_current(&endless, UINT64_MAX, 0), "revocations never end");
}

Test(statement, level_0_withdraws_only_where_there_are_levels)
{
	cr_expect(statement_is_withdrawal(&(struct statement){.act = STATEMENT_VOUCH}));
	cr_expect(statement_is_withdrawal(&(struct statement){.act = STATEMENT_BLOCK}));
	cr_expect(statement_is_withdrawal(&(struct statement){.act = STATEMENT_BIND}));
	cr_expect_not(statement_is_withdrawal(&(struct statement){.act = STATEMENT_REVOKE}));
	cr_expect_not(statement_is_withdrawal(&(struct statement){.act = STATEMENT_IDENTITY}));
	cr_expect_not(
		statement_is_withdrawal(&(struct statement){.act = STATEMENT_VOUCH, .lvl = 1}));
}

Test(statement, names_are_read_back)
{
	for (int act = STATEMENT_IDENTITY; act <= STATEMENT_INTRODUCE; act++) {
		enum statement_act back;
		const char *name = statement_act_name((enum statement_act)act);

		cr_expect_eq(statement_act_parse(slice_str(name), &back), 0, "%s", name);
		cr_expect_eq(back, act, "%s", name);
	}
	for (int why = STATEMENT_WHY_SPAM; why <= STATEMENT_WHY_SLANDER; why++) {
		enum statement_why back;
		const char *name = statement_why_name((enum statement_why)why);

		cr_expect_eq(statement_why_parse(slice_str(name), &back), 0, "%s", name);
		cr_expect_eq(back, why, "%s", name);
	}
}

static const struct {
	const char *text;
	int code;
	unsigned int level;
} levels[] = {
	{"weak", 0, 1},
	{"ordinary", 0, 2},
	{"strong", 0, 3},
	{"1", 0, 1},
	{"3", 0, 3},
	{"0", ERR_INVALID, 0},
	{"none", ERR_INVALID, 0},
	{"4", ERR_INVALID, 0},
	{"Strong", ERR_INVALID, 0},
	{"", ERR_INVALID, 0},
	{"2 ", ERR_INVALID, 0},
};

Test(statement, levels_are_read_by_name_and_number)
{
	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		unsigned int level = 0;

		cr_expect_eq(trust_level_parse(slice_str(levels[i].text), &level),
			levels[i].code, "%s", levels[i].text);
		cr_expect_eq(level, levels[i].level, "%s", levels[i].text);
	}
}
