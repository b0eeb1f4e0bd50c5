#include <criterion/criterion.h>

#include <math.h>

#include "common/base/err.h"
#include "spamd-trust/spamd_command.h"

struct line_row {
	const char *label;
	const char *line;
	int ret;
	enum spamd_command command;
	double version;
};

static const struct line_row lines[] = {
	{"plain", "CHECK SPAMC/1.5", 0, SPAMD_CHECK, 1.5},
	{"every word: SYMBOLS", "SYMBOLS SPAMC/1.2", 0, SPAMD_SYMBOLS, 1.2},
	{"every word: REPORT", "REPORT SPAMC/1.2", 0, SPAMD_REPORT, 1.2},
	{"every word: REPORT_IFSPAM", "REPORT_IFSPAM SPAMC/1.2", 0, SPAMD_REPORT_IFSPAM, 1.2},
	{"every word: PROCESS", "PROCESS SPAMC/1.2", 0, SPAMD_PROCESS, 1.2},
	{"every word: HEADERS", "HEADERS SPAMC/1.2", 0, SPAMD_HEADERS, 1.2},
	{"every word: TELL", "TELL SPAMC/1.2", 0, SPAMD_TELL, 1.2},
	{"every word: SKIP", "SKIP SPAMC/1.2", 0, SPAMD_SKIP, 1.2},
	{"every word: PING", "PING SPAMC/1.2", 0, SPAMD_PING, 1.2},
	{"junk before", "xyz CHECK SPAMC/1.5", 0, SPAMD_CHECK, 1.5},
	{"junk without blank", "xyzCHECK SPAMC/1.5", 0, SPAMD_CHECK, 1.5},
	{"scanning goes first", "PING SPAMC/1.5 CHECK SPAMC/1.2", 0, SPAMD_CHECK, 1.2},
	{"TELL goes before PING", "PING SPAMC/1.5 TELL SPAMC/1.1", 0, SPAMD_TELL, 1.1},
	{"the leftmost of a kind", "REPORT SPAMC/1.2 CHECK SPAMC/1.5", 0, SPAMD_REPORT, 1.2},
	{"a version that is no command", "X SPAMC/1.1 CHECK SPAMC/1.4", 0, SPAMD_CHECK, 1.4},
	{"no version", "CHECK SPAMC/", 0, SPAMD_CHECK, 0},
	{"two blanks", "CHECK  SPAMC/1.5", ERR_INVALID, 0, 0},
	{"tab", "CHECK\tSPAMC/1.5", ERR_INVALID, 0, 0},
	{"lower-case command", "check SPAMC/1.5", ERR_INVALID, 0, 0},
	{"lower-case protocol", "CHECK spamc/1.5", ERR_INVALID, 0, 0},
	{"another protocol", "GET / HTTP/1.1", ERR_INVALID, 0, 0},
	{"only the protocol", " SPAMC/1.5", ERR_INVALID, 0, 0},
	{"nothing", "", ERR_INVALID, 0, 0},
};

Test(spamd_command, is_found_anywhere_in_the_line)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const struct line_row *row = &lines[i];
		enum spamd_command command = SPAMD_CHECK;
		double version = -1;

		cr_assert_eq(spamd_command_parse(slice_str(row->line), &command, &version),
			row->ret, "%s", row->label);
		if (row->ret == 0) {
			cr_assert_eq(command, row->command, "%s: %s", row->label,
				spamd_command_name(command));
			cr_assert_eq(version, row->version, "%s: %g", row->label, version);
		}
	}
}

static const struct {
	const char *text;
	double version;
} versions[] = {
	{"1.5", 1.5},
	{"1.5 extra", 1.5},
	{"1.30", 1.3},
	{"1.10", 1.1},
	{"99.9", 99.9},
	{"-1.5", -1.5},
	{"+1.2", 1.2},
	{" \t1.2", 1.2},
	{"001.2", 1.2},
	{"1.", 1},
	{".5", 0.5},
	{"1.5\r", 1.5},
	{"0x10", 0},
	{"15e-1", 1.5},
	{"1E1", 10},
	{"1e", 1},
	{"1e+", 1},
	{"", 0},
	{".", 0},
	{"-", 0},
	{"text", 0},
	{"1.50000000000000000000000000000000000000000000000000000000001", 1.5},
	{"0000000000000000000000000000000000000000000000000000000001.5", 1.5},
};

Test(spamd_command, version_is_the_number_at_the_start)
{
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		double got = spamd_version_parse(slice_str(versions[i].text));

		cr_assert_eq(
			got, versions[i].version, "'%s' gave %.17g", versions[i].text, got);
	}
}

Test(spamd_command, absurd_exponents_stay_ordinary_numbers)
{
	cr_assert_gt(spamd_version_parse(SLICE("1e99999999999999999999")), 1.5);
	cr_assert_gt(spamd_version_parse(SLICE("Inf")), 1.5);
	cr_assert_lt(spamd_version_parse(SLICE("-infinity")), 0);
	cr_assert(isnan(spamd_version_parse(SLICE("nan"))));
	cr_assert(isnan(spamd_version_parse(SLICE("-NaN x"))));
	cr_assert_eq(spamd_version_parse(SLICE("na")), 0);
	cr_assert_lt(spamd_version_parse(SLICE("1e-99999999999999999999")), 1.0);
}
