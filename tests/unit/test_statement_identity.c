#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "common/base/encoding.h"
#include "common/statement/identity.h"
#include "tests/support/temp_dir.h"

static void
from_hex(const char *hex, uint8_t *out, size_t cap)
{
	size_t len = 0;

	cr_assert_eq(hex_decode(slice_str(hex), out, cap, &len), 0, "%s", hex);
	cr_assert_eq(len, cap, "%s", hex);
}

static struct keypair *
pair_from_hex(const char *hex)
{
	uint8_t seed[IDENTITY_KEY_LEN];
	struct keypair *pair = NULL;

	from_hex(hex, seed, sizeof(seed));
	cr_assert_eq(keypair_from_seed(seed, &pair), 0);
	return pair;
}

#define SEED_1 "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

/* RFC 8032 section 7.1. */
static const struct {
	const char *label;
	const char *seed;
	const char *public;
	const char *message;
	const char *signature;
} vectors[] = {
	{"TEST 1", SEED_1, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
		"",
		"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
		"5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"TEST 2", "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
		"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
		"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"TEST 3", "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
		"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
		"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
		"18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

Test(identity, signs_and_verifies_as_rfc_8032)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct keypair *pair = pair_from_hex(vectors[i].seed);
		uint8_t public[IDENTITY_KEY_LEN];
		uint8_t want[IDENTITY_SIG_LEN];
		uint8_t got[IDENTITY_SIG_LEN];
		uint8_t message[8];
		size_t len = 0;

		from_hex(vectors[i].public, public, sizeof(public));
		from_hex(vectors[i].signature, want, sizeof(want));
		cr_assert_eq(hex_decode(slice_str(vectors[i].message), message, sizeof(message),
				     &len),
			0);
		cr_assert_arr_eq(keypair_public(pair)->bytes, public, sizeof(public), "%s",
			vectors[i].label);
		cr_assert_eq(keypair_sign(pair, slice_of(message, len), got), 0);
		cr_assert_arr_eq(got, want, sizeof(want), "%s", vectors[i].label);
		cr_assert_eq(
			public_key_verify(keypair_public(pair), slice_of(message, len), got), 0,
			"%s", vectors[i].label);
		keypair_free(pair);
	}
}

