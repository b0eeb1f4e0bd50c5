#include <criterion/criterion.h>

#include "common/base/err.h"
#include "trustctl/import/mail_date.h"

Test(mail_date, valid_dates_are_read)
{
	static const struct {
		const char *text;
		uint64_t wall_s;
	} rows[] = {
		{"Tue, 14 Nov 2023 22:13:20 +0000", 1700000000},
		{"Wed, 15 Nov 2023 00:13:20 +0200 (CEST)", 1700000000},
		{"14 Nov 2023 17:13:20 EST", 1700000000},
		{"14 Nov 2023 22:13:20", 1700000000},
		{"14 November 2023 22:13:20 GMT", 1700000000},
		{"Tue,14 Nov 23 22:13:20 -0000", 1700000000},
		{"1 Jan 1970 00:00 +0000", 0},
		{"29 Feb 2000 12:00:00 +0000", 951825600},
		{"1 Mar 2100 00:00:00 +0000", 4107542400},
		{"Thu, 22 Aug 102 18:26:25 +0700", 1030015585},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t wall_s = 1;

		cr_assert_eq(mail_date_parse(slice_str(rows[i].text), &wall_s), 0, "%s",
			rows[i].text);
		cr_assert_eq(wall_s, rows[i].wall_s, "%s: %llu", rows[i].text,
			(unsigned long long)wall_s);
	}
}

Test(mail_date, what_is_no_date_is_refused)
{
	static const struct {
		const char *text;
		int rc;
	} rows[] = {
		{"", ERR_INVALID},
		{"yesterday", ERR_INVALID},
		{"Tue, 14 Nov 2023", ERR_INVALID},
		{"14 Foo 2023 22:13:20 +0000", ERR_INVALID},
		{"(14 Nov 2023 22:13:20 +0000)", ERR_INVALID},
		{"0 Nov 2023 22:13:20 +0000", ERR_RANGE},
		{"31 Nov 2023 22:13:20 +0000", ERR_RANGE},
		{"14 Nov 1969 22:13:20 +0000", ERR_RANGE},
		{"14 Nov 2023 24:13:20 +0000", ERR_RANGE},
		{"14 Nov 2023 22 +0000", ERR_RANGE},
		{"14 Nov 2023 1:2:3:4 +0000", ERR_RANGE},
		{"1 Jan 1970 00:00:00 +0200", ERR_RANGE},
		{"99999999999999999999 Nov 2023 22:13:20", ERR_RANGE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t wall_s = 77;

		cr_assert_eq(mail_date_parse(slice_str(rows[i].text), &wall_s), rows[i].rc,
			"\"%s\"", rows[i].text);
		cr_assert_eq(wall_s, 77, "untouched: \"%s\"", rows[i].text);
	}
}
