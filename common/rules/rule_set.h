/*
 * rule_set.h - the administrator's own rules: `header` patterns through PCRE2, and `meta`.
 *
 * Filled while a configuration is read, each pattern compiled then, once; read by any number of
 * threads from then on. It lives in the arena of the settings, PCRE2's memory included, so there
 * is nothing to release; a user's overlay copies the row of pointers before it adds to it.
 *
 * What a pattern may cost is bounded: its length, the number of rules, the text it sees
 * (rule_subject.h), PCRE2's limits of steps, depth and memory for one match, the steps of all
 * matches of one message, and how many of them may run into a limit. A rule that does counts as
 * not matching, and its name can be asked for once. Patterns are not compiled to machine code:
 * that needs memory both writable and executable, which the service file forbids.
 */
#ifndef COMMON_RULES_RULE_SET_H
#define COMMON_RULES_RULE_SET_H

#include "common/base/arena.h"
#include "common/base/err.h"
#include "common/mail/header.h"

/** Rules of a site; SpamAssassin's own have about 900 of these two kinds. */
#define RULE_SET_MAX 2000

/** What one match may take: PCRE2's own steps, nesting, and KiB of memory. */
#define RULE_MATCH_STEPS_MAX 100000
#define RULE_MATCH_DEPTH_MAX 1000
#define RULE_MATCH_KIB_MAX   1024

/**
 * What a match may take for nothing; one that needs more pays RULE_MATCH_STEPS_MAX out of
 * RULE_MESSAGE_STEPS_MAX, which all matches of a message share (PCRE2 does not tell what it used).
 * With RULE_SET_MAX rules that is 22 million steps at most, a fraction of a second.
 */
#define RULE_FREE_STEPS_MAX    10000
#define RULE_MESSAGE_STEPS_MAX 2000000

/** Different fields, or parts of fields, that all rules together look at. */
#define RULE_FIELDS_MAX 200

/** So many matches of one message may run into that; then the other rules count as not matching. */
#define RULE_FAULTS_MAX 8

struct rule_set;

/**
 * Adds or replaces the rule of a `header` or `meta` line. *set is made when it is NULL, and copied
 * when it lives in another arena.
 * @return 0; ERR_UNSUPPORTED where the line needs a rule engine; ERR_INVALID or ERR_TOOBIG with
 * msg; ERR_NOMEM.
 */
NODISCARD int rule_set_add_header(
	struct rule_set **set, struct slice value, struct arena *arena, struct err_msg *msg);
NODISCARD int rule_set_add_meta(
	struct rule_set **set, struct slice value, struct arena *arena, struct err_msg *msg);

/** How many rules there are; 0 for NULL. */
size_t rule_set_count(const struct rule_set *set);

/** The value of the i-th line in order of names, as it was given, and whether it is a meta's. */
struct slice rule_set_line(const struct rule_set *set, size_t i, bool *is_meta_out);

/** What a scan asks, and is told. */
struct rule_set_questions {
	/** Is the rule switched off by a score of 0? Then it is not run and counts 0. */
	bool (*is_off)(void *ctx, struct slice name);
	/**
	 * The value of a rule that is none of the set; below 0 where nobody knows it: then a
	 * meta hits only if it does so whatever the rule says.
	 */
	double (*value_of)(void *ctx, struct slice name);
	/** A rule hit. @return 0, or an error that ends the run. */
	int (*hit)(void *ctx, struct slice name);
	void *ctx;
};

/**
 * Runs the rules on a header, hits in bytewise order of names; those that start with "__" are
 * not told.
 * @return 0, ERR_NOMEM, or what `hit` returned.
 */
NODISCARD int rule_set_run(const struct rule_set *set, const struct header *h,
	const struct rule_set_questions *ask, struct arena *arena);

/** Takes the name of a rule that ran into a limit, once for each rule; false when there is none. */
bool rule_set_take_fault(const struct rule_set *set, struct slice *name_out);

#endif
