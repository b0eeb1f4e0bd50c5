/*
 * digest_name.h - what people call a digest of the ledger.
 *
 * The ledger knows principals by digest alone. The graph may know the text, and so may the
 * user's own list; where neither does, the first digits must do.
 */
#ifndef TRUSTCTL_DIGEST_NAME_H
#define TRUSTCTL_DIGEST_NAME_H

#include "common/statement/principal.h"
#include "trustctl/site.h"

/**
 * Writes the name to out; addresses without "addr:". Between site_begin and site_end. Returns
 * out.
 */
const char *digest_name(struct site *site, const struct digest *user,
	const struct digest *digest, char out[PRINCIPAL_TEXT_MAX]);

#endif
