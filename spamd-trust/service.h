/*
 * service.h - what all worker threads share: fixed before they start, never written after.
 *
 * Except for `peers` (atomic counters), `scorer` and `ledger` (their own locking), nothing in
 * here changes, so workers read it without a lock.
 */
#ifndef SPAMD_TRUST_SERVICE_H
#define SPAMD_TRUST_SERVICE_H

#include "common/conf/settings.h"
#include "common/metric/metric_config.h"
#include "spamd-trust/listener.h"
#include "spamd-trust/peers.h"
#include "spamd-trust/scorer.h"
#include "spamd-trust/spamd_proto.h"
#include "spamd-trust/upstream_targets.h"

struct ledger_pending;
struct ledger_writer;
struct upstream_tls;
struct ssl_ctx_st;

#define SERVICE_HOSTNAME_MAX 256

struct service {
	const struct options *options;
	const struct settings *settings;
	const struct listeners *listeners;
	const struct netlist *allowed;
	struct ssl_ctx_st *tls; /**< NULL unless a listener uses TLS */
	struct scorer *scorer;
	struct peers *peers;
	struct ledger_writer *ledger;
	struct ledger_pending *pending; /**< introductions paid for, not on the disk yet */
	struct metric_config metric;
	const struct upstream_targets *upstream; /**< empty: no chained scorer */
	const struct upstream_tls *upstream_tls; /**< NULL unless one of them has TLS */
	struct spamd_limits limits;
	unsigned int threads;
	size_t connections_max;    /**< of one worker */
	size_t buffered_max_bytes; /**< of one worker */
	unsigned int uid;          /**< effective, for the log */
	bool sets_users_aside; /**< started as root without -u: the original would become each user */
	char hostname[SERVICE_HOSTNAME_MAX];
};

#endif
