/*
 * bound.h - the addresses that an identity binds, which of them have effect, and whose an
 * address is.
 *
 * A binding is a claim until the site has reason to believe it (common/scan/circle.h). This
 * asks as the site, with its ledger: what a single user confirmed for himself counts for him
 * alone.
 */
#ifndef TRUSTCTL_BOUND_H
#define TRUSTCTL_BOUND_H

#include "trustctl/command.h"
#include "trustctl/site.h"

/** An identity binds at most 16 addresses (GRAPH_QUOTA_BINDINGS). */
#define BOUND_ADDRESSES_MAX 16

/** Addresses without their kind, borrowed from the site's snapshot. */
struct bound {
	struct slice effective[BOUND_ADDRESSES_MAX];
	size_t effective_count;
	struct slice claimed[BOUND_ADDRESSES_MAX];
	size_t claimed_count;
};

/**
 * Looks them up; between site_begin() and site_end(). A host without a ledger has seen no mail.
 * @return 0, or what the ledger said.
 */
NODISCARD int bound_find(const struct ctl *ctl, struct site *site, graph_node identity,
	struct bound *out, struct err_msg *msg);

/**
 * The identity that an address has effect for, as a local user (the site, where `who` is none)
 * sees it: confirmed, countersigned, or shown by mail. Between site_begin() and site_end().
 * @return 0; ERR_NOTFOUND; what the ledger said.
 */
NODISCARD int bound_identity(const struct ctl *ctl, struct site *site, const struct digest *who,
	const char *address, struct thumbprint *out, struct err_msg *msg);

#endif
