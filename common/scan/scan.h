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
	bool keeps_snapshots;       /**< from one message to the next, until scan_rest() */
};

struct scan_request {
	struct slice message;
	struct slice user; /**< the client's User header, or empty */
	uint64_t now_s;
	bool show_private; /**< name private contacts in the explanation (trustctl only) */
};

/**
 * A friend who vouches and pays, by name. Of one who paid before, levels may be 0: they ended
 * since.
 */
struct scan_voucher {
	struct slice
		name; /**< an address, or id:THUMBPRINT; "a private contact" where it may not leave */
	struct digest
		principal; /**< his, as the ledger knows it; zero when he is not in the graph */
	struct slice middleman;   /**< of a helper; likewise. Empty: he vouches himself */
	unsigned int own_level;   /**< recipient -> friend */
	unsigned int vouch_level; /**< friend -> sender, or -> middleman */
	unsigned int last_level;  /**< middleman -> sender */
	double weight;            /**< P_f of metric.h */
	uint32_t amount;          /**< what he pays, or paid, millionths; 0: not payable */
	uint32_t credit;          /**< what he has left towards the recipient, millionths */
	uint64_t renews_s; /**< when his oldest spending comes back; 0: nothing is spent */
};

/** A friend who vouches, but cannot pay. */
struct scan_broke {
	struct slice name; /**< as above */
	enum metric_shortage reason;
	uint64_t until_s; /**< of SPENT and SUSPENDED */
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
	bool is_paid;      /**< introduced before */
	uint64_t ends_s;   /**< of is_paid: when, without further mail */
	bool refreshes;    /**< proven mail of somebody introduced: the ledger notes the time */
	uint32_t price;    /**< of an introduction, millionths; 0: not asked for */
	uint32_t warnings; /**< friends who warned about the sender */
	uint64_t reported_s;         /**< the recipient's own standing report; 0: none */
	enum metric_refusal refusal; /**< with TRUST_RULE_NOBODY */
	const struct scan_voucher *vouchers;
	size_t voucher_count;
	const struct scan_broke *broke;
	size_t broke_count;
	struct slice advice; /**< one sentence: what would change the tier; may be empty */
	bool cut;            /**< a bound cut the search for vouchers */
	bool signs_always;   /**< the sender's policy: all his mail is signed */
	bool shows_identity; /**< the mail shows an identity that claims its address: the ledger notes it */
	bool circle_is_empty; /**< nobody is known here yet, so Unknown must not count against mail */
};

/**
 * Scores one message under `settings`. The verdict and all it points at live in the arena;
 * snapshots of the stores are taken and, unless the scanner keeps them, given back inside. Each
 * message sees what was committed before it, either way.
 * @return 0; ERR_NOMEM when the arena is exhausted (the caller answers with a neutral verdict).
 */
NODISCARD int scan_message(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, struct arena *arena, struct verdict *out);

/**
 * Gives back the snapshots that a scanner keeps: whoever waits with one keeps old pages from
 * reuse.
 */
void scan_rest(const struct scanner *scanner);

/**
 * The same for a sender that is only named (`trustctl why ADDRESS`): as if a message from him with
 * proof of that address had come.
 */
NODISCARD int scan_address(const struct scanner *scanner, const struct settings *settings,
	const struct principal *sender, const struct scan_request *request, struct arena *arena,
	struct verdict *out);

/**
 * What the header of a message proves about who sent it, without deciding anything: for
 * reports. The evidence lives in the arena. @return 0; ERR_NOMEM; what the private store said.
 */
NODISCARD int scan_evidence(const struct scanner *scanner, const struct settings *settings,
	struct slice message, struct arena *arena, struct evidence *out);

#endif
