/*
 * publish.h - signs statements and puts them into the graph, in one transaction.
 *
 * The next sequence number of the register is taken from the graph inside the same
 * transaction, so two programs never use one twice. What the graph would not keep (an
 * issuer beyond his quota) is an error here, before anything is changed: a person must not
 * believe that he vouched for somebody when he did not.
 */
#ifndef TRUSTCTL_PUBLISH_H
#define TRUSTCTL_PUBLISH_H

#include "trustctl/actor.h"

/** The actor at work: who signs, when, and for whom to see. */
struct publisher {
	const struct actor *actor;
	const struct keypair *signer; /**< borrowed */
	uint64_t now_s;
	enum statement_aud aud;
};

/** @param level TRUST_LEVEL_NONE takes an earlier vouch back. */
NODISCARD int publish_vouch(struct site_txn *txn, const struct publisher *by,
	const struct principal *subject, enum trust_level level, struct err_msg *msg);

/** @param in_force false takes an earlier block back. */
NODISCARD int publish_block(struct site_txn *txn, const struct publisher *by,
	const struct principal *subject, bool in_force, struct err_msg *msg);

/**
 * Warns peers' users of the subject; the publisher's `aud` is STATEMENT_PEERS.
 * @param exp_s when that ends (issue_warn); 0 takes an earlier warning back.
 */
NODISCARD int publish_warn(struct site_txn *txn, const struct publisher *by,
	const struct principal *subject, uint64_t exp_s, struct err_msg *msg);

/** Revokes one of the actor's own statements, whose id is given, from now on. */
NODISCARD int publish_revoke_statement(struct site_txn *txn, const struct publisher *by,
	const struct digest *id, enum statement_why why, struct err_msg *msg);

/** True when the actor ever published that kind of statement about the subject. */
NODISCARD int publish_was(struct site_txn *txn, const struct actor *actor,
	enum statement_act act, const struct principal *subject, bool *out,
	struct err_msg *msg);

/** Keys of an identity in the making. */
struct publish_keys {
	const struct keypair *root;
	const struct keypair *next;
	const struct keypair *device;
	const struct keypair *site; /**< countersigns the address; may be NULL */
};

/** The number of the next statement of a register. */
NODISCARD int publish_seq(struct site_txn *txn, const struct thumbprint *iss,
	enum statement_act act, const struct principal *sub, uint64_t *out,
	struct err_msg *msg);

/** Puts a statement made by hand into the graph. @return 0; ERR_DENIED when it was not kept. */
NODISCARD int publish_made(
	struct site_txn *txn, const struct issued *made, uint64_t now_s, struct err_msg *msg);

/**
 * Makes the statements of a new identity that are not there yet: itself, its device, and the
 * address it uses (NULL: none). Marks it as hosted here. May run again.
 */
NODISCARD int publish_identity(struct site_txn *txn, const struct publish_keys *keys,
	enum statement_role role, const struct principal *address, uint64_t now_s,
	struct err_msg *msg);

/**
 * Signs an identity, a device's certificate or a binding of a local identity once more, by
 * its root, to last from now_s. ERR_NOTREADY with the remedy when the key is kept elsewhere.
 */
NODISCARD int publish_again(struct site_txn *txn, const struct keystore *keys,
	const struct keypair *countersigner, const struct statement *st, uint64_t now_s,
	struct err_msg *msg);

/**
 * Looks whether what was published is believed here: it is not once the certificate of the
 * device has ended. @param dir GRAPH_OUT or GRAPH_BLOCKS_OUT.
 * @return 0; ERR_NOTREADY with the remedy.
 */
NODISCARD int publish_check(struct site *site, const struct actor *actor,
	enum graph_direction dir, const struct principal *subject, struct err_msg *msg);

#endif
