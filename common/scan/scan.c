#include "common/scan/scan.h"

#include "common/base/err.h"
#include "common/mail/header.h"
#include "common/scan/recipient.h"
#include "common/scan/scan_rules.h"

/* The Generic Test for Unsolicited Bulk Email, in two halves so that this source is not one. */
#define GTUBE_TEXT                     \
	"XJS*C4JDBQADN1.NSBN3*2IDNEN*" \
	"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

/* Where the best of several recipients' decisions is kept while asking the others. */
struct choice {
	struct trust_decision decision;
	const struct private_user *user; /* NULL: the site */
	bool made;
};

/* Does the login of an authenticated submission own the address? */
struct ownership {
	struct private_reader *private_store;
	const struct settings *settings;
};

static bool
owns_address(void *ctx, struct slice login, struct slice address)
{
	const struct ownership *o = ctx;
	struct private_user by_login;
	struct private_user by_address;

	return recipient_find_user(o->private_store, o->settings, login, &by_login) &&
	       recipient_find_user(o->private_store, o->settings, address, &by_address) &&
	       digest_eq(&by_login.digest, &by_address.digest);
}

static int
rank(enum tier tier)
{
	switch (tier) {
	case TIER_BLOCKED:
		return 0;
	case TIER_REVOKED:
		return 1;
	case TIER_UNKNOWN:
		return 2;
	case TIER_KNOWN:
		return 3;
	case TIER_WELL_TRUSTED:
		break;
	}
	return 4;
}

/*
 * is_preferred - does `b` decide rather than `a`?
 *
 * A message for several local users gets one verdict: the most cautious one, so that nobody is
 * trusted on another's word, except that one user's block does not take the mail from the others.
 */
static bool
is_preferred(const struct trust_decision *a, const struct trust_decision *b)
{
	if (a->tier == TIER_BLOCKED || b->tier == TIER_BLOCKED) {
		return b->tier != TIER_BLOCKED;
	}
	if (a->tier != b->tier) {
		return rank(b->tier) < rank(a->tier);
	}
	return b->level < a->level || (b->level == a->level && b->strength < a->strength);
}

static void
decide_for(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, const struct private_user *user,
	const struct evidence *e, struct choice *best)
{
	struct trust_decision decision;
	struct circle circle;

	circle_init(&circle, scanner->graph, scanner->private_store, user, settings->colleagues,
		request->now_s);
	trust_decide(&circle, e->has_sender ? &e->sender : NULL, evidence_is_proof(e->level),
		&decision);
	if (!best->made || is_preferred(&best->decision, &decision)) {
		*best = (struct choice){.decision = decision, .user = user, .made = true};
	}
}

/* voucher_name - an address the identity binds, else the identity; copied, it outlives the snapshot */
static struct slice
voucher_name(struct graph_reader *graph, graph_node identity, struct arena *arena)
{
	graph_node address = GRAPH_NONE;
	struct slice text = {0};
	size_t colon = 0;

	if (graph_bound_addresses(graph, identity, &address, 1) == 1 &&
		graph_text_of(graph, address, &text)) {
		colon = slice_find_byte(text, ':');
		return arena_copy(arena, slice_skip(text, colon + 1));
	}
	(void)graph_text_of(graph, identity, &text);
	return arena_copy(arena, text);
}

static int
name_vouchers(const struct scanner *scanner, const struct scan_request *request,
	const struct trust_decision *decision, struct arena *arena, struct scan_details *d)
{
	struct scan_voucher *named =
		arena_alloc_array(arena, decision->voucher_count + 1, sizeof(*named));

	if (named == NULL) {
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < decision->voucher_count; i++) {
		const struct trust_voucher *v = &decision->vouchers[i];

		named[i] = (struct scan_voucher){
			.name = SLICE("a private contact"),
			.own_level = v->own_level,
			.vouch_level = v->vouch_level,
			.weight = v->weight,
		};
		if (v->is_open || request->show_private) {
			named[i].name = voucher_name(scanner->graph, v->identity, arena);
		}
		if (named[i].name.data == NULL) {
			return ERR_NOMEM;
		}
	}
	d->vouchers = named;
	d->voucher_count = decision->voucher_count;
	return 0;
}

/* take_over - what the explanation needs from a decision, while its snapshot lasts */
static int
take_over(const struct scanner *scanner, const struct scan_request *request,
	const struct choice *best, struct arena *arena, struct verdict *v,
	struct scan_details *d)
{
	const struct trust_decision *t = &best->decision;
	struct slice identity = {0};

