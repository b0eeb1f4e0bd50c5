#include <criterion/criterion.h>

#include "common/statement/issue.h"

#define NOW_S 1767225600

static struct keypair *root;
static struct keypair *device;
static struct issuer by_root;
static struct issuer by_device;
static struct err_msg msg;

static void
make_keys(void)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 2);

	cr_assert_eq(keypair_generate(&rng, &root), 0);
	cr_assert_eq(keypair_generate(&rng, &device), 0);
	by_root = (struct issuer){.signer = root, .now_s = NOW_S, .aud = STATEMENT_OPEN};
	public_key_thumbprint(keypair_public(root), &by_root.identity);
	by_device = by_root;
	by_device.signer = device;
}

static void
free_keys(void)
{
	keypair_free(root);
	keypair_free(device);
}

TestSuite(issue, .init = make_keys, .fini = free_keys);

static struct principal
principal_of(const char *text)
{
	struct principal p;

	cr_assert_eq(principal_parse(slice_str(text), false, &p, NULL), 0, "%s", text);
	return p;
}

static struct principal
device_principal(void)
{
	char text[PRINCIPAL_TEXT_MAX] = "key:";
	struct thumbprint name;

	public_key_thumbprint(keypair_public(device), &name);
	memcpy(text + 4, name.text, sizeof(name.text));
	return principal_of(text);
}

/* reopen - what a peer reads in it */
static struct statement
reopen(const struct issued *made)
{
	struct statement st;

	cr_assert_eq(statement_open(issued_slice(made), &st, &msg), 0, "%s", msg.text);
	return st;
}

static bool
takes_back(const struct issued *made)
{
	struct statement st = reopen(made);

	return statement_is_withdrawal(&st);
}

Test(issue, a_new_user_is_an_identity_and_a_device)
{
	struct statement_device_body body = {.role = STATEMENT_ROLE_MAIL, .label = "mx1"};
	struct issued made;
	struct statement st;

	cr_assert_eq(issue_identity(&by_root, 1, NULL, &made, &msg), 0, "%s", msg.text);
	st = reopen(&made);
	cr_expect(slice_eq(principal_value(&st.sub), thumbprint_slice(&by_root.identity)));
	cr_expect_eq(st.exp, NOW_S + STATEMENT_LIFETIME_MAX_S);
	cr_expect(statement_is_by_root(&st));

	cr_assert_eq(issue_device(&by_root, 1, keypair_public(device), &body, &made, &msg), 0,
		"%s", msg.text);
	st = reopen(&made);
	cr_expect_str_eq(st.sub.text, device_principal().text);
	cr_expect_eq(st.exp, NOW_S + STATEMENT_DEVICE_LIFETIME_MAX_S);
	cr_expect_str_eq(st.body.device.label, "mx1");
	cr_expect_eq(st.body.device.role, STATEMENT_ROLE_MAIL);
}

