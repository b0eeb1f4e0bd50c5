/*
 * upstream_merge.h - one verdict out of ours and a chained scorer's.
 */
#ifndef SPAMD_TRUST_UPSTREAM_MERGE_H
#define SPAMD_TRUST_UPSTREAM_MERGE_H

#include "common/conf/settings.h"
#include "spamd-trust/upstream_client.h"

/**
 * Adds the answer's score and rules to the verdict and decides anew, by our required_score. The
 * score is the one the answer states; the points of its rules are rounded and only shown. A
 * rule that both found counts once, as ours. Without an answer (NULL) TRUST_NO_UPSTREAM says
 * so, unless its score is configured as 0. Works the same in `trust_mode observe`, where only
 * our own scores are 0.
 * @return 0 or ERR_NOMEM; the score is right in any case.
 */
NODISCARD int upstream_merge(
	const struct settings *settings, const struct upstream_reply *reply, struct verdict *v);

#endif
