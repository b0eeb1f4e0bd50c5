/*
 * actor.h - for whom a command acts: a local user, or the site itself.
 *
 * Private entries of the site are kept under the digest of its identity's principal
 * (id:THUMBPRINT), those of a user under that of his address.
 */
#ifndef TRUSTCTL_ACTOR_H
#define TRUSTCTL_ACTOR_H

#include "common/statement/issue.h"
#include "trustctl/site.h"

struct actor {
	bool is_site;
	bool is_user;         /**< neither: an identity whose keys are here */
	struct digest digest; /**< under which private entries are kept */
	struct thumbprint identity;
	char name[PRINCIPAL_TEXT_MAX]; /**< address, or "the site" */
};

/**
 * Finds the user of --user, the site for --site, or the identity of --as; exactly one of them
 * must be given.
 * Between site_begin and site_end.
 * @return 0, or an exit status, having said why on standard error.
 */
NODISCARD int actor_find(const struct ctl *ctl, struct site *site, struct actor *out);

/** As actor_find for a user of that name. @return 0 or ERR_NOTFOUND. */
NODISCARD int actor_find_user(struct site *site, const char *name, struct actor *out);

/** The site; ERR_NOTREADY where there is no site identity. */
NODISCARD int actor_find_site(struct site *site, struct actor *out, struct err_msg *msg);

/** The actor's newest device key, owned. msg names the remedy when there is none. */
NODISCARD int actor_signer(const struct site *site, const struct actor *actor,
	struct keypair **out, struct err_msg *msg);

/**
 * The site's own device key, which countersigns what its users bind; NULL where there is none.
 * In a snapshot of its own.
 */
NODISCARD int actor_countersigner(struct site *site, struct keypair **out, struct err_msg *msg);

#endif
