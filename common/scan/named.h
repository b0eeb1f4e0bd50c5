/*
 * named.h - every address that the From fields of a message name, however they are written.
 *
 * For blocks only. Trust needs one From with one address, beyond doubt; but a From that is
 * written so that it cannot be read beyond doubt, or stands beside another, must not be a way
 * round a block: a mail client shows the name all the same. So anything that looks like
 * local@domain counts.
 */
#ifndef COMMON_SCAN_NAMED_H
#define COMMON_SCAN_NAMED_H

#include "common/mail/header.h"

/** More than a person ever writes; the rest is not looked at. */
#define NAMED_MAX 16

struct named {
	struct slice items[NAMED_MAX]; /**< canonical addresses, in the arena */
	size_t count;
};

/**
 * What cannot be copied for lack of memory is left out; arena_is_exhausted tells. `single` is
 * the address of the only From field as read beyond doubt, or empty; `out` borrows it.
 */
void named_find(const struct header *h, bool fold_local_part, struct slice single,
	struct arena *arena, struct named *out);

#endif
