/*
 * rule_line.h - what a `header` line of a .cf file says: NAME FIELD =~ /regex/flags.
 *
 * Takes the line apart and checks its form; the pattern itself is for PCRE2 (rule_set.h) to judge.
 * All slices point into the line. SpamAssassin's Conf(3), "header SYMBOLIC_TEST_NAME ...".
 */
#ifndef COMMON_RULES_RULE_LINE_H
#define COMMON_RULES_RULE_LINE_H

#include "common/base/err.h"
#include "common/base/slice.h"

/** Longest name of a rule; SpamAssassin warns beyond 50. */
#define RULE_NAME_MAX 128

/** Longest pattern in bytes; SpamAssassin's own rules have lists of addresses of up to 10 KiB. */
#define RULE_PATTERN_MAX 32768

/** What of a field a rule looks at. */
enum rule_part {
	RULE_PART_TEXT,     /**< the value, unfolded */
	RULE_PART_RAW,      /**< :raw, as it is in the message */
	RULE_PART_ADDR,     /**< :addr, the addresses, one a line */
	RULE_PART_NAME,     /**< :name, the display names, one a line */
	RULE_PART_RAW_NAME, /**< :name:raw, the same with encoded words as they are */
};

struct rule_line {
	struct slice name;
	struct slice field; /**< of the header, or ALL, ToCc, MESSAGEID */
	enum rule_part part;
	bool is_exists;  /**< exists:FIELD; there is no pattern then */
	bool is_negated; /**< !~ */
	struct slice pattern;
	bool ignores_case;     /**< i */
	bool is_multi_line;    /**< m */
	bool dot_matches_all;  /**< s */
	bool is_extended;      /**< x */
	struct slice if_unset; /**< taken where there is no such field */
};

/** Letters, digits and underscores, not starting with a digit. */
bool rule_name_is_valid(struct slice name);

/**
 * Reads "From" or "From:addr". @return 0; ERR_UNSUPPORTED for :first, :domain and the like,
 * ERR_INVALID, with msg, which may be NULL.
 */
NODISCARD int rule_part_parse(struct slice word, struct slice *field_out,
	enum rule_part *part_out, struct err_msg *msg);

/**
 * Reads the value of a `header` setting.
 * @return 0; ERR_UNSUPPORTED for eval: tests and parts of fields that need a rule engine;
 * ERR_INVALID or ERR_TOOBIG with msg.
 */
NODISCARD int rule_line_parse(struct slice value, struct rule_line *out, struct err_msg *msg);

#endif
