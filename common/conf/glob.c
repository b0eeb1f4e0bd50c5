#include "common/conf/glob.h"

/*
 * Greedy with one point to go back to: only the last * ever needs to be stretched, since an
 * earlier one that matched more would leave the later one less.
 */
bool
glob_match(struct slice pattern, struct slice text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = pattern.len; /* index of the last * passed, pattern.len: none yet */
	size_t star_text = 0;      /* first byte not yet given to it */

	while (t < text.len) {
		if (p < pattern.len && pattern.data[p] == '*') {
			star = p++;
			star_text = t;
		} else if (p < pattern.len &&
			   (pattern.data[p] == '?' ||
				   ascii_lower(pattern.data[p]) == ascii_lower(text.data[t]))) {
			p++;
			t++;
		} else if (star < pattern.len) {
			p = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.data[p] == '*') {
		p++;
	}
	return p == pattern.len;
}
