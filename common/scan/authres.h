/*
 * authres.h - what the site's Authentication-Results say about one From domain, merged.
 *
 * Chains of milters write several fields, one each for DKIM, DMARC, SPF, authentication; they
 * are read as one. A field counts when our hosts wrote it (trace.h) under a configured
 * authserv-id; a field with such an id anywhere else is a forgery and only noted. A field that
 * cannot be read to its end gives nothing.
 *
 * Verifiers copy text of DKIM-Signature fields into their results. Where such text might read
 * as a result of its own, no field gives anything (signatures_are_plain()). Nor does what
 * follows smtp.helo in a field, as some write it the way the client sent it.
 *
 * Contradiction, on which nothing is believed: one field passes what another fails, be it
 * DMARC, the same DKIM signature, or (when the fields do not name signatures apart) the same
 * signing domain; a DKIM pass of the From domain beside a DMARC fail. Several signatures of one
 * domain in one field, one good and one broken, are no contradiction.
 */
#ifndef COMMON_SCAN_AUTHRES_H
#define COMMON_SCAN_AUTHRES_H

#include "common/conf/settings.h"
#include "common/mail/header.h"
#include "common/scan/evidence.h"

/** The header field in which mail shows whose identity its sender has: `id:` and the thumbprint. */
#define AUTHRES_IDENTITY_FIELD SLICE("Trust-Identity")

/** Merged results; slices live in the message or the arena. */
struct authres_findings {
	size_t fields;         /**< fields that counted */
	bool forged;           /**< our id in a place where it is not ours */
	bool injected;         /**< a signature's text may have become a result: believe none */
	struct slice authserv; /**< of the last field that proved something */
	struct slice dkim_domain; /**< canonical d= of an aligned pass without l=, or empty */
	struct slice
		identity;   /**< of AUTHRES_IDENTITY_FIELD, signed by such a pass, or empty */
	bool dkim_partial;  /**< an aligned pass, but its signature has l= */
	bool dkim_conflict; /**< one field passes a signature that another fails */
	bool dmarc_pass;
	bool dmarc_fail;
	bool arc_pass;           /**< and no field says otherwise */
	bool auth_owned;         /**< authenticated as the owner of From */
	struct slice auth_login; /**< smtp.auth of that */
	struct slice spf_domain; /**< aligned domain of an SPF pass, or empty */
};

/**
 * Reads all fields that count, and notes forged ones. @param sender canonical address of From;
 * empty when there is none (then only forgeries are looked for).
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int authres_read(const struct header *h, const struct settings *settings,
	struct slice sender, const struct evidence_owner *owner, struct arena *arena,
	struct authres_findings *out);

bool authres_contradicts(const struct authres_findings *f);

/** A DMARC pass that cannot come from a partial DKIM signature. */
bool authres_dmarc_rests_on_spf(const struct authres_findings *f);

/**
 * What the ARC-Authentication-Results of that instance says about the From domain.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int authres_read_arc(const struct header *h, unsigned int instance,
	struct slice from_domain, struct arena *arena, struct authres_findings *out);

#endif
