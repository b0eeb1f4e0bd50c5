/*
 * scan_rules.h - from a decision to rules, scores and the words that explain it (DESIGN 7).
 *
 * Every verdict has exactly one tier rule, as some clients see only rule names. Scores come from
 * the settings; TRUST_FOF is computed unless the administrator set one. In `trust_mode observe`
 * all our scores are 0 (the standard test string keeps its own: it tests the pipeline).
 */
#ifndef COMMON_SCAN_SCAN_RULES_H
#define COMMON_SCAN_SCAN_RULES_H

#include "common/scan/scan.h"

/** Score of TRUST_UNKNOWN with `unknown_is_spam yes`, unless one is configured. */
#define SCAN_UNKNOWN_IS_SPAM_SCORE 6.5

/**
 * Adds the rules that follow from v->details, and the texts of the explanation. Whoever calls
 * ends the verdict (verdict_finish) when nothing more is added.
 * @param has_gtube the message holds the standard test string.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int scan_rules(const struct settings *settings, bool has_gtube, struct arena *arena,
	struct verdict *v);

#endif
