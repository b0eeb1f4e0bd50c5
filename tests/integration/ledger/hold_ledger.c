/*
 * hold-ledger STORE - keeps the ledger's write transaction until standard input ends.
 *
 * What a slow disk does to spamd-trust, for integration/spamd_tell.py: its writer waits, and
 * everybody else should not notice.
 */
#include <stdio.h>

#include "common/graph/store_layout.h"

int
main(int argc, char *argv[])
{
	struct store *store = NULL;
	struct store_txn *txn = NULL;
	struct err_msg msg = {0};

	if (argc != 2 || store_layout_open(STORE_LAYOUT_LEDGER, argv[1], STORE_WRITE, &store,
				 &msg) != 0) {
		(void)fprintf(stderr, "hold-ledger: %s\n", msg.text);
		return 1;
	}
	if (store_begin_write(store, &txn) != 0) {
		(void)fprintf(stderr, "hold-ledger: cannot begin\n");
		store_close(store);
		return 1;
	}
	(void)printf("held\n");
	(void)fflush(stdout);
	while (getchar() != EOF) {
	}
	store_abort(txn);
	store_close(store);
	return 0;
}
