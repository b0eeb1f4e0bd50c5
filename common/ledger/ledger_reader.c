#include "common/ledger/ledger_reader.h"

#include <stdlib.h>

struct ledger_reader {
	struct store *store;
	struct store_txn *txn; /* NULL before the first snapshot */
	bool is_open;          /* between begin and end */
	int error;
};

int
ledger_reader_new(struct store *store, struct ledger_reader **out, struct err_msg *msg)
{
	*out = calloc(1, sizeof(**out));
	if (*out == NULL) {
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	(*out)->store = store;
	(*out)->error = ERR_NOTREADY;
	return 0;
}

void
ledger_reader_free(struct ledger_reader *r)
{
	if (r != NULL) {
		store_abort(r->txn);
		free(r);
	}
}

int
ledger_begin(struct ledger_reader *r)
{
	r->error = r->txn == NULL ? store_begin_read(r->store, &r->txn) : store_renew(r->txn);
	r->is_open = r->error == 0;
	return r->error;
}

void
ledger_end(struct ledger_reader *r)
{
	r->error = ledger_error(r);
	if (r->is_open) {
		store_pause(r->txn);
		r->is_open = false;
	}
}

struct store_txn *
ledger_txn(struct ledger_reader *r)
{
	return r->txn;
}

int
ledger_error(const struct ledger_reader *r)
{
	return r->is_open ? store_txn_error(r->txn) : r->error;
}
