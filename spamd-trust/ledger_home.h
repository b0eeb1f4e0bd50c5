/*
 * ledger_home.h - a place for reports on a host where no store was ever made.
 *
 * The original learns for whoever asks, with nothing prepared. So that `spamc -L` goes on where
 * this program took its place, a start with --allow-tell makes the store directory and an empty
 * ledger in it, owned by the account of the worker process, as `trustctl init` and chown(1)
 * would. Only where the directory does not exist at all: a directory without a ledger may be a
 * disk that is not mounted, and reports must not go below it. trustctl init later adds the
 * rest.
 *
 * To be called before privileges are dropped.
 */
#ifndef SPAMD_TRUST_LEDGER_HOME_H
#define SPAMD_TRUST_LEDGER_HOME_H

#include "spamd-trust/privileges.h"

/**
 * Makes DIRECTORY (0755) and DIRECTORY/ledger (0750, of the account in `p` if that drops rights).
 * @return 0, also when DIRECTORY exists and nothing was done; what the system said, with a text.
 */
NODISCARD int ledger_home_make(
	const char *directory, const struct privileges *p, struct err_msg *msg);

#endif
