#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "common/rules/rule_line.h"

static const struct {
	const char *line;
	const char *field;
	const char *pattern; /* NULL: exists */
	const char *flags;   /* of those read */
	enum rule_part part;
	bool is_negated;
	const char *if_unset;
} good[] = {
	{"A From =~ /x/", "From", "x", "", RULE_PART_TEXT, false, ""},
	{"__A1 Subject !~ /a b/i", "Subject", "a b", "i", RULE_PART_TEXT, true, ""},
	{"A\tTo:addr\t=~\t/^bob@/", "To", "^bob@", "", RULE_PART_ADDR, false, ""},
	{"A From:name =~ /Bob/ismx", "From", "Bob", "ismx", RULE_PART_NAME, false, ""},
	{"A X-Y:raw =~ m{a/b}", "X-Y", "a/b", "", RULE_PART_RAW, false, ""},
	{"A X =~ m!a/b!i", "X", "a/b", "i", RULE_PART_TEXT, false, ""},
	{"A X =~ m/a/", "X", "a", "", RULE_PART_TEXT, false, ""},
	{"A X =~ m,a,", "X", "a", "", RULE_PART_TEXT, false, ""},
	{"A X =~ /a\\/b/", "X", "a\\/b", "", RULE_PART_TEXT, false, ""},
	{"A X =~ /^UNSET$/ [if-unset: UNSET]", "X", "^UNSET$", "", RULE_PART_TEXT, false,
		"UNSET"},
	{"A X =~ /[if-unset: a]/", "X", "[if-unset: a]", "", RULE_PART_TEXT, false, ""},
	{"A exists:X-Mailer", "X-Mailer", NULL, "", RULE_PART_TEXT, false, ""},
	{"A From =~ /^[\"\\s]*\\<?\\S+\\@\\S+\\>?\\s*$/", "From",
		"^[\"\\s]*\\<?\\S+\\@\\S+\\>?\\s*$", "", RULE_PART_TEXT, false, ""},
};

Test(rules_line, takes_name_field_pattern_and_flags)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct err_msg msg = {0};
		struct rule_line l;

		cr_assert_eq(rule_line_parse(slice_str(good[i].line), &l, &msg), 0, "%s: %s",
			good[i].line, msg.text);
		cr_expect(slice_eq(l.field, slice_str(good[i].field)), "%s", good[i].line);
		cr_expect_eq(l.is_exists, good[i].pattern == NULL);
		cr_expect(slice_eq(l.pattern, slice_str(good[i].pattern)), "%s: %.*s",
			good[i].line, SLICE_ARG(l.pattern));
		cr_expect_eq(l.part, good[i].part, "%s", good[i].line);
		cr_expect_eq(l.is_negated, good[i].is_negated, "%s", good[i].line);
		cr_expect_eq(l.ignores_case, strchr(good[i].flags, 'i') != NULL);
		cr_expect_eq(l.is_multi_line, strchr(good[i].flags, 'm') != NULL);
		cr_expect_eq(l.dot_matches_all, strchr(good[i].flags, 's') != NULL);
		cr_expect_eq(l.is_extended, strchr(good[i].flags, 'x') != NULL);
		cr_expect(
			slice_eq(l.if_unset, slice_str(good[i].if_unset)), "%s", good[i].line);
	}
}

static const struct {
	const char *line;
	int code;
} bad[] = {
	{"", ERR_INVALID},
	{"A", ERR_INVALID},
	{"A From", ERR_INVALID},
	{"A From =~", ERR_INVALID},
	{"A From =~ x", ERR_INVALID},
	{"A From =~ /x", ERR_INVALID},
	{"A From =~ /x/q", ERR_INVALID},
	{"A From =~ mxax", ERR_INVALID},
	{"A From =~ m", ERR_INVALID},
	{"A From =~ /", ERR_INVALID},
	{"A From ~= /x/", ERR_INVALID},
	{"A From:hosts =~ /x/", ERR_INVALID},
	{"A From:host =~ /x/", ERR_UNSUPPORTED},
	{"A From:addr:first =~ /x/", ERR_UNSUPPORTED},
	{"A :addr =~ /x/", ERR_INVALID},
	{"1A From =~ /x/", ERR_INVALID},
	{"A-B From =~ /x/", ERR_INVALID},
	{"A exists:", ERR_INVALID},
	{"A exists:X =~ /x/", ERR_INVALID},
	{"A eval:check_for_x()", ERR_UNSUPPORTED},
	{"A rbleval:check_rbl('x')", ERR_UNSUPPORTED},
};

Test(rules_line, refuses_what_is_no_rule)
{
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err_msg msg = {0};
		struct rule_line l;

		cr_expect_eq(rule_line_parse(slice_str(bad[i].line), &l, &msg), bad[i].code,
			"%s", bad[i].line);
		cr_expect(bad[i].code == ERR_UNSUPPORTED || msg.text[0] != '\0', "%s",
			bad[i].line);
	}
}

Test(rules_line, every_beginning_of_a_line_is_read_or_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct slice line = slice_str(good[i].line);

		for (size_t n = 0; n < line.len; n++) {
			struct rule_line l;
			int code = rule_line_parse(slice_take(line, n), &l, NULL);

			cr_expect(
				code == 0 || code == ERR_INVALID, "%.*s", (int)n, good[i].line);
		}
	}
}
