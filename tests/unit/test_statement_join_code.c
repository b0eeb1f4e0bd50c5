#include <criterion/criterion.h>

#include "common/statement/join_code.h"
#include "tests/support/people.h"

#define NOW 1800000000U

static struct person alice;
static struct rng_seeded_state state;
static struct rng rng;
static struct join_code code;

static void
setup(void)
{
	person_make(&alice, 1);
	rng = rng_seeded(&state, 3);
	cr_assert_eq(join_code_make(&alice.identity, NOW, &rng, &code), 0);
}

static void
teardown(void)
{
	person_fini(&alice);
}

TestSuite(statement_join_code, .init = setup, .fini = teardown);

static struct dynbuf
request_for(const struct join_code *answered, const char *label)
{
	struct err_msg msg = {0};
	struct dynbuf out;

	dynbuf_init(&out, JOIN_LINE_MAX);
	cr_assert_eq(
		join_request_make(answered, alice.keys[BY_PHONE], slice_str(label), &out, &msg),
		0, "%s", msg.text);
	return out;
}

static int
check(struct slice text, uint64_t now_s)
{
	struct join_request request;
	struct err_msg msg = {0};
	int rc = join_request_parse(text, &request, &msg);

	return rc == 0 ? join_request_check(text, &request, &code, now_s, &msg) : rc;
}

Test(statement_join_code, a_code_reads_as_it_was_written)
{
	struct join_code back;
	struct err_msg msg = {0};
	struct dynbuf line;

	dynbuf_init(&line, JOIN_LINE_MAX);
	cr_assert_eq(join_code_print(&code, &line), 0);
	for (size_t len = 0; len < dynbuf_slice(&line).len; len++) {
		cr_assert_eq(join_code_parse(slice_take(dynbuf_slice(&line), len), &back, &msg),
			ERR_INVALID, "%zu", len);
	}
	(void)dynbuf_add(&line, SLICE("\r\n"));
	cr_assert_eq(join_code_parse(dynbuf_slice(&line), &back, &msg), 0);
	cr_assert(thumbprint_eq(&back.identity, &alice.identity));
	cr_assert_eq(back.expires_s, NOW + 600);
	cr_assert_arr_eq(back.secret, code.secret, sizeof(code.secret));
	dynbuf_fini(&line);
}

Test(statement_join_code, a_request_answers_its_code_within_ten_minutes)
{
	struct dynbuf line = request_for(&code, "Alice's phone");
	struct join_request request;
	struct err_msg msg = {0};

	cr_assert_eq(
		join_request_parse(dynbuf_slice(&line), &request, &msg), 0, "%s", msg.text);
	cr_assert_str_eq(request.label, "Alice's phone");
	cr_assert_arr_eq(request.key.bytes, keypair_public(alice.keys[BY_PHONE])->bytes,
		IDENTITY_KEY_LEN);
	cr_assert_eq(check(dynbuf_slice(&line), NOW + 599), 0);
	cr_assert_eq(check(dynbuf_slice(&line), NOW + 600), ERR_EXPIRED);
	dynbuf_fini(&line);
}

Test(statement_join_code, an_answer_to_another_code_is_refused)
{
	struct join_code other;
	struct dynbuf line;

	cr_assert_eq(join_code_make(&alice.identity, NOW, &rng, &other), 0);
	line = request_for(&other, "");
	cr_assert_eq(check(dynbuf_slice(&line), NOW), ERR_SIGNATURE);
	dynbuf_fini(&line);
}

Test(statement_join_code, no_character_of_a_request_can_be_changed)
{
	struct dynbuf line = request_for(&code, "phone");
	struct slice whole = dynbuf_slice(&line);
	uint8_t changed[JOIN_LINE_MAX];

	for (size_t i = 0; i < whole.len; i++) {
		memcpy(changed, whole.data, whole.len);
		changed[i] = changed[i] == 'Q' ? 'g' : 'Q';
		cr_assert_neq(check(slice_of(changed, whole.len), NOW), 0, "at %zu", i);
		cr_assert_neq(check(slice_take(whole, i), NOW), 0, "cut at %zu", i);
	}
	dynbuf_fini(&line);
}

Test(statement_join_code, labels_are_text)
{
	static const struct {
		const char *name;
		struct slice label;
		int rc;
	} rows[] = {
		{"none", SLICE(""), 0},
		{"umlauts", SLICE("B\xc3\xbcro"), 0},
		{"control", SLICE("a\033[0m"), ERR_INVALID},
		{"no UTF-8", SLICE("\xff"), ERR_INVALID},
		{"long",
			SLICE("0123456789012345678901234567890123456789012345678901234567890123"),
			0},
		{"too long",
			SLICE("01234567890123456789012345678901234567890123456789012345678901234"),
			ERR_INVALID},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct err_msg msg = {0};
		struct dynbuf out;

		dynbuf_init(&out, JOIN_LINE_MAX);
		cr_assert_eq(join_request_make(
				     &code, alice.keys[BY_PHONE], rows[i].label, &out, &msg),
			rows[i].rc, "%s", rows[i].name);
		cr_assert(rows[i].rc != 0 || check(dynbuf_slice(&out), NOW) == 0, "%s",
			rows[i].name);
		dynbuf_fini(&out);
	}
}
