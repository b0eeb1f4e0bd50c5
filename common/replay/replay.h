/*
 * replay.h - a history of vouches, mail and reports, answered as the daemon would have.
 *
 * One line an event, fields separated by one TAB each (METRIC, "The replay interface"):
 *
 *	A time issuer subject level      vouch seen; level 0 withdraws; time 0: established long ago
 *	Q time recipient sender id       proven mail; answered "id TAB tier TAB score"
 *	R time recipient sender spam|ham a report; ham takes back the newest of spam of that pair
 *
 * Everything is in memory and one process serves all recipients. Times are seconds and never
 * go back; events count in the order of lines. Identifiers are opaque bytes, 1 to
 * REPLAY_NAME_MAX, without TAB and LF. In a replay there are no colleagues, no learned edges, no
 * expiry and no self: a vouch for oneself is dropped, mail to oneself is unknown.
 * The engine takes lines and appends answers; it reads and writes nothing itself.
 */
#ifndef COMMON_REPLAY_REPLAY_H
#define COMMON_REPLAY_REPLAY_H

#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "common/metric/metric.h"
#include "common/replay/replay_names.h"

/** Longest line: three identifiers, a time, and what separates them. */
#define REPLAY_LINE_MAX (3 * REPLAY_NAME_MAX + 64)

/** Latest time: far from where sums of times would overflow. */
#define REPLAY_TIME_MAX ((uint64_t)1 << 48)

struct replay;

/** Scores of the rules a replay can answer with. */
struct replay_scores {
	double well;
	double direct;
	double direct_weak;
	double reported;
	double unknown;
};

struct replay_stats {
	uint64_t vouches;
	uint64_t queries;
	uint64_t reports;
	uint64_t identifiers;
};

/** @return 0 or ERR_NOMEM. Copies both. */
NODISCARD int replay_new(const struct metric_config *config, const struct replay_scores *scores,
	struct replay **out);
void replay_free(struct replay *r);

/**
 * Takes the next line, without its LF, and appends the answer to a Q.
 * @return 0; ERR_INVALID, ERR_RANGE, ERR_TOOBIG for a malformed line, with msg (offset: number
 * of the line, from 1); ERR_NOMEM. After an error the replay must not go on: it would answer
 * for another history.
 */
NODISCARD int replay_line(
	struct replay *r, struct slice line, struct dynbuf *answers, struct err_msg *msg);

/** The decision behind the last answer; for tests and explanations. */
const struct metric_decision *replay_last(const struct replay *r);

void replay_stats(const struct replay *r, struct replay_stats *out);

#endif
