/*
 * evidence.h - who really sent a message (DESIGN 5).
 *
 * Reads From and the Authentication-Results that our own hosts wrote (trace.h) and says how
 * well the address in From is proven, E0 to E3. It fails closed at every doubt: no configured
 * authserv-id, more than one From or address, a header a mail client may read differently,
 * results that contradict each other. Nothing is verified here; the site's own verifier
 * did that, and this decides whether its words can be believed and what they prove.
 *
 * Mail may show whose identity its sender has: a field `Trust-Identity: id:THUMBPRINT` that is
 * there once and is covered by the DKIM signature that proves From (h= lists it). The domain
 * signs what the owner of the address wrote, so nobody else can show an identity in his name;
 * whether that identity says the same of the address is the circle's question (circle.h).
 *
 * What proves: a DKIM pass whose d= is the From domain or an ancestor of it, by a signature
 * without l=; a DMARC pass alone where `dmarc_spf` allows; an authenticated submission by the
 * user who owns the address; an ARC pass by a listed sealer who saw one of the first two. An SPF
 * pass is a hint (E1).
 */
#ifndef COMMON_SCAN_EVIDENCE_H
#define COMMON_SCAN_EVIDENCE_H

#include "common/conf/settings.h"
#include "common/mail/header.h"
#include "common/scan/named.h"
#include "common/scan/verdict.h"
#include "common/statement/principal.h"

/** Who knows which login owns which address; asked for auth=pass. */
struct evidence_owner {
	/** Does the authenticated user `login` own the canonical address? */
	bool (*owns)(void *ctx, struct slice login, struct slice address);
	void *ctx;
};

/** Everything is good for as long as the message and the arena. */
struct evidence {
	enum evidence_level level;
	bool has_sender;
	struct principal sender; /**< addr: of From, canonical; only with has_sender */
	struct named named;      /**< all addresses in From fields, for blocks only */
	bool null_sender;        /**< a bounce: the envelope sender is <> */
	bool ar_forged;      /**< a field with our authserv-id where only a forger puts one */
	bool by_spf;         /**< E3 rests on SPF alone, through DMARC (dmarc_spf) */
	struct slice signer; /**< d= that proved it, canonical, or empty */
	bool has_identity;   /**< E3 by DKIM, and what it signed shows an identity */
	struct digest identity; /**< digest of that id: principal */
	struct slice shown;     /**< its text, as the message has it */
	struct slice authserv;  /**< the id whose words counted, or empty */
	struct slice text;      /**< one line of printable ASCII for people */
};

/** E3 or more, or E2, which only listed sealers reach. */
static inline bool
evidence_is_proof(enum evidence_level level)
{
	return level >= EVIDENCE_ARC;
}

/**
 * Judges a parsed header. owner may be NULL (then auth=pass proves nothing).
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int evidence_find(const struct header *h, const struct settings *settings,
	const struct evidence_owner *owner, struct arena *arena, struct evidence *out);

#endif
