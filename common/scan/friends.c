#include "common/scan/friends.h"

#include <stdlib.h>

#include "common/base/attr.h"
#include "common/ledger/ledger_proof.h"
#include "common/statement/statement.h"

/* Domains with a confirmed speaker that are looked at; a site confirms a handful. */
#define SPEAKERS_MAX 32

struct loading {
	const struct circle *circle;
	struct friends *out;
	bool has_formers;
	struct ledger_proof_walk proofs; /* beside a list in the same order */
	struct slice
		speakers[SPEAKERS_MAX]; /* domains for which somebody speaks; of the snapshot */
	size_t speaker_count;
};

/* start_proofs - a fresh walk beside another list; at its end at once where there is no proof */
static void
start_proofs(struct loading *l)
{
	struct store_txn *ledger = l->circle->ledger;

	l->proofs = (struct ledger_proof_walk){0};
	if (ledger != NULL && ledger_proof_any(ledger)) {
		ledger_proof_walk_begin(&l->proofs, ledger);
	}
}

/* has_proof - did mail of that address show an identity? Asked in ascending order */
static bool
has_proof(struct loading *l, const struct digest *address)
{
	ledger_proof_walk_seek(&l->proofs, address);
	return l->proofs.has_address && digest_eq(&l->proofs.address, address);
}

static void
add(struct loading *l, struct graph_ref ref, unsigned int level)
{
	struct friends *out = l->out;

	if (ref.node == GRAPH_NONE || level == 0) {
		return;
	}
	if (out->count == FRIENDS_MAX) {
		out->cut = true;
		return;
	}
	out->refs[out->count] = ref;
	out->levels[out->count] = (uint8_t)level;
	out->count++;
}

/* add_node - somebody found by his number, as who he is now */
static void
add_node(struct loading *l, graph_node node, unsigned int level)
{
	struct graph_reader *graph = l->circle->graph;

	add(l, graph_ref_of(graph, l->has_formers ? graph_current(graph, node) : node), level);
}

/* note_speaker - of an entry that says who speaks for a domain */
static void
note_speaker(struct loading *l, const struct private_entry *e)
{
	if (e->has_identity && slice_starts_with(e->text, SLICE("dom:")) &&
		l->speaker_count < SPEAKERS_MAX) {
		l->speakers[l->speaker_count++] = slice_skip(e->text, strlen("dom:"));
	}
}

/* is_spoken_for - is it an address of such a domain, which its speaker may have countersigned? */
static bool
is_spoken_for(const struct loading *l, struct slice text)
{
	struct slice domain = slice_behind_last(text, '@');

	for (size_t i = 0; i < l->speaker_count; i++) {
		if (slice_eq(l->speakers[i], domain)) {
			return true;
		}
	}
	return false;
}

/*
 * is_worth_asking - is the edge for an address that may have an identity here? In ascending
 * order
 */
static bool
is_worth_asking(struct loading *l, const struct graph_edge *edge, struct party *party)
{
	struct graph_reader *graph = l->circle->graph;
	struct slice text;

	if (l->speaker_count > 0 && graph_text_of(graph, edge->peer, &text) &&
		is_spoken_for(l, text)) {
		return graph_digest_of(graph, edge->peer, &party->digest);
	}
	/*
	 * The order is the beginning of the digest, which is read only where a proof may be
	 * meant.
	 */
	return l->proofs.has_address && graph_order_of(&l->proofs.address) <= edge->order &&
	       graph_digest_of(graph, edge->peer, &party->digest) &&
	       has_proof(l, &party->digest);
}

/* add_bound - a vouch for an address, as one for the identity that has effect for it */
static void
add_bound(struct loading *l, const struct graph_edge *edge)
{
	struct party party = {.node = edge->peer};

	if (is_worth_asking(l, edge, &party)) {
		add_node(l, circle_identity_of(l->circle, &party), edge->level);
	}
}

/* add_published - a vouch of the recipient */
static void
add_published(struct loading *l, const struct graph_edge *edge)
{
	const struct circle *c = l->circle;
	graph_node now = l->has_formers ? graph_current(c->graph, edge->peer) : edge->peer;

	l->out->has_strong = l->out->has_strong || edge->level == TRUST_LEVEL_STRONG;
	if (now == edge->peer) {
		add(l, graph_edge_ref(edge), edge->level);
	} else {
		add(l, graph_ref_of(c->graph, now), edge->level);
	}
}

