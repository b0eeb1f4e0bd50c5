#include "common/scan/scan_people.h"

/* Addresses of a voucher that are looked at for his name. */
#define VOUCHER_ADDRESSES_MAX 16

/* What naming needs. */
struct namer {
	const struct circle *circle;
	bool show_private;
	struct arena *arena;
	struct scan_details *details;
};

/*
 * voucher_name - an address that has effect as the identity's, else the identity itself
 *
 * Anybody may bind any address, so only one that this recipient takes for the identity's is
 * shown. Copied: it outlives the snapshot.
 */
static struct slice
voucher_name(const struct namer *namer, graph_node identity)
{
	graph_node addresses[VOUCHER_ADDRESSES_MAX];
	struct graph_reader *graph = namer->circle->graph;
	struct slice text = {0};
	size_t count = graph_bound_addresses(graph, identity, addresses, VOUCHER_ADDRESSES_MAX);

	for (size_t i = 0; i < count; i++) {
		struct party address = {.node = addresses[i]};

		if (graph_digest_of(graph, addresses[i], &address.digest) &&
			circle_identity_of(namer->circle, &address) == identity &&
			graph_text_of(graph, addresses[i], &text)) {
			text = slice_skip(text, slice_find_byte(text, ':') + 1);
			return arena_copy(namer->arena, text);
		}
	}
	(void)graph_text_of(graph, identity, &text);
	return arena_copy(namer->arena, text);
}

/* contact_name - by name where that may be told, else nobody in particular */
static struct slice
contact_name(const struct namer *namer, struct metric_ref who, bool is_open)
{
	bool may_tell =
		namer->show_private || (is_open && circle_is_public(namer->circle, who.node));

	return may_tell && who.node != GRAPH_NONE ? voucher_name(namer, who.node)
						  : SLICE("a private contact");
}

static void
name_vouchers(const struct namer *namer, const struct metric_decision *m)
{
	struct scan_voucher *named =
		arena_alloc_array(namer->arena, m->payer_count + 1, sizeof(*named));

	if (named == NULL) {
		return; /* conclude() asks whether memory ran out */
	}
	for (size_t i = 0; i < m->payer_count; i++) {
		const struct metric_payer *p = &m->payers[i];

		named[i] = (struct scan_voucher){
			.name = contact_name(namer, p->ref, p->is_open),
			.own_level = p->friend_level,
			.vouch_level = p->vouch_level,
			.last_level = p->last_level,
			.weight = p->weight,
			.amount = p->amount,
			.credit = m->rule == METRIC_RULE_PAYABLE ? p->credit - p->amount
								 : p->credit,
			.renews_s = p->renews_s,
		};
		(void)graph_digest_of(namer->circle->graph, p->ref.node, &named[i].principal);
		if (p->middleman.node != 0) {
			named[i].middleman = contact_name(namer, p->middleman, false);
		}
	}
	namer->details->vouchers = named;
	namer->details->voucher_count = m->payer_count;
}

static void
name_broke(const struct namer *namer, const struct metric_decision *m)
{
	struct scan_broke *named =
		arena_alloc_array(namer->arena, m->broke_count + 1, sizeof(*named));

	if (named == NULL) {
		return;
	}
	for (size_t i = 0; i < m->broke_count; i++) {
		const struct metric_broke *b = &m->broke[i];

		named[i] = (struct scan_broke){
			.name = contact_name(namer, b->ref, b->is_open),
			.reason = b->account.reason,
			.until_s = b->account.reason == METRIC_SHORT_SUSPENDED
					   ? b->account.suspended_until_s
					   : b->account.renews_s,
		};
	}
	namer->details->broke = named;
	namer->details->broke_count = m->broke_count;
}

void
scan_people(const struct circle *circle, const struct metric_decision *decision,
	bool show_private, struct arena *arena, struct scan_details *details)
{
	const struct namer namer = {
		.circle = circle,
		.show_private = show_private,
		.arena = arena,
		.details = details,
	};

	name_vouchers(&namer, decision);
	name_broke(&namer, decision);
}