Test(issue, an_identity_keeps_its_successor_and_guardians)
{
	struct statement_identity_body body = {
		.guardian_count = 2, .needed = 2, .signs_always = true};
	struct issued made;
	struct statement st;

	cr_assert_eq(thumbprint_parse(SLICE("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
			     &body.guardians[0]),
		0);
	public_key_thumbprint(keypair_public(device), &body.guardians[1]);
	body.next = body.guardians[1];
	cr_assert_eq(issue_identity(&by_root, 1, &body, &made, &msg), 0, "%s", msg.text);
	st = reopen(&made);
	cr_expect(thumbprint_eq(&st.body.identity.next, &body.next));
	cr_expect_eq(st.body.identity.guardian_count, 2);
	cr_expect(thumbprint_eq(&st.body.identity.guardians[0], &body.guardians[0]));
	cr_expect(thumbprint_eq(&st.body.identity.guardians[1], &body.guardians[1]));
	cr_expect_eq(st.body.identity.needed, 2);
	cr_expect(st.body.identity.signs_always);
}

Test(issue, a_device_cannot_speak_for_the_root)
{
	struct statement_device_body body = {.role = STATEMENT_ROLE_MAIL};
	struct issued made;

	cr_expect_eq(issue_identity(&by_device, 1, NULL, &made, &msg), ERR_INVALID);
	cr_expect_eq(issue_device(&by_device, 1, keypair_public(root), &body, &made, &msg),
		ERR_INVALID);
	cr_expect_eq(made.jws_len, 0);
}

Test(issue, bind_vouch_and_block_are_in_force_or_taken_back)
{
	struct principal alice = principal_of("addr:alice@example.org");
	struct principal bob = principal_of("addr:bob@example.net");
	struct principal mallory = principal_of("addr:mallory@example.com");
	struct issued made;

	cr_assert_eq(issue_bind(&by_device, 1, &alice, &made, &msg), 0, "%s", msg.text);
	cr_expect_not(takes_back(&made));
	cr_assert_eq(issue_vouch(&by_device, 1, &bob, TRUST_LEVEL_STRONG, &made, &msg), 0);
	cr_expect_eq(reopen(&made).lvl, TRUST_LEVEL_STRONG);
	cr_assert_eq(issue_vouch(&by_device, 2, &bob, TRUST_LEVEL_NONE, &made, &msg), 0);
	cr_expect(takes_back(&made));
	cr_assert_eq(issue_block(&by_device, 1, &mallory, STATEMENT_WHY_SPAM, &made, &msg), 0);
	cr_expect_eq(reopen(&made).why, STATEMENT_WHY_SPAM);
	cr_expect_not(takes_back(&made));
	cr_assert_eq(issue_unblock(&by_device, 2, &mallory, &made, &msg), 0);
	cr_expect(takes_back(&made));
}

Test(issue, warnings_are_for_peers_and_end_within_90_days)
{
	static const struct {
		uint64_t exp_s;
		uint64_t expected_s;
	} ends[] = {
		{NOW_S + 3600, NOW_S + 3600},
		{NOW_S + STATEMENT_WARN_LIFETIME_MAX_S, NOW_S + STATEMENT_WARN_LIFETIME_MAX_S},
		{UINT64_MAX, NOW_S + STATEMENT_WARN_LIFETIME_MAX_S},
	};
	struct principal mallory = principal_of("addr:mallory@example.com");
	struct issuer by = by_device;
	struct issued made;
	struct statement st;

	cr_expect_eq(issue_warn(&by, 1, &mallory, UINT64_MAX, &made, &msg), ERR_INVALID,
		"for everybody to see");
	by.aud = STATEMENT_PEERS;
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		cr_assert_eq(issue_warn(&by, 1, &mallory, ends[i].exp_s, &made, &msg), 0, "%s",
			msg.text);
		st = reopen(&made);
		cr_expect_eq(st.exp, ends[i].expected_s);
		cr_expect_eq(st.why, STATEMENT_WHY_SPAM);
		cr_expect_not(takes_back(&made));
	}
	cr_assert_eq(issue_unwarn(&by, 2, &mallory, &made, &msg), 0, "%s", msg.text);
	cr_expect(takes_back(&made));
}

Test(issue, a_revocation_has_no_end)
{
	const struct issue_reason reason = {STATEMENT_WHY_LOST, NOW_S - 60};
	struct principal key = device_principal();
	struct issued made;
	struct statement st;

	cr_assert_eq(issue_revoke(&by_root, 1, &key, &reason, &made, &msg), 0, "%s", msg.text);
	st = reopen(&made);
	cr_expect_eq(st.exp, 0);
	cr_expect_eq(st.since, NOW_S - 60);
	cr_expect_eq(st.why, STATEMENT_WHY_LOST);
}

Test(issue, the_same_arguments_give_the_same_bytes)
{
	struct principal bob = principal_of("addr:bob@example.net");
	struct issued first;
	struct issued second;

	cr_assert_eq(issue_vouch(&by_device, 1, &bob, TRUST_LEVEL_WEAK, &first, &msg), 0);
	cr_assert_eq(issue_vouch(&by_device, 1, &bob, TRUST_LEVEL_WEAK, &second, &msg), 0);
	cr_expect(slice_eq(issued_slice(&first), issued_slice(&second)));
}

Test(issue, a_subject_of_the_wrong_kind_is_refused)
{
	struct principal domain = principal_of("dom:example.net");
	struct issued made;

	cr_expect_eq(issue_bind(&by_device, 1, &domain, &made, &msg), ERR_INVALID);
	cr_expect_eq(issue_revoke(&by_root, 1, &domain, &(struct issue_reason){0}, &made, &msg),
		ERR_INVALID);
	cr_expect_neq(msg.text[0], '\0');
}