static void
load_published(struct loading *l, graph_node self)
{
	const struct circle *c = l->circle;
	struct graph_cursor cursor;
	struct graph_edge edge;

	if (self == GRAPH_NONE) {
		return;
	}
	graph_list(c->graph, GRAPH_OUT, self, &cursor);
	start_proofs(l);
	while (graph_next(&cursor, &edge)) {
		if (graph_edge_is_live(&edge, c->now_s)) {
			add_published(l, &edge);
			add_bound(l, &edge);
		}
	}
	ledger_proof_walk_end(&l->proofs);
	graph_cursor_close(&cursor);
}

/* add_private - an entry by its subject, and by the identity that has effect for it */
static void
add_private(struct loading *l, const struct private_entry *e)
{
	const struct circle *c = l->circle;
	bool is_identity = slice_starts_with(e->text, SLICE("id:"));
	struct party party = {.digest = e->subject};

	l->out->has_strong = l->out->has_strong || e->level == TRUST_LEVEL_STRONG;
	l->out->has_credits = l->out->has_credits || e->has_credit;
	if (!is_identity && !e->has_identity && !has_proof(l, &e->subject)) {
		return;
	}
	party.node = graph_find_digest(c->graph, &e->subject);
	add_node(l, is_identity ? party.node : circle_identity_of(c, &party),
		circle_level(c, &party));
}

static void
load_private(struct loading *l)
{
	const struct circle *c = l->circle;
	struct private_wanted wanted = {0};
	struct private_cursor cursor;
	struct private_entry e;
	size_t left = FRIENDS_STEPS_MAX;
	bool more = false;

	private_list(c->private_store, &c->self.digest, &cursor);
	start_proofs(l);
	do {
		wanted.or_strong = !l->out->has_strong;
		wanted.or_behind = l->proofs.has_address ? &l->proofs.address : NULL;
		more = private_next_notable(&cursor, &wanted, &left, &e);
		if (more) {
			note_speaker(l, &e);
			add_private(l, &e);
		}
	} while (more);
	ledger_proof_walk_end(&l->proofs);
	private_cursor_close(&cursor);
	l->out->cut = l->out->cut || left == 0;
}

/* load_site_speakers - whom the site confirmed for domains of all its users' friends */
static void
load_site_speakers(struct loading *l)
{
	const struct private_wanted wanted = {0};
	const struct circle *c = l->circle;
	size_t left = FRIENDS_STEPS_MAX;
	struct private_cursor cursor;
	struct private_entry e;

	if (c->is_site) {
		return;
	}
	private_list(c->private_store, &c->site.digest, &cursor);
	while (private_next_notable(&cursor, &wanted, &left, &e)) {
		note_speaker(l, &e);
	}
	private_cursor_close(&cursor);
}

/* load_spoken_for - friends whose addresses somebody speaks for; nothing where nobody does */
static void
load_spoken_for(struct loading *l)
{
	static const struct digest first;
	const struct private_wanted all = {.or_behind = &first};
	const struct circle *c = l->circle;
	size_t left = l->speaker_count == 0 ? 0 : FRIENDS_STEPS_MAX;
	struct private_cursor cursor;
	struct private_entry e;

	private_list(c->private_store, &c->self.digest, &cursor);
	while (private_next_notable(&cursor, &all, &left, &e)) {
		if (!e.has_identity && slice_starts_with(e.text, SLICE("addr:")) &&
			is_spoken_for(l, e.text)) {
			struct party party = {.digest = e.subject,
				.node = graph_find_digest(c->graph, &e.subject)};

			add_node(l, circle_identity_of(c, &party), circle_level(c, &party));
		}
	}
	private_cursor_close(&cursor);
}

/* A friend while they are put in order. */
struct item {
	struct graph_ref ref;
	uint8_t level;
};

/* compare - by place, the highest level first */
static int
compare(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;
	int order = graph_ref_cmp(x->ref, y->ref);

	return order != 0 ? order : (int)y->level - (int)x->level;
}

static bool
is_sorted(const struct friends *f)
{
	for (size_t i = 1; i < f->count; i++) {
		if (graph_ref_cmp(f->refs[i - 1], f->refs[i]) >= 0) {
			return false;
		}
	}
	return true;
}

/* sort - ascending, each once; a single list of vouches is sorted already */
static void
sort(struct friends *f)
{
	struct item items[FRIENDS_MAX] UNINITIALIZED;
	size_t count = f->count;

	if (is_sorted(f)) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		items[i] = (struct item){f->refs[i], f->levels[i]};
	}
	qsort(items, count, sizeof(items[0]), compare);
	f->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (f->count == 0 || graph_ref_cmp(f->refs[f->count - 1], items[i].ref) != 0) {
			f->refs[f->count] = items[i].ref;
			f->levels[f->count] = items[i].level;
			f->count++;
		}
	}
}

