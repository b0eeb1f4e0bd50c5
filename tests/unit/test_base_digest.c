#include <criterion/criterion.h>

#include "common/base/digest.h"
#include "common/base/encoding.h"

/* FIPS 180-4, the examples of NIST. */
static const struct {
	const char *text;
	const char *hex;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

Test(digest, is_sha_256)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct digest digest;
		char hex[2 * DIGEST_LEN + 1];

		digest_sha256(slice_str(vectors[i].text), &digest);
		hex_encode(digest_slice(&digest), hex);
		cr_expect_str_eq(hex, vectors[i].hex, "\"%s\"", vectors[i].text);
	}
}

Test(digest, pieces_count_as_one_text_whatever_their_sizes)
{
	static uint8_t text[8192];
	struct digest whole;
	struct digest pieces;

	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = (uint8_t)(i * 7);
	}
	/* Around block borders, and far beyond. */
	for (size_t len = 0; len < sizeof(text); len += len < 2000 || len > 2100 ? 97 : 1) {
		for (size_t cut = 0; cut <= len; cut += len / 3 + 1) {
			const struct slice parts[] = {
				slice_of(text, cut),
				slice_of(NULL, 0),
				slice_of(text + cut, len - cut),
			};

			digest_sha256(slice_of(text, len), &whole);
			digest_sha256_parts(parts, ARRAY_LEN(parts), &pieces);
			cr_assert(
				digest_eq(&whole, &pieces), "length %zu, cut at %zu", len, cut);
		}
	}
}

Test(digest, no_pieces_are_the_empty_text)
{
	struct digest empty;
	struct digest none;

	digest_sha256(slice_of(NULL, 0), &empty);
	digest_sha256_parts(NULL, 0, &none);
	cr_expect(digest_eq(&empty, &none));
}

Test(digest, is_ordered_bytewise)
{
	const struct digest low = {{0, 0xff}};
	const struct digest high = {{1}};

	cr_expect_lt(digest_cmp(&low, &high), 0);
	cr_expect_gt(digest_cmp(&high, &low), 0);
	cr_expect_eq(digest_cmp(&low, &low), 0);
	cr_expect(digest_eq(&low, &low));
	cr_expect_not(digest_eq(&low, &high));
}
