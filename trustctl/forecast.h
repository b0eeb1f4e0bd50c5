/*
 * forecast.h - what the web of trust would have made of the mail a site had.
 *
 * Takes who wrote to whom and when, in any order, and replays it in time. What is assumed:
 *
 *	sent       mail of an address at the site's domain to one elsewhere. It makes the
 *	           recipient a learned friend, weak first, ordinary with mail both ways, and
 *	           stands for a vouch: what users do when they publish whom they know
 *	received   mail from elsewhere to an address at the domain: one question each
 *	proven     all of it; what nobody proves stays Unknown in real life
 *	colleagues the users know each other, ordinary, up to FORECAST_COLLEAGUES_MAX of them
 *
 * Mail within the site is not counted. Nobody is well trusted, as nobody was made a strong
 * friend by hand. Addresses are canonical.
 */
#ifndef TRUSTCTL_FORECAST_H
#define TRUSTCTL_FORECAST_H

#include "common/base/err.h"
#include "common/replay/replay.h"

/** Users that know each other; the pairs of more would outweigh the mail. */
#define FORECAST_COLLEAGUES_MAX 1000

/** Messages that are kept: 24 bytes each. */
#define FORECAST_MAIL_MAX 20000000

struct forecast;

/** One month of received mail. */
struct forecast_month {
	unsigned int year;
	unsigned int month; /**< 1 to 12 */
	uint64_t messages;
	uint64_t well_trusted;
	uint64_t known;      /**< by an edge of the recipient's own */
	uint64_t introduced; /**< by friends who vouch */
	uint64_t unknown;
	uint64_t strangers; /**< of the introduced and unknown, first messages of a pair */
};

struct forecast_result {
	const struct forecast_month *months; /**< by time; borrowed from the forecast */
	size_t month_count;
	uint64_t sent;
	uint64_t internal; /**< mail between users, not counted */
	uint64_t foreign;  /**< mail that is nobody's here, not counted */
	uint64_t users;
	bool has_colleagues;
};

/** @param domain of the site, canonical; copied. @return 0 or ERR_NOMEM. */
NODISCARD int forecast_new(struct slice domain, struct forecast **out);
void forecast_free(struct forecast *f);

/** Is that address at the site's domain? */
bool forecast_is_own(const struct forecast *f, struct slice address);

/** Notes a message. @return 0, ERR_NOMEM, ERR_TOOBIG beyond FORECAST_MAIL_MAX. */
NODISCARD int forecast_add(
	struct forecast *f, uint64_t at_s, struct slice from, struct slice to);

/** Replays all of it, once. @return 0 or ERR_NOMEM. */
NODISCARD int forecast_run(
	struct forecast *f, struct forecast_result *out, struct err_msg *msg);

#endif
