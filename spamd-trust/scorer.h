/*
 * scorer.h - the stores that verdicts come from, shared by all worker threads.
 *
 * LMDB wants an environment open at most once in a process, so the stores are shared and each
 * worker has readers of its own. When a store is missing, damaged or newer than this program,
 * messages are scored without it (everything is Unknown and a rule says so); when it appears,
 * or is replaced under us by `trustctl restore`, scorer_refresh() opens it anew. To swap it,
 * all workers must be between two messages: each takes its own mutex while it scores, which
 * nobody else wants but the refresh, so that workers never wait for each other.
 *
 * Changes of state are logged once, not for each message.
 */
#ifndef SPAMD_TRUST_SCORER_H
#define SPAMD_TRUST_SCORER_H

#include "common/scan/scan.h"

/** How often scorer_refresh() is worth calling. */
#define SCORER_REFRESH_MS 1000

struct scorer;

/**
 * For `workers` threads and the stores in `directory` (borrowed), which are tried at once; that
 * they cannot be opened is logged and no failure. @return 0 or ERR_NOMEM.
 */
NODISCARD int scorer_new(const char *directory, unsigned int workers, struct scorer **out);
void scorer_free(struct scorer *s);

/** Opens what is not open, and opens again what was replaced. One thread only. */
void scorer_refresh(struct scorer *s);

/**
 * Lets the workers pay: what they reserve lies in `pending` and goes to `submit`
 * (ledger_desk.h). Once, before they start.
 */
void scorer_set_submit(struct scorer *s, struct ledger_pending *pending,
	int (*submit)(void *ctx, struct ledger_payment *payment), void *ctx);

/** Gives every worker a reader of the ledger (borrowed); NULL takes them back. Any thread. */
void scorer_set_ledger(struct scorer *s, struct store *ledger);

/** Are both stores open? */
bool scorer_is_whole(const struct scorer *s);

/**
 * scan_message() with the readers of the worker. @return as that. Snapshots are kept for the next
 * message until scorer_rest().
 */
NODISCARD int scorer_scan(struct scorer *s, unsigned int worker,
	const struct settings *settings, const struct scan_request *request,
	struct arena *arena, struct verdict *out);

/** The worker has no message at hand and goes to wait: gives back its snapshots. */
void scorer_rest(struct scorer *s, unsigned int worker);

/** scan_evidence() with the readers of the worker. @return as that. */
NODISCARD int scorer_examine(struct scorer *s, unsigned int worker,
	const struct settings *settings, struct slice message, struct arena *arena,
	struct evidence *out);

/**
 * The digest of the local user that a name stands for (recipient_find_user), with the reader of the
 * worker. @return 0; ERR_NOTFOUND for none, and where neither graph nor private store was ever
 * there; ERR_NOTREADY without a private store; what it said.
 */
NODISCARD int scorer_find_user(struct scorer *s, unsigned int worker,
	const struct settings *settings, struct slice name, struct digest *out);

#endif
