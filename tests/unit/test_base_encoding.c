#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/base/encoding.h"
#include "common/base/err.h"

/* RFC 4648 section 10, without the padding. */
static const struct {
	const char *plain;
	const char *text;
} rfc_rows[] = {
	{"", ""},
	{"f", "Zg"},
	{"fo", "Zm8"},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg"},
	{"fooba", "Zm9vYmE"},
	{"foobar", "Zm9vYmFy"},
	{"\xfb\xff", "-_8"},
};

Test(encoding, base64url_matches_the_rfc_vectors_both_ways)
{
	for (size_t i = 0; i < ARRAY_LEN(rfc_rows); i++) {
		char text[16];
		uint8_t plain[16];
		size_t len = 0;

		base64url_encode(slice_str(rfc_rows[i].plain), text);
		cr_expect_str_eq(text, rfc_rows[i].text);
		cr_expect_eq(strlen(text), BASE64URL_LEN(strlen(rfc_rows[i].plain)));
		cr_expect_eq(base64url_decode(slice_str(text), plain, sizeof(plain), &len), 0);
		cr_expect(slice_eq(slice_of(plain, len), slice_str(rfc_rows[i].plain)));
	}
}

static const struct {
	const char *label;
	const char *text;
	int ret;
} bad_rows[] = {
	{"padding", "Zg==", ERR_INVALID},
	{"one character alone", "Z", ERR_INVALID},
	{"five characters", "Zm9vY", ERR_INVALID},
	{"spare bits set in a group of two", "Zh", ERR_INVALID},
	{"spare bits set in a group of three", "Zm9", ERR_INVALID},
	{"plain base64 alphabet", "+/8", ERR_INVALID},
	{"white space", "Zm 9v", ERR_INVALID},
	{"line end", "Zm9v\n", ERR_INVALID},
	{"more than fits", "Zm9vYmFyZm9vYmFy", ERR_TOOBIG},
};

Test(encoding, base64url_refuses_every_second_spelling)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_rows); i++) {
		uint8_t plain[8];
		size_t len = 0;

		cr_expect_eq(base64url_decode(
				     slice_str(bad_rows[i].text), plain, sizeof(plain), &len),
			bad_rows[i].ret, "%s", bad_rows[i].label);
	}
}

Test(encoding, base64url_knows_64_characters_in_every_place)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	for (size_t place = 0; place < 4; place++) {
		for (unsigned int c = 0; c <= UINT8_MAX; c++) {
			uint8_t text[] = {'Z', 'm', '9', 'v', 'Y', 'm', 'F', 'y'};
			bool is_known = c != 0 && strchr(alphabet, (int)c) != NULL;
			uint8_t plain[6];
			char back[9];
			size_t len = 0;

			text[4 + place] = (uint8_t)c;
			cr_assert_eq(base64url_decode(slice_of(text, sizeof(text)), plain,
					     sizeof(plain), &len),
				is_known ? 0 : ERR_INVALID, "%u", c);
			if (is_known) {
				base64url_encode(slice_of(plain, len), back);
				cr_assert_arr_eq(back, text, sizeof(text));
			}
		}
	}
}

Test(encoding, base64url_round_trips_at_every_length)
{
	uint8_t plain[100];
	uint8_t got[100];
	char text[BASE64URL_LEN(sizeof(plain)) + 1];

	for (size_t i = 0; i < sizeof(plain); i++) {
		plain[i] = (uint8_t)(i * 151 + 7);
	}
	for (size_t len = 0; len <= sizeof(plain); len++) {
		size_t got_len = 0;

		base64url_encode(slice_of(plain, len), text);
		cr_assert_eq(strlen(text), BASE64URL_LEN(len));
		cr_assert_eq(base64url_decode(slice_str(text), got, len, &got_len), 0);
		cr_assert(slice_eq(slice_of(got, got_len), slice_of(plain, len)));
		if (len > 0) {
			cr_assert_eq(base64url_decode(slice_str(text), got, len - 1, &got_len),
				ERR_TOOBIG);
		}
	}
}

Test(encoding, hex_round_trips_and_refuses_rubbish)
{
	uint8_t all[256];
	uint8_t back[256];
	char text[513];
	size_t len = 0;

	for (size_t i = 0; i < sizeof(all); i++) {
		all[i] = (uint8_t)i;
	}
	hex_encode(slice_of(all, sizeof(all)), text);
	cr_assert_eq(hex_decode(slice_str(text), back, sizeof(back), &len), 0);
	cr_assert(slice_eq(slice_of(back, len), slice_of(all, sizeof(all))));
	cr_assert_eq(hex_decode(SLICE("aBCd"), back, sizeof(back), &len), 0);
	cr_assert_eq(hex_decode(SLICE("abc"), back, sizeof(back), &len), ERR_INVALID);
	cr_assert_eq(hex_decode(SLICE("0g"), back, sizeof(back), &len), ERR_INVALID);
	cr_assert_eq(hex_decode(SLICE("0011"), back, 1, &len), ERR_TOOBIG);
}
