#include <criterion/criterion.h>

#include "common/statement/paper.h"
#include "tests/support/people.h"

#define NOW 1800000000U

static struct person alice;

static void
setup(void)
{
	person_make(&alice, 1);
}

static void
teardown(void)
{
	person_fini(&alice);
}

TestSuite(statement_paper, .init = setup, .fini = teardown);

static struct issued
make(void)
{
	struct issuer by = {alice.identity, alice.keys[BY_ROOT], NOW, STATEMENT_OPEN, NULL};
	struct err_msg msg = {0};
	struct issued paper;

	cr_assert_eq(paper_make(&by, &paper, &msg), 0, "%s", msg.text);
	return paper;
}

Test(statement_paper, what_is_typed_from_paper_is_the_same_statement)
{
	struct issued paper = make();
	struct issued back;
	struct err_msg msg = {0};
	struct dynbuf typed;

	cr_assert_eq(paper_open(issued_slice(&paper), &back, &msg), 0, "without the prefix");
	dynbuf_init(&typed, PAPER_TEXT_MAX);
	(void)dynbuf_add(&typed, SLICE("  trust:"));
	for (size_t i = 0; i < paper.jws_len; i++) {
		(void)dynbuf_add_byte(&typed, (uint8_t)paper.jws[i]);
		if (i % 40 == 0) {
			(void)dynbuf_add(&typed, SLICE(" \r\n\t"));
		}
	}
	cr_assert_eq(paper_open(dynbuf_slice(&typed), &back, &msg), 0, "%s", msg.text);
	cr_assert(digest_eq(&back.st.id, &paper.st.id));
	cr_assert_eq(back.st.since, (uint64_t)INT64_MAX);
	cr_assert(statement_is_by_root(&back.st));
	cr_assert(slice_eq(issued_slice(&back), issued_slice(&paper)));
	dynbuf_fini(&typed);
}

Test(statement_paper, it_fits_a_qr_code_that_phones_read)
{
	struct issued paper = make();

	cr_assert_lt(paper.jws_len, 600);
}

Test(statement_paper, other_statements_and_damaged_ones_are_refused)
{
	struct issued paper = make();
	struct issued vouch = person_vouch(&alice, BY_ROOT, 1, NOW, "addr:bob@example.net", 2);
	struct principal phone;
	struct issued device;
	struct issued back;
	struct err_msg msg = {0};
	static char long_text[PAPER_TEXT_MAX + 1];

	person_key_principal(&alice, BY_PHONE, &phone);
	device = person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW);
	cr_assert_eq(paper_open(issued_slice(&vouch), &back, &msg), ERR_INVALID);
	cr_assert_eq(paper_open(issued_slice(&device), &back, &msg), ERR_INVALID);
	cr_assert_eq(paper_open(SLICE("trust:"), &back, &msg), ERR_INVALID);
	for (size_t len = 0; len < paper.jws_len; len++) {
		cr_assert_neq(
			paper_open(slice_take(issued_slice(&paper), len), &back, &msg), 0);
	}
	paper.jws[paper.jws_len - 5] ^= 1;
	cr_assert_neq(paper_open(issued_slice(&paper), &back, &msg), 0);
	memset(long_text, ' ', sizeof(long_text));
	cr_assert_eq(
		paper_open(slice_of(long_text, sizeof(long_text)), &back, &msg), ERR_TOOBIG);
}
