/* One piece of work in one transaction, and again where the map had to grow (store.h). */
#include <time.h>

#include "common/store/store_backend.h"

/* Doubling from one page to 64 GiB takes 24 steps; the rest is patience with other threads. */
#define UPDATE_ATTEMPTS_MAX 64
#define UPDATE_PAUSE_NS     1000000L

static int
update_once(struct store *store, store_update_fn *work, void *ctx)
{
	struct store_txn *txn = NULL;
	int rc = store_begin_write(store, &txn);

	if (rc != 0) {
		return rc;
	}
	rc = work(ctx, txn);
	/* What the work made of a full map matters less than that the map was full. */
	if (rc != 0 && txn->error == 0) {
		store_abort(txn);
		return rc;
	}
	return store_commit(txn);
}

int
store_update(struct store *store, store_update_fn *work, void *ctx)
{
	int rc = ERR_BUSY;

	for (int i = 0; i < UPDATE_ATTEMPTS_MAX && rc == ERR_BUSY; i++) {
		if (i > 0) {
			/*
			 * Another thread may have to end its transaction before the map can
			 * grow.
			 */
			(void)nanosleep(&(struct timespec){.tv_nsec = UPDATE_PAUSE_NS}, NULL);
		}
		rc = update_once(store, work, ctx);
	}
	return rc;
}
