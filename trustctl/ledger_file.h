/*
 * ledger_file.h - the daemon's ledger, read where it lies.
 *
 * trustctl never writes it (the daemon does, see control.h); reading needs no daemon. A host
 * whose daemon never ran has none, which is no error here.
 */
#ifndef TRUSTCTL_LEDGER_FILE_H
#define TRUSTCTL_LEDGER_FILE_H

#include "common/ledger/ledger_desk.h"
#include "trustctl/command.h"

/** Fields may be read. */
struct ledger_file {
	struct store *store;     /**< NULL: there is none */
	struct ledger_desk desk; /**< for dry runs */
};

/** Opens the ledger of ctl->root. @return 0, also where there is none; what the store said. */
NODISCARD int ledger_file_open(
	const struct ctl *ctl, struct ledger_file *out, struct err_msg *msg);

/** Fine after a failure, and twice. */
void ledger_file_close(struct ledger_file *f);

/**
 * A snapshot; ledger_txn(f->desk.reader) is its transaction.
 * @return 0, ERR_NOTREADY without a ledger.
 */
NODISCARD int ledger_file_begin(struct ledger_file *f, struct err_msg *msg);

/** Ends it. @return 0, or why what was read is not to be believed. */
NODISCARD int ledger_file_end(struct ledger_file *f, struct err_msg *msg);

#endif
