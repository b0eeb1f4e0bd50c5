#include <criterion/criterion.h>

#include <stdio.h>

#include "common/statement/key_export.h"
#include "tests/support/people.h"

/* The cheapest that is allowed: the cost itself is scrypt's business. */
#define LOG_N  14
#define SECRET SLICE("correct horse")

static struct person alice;
static struct person next;
static struct rng_seeded_state state;
static struct rng rng;
static const struct key_export_lock lock = {SECRET, LOG_N};

static void
setup(void)
{
	person_make(&alice, 1);
	person_make(&next, 2);
	rng = rng_seeded(&state, 3);
}

static void
teardown(void)
{
	person_fini(&alice);
	person_fini(&next);
}

TestSuite(statement_key_export, .init = setup, .fini = teardown);

static struct keystore_entry
root_of(const struct person *p)
{
	return (struct keystore_entry){KEYSTORE_ROOT, p->identity, p->identity};
}

/* sealed - a line, owned by the caller */
static struct dynbuf
sealed(const struct keystore_entry *what, const struct keypair *pair)
{
	struct err_msg msg = {0};
	struct dynbuf out;

	dynbuf_init(&out, KEY_EXPORT_MAX);
	cr_assert_eq(key_export_seal(what, pair, &lock, &rng, &out, &msg), 0, "%s", msg.text);
	return out;
}

Test(statement_key_export, a_root_comes_back_with_its_passphrase)
{
	struct keystore_entry what = root_of(&alice);
	struct dynbuf line = sealed(&what, alice.keys[BY_ROOT]);
	struct keystore_entry back;
	struct keypair *pair;
	struct err_msg msg = {0};

	cr_assert(slice_starts_with(dynbuf_slice(&line), SLICE("trust-key1.root.")));
	(void)dynbuf_add(&line, SLICE(" \n"));
	cr_assert_eq(key_export_open(dynbuf_slice(&line), SECRET, &back, &pair, &msg), 0, "%s",
		msg.text);
	cr_assert_eq(back.kind, KEYSTORE_ROOT);
	cr_assert(thumbprint_eq(&back.identity, &alice.identity));
	cr_assert_arr_eq(keypair_public(pair)->bytes,
		keypair_public(alice.keys[BY_ROOT])->bytes, IDENTITY_KEY_LEN);
	keypair_free(pair);
	dynbuf_fini(&line);
}

Test(statement_key_export, a_next_root_says_whose_it_is)
{
	struct keystore_entry what = {KEYSTORE_NEXT, alice.identity, next.identity};
	struct dynbuf line = sealed(&what, next.keys[BY_ROOT]);
	struct keystore_entry back;
	struct keypair *pair;
	struct err_msg msg = {0};

	cr_assert_eq(key_export_open(dynbuf_slice(&line), SECRET, &back, &pair, &msg), 0);
	cr_assert_eq(back.kind, KEYSTORE_NEXT);
	cr_assert(thumbprint_eq(&back.identity, &alice.identity));
	cr_assert(thumbprint_eq(&back.key, &next.identity));
	keypair_free(pair);
	dynbuf_fini(&line);
}

Test(statement_key_export, a_wrong_passphrase_opens_nothing)
{
	struct keystore_entry what = root_of(&alice);
	struct dynbuf line = sealed(&what, alice.keys[BY_ROOT]);
	static const char *const wrong[] = {
		"", "correct hors", "Correct horse", "correct horse "};
	struct keystore_entry back;
	struct keypair *pair;
	struct err_msg msg = {0};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		cr_assert_eq(key_export_open(dynbuf_slice(&line), slice_str(wrong[i]), &back,
				     &pair, &msg),
			ERR_SIGNATURE, "%s", wrong[i]);
		cr_assert_null(pair);
		cr_assert_not_null(strstr(msg.text, "passphrase is wrong"));
	}
	dynbuf_fini(&line);
}

Test(statement_key_export, one_key_does_not_pass_as_another)
{
	struct keystore_entry what = root_of(&alice);
	struct dynbuf line = sealed(&what, alice.keys[BY_ROOT]);
	char text[KEY_EXPORT_MAX + 1];
	struct keystore_entry back;
	struct keypair *pair;
	struct err_msg msg = {0};
	struct slice blob = slice_skip(dynbuf_slice(&line), 16 + IDENTITY_THUMBPRINT_LEN);

	(void)snprintf(text, sizeof(text), "trust-key1.next.%s%.*s", alice.identity.text,
		SLICE_ARG(blob));
	cr_assert_eq(
		key_export_open(slice_str(text), SECRET, &back, &pair, &msg), ERR_SIGNATURE);
	(void)snprintf(text, sizeof(text), "trust-key1.root.%s%.*s", next.identity.text,
		SLICE_ARG(blob));
	cr_assert_eq(
		key_export_open(slice_str(text), SECRET, &back, &pair, &msg), ERR_SIGNATURE);
	dynbuf_fini(&line);
}

Test(statement_key_export, what_is_cut_or_changed_is_refused)
{
	struct keystore_entry what = root_of(&alice);
	struct dynbuf line = sealed(&what, alice.keys[BY_ROOT]);
	struct slice whole = dynbuf_slice(&line);
	uint8_t changed[KEY_EXPORT_MAX];
	struct key_export out;
	struct err_msg msg = {0};

	cr_assert_eq(key_export_parse(whole, &out, &msg), 0);
	for (size_t len = 0; len < whole.len; len++) {
		cr_assert_neq(
			key_export_parse(slice_take(whole, len), &out, &msg), 0, "%zu", len);
	}
	/* A cost that would take all memory is refused before anything is computed. */
	memcpy(changed, whole.data, whole.len);
	changed[16 + IDENTITY_THUMBPRINT_LEN + 1] = '_';
	cr_assert_eq(key_export_parse(slice_of(changed, whole.len), &out, &msg), ERR_RANGE);
	memset(changed, 'A', sizeof(changed));
	cr_assert_eq(
		key_export_parse(slice_of(changed, sizeof(changed)), &out, &msg), ERR_INVALID);
	dynbuf_fini(&line);
}

Test(statement_key_export, devices_and_short_passphrases_are_not_exported)
{
	struct keystore_entry what = {KEYSTORE_DEVICE, alice.identity, alice.identity};
	struct err_msg msg = {0};
	struct dynbuf out;

	dynbuf_init(&out, KEY_EXPORT_MAX);
	cr_assert_eq(key_export_seal(&what, alice.keys[BY_ROOT], &lock, &rng, &out, &msg),
		ERR_INVALID);
	what = root_of(&alice);
	cr_assert_eq(
		key_export_seal(&what, alice.keys[BY_ROOT],
			&(struct key_export_lock){SLICE("1234567"), LOG_N}, &rng, &out, &msg),
		ERR_INVALID);
	cr_assert_not_null(strstr(msg.text, "too short"));
	dynbuf_fini(&out);
}
