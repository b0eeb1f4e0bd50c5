#include <criterion/criterion.h>

#include "trustctl/share_plan.h"

#define NOW_S UINT64_C(1767225600)
#define DAY_S UINT64_C(86400)

Test(trustctl_share_plan, does_what_is_missing_and_nothing_twice)
{
	static const struct {
		const char *name;
		bool has_subject;
		uint64_t until_s;
		uint64_t published_s;
		enum share_action expected;
	} cases[] = {
		{"new", true, NOW_S + 180 * DAY_S, 0, SHARE_PUBLISH},
		{"nobody knows his address", false, NOW_S + 180 * DAY_S, 0, SHARE_NO_SENDER},
		{"just published", true, NOW_S + 180 * DAY_S, NOW_S + 90 * DAY_S, SHARE_KEEP},
		{"not yet due", true, NOW_S + 120 * DAY_S, NOW_S + 30 * DAY_S + 1, SHARE_KEEP},
		{"ends before its warning", true, NOW_S + 120 * DAY_S, NOW_S + 30 * DAY_S,
			SHARE_RENEW},
		{"ends soon, with its warning", true, NOW_S + DAY_S, NOW_S + DAY_S, SHARE_KEEP},
		{"taken back", true, 0, NOW_S + 90 * DAY_S, SHARE_WITHDRAW},
	};
	struct share_row rows[ARRAY_LEN(cases)] = {0};
	struct share_plan plan = {.rows = rows, .row_count = ARRAY_LEN(cases)};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rows[i].has_subject = cases[i].has_subject;
		rows[i].until_s = cases[i].until_s;
		rows[i].published_s = cases[i].published_s;
	}
	share_plan_decide(&plan, NOW_S);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		cr_expect_eq(rows[i].action, cases[i].expected, "%s", cases[i].name);
	}
}
