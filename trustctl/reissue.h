/*
 * reissue.h - the good statements of a lost key, signed again by another.
 *
 * Good is what was first seen here before the key was lost, is still in force and not taken back:
 * vouches, blocks, bindings and guards. What came later is the thief's as far as anybody can
 * tell; it is counted, so that the owner knows there was some.
 */
#ifndef TRUSTCTL_REISSUE_H
#define TRUSTCTL_REISSUE_H

#include "trustctl/keywork.h"

struct reissue {
	struct statement *items; /**< owned */
	size_t count;
	size_t cap;
	uint64_t later; /**< statements first seen at or after `since`, which do not count */
	/* What is looked for. */
	struct graph_reader *graph;
	const struct thumbprint *signer; /**< NULL: any key of the identity */
	uint64_t since_s;
	uint64_t now_s;
};

/** Collects what the identity of w said by that key (thumbprint, NULL: any) before since_s. */
NODISCARD int reissue_collect(struct keywork *w, const struct thumbprint *signer,
	uint64_t since_s, struct reissue *out, struct err_msg *msg);

/** Signs all of it anew, in the name of `by`. */
NODISCARD int reissue_publish(const struct reissue *r, const struct issuer *by,
	struct site_txn *txn, struct err_msg *msg);

void reissue_fini(struct reissue *r);

#endif
