/* What principal_parse makes canonical is canonical: reading it again changes nothing. */
#include <assert.h>
#include <string.h>

#include "common/statement/principal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct principal *p, bool fold)
{
	struct principal again;

	assert(p->len < sizeof(p->text) && strlen(p->text) == p->len);
	assert(principal_parse(principal_slice(p), fold, &again, NULL) == 0);
	assert(again.kind == p->kind && again.len == p->len);
	assert(memcmp(again.text, p->text, p->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = slice_of(data, size);
	struct principal p;
	struct err_msg msg;

	for (int fold = 0; fold <= 1; fold++) {
		if (principal_parse(text, fold != 0, &p, &msg) == 0) {
			check(&p, fold != 0);
		}
		if (principal_parse_human(text, fold != 0, &p, &msg) == 0) {
			check(&p, fold != 0);
		}
	}
	return 0;
}