/* fill_filter - with all who are there */
static void
fill_filter(struct friends *f)
{
	f->filter = (struct order_filter){0};
	for (size_t i = 0; i < f->count; i++) {
		order_filter_add(&f->filter, f->refs[i].order);
	}
}

void
friends_load(const struct circle *c, struct friends *out)
{
	struct loading l = {
		.circle = c, .out = out, .has_formers = !graph_has_no_formers(c->graph)};

	out->count = 0;
	out->cut = false;
	out->has_credits = false;
	out->has_strong = false;
	out->has_colleagues = false;
	load_private(&l);
	load_site_speakers(&l);
	load_spoken_for(&l);
	load_published(&l, c->self.node);
	for (size_t i = 0; i < c->former_count; i++) {
		load_published(&l, c->formers[i].node);
	}
	sort(out);
	fill_filter(out);
	if (graph_error(c->graph) != 0 || private_error(c->private_store) != 0) {
		out->count = 0;
	}
}

/* add_colleague - who binds the address, if it has effect as his */
static void
add_colleague(const struct circle *c, struct friends *f, const struct party *address)
{
	struct graph_binding bindings[GRAPH_BINDINGS_MAX];
	size_t count = address->node == GRAPH_NONE
			       ? 0
			       : graph_bindings(c->graph, address->node, bindings);
	graph_node identity = count == 0 ? GRAPH_NONE : circle_identity_of(c, address);

	for (size_t i = 0; identity != GRAPH_NONE && i < count; i++) {
		if (graph_current(c->graph, bindings[i].identity) != identity ||
			circle_level(c, address) < TRUST_LEVEL_STRONG) {
			continue;
		}
		if (f->colleague_count == FRIENDS_COLLEAGUES_MAX) {
			f->cut = true;
			return;
		}
		f->colleagues[f->colleague_count++] = identity;
		return;
	}
}

static void
add_published_colleagues(const struct circle *c, struct friends *f, graph_node self)
{
	struct graph_cursor cursor;
	struct graph_edge edge;

	if (self == GRAPH_NONE) {
		return;
	}
	graph_list(c->graph, GRAPH_OUT, self, &cursor);
	while (graph_next(&cursor, &edge)) {
		struct party address = {.node = edge.peer};

		if (edge.level == TRUST_LEVEL_STRONG && graph_edge_is_live(&edge, c->now_s) &&
			graph_digest_of(c->graph, edge.peer, &address.digest)) {
			add_colleague(c, f, &address);
		}
	}
	graph_cursor_close(&cursor);
}

static void
add_private_colleagues(const struct circle *c, struct friends *f, const struct digest *user)
{
	const struct private_wanted wanted = {.or_strong = true};
	struct private_cursor cursor;
	struct private_entry e;
	size_t left = FRIENDS_STEPS_MAX;

	private_list(c->private_store, user, &cursor);
	while (private_next_notable(&cursor, &wanted, &left, &e)) {
		struct party address = {.digest = e.subject};

		if (e.level == TRUST_LEVEL_STRONG) {
			address.node = graph_find_digest(c->graph, &e.subject);
			add_colleague(c, f, &address);
		}
	}
	private_cursor_close(&cursor);
}

static int
compare_nodes(const void *a, const void *b)
{
	graph_node x = *(const graph_node *)a;
	graph_node y = *(const graph_node *)b;

	return x < y ? -1 : x > y;
}

void
friends_load_colleagues(const struct circle *c, struct friends *f)
{
	f->colleague_count = 0;
	f->has_colleagues = true;
	add_published_colleagues(c, f, c->self.node);
	add_private_colleagues(c, f, &c->self.digest);
	for (size_t i = 0; i < c->former_count; i++) {
		add_published_colleagues(c, f, c->formers[i].node);
		if (c->is_site) {
			add_private_colleagues(c, f, &c->formers[i].digest);
		}
	}
	qsort(f->colleagues, f->colleague_count, sizeof(f->colleagues[0]), compare_nodes);
}

bool
friends_is_strong_colleague(const struct friends *f, graph_node identity)
{
	return bsearch(&identity, f->colleagues, f->colleague_count, sizeof(identity),
		       compare_nodes) != NULL;
}

size_t
friends_seek(const struct friends *f, size_t from, struct graph_ref ref)
{
	size_t low = from;
	size_t high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (graph_ref_cmp(f->refs[middle], ref) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

unsigned int
friends_level(const struct friends *f, struct graph_ref ref)
{
	size_t at = friends_seek(f, 0, ref);

	return at < f->count && graph_ref_cmp(f->refs[at], ref) == 0 ? f->levels[at] : 0;
}
