#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/conf/glob.h"

Test(glob, matches_whole_texts_in_any_case)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool matches;
	} rows[] = {
		{"alice@example.org", "alice@example.org", true},
		{"Alice@Example.ORG", "aLICE@eXAMPLE.org", true},
		{"alice@example.org", "alice@example.org.evil.example.com", false},
		{"alice@example.org", "malice@example.org", false},
		{"*@example.org", "bob@example.org", true},
		{"*@example.org", "@example.org", true},
		{"*@example.org", "bob@sub.example.org", false},
		{"*@*.example.org", "bob@sub.example.org", true},
		{"*example.org", "bob@notexample.org", true},
		{"b?b@example.org", "bob@example.org", true},
		{"b?b@example.org", "bb@example.org", false},
		{"b??b@*", "boob@example.net", true},
		{"*", "", true},
		{"*", "anything", true},
		{"**", "anything", true},
		{"?", "", false},
		{"", "", true},
		{"", "x", false},
		{"a*b*c", "aXbYbZc", true},
		{"a*b*c", "aXbYbZ", false},
		{"*a", "aaab", false},
		{"*aab", "aaab", true},
		{"[ab]@example.org", "a@example.org", false},
		{"[ab]@example.org", "[ab]@example.org", true},
		{"a.b@example.org", "axb@example.org", false},
		{"\\*@example.org", "*@example.org", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_expect_eq(glob_match(slice_str(rows[i].pattern), slice_str(rows[i].text)),
			rows[i].matches, "\"%s\" on \"%s\"", rows[i].pattern, rows[i].text);
	}
}

/* matches_slowly - the definition, by recursion */
static bool
matches_slowly(struct slice p, struct slice t)
{
	if (p.len == 0) {
		return t.len == 0;
	}
	if (p.data[0] == '*') {
		return matches_slowly(slice_skip(p, 1), t) ||
		       (t.len > 0 && matches_slowly(p, slice_skip(t, 1)));
	}
	return t.len > 0 && (p.data[0] == '?' || p.data[0] == t.data[0]) &&
	       matches_slowly(slice_skip(p, 1), slice_skip(t, 1));
}

/* spell - the n-th text of `len` letters over an alphabet */
static struct slice
spell(size_t n, size_t len, const char *alphabet, char *out)
{
	size_t letters = strlen(alphabet);

	for (size_t i = 0; i < len; i++) {
		out[i] = alphabet[n % letters];
		n /= letters;
	}
	return slice_of(out, len);
}

Test(glob, agrees_with_its_definition_on_all_short_texts)
{
	for (size_t plen = 0; plen <= 4; plen++) {
		for (size_t p = 0; p < 256; p++) {
			char pattern[8];
			struct slice ps = spell(p, plen, "ab*?", pattern);

			for (size_t t = 0; t < 32; t++) {
				char text[8];
				struct slice ts = spell(t, t % 6, "ab", text);

				cr_assert_eq(glob_match(ps, ts), matches_slowly(ps, ts),
					"\"%.*s\" on \"%.*s\"", SLICE_ARG(ps), SLICE_ARG(ts));
			}
		}
	}
}

Test(glob, ends_soon_on_the_worst_pattern)
{
	static uint8_t text[20000];
	static uint8_t pattern[200];

	/* a*a*a*...b on aaaa...: exponential for a matcher that backtracks over every star. */
	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < sizeof(pattern); i++) {
		pattern[i] = i % 2 == 0 ? 'a' : '*';
	}
	pattern[sizeof(pattern) - 1] = 'b';
	cr_assert_not(
		glob_match(slice_of(pattern, sizeof(pattern)), slice_of(text, sizeof(text))));
}
