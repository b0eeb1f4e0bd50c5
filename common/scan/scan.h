/*
 * scan.h - from the bytes of a message to a verdict.
 *
 * The heart of the product, used by the daemon for every message and by `trustctl scan` and
 * `trustctl why` for one. The steps, each a module of its own:
 *
 *	header_parse      what fields are there            common/mail/header.h
 *	evidence_find     who really sent it, E0 to E4     evidence.h (authres.h, trace.h)
 *	recipients_find   whose trust decides              recipient.h
 *	trust_decide      the tier, by whose vouches       trust.h (circle.h, metric.h)
 *	scan_rules        rules, scores, explanation       scan_rules.h
 *	scan_lists        welcome and block lists          scan_lists.h
 *
 * It reads two stores through readers, writes nothing, and never fails for the sake of the
 * message: broken mail and broken stores end in Unknown with a rule that says so.
 */
#ifndef COMMON_SCAN_SCAN_H
#define COMMON_SCAN_SCAN_H

#include "common/conf/settings.h"
#include "common/graph/graph.h"
#include "common/graph/private.h"
#include "common/ledger/ledger_desk.h"
#include "common/scan/evidence.h"
#include "common/scan/trust.h"
#include "common/scan/verdict.h"

/** What a scan works with; one per thread. Readers are NULL while their store cannot be read. */
struct scanner {
	struct graph_reader *graph;
	struct private_reader *private_store;
	struct ledger_desk *ledger; /**< NULL: there is none */
};

struct scan_request {
	struct slice message;
	struct slice user; /**< the client's User header, or empty */
	uint64_t now_s;
	bool show_private; /**< name private contacts in the explanation (trustctl only) */
};

/** A friend who vouches, by name. */
struct scan_voucher {
	struct slice
		name; /**< an address, or id:THUMBPRINT; "a private contact" where it may not leave */
	unsigned int own_level;
	unsigned int vouch_level;
	double weight; /**< P_f of metric.h */
};

/** How the verdict came about; everything lives in the arena. */
struct scan_details {
	struct evidence evidence;
	struct slice recipient_source; /**< "User", a field name, or empty for the site */
	enum trust_rule rule;
	unsigned int level;    /**< of the recipient's own edge, 0 without */
	const char *edge_kind; /**< "addr", "id", "dom", or NULL */
	struct slice identity; /**< id: that has effect for the sender, or empty */
	uint64_t revoked_since_s;
	double strength;
	const struct scan_voucher *vouchers;
	size_t voucher_count;
	bool cut;          /**< a bound cut the search for vouchers */
	bool signs_always; /**< the sender's policy: all his mail is signed */
	bool circle_is_empty; /**< nobody is known here yet, so Unknown must not count against mail */
};

/**
 * Scores one message under `settings`. The verdict and all it points at live in the arena;
 * snapshots of the stores are taken and given back inside.
 * @return 0; ERR_NOMEM when the arena is exhausted (the caller answers with a neutral verdict).
 */
NODISCARD int scan_message(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, struct arena *arena, struct verdict *out);

/**
 * The same for a sender that is only named (`trustctl why ADDRESS`): as if a message from him with
 * proof of that address had come.
 */
NODISCARD int scan_address(const struct scanner *scanner, const struct settings *settings,
	const struct principal *sender, const struct scan_request *request, struct arena *arena,
	struct verdict *out);

/**
 * What the header of a message proves about who sent it, without deciding anything: for reports. The
 * evidence lives in the arena. @return 0; ERR_NOMEM; what the private store said.
 */
NODISCARD int scan_evidence(const struct scanner *scanner, const struct settings *settings,
	struct slice message, struct arena *arena, struct evidence *out);

#endif
