/*
 * enrol.h - makes identities: keys on disk, statements in the graph, a user in private.
 *
 * Three places cannot be changed in one transaction, so the intention is written down first
 * (STORE/keys/enrolling: which identity is being made for which address). Then come the keys,
 * then the graph, then the private store, then the note is taken away. After a crash in
 * between, enrolling the same address again finds the note and goes on with the same keys, so
 * no address ever ends up with two identities of this site. The caller holds the lock of the site.
 */
#ifndef TRUSTCTL_ENROL_H
#define TRUSTCTL_ENROL_H

#include "trustctl/publish.h"

/** One user to be. */
struct enrolment {
	struct principal address;
	const struct slice *aliases; /**< canonical; borrowed; those he has already are fine */
	size_t alias_count;
	struct thumbprint identity; /**< filled in */
	bool existed;               /**< filled in: was there before, complete */
	struct publish_keys keys;   /**< private */
	struct keypair *owned[3];   /**< private: root, next, device */
	bool fresh[3];              /**< private: which of them were made now */
};

/**
 * Enrols all of them or none. One that is already a user here (same address, no other
 * aliases wanted than he has) is left as it is.
 * @return 0; ERR_EXISTS when an address or alias belongs to another; what keys and stores say.
 */
NODISCARD int enrol_users(struct site *site, const struct ctl *ctl, struct enrolment *users,
	size_t count, struct err_msg *msg);

/** Makes the identity of the site and its domain known; does what is missing. */
NODISCARD int enrol_site(struct site *site, const struct ctl *ctl, struct slice domain,
	struct thumbprint *identity_out, struct err_msg *msg);

#endif
