/*
 * prefs_path.h - the pattern of --virtual-config-dir (SPEC 7). Pure.
 */
#ifndef SPAMD_TRUST_PREFS_PATH_H
#define SPAMD_TRUST_PREFS_PATH_H

#include "common/base/err.h"
#include "common/base/slice.h"

/**
 * The directory a --virtual-config-dir pattern gives for a name: %u the name, %l the part
 * before the last @, %d the part after it, %x the name, or with x_is_domain its domain, %% a
 * percent sign. With %x in the pattern no other escape counts, as in the original. Bytes
 * outside A-Za-z0-9-+_.,@= become "_", and so do the names "." and "..".
 * @return 0 or ERR_TOOBIG.
 */
NODISCARD int prefs_path_expand(
	const char *pattern, struct slice user, bool x_is_domain, char *out, size_t cap);

#endif
