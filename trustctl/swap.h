/*
 * swap.h - puts restored directories in place of the present ones, all of them or none.
 *
 * A restore prepares everything under ROOT/restoring. Renaming that to ROOT/restored is the
 * point of no return: from there on the swap only goes forward. Each part that holds the mark
 * is exchanged with the one in ROOT by one system call; the mark tells, after a crash, which
 * are still to be done. Whoever opens the store for writing next finishes what was begun; a
 * directory ROOT/restoring that was left behind is removed. The caller holds the lock.
 */
#ifndef TRUSTCTL_SWAP_H
#define TRUSTCTL_SWAP_H

#include <limits.h>

#include "common/base/err.h"

/** Makes an empty ROOT/restoring; its path goes to staging_out. */
NODISCARD int swap_prepare(const char *root, char staging_out[PATH_MAX], struct err_msg *msg);

/** Everything in ROOT/restoring takes its place; the old goes away. */
NODISCARD int swap_commit(const char *root, struct err_msg *msg);

/** Removes ROOT/restoring. */
NODISCARD int swap_abandon(const char *root, struct err_msg *msg);

/** Finishes a swap that was interrupted, if there is one. */
NODISCARD int swap_recover(const char *root, struct err_msg *msg);

#endif
