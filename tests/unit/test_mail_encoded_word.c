#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/mail/encoded_word.h"

static const struct {
	const char *label;
	const char *in;
	const char *out;
} rows[] = {
	{"nothing", "", ""},
	{"plain", "two words", "two words"},
	{"q", "=?UTF-8?Q?caf=C3=A9_au_lait?=", "caf\xc3\xa9 au lait"},
	{"b", "=?utf-8?b?Y2Fmw6k=?=", "caf\xc3\xa9"},
	{"b without padding", "=?utf-8?B?Y2Fmw6k?=", "caf\xc3\xa9"},
	{"b with rubbish", "=?utf-8?B?Y2 Fm\tw6k=?=", "caf\xc3\xa9"},
	{"latin 1", "=?ISO-8859-1?Q?caf=E9?=", "caf\xc3\xa9"},
	{"latin 1 is windows 1252",
		"=?iso-8859-1?q?=80_=93x=94?=", "\xe2\x82\xac \xe2\x80\x9cx\xe2\x80\x9d"},
	{"what windows 1252 does not have", "=?windows-1252?Q?=81x=9D?=",
		"\xef\xbf\xbd"
		"x\xef\xbf\xbd"},
	{"ascii", "=?us-ascii?Q?a=20b?=", "a b"},
	{"a language", "=?utf-8*de?Q?gr=C3=BCn?=", "gr\xc3\xbcn"},
	{"text around", "Re: =?utf-8?Q?a?= (b)", "Re: a (b)"},
	{"blanks between words go", "=?utf-8?Q?a?= \t =?utf-8?B?Yg==?= c", "ab c"},
	{"a character in two words", "=?utf-8?Q?=C3?= =?utf-8?Q?=A9?=", "\xc3\xa9"},
	{"no blank between words", "=?utf-8?Q?a?==?utf-8?Q?b?=", "ab"},
	{"another character set with ASCII alone", "=?koi8-r?Q?a=5F?=", "a_"},
	{"another character set", "=?koi8-r?Q?=C1?= =?utf-8?Q?b?=", "=?koi8-r?Q?=C1?=b"},
	{"another encoding", "=?utf-8?X?a?=", "=?utf-8?X?a?="},
	{"no character set", "=??Q?a?=", "=??Q?a?="},
	{"no end", "=?utf-8?Q?a", "=?utf-8?Q?a"},
	{"no end, but a mark", "=?utf-8?Q?a? =", "=?utf-8?Q?a? ="},
	{"cut", "=?utf-8?Q", "=?utf-8?Q"},
	{"bad hex", "=?utf-8?Q?=4_=ZZ=?=", "=4 =ZZ="},
	{"empty words", "=?utf-8?Q?\?= =?utf-8?B?\?=x", "x"},
	{"raw UTF-8", "caf\xc3\xa9", "caf\xc3\xa9"},
	{"raw bytes that are none", "caf\xe9 \x80", "caf\xc3\xa9 \xe2\x82\xac"},
};

Test(mail_encoded_word, words_become_text)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct slice in = slice_str(rows[i].in);
		uint8_t out[ENCODED_WORD_GROWTH * 64];
		size_t len = 0;

		cr_assert_leq(in.len, 64);
		len = encoded_word_decode(in, out);
		cr_expect(slice_eq(slice_of(out, len), slice_str(rows[i].out)), "%s: %.*s",
			rows[i].label, (int)len, (const char *)out);
		cr_expect(encoded_word_is_needed(in) || slice_eq(in, slice_of(out, len)), "%s",
			rows[i].label);
	}
}

Test(mail_encoded_word, every_start_of_a_text_fits)
{
	struct slice in = SLICE("=?iso-8859-1?q?=80=80?= =?utf-8?B?Y2Fmw6k=?= \x80\x80\x80");
	uint8_t out[ENCODED_WORD_GROWTH * 64];

	for (size_t len = 0; len <= in.len; len++) {
		cr_assert_leq(encoded_word_decode(slice_take(in, len), out),
			ENCODED_WORD_GROWTH * len);
	}
}
