/*
 * keywork.h - work on the keys of one identity: whose it is, and which of them are here.
 *
 * The root may be kept off the host; whoever needs it says so with the remedy. Everything here is
 * owned by the keywork and given back, cleansed, by keywork_fini.
 */
#ifndef TRUSTCTL_KEYWORK_H
#define TRUSTCTL_KEYWORK_H

#include "trustctl/publish.h"

struct keywork {
	struct ctl *ctl;
	struct site *site;
	struct actor actor;
	struct principal self; /**< id: of the identity */
	struct keystore keys;
	struct keypair *root;     /**< NULL until keywork_root */
	struct keypair *device;   /**< NULL until keywork_device */
	struct keypair *next;     /**< NULL until keywork_next */
	struct keypair *site_key; /**< countersigns bindings; NULL without a site */
};

/** Finds whose keys it is about (--user, --site, --as). @return an exit status, having said why. */
int keywork_init(struct keywork *w, struct ctl *ctl, struct site *site);
void keywork_fini(struct keywork *w);

/** Loads the root. @return 0; ERR_NOTREADY with the remedy when it is kept off the host. */
NODISCARD int keywork_root(struct keywork *w, struct err_msg *msg);

/** Loads the next root the identity committed to. @return 0; ERR_NOTREADY with the remedy. */
NODISCARD int keywork_next(struct keywork *w, struct err_msg *msg);

/** Loads the newest device that signs for the identity here. @return 0; ERR_NOTREADY. */
NODISCARD int keywork_device(struct keywork *w, struct err_msg *msg);

/** Who speaks, with that key, openly, now. */
struct issuer keywork_issuer(const struct keywork *w, const struct keypair *signer);

/** What the newest `identity` statement says; zero where there is none. */
NODISCARD int keywork_identity_body(
	struct keywork *w, struct statement_identity_body *out, struct err_msg *msg);

/** Signs the identity statement again by the root, with another body. */
NODISCARD int keywork_put_identity(struct keywork *w, struct site_txn *txn,
	const struct statement_identity_body *body, struct err_msg *msg);

/** Certifies a device by the root; *made_out is the certificate. */
NODISCARD int keywork_certify(struct keywork *w, struct site_txn *txn,
	const struct public_key *device, const struct statement_device_body *body,
	struct issued *made_out, struct err_msg *msg);

/** Revokes id:, key: or stmt:, by that key. */
NODISCARD int keywork_revoke(struct keywork *w, struct site_txn *txn,
	const struct keypair *signer, const struct principal *what,
	const struct issue_reason *reason, struct err_msg *msg);

/** key:THUMBPRINT of a public key. */
NODISCARD int keywork_key_principal(
	const struct public_key *key, struct principal *out, struct err_msg *msg);

/** Reads --why, `fallback` without. @return an exit status, having said why. */
int keywork_why(const struct ctl *ctl, enum statement_why fallback, enum statement_why *out);

/**
 * Reads --since, now without; the future counts as now.
 * @return an exit status, having said why.
 */
int keywork_since(const struct ctl *ctl, uint64_t *out);

/** Reads TIME of --since. @return 0; ERR_INVALID. */
NODISCARD int keywork_parse_time(struct slice text, uint64_t now_s, uint64_t *out);

/**
 * A thumbprint as people write it: itself, id: before it, or the name of a local user. Between
 * site_begin and site_end. @return 0; ERR_NOTFOUND.
 */
NODISCARD int keywork_who(struct site *site, const char *text, struct thumbprint *out);

#endif