	v->tier = t->tier;
	d->rule = t->rule;
	d->level = t->level;
	d->edge_kind = t->edge_kind;
	d->revoked_since_s = t->revoked_since_s;
	d->strength = t->strength;
	d->cut = t->cut;
	if (t->identity != GRAPH_NONE &&
		graph_text_of(scanner->graph, t->identity, &identity)) {
		d->identity = arena_copy(arena, identity);
		d->signs_always = graph_signs_always(scanner->graph, t->identity);
	}
	if (best->user != NULL) {
		v->recipient = arena_copy(arena, best->user->address);
	}
	d->circle_is_empty = graph_is_empty(scanner->graph) &&
			     (best->user == NULL || private_count(scanner->private_store,
							    &best->user->digest) == 0);
	return name_vouchers(scanner, request, t, arena, d);
}

/* decide - asks every recipient's circle, inside one snapshot of both stores */
static int
decide(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, const struct recipients *to, struct arena *arena,
	struct verdict *v, struct scan_details *d)
{
	struct choice best = {0};
	size_t i = 0;

	do {
		decide_for(scanner, settings, request, to->count == 0 ? NULL : &to->users[i],
			&d->evidence, &best);
	} while (++i < to->count);
	d->recipient_source = to->source;
	return take_over(scanner, request, &best, arena, v, d);
}

static bool
stores_begin(const struct scanner *scanner)
{
	if (scanner->graph == NULL || scanner->private_store == NULL ||
		graph_begin(scanner->graph) != 0) {
		return false;
	}
	if (private_begin(scanner->private_store) != 0) {
		graph_end(scanner->graph);
		return false;
	}
	return true;
}

static void
stores_end(const struct scanner *scanner)
{
	private_end(scanner->private_store);
	graph_end(scanner->graph);
}

static bool
has_gtube(const struct header *h)
{
	struct slice body = slice_skip(h->message, h->end);

	return slice_find(body, SLICE(GTUBE_TEXT)) < body.len;
}

static int
start(const struct settings *settings, struct arena *arena, struct verdict *v,
	struct scan_details **details)
{
	*details = arena_alloc(arena, sizeof(**details));
	if (*details == NULL) {
		return ERR_NOMEM;
	}
	verdict_init(v, settings->required_score, arena);
	v->has_trust = true;
	v->details = *details;
	(*details)->rule = TRUST_RULE_NO_STORE;
	(*details)->circle_is_empty = true;
	return 0;
}

/* look - evidence, recipients and decision of a parsed message */
static int
look(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, const struct header *h, struct arena *arena,
	struct verdict *v, struct scan_details *d)
{
	struct ownership owner = {scanner->private_store, settings};
	struct recipients to;
	bool have_stores = stores_begin(scanner);
	int ret = evidence_find(
		h, settings, have_stores ? owns_address : NULL, &owner, arena, &d->evidence);

	if (ret == 0 && have_stores) {
		ret = recipients_find(
			scanner->private_store, settings, h, request->user, arena, &to);
	}
	if (ret == 0 && have_stores) {
		ret = decide(scanner, settings, request, &to, arena, v, d);
	}
	if (have_stores) {
		stores_end(scanner);
	}
	return ret;
}

/* conclude - rules and scores; a copy that failed anywhere on the way makes the whole scan fail */
static int
conclude(const struct settings *settings, bool gtube, struct arena *arena, struct verdict *v)
{
	const struct evidence *e = &v->details->evidence;
	int ret = 0;

	v->evidence = e->level;
	if (e->has_sender) {
		v->sender = principal_value(&e->sender);
	}
	ret = scan_rules(settings, gtube, arena, v);
	return arena_is_exhausted(arena) ? ERR_NOMEM : ret;
}

int
scan_message(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, struct arena *arena, struct verdict *out)
{
	struct scan_details *details = NULL;
	struct header header;
	int ret = start(settings, arena, out, &details);

	if (ret == 0) {
		ret = header_parse(request->message, &HEADER_LIMITS_DEFAULT, arena, &header);
	}
	if (ret == 0) {
		ret = look(scanner, settings, request, &header, arena, out, details);
	}
	if (ret != 0) {
		return ret;
	}
	return conclude(settings, has_gtube(&header), arena, out);
}

int
scan_address(const struct scanner *scanner, const struct settings *settings,
	const struct principal *sender, const struct scan_request *request, struct arena *arena,
	struct verdict *out)
{
	struct scan_details *details = NULL;
	struct recipients to = {0};
	int ret = start(settings, arena, out, &details);

	if (ret != 0) {
		return ret;
	}
	details->evidence = (struct evidence){
		.level = EVIDENCE_DKIM,
		.has_sender = true,
		.sender = *sender,
		.text = SLICE("taken as proven"),
	};
	if (stores_begin(scanner)) {
		if (recipient_find_user(
			    scanner->private_store, settings, request->user, &to.users[0])) {
			to.count = 1;
			to.source = SLICE("User");
		}
		ret = decide(scanner, settings, request, &to, arena, out, details);
		stores_end(scanner);
	}
	if (ret != 0) {
		return ret;
	}
	return conclude(settings, false, arena, out);
}
