/*
 * share_plan.h - which reports become warnings for peers, decided before anything is signed.
 *
 * METRIC "Reports": with share_reports, a report that warns this site's users warns peers'
 * users too, by a `warn` statement. What should be there (standing reports of local users that
 * warn, for as long as they do) is held against what is there (their `warn` statements in the
 * graph), so a run does what is missing and nothing twice. Statements that were signed by a
 * device whose key is not here are another host's, and left alone.
 *
 * The ledger knows senders by digest alone; their addresses come from the graph, the private
 * store, or the history.
 */
#ifndef TRUSTCTL_SHARE_PLAN_H
#define TRUSTCTL_SHARE_PLAN_H

#include "trustctl/actor.h"

/** A statement that ends earlier than its warning is renewed with this much left. */
#define SHARE_RENEW_BEFORE_S ((uint64_t)30 * 86400)

enum share_action {
	SHARE_PUBLISH,
	SHARE_RENEW,
	SHARE_WITHDRAW,
	SHARE_KEEP,      /**< is published already */
	SHARE_NO_SENDER, /**< nothing here has the sender's address */
	SHARE_NO_KEY,    /**< the user has no device key here */
};

/** A local user; name and identity of the actor are set. */
struct share_user {
	struct actor actor;
	struct keypair *signer; /**< owned; NULL until somebody loads it */
};

struct share_row {
	size_t user; /**< index */
	enum share_action action;
	struct digest sender;
	bool has_subject;
	struct principal subject; /**< the sender */
	uint64_t until_s;         /**< when the warning ends; 0: it is to be taken back */
	uint64_t published_s;     /**< when what is published ends; 0: nothing is */
};

/** Fields are to be read only, except actions and signers. */
struct share_plan {
	struct share_user *users; /**< ascending by digest */
	size_t user_count;
	struct share_row *rows; /**< by user */
	size_t row_count;
};

/** Takes the site's users. Between site_begin and site_end. @return 0; ERR_NOMEM. */
NODISCARD int share_plan_users(struct share_plan *p, struct site *site);

/**
 * Takes the reports that warn, in a snapshot of the ledger; without this call none do.
 * @param now_s those whose warning_life is over are left out.
 */
NODISCARD int share_plan_reports(
	struct share_plan *p, struct site *site, struct store_txn *ledger, uint64_t now_s);

/** Holds them against the graph. @return 0; ERR_NOMEM; what the store said. */
NODISCARD int share_plan_published(
	struct share_plan *p, struct site *site, const struct keystore *keys, uint64_t now_s);

/** Finds the addresses of senders. @param ledger NULL: there is none, or no need. */
void share_plan_name(struct share_plan *p, struct site *site, struct store_txn *ledger);

/** Decides every row. */
void share_plan_decide(struct share_plan *p, uint64_t now_s);

/** Fine on a zeroed plan. */
void share_plan_fini(struct share_plan *p);

#endif