Test(identity, thumbprint_is_that_of_rfc_8037)
{
	/* RFC 8037 appendix A.3; the key is that of RFC 8032 TEST 1. */
	struct public_key key;
	struct thumbprint thumbprint;

	cr_assert_eq(
		public_key_parse(SLICE("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), &key),
		0);
	public_key_thumbprint(&key, &thumbprint);
	cr_assert_str_eq(thumbprint.text, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
}

/* "Taming the many EdDSAs", table 6: every encoding of a point of small order, and y = p, p + 1. */
static const struct {
	const char *label;
	const char *key;
} bad_keys[] = {
	{"order 1", "0100000000000000000000000000000000000000000000000000000000000000"},
	{"order 1, sign set",
		"0100000000000000000000000000000000000000000000000000000000000080"},
	{"order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"order 2, sign set",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
	{"order 4", "0000000000000000000000000000000000000000000000000000000000000000"},
	{"order 4, sign set",
		"0000000000000000000000000000000000000000000000000000000000000080"},
	{"order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
	{"order 8, sign set",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"},
	{"order 8 too", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
	{"order 8 too, sign set",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"},
	{"y = p", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"y = p, sign set", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
	{"y = p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"y = 2^255 - 1", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"all ones", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
};

Test(identity, keys_of_small_order_or_second_spelling_are_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_keys); i++) {
		char text[BASE64URL_LEN(IDENTITY_KEY_LEN) + 1];
		struct public_key key;

		from_hex(bad_keys[i].key, key.bytes, sizeof(key.bytes));
		cr_expect_not(public_key_is_acceptable(&key), "%s", bad_keys[i].label);
		base64url_encode(slice_of(key.bytes, sizeof(key.bytes)), text);
		cr_expect_eq(public_key_parse(slice_str(text), &key), ERR_INVALID, "%s",
			bad_keys[i].label);
	}
}

Test(identity, keys_next_to_the_refused_ones_are_accepted)
{
	static const char *const keys[] = {
		"ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0200000000000000000000000000000000000000000000000000000000000000",
		"edfeffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7e",
	};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct public_key key;

		from_hex(keys[i], key.bytes, sizeof(key.bytes));
		cr_expect(public_key_is_acceptable(&key), "%s", keys[i]);
	}
}

Test(identity, a_signature_that_fits_every_message_under_a_small_key_is_refused)
{
	/* R = neutral element, S = 0: holds for any message under the key of order 1. */
	const uint8_t signature[IDENTITY_SIG_LEN] = {1};
	struct public_key key = {{1}};

	cr_assert_eq(public_key_verify(&key, SLICE("anything"), signature), ERR_SIGNATURE);
}

/* add_order - S + L, little-endian; the same value modulo the group order L */
static void
add_order(uint8_t s[32])
{
	uint8_t order[32];
	unsigned int carry = 0;

	from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order,
		sizeof(order));
	for (size_t i = 0; i < sizeof(order); i++) {
		carry += s[i] + (unsigned int)order[i];
		s[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

Test(identity, a_second_spelling_of_s_is_refused)
{
	struct keypair *pair = pair_from_hex(SEED_1);
	uint8_t signature[IDENTITY_SIG_LEN];

	cr_assert_eq(keypair_sign(pair, SLICE("text"), signature), 0);
	add_order(signature + 32);
	cr_assert_eq(public_key_verify(keypair_public(pair), SLICE("text"), signature),
		ERR_SIGNATURE);
	keypair_free(pair);
}

Test(identity, every_flipped_bit_of_a_signature_is_noticed)
{
	struct keypair *pair = pair_from_hex(SEED_1);
	uint8_t signature[IDENTITY_SIG_LEN];

	cr_assert_eq(keypair_sign(pair, SLICE("text"), signature), 0);
	for (size_t bit = 0; bit < 8 * sizeof(signature); bit++) {
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
		cr_expect_eq(public_key_verify(keypair_public(pair), SLICE("text"), signature),
			ERR_SIGNATURE, "bit %zu", bit);
		signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	keypair_free(pair);
}

/*
 * One verifier for all: no key, and no failure, may speak for what comes behind it. The key of
 * order 1 would take its signature for any message.
 */
Test(identity, a_verifier_checks_each_signature_by_its_own_key)
{
	static const struct {
		unsigned int key;    /* 0, 1: of the pairs; 2: of order 1 */
		unsigned int signer; /* 2: the one for order 1 */
		const char *message;
		int ret;
	} rows[] = {
		{0, 0, "text", 0},
		{0, 0, "text", 0},
		{0, 0, "another", ERR_SIGNATURE},
		{0, 1, "text", ERR_SIGNATURE},
		{0, 0, "text", 0},
		{1, 0, "text", ERR_SIGNATURE},
		{1, 1, "text", 0},
		{0, 1, "text", ERR_SIGNATURE},
		{2, 2, "text", ERR_SIGNATURE},
		{2, 1, "text", ERR_SIGNATURE},
		{1, 2, "text", ERR_SIGNATURE},
		{1, 1, "text", 0},
	};
	struct keypair *pairs[] = {pair_from_hex(SEED_1),
		pair_from_hex(
			"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")};
	uint8_t signatures[3][IDENTITY_SIG_LEN] = {{0}, {0}, {1}};
	struct public_key keys[3] = {
		*keypair_public(pairs[0]), *keypair_public(pairs[1]), {{1}}};
	struct verifier v = {0};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		cr_assert_eq(keypair_sign(pairs[i], SLICE("text"), signatures[i]), 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect_eq(verifier_check(&v, &keys[rows[i].key], slice_str(rows[i].message),
				     signatures[rows[i].signer]),
			rows[i].ret, "row %zu", i);
	}
	verifier_fini(&v);
	verifier_fini(&v); /* once more is fine */
	keypair_free(pairs[0]);
	keypair_free(pairs[1]);
}

Test(identity, a_bad_signature_leaves_nothing_in_the_error_queue_of_openssl)
{
	struct keypair *pair = pair_from_hex(SEED_1);
	uint8_t signature[IDENTITY_SIG_LEN];

	cr_assert_eq(keypair_sign(pair, SLICE("text"), signature), 0);
	memset(signature + 32, 0xff, 32);
	cr_assert_eq(public_key_verify(keypair_public(pair), SLICE("text"), signature),
		ERR_SIGNATURE);
	cr_assert_eq(ERR_peek_error(), 0);
	keypair_free(pair);
}

static const struct {
	const char *label;
	struct slice text;
} bad_thumbprints[] = {
	{"empty", {(const uint8_t *)"", 0}},
	{"one character short",
		{(const uint8_t *)"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4", 42}},
	{"one character more",
		{(const uint8_t *)"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4kA", 44}},
	{"spare bits set",
		{(const uint8_t *)"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4l", 43}},
	{"plain base64", {(const uint8_t *)"kPrK/qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", 43}},
	{"NUL inside", {(const uint8_t *)"kPrK\0qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", 43}},
};

Test(identity, malformed_thumbprints_and_keys_are_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_thumbprints); i++) {
		struct thumbprint thumbprint;
		struct public_key key;

		cr_expect_eq(thumbprint_parse(bad_thumbprints[i].text, &thumbprint),
			ERR_INVALID, "%s", bad_thumbprints[i].label);
		cr_expect_eq(public_key_parse(bad_thumbprints[i].text, &key), ERR_INVALID, "%s",
			bad_thumbprints[i].label);
	}
}

Test(identity, generated_keys_differ_and_follow_the_random_source)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 7);
	struct keypair *first = NULL;
	struct keypair *second = NULL;
	struct keypair *again = NULL;

	cr_assert_eq(keypair_generate(&rng, &first), 0);
	cr_assert_eq(keypair_generate(&rng, &second), 0);
	rng = rng_seeded(&state, 7);
	cr_assert_eq(keypair_generate(&rng, &again), 0);
	cr_expect_arr_neq(
		keypair_public(first)->bytes, keypair_public(second)->bytes, IDENTITY_KEY_LEN);
	cr_expect_arr_eq(
		keypair_public(first)->bytes, keypair_public(again)->bytes, IDENTITY_KEY_LEN);
	keypair_free(first);
	keypair_free(second);
	keypair_free(again);
	keypair_free(NULL);
}

/* A key pair and a directory, made before and removed after each test of key files. */
static struct temp_dir dir;
static struct keypair *saved;
static char path[PATH_MAX];

static void
make_files(void)
{
	temp_dir_make(&dir);
	temp_dir_path(&dir, "key.pem", path);
	saved = pair_from_hex(SEED_1);
}

static void
remove_files(void)
{
	keypair_free(saved);
	temp_dir_remove(&dir);
}

TestSuite(key_file, .init = make_files, .fini = remove_files);

Test(key_file, a_saved_key_comes_back)
{
	struct keypair *loaded = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(keypair_save(saved, path, &msg), 0, "%s", msg.text);
	cr_assert_eq(keypair_load(path, &loaded, &msg), 0, "%s", msg.text);
	cr_assert_arr_eq(
		keypair_public(loaded)->bytes, keypair_public(saved)->bytes, IDENTITY_KEY_LEN);
	keypair_free(loaded);
}

Test(key_file, is_private_whatever_the_umask_and_leaves_nothing_beside_it)
{
	struct err_msg msg = {0};
	struct stat st;

	(void)umask(0);
	cr_assert_eq(keypair_save(saved, path, &msg), 0, "%s", msg.text);
	cr_assert_eq(stat(path, &st), 0);
	cr_assert_eq(st.st_mode & 07777, 0600);
	cr_assert_eq(st.st_nlink, 1, "the temporary name is gone");
}

Test(key_file, is_never_overwritten)
{
	struct keypair *other = pair_from_hex(vectors[1].seed);
	struct keypair *loaded = NULL;
	struct err_msg msg = {0};

	cr_assert_eq(keypair_save(saved, path, &msg), 0);
	cr_assert_eq(keypair_save(other, path, &msg), ERR_EXISTS);
	cr_assert_eq(keypair_load(path, &loaded, &msg), 0);
	cr_assert_arr_eq(
		keypair_public(loaded)->bytes, keypair_public(saved)->bytes, IDENTITY_KEY_LEN);
	keypair_free(loaded);
	keypair_free(other);
}

Test(key_file, what_others_may_read_is_refused)
{
	static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610};

	cr_assert_eq(keypair_save(saved, path, NULL), 0);
	for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
		struct keypair *loaded = NULL;
		struct err_msg msg = {0};

		cr_assert_eq(chmod(path, modes[i]), 0);
		cr_expect_eq(
			keypair_load(path, &loaded, &msg), ERR_DENIED, "mode %o", modes[i]);
		cr_expect_neq(strstr(msg.text, "chmod 600"), NULL, "%s", msg.text);
	}
}

static void
write_text(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, len), (ssize_t)len);
	(void)close(fd);
}

/* write_pem - a private key of another algorithm, or an encrypted one */
static void
write_pem(const char *algorithm, const char *passphrase)
{
	EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, algorithm);
	FILE *file = NULL;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	cr_assert_geq(fd, 0);
	file = fdopen(fd, "w");
	cr_assert_eq(PEM_write_PKCS8PrivateKey(file, pkey,
			     passphrase == NULL ? NULL : EVP_aes_256_cbc(), NULL, 0, NULL,
			     (void *)passphrase),
		1);
	cr_assert_eq(fclose(file), 0);
	EVP_PKEY_free(pkey);
}

Test(key_file, anything_but_an_ed25519_key_is_refused)
{
	static char large[8192];
	struct keypair *loaded = NULL;
	struct err_msg msg = {0};

	memset(large, 'x', sizeof(large));
	cr_expect_eq(keypair_load(path, &loaded, &msg), ERR_NOTFOUND, "missing");
	cr_expect_eq(keypair_load(dir.path, &loaded, &msg), ERR_INVALID, "a directory");
	write_text("", 0);
	cr_expect_eq(keypair_load(path, &loaded, &msg), ERR_INVALID, "empty");
	write_text("-----BEGIN PRIVATE KEY-----\n", 28);
	cr_expect_eq(keypair_load(path, &loaded, &msg), ERR_INVALID, "cut");
	write_text(large, sizeof(large));
	cr_expect_eq(keypair_load(path, &loaded, &msg), ERR_TOOBIG, "large");
	write_pem("X25519", NULL);
	cr_expect_eq(keypair_load(path, &loaded, &msg), ERR_INVALID, "X25519");
	write_pem("ED25519", "secret");
	cr_expect_eq(keypair_load(path, &loaded, &msg), ERR_INVALID, "encrypted");
	cr_expect_eq(ERR_peek_error(), 0, "the error queue of OpenSSL is empty");
	cr_expect_null(loaded);
}

Test(key_file, cannot_be_saved_where_there_is_no_directory)
{
	struct err_msg msg = {0};

	temp_dir_path(&dir, "missing/key.pem", path);
	cr_assert_eq(keypair_save(saved, path, &msg), ERR_NOTFOUND);
	cr_assert_neq(strstr(msg.text, "missing/key.pem"), NULL, "%s", msg.text);
}
