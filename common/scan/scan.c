#include "common/scan/scan.h"

#include "common/base/err.h"
#include "common/base/log.h"
#include "common/ledger/ledger_pin.h"
#include "common/mail/header.h"
#include "common/scan/metric_settings.h"
#include "common/scan/recipient.h"
#include "common/scan/scan_advice.h"
#include "common/scan/scan_custom.h"
#include "common/scan/scan_lists.h"
#include "common/scan/scan_people.h"
#include "common/scan/scan_rules.h"

/* The Generic Test for Unsolicited Bulk Email, in two halves so that this source is not one. */
#define GTUBE_TEXT                     \
	"XJS*C4JDBQADN1.NSBN3*2IDNEN*" \
	"GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

/* One scan at work. */
struct job {
	const struct scanner *scanner;
	const struct settings *settings;
	const struct scan_request *request;
	struct arena *arena;
	struct verdict *verdict;
	struct scan_details *details; /* the verdict's */
};

/* Where the best of several recipients' decisions is kept while asking the others. */
struct choice {
	struct trust_decision decision;
	struct circle circle;            /* that decided */
	const struct private_user *user; /* NULL: the site */
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
	return b->level < a->level ||
	       (b->level == a->level && b->metric.strength < a->metric.strength);
}

/* ledger_of - the ledger's snapshot, NULL where it cannot be read */
static struct store_txn *
ledger_of(const struct job *job)
{
	const struct ledger_desk *desk = job->scanner->ledger;

	return desk != NULL && ledger_desk_error(desk) == 0 ? desk->view.txn : NULL;
}

/* shown_by - whose identity the mail shows, for the address that it proves */
static struct circle_shown
shown_by(const struct evidence *e)
{
	struct circle_shown shown = {.is_there = e->has_sender && e->has_identity};

	if (shown.is_there) {
		principal_digest(&e->sender, &shown.address);
		shown.identity = e->identity;
	}
	return shown;
}

static void
circle_of(const struct job *job, const struct private_user *user, struct circle *out)
{
	circle_init(out, job->scanner->graph, job->scanner->private_store, user,
		job->settings->colleagues, job->request->now_s);
	out->learned_life_s = job->settings->metric.learned_life_s;
	out->ledger = ledger_of(job);
	out->shown = shown_by(&job->details->evidence);
}

/*
 * is_new_key - is a friend's address signed by a domain that never signed for it before?
 *
 * Only what the address itself has earned is at stake: who trusts a whole domain or an identity
 * does not look at who signs for one address.
 */
static bool
is_new_key(const struct job *job, const struct circle *circle, const struct trust_decision *d)
{
	const struct evidence *e = &job->details->evidence;
	struct ledger_pin pin;

	if ((d->rule != TRUST_RULE_OWN_EDGE && d->rule != TRUST_RULE_SUSPECT) ||
		strcmp(d->edge_kind, "addr") != 0 || e->signer.len == 0 ||
		circle->ledger == NULL) {
		return false;
	}
	return ledger_pin_find(circle->ledger, &circle->self.digest, &d->sender, &pin) &&
	       !ledger_pin_holds(&pin, e->signer);
}

static int
pay(void *ctx, const struct metric_config *config, const struct metric_world *world,
	const struct metric_question *question, struct metric_decision *decision)
{
	return ledger_desk_pay(ctx, config, world, question, decision);
}

/* ledger_for - where this decision looks and pays; a desk that only looks pays nothing */
static struct trust_ledger
ledger_for(const struct job *job)
{
	struct ledger_desk *desk = job->scanner->ledger;
	struct trust_ledger ledger = {.ctx = desk};

	if (desk != NULL) {
		ledger.metric = ledger_desk_metric(desk);
		ledger.pay = ledger_desk_pays(desk) ? pay : NULL;
	}
	return ledger;
}

/* distrust_damage - what a ledger says that failed while it was read is not to be believed */
static void
distrust_damage(const struct job *job, struct trust_decision *d)
{
	const struct ledger_desk *desk = job->scanner->ledger;

	if (desk != NULL && d->rule == TRUST_RULE_INTRODUCTION &&
		ledger_desk_error(desk) != 0) {
		d->rule = TRUST_RULE_NOBODY;
		d->tier = TIER_UNKNOWN;
		d->metric.refusal = METRIC_REFUSAL_LEDGER;
	}
}

/* decide_for - one circle's decision, made in `out` */
static void
decide_for(
	const struct job *job, const struct private_user *user, bool pays, struct choice *out)
{
	const struct evidence *e = &job->details->evidence;
	const struct metric_config config = metric_config_of(job->settings);
	const struct trust_question question = {
		.sender = e->has_sender ? &e->sender : NULL,
		.named = &e->named,
		.proven = evidence_is_proof(e->level),
		.pays = pays,
		.explains = job->request->show_private,
	};
	const struct trust_ledger ledger = ledger_for(job);

	out->user = user;
	circle_of(job, user, &out->circle);
	trust_decide(&out->circle, &config, &ledger, &question, &out->decision);
	if (is_new_key(job, &out->circle, &out->decision)) {
		out->decision.rule = TRUST_RULE_NEWKEY;
		out->decision.tier = TIER_UNKNOWN;
	}
	distrust_damage(job, &out->decision);
}

/* nobody_is_known - neither in the graph nor to the recipient himself */
static bool
nobody_is_known(const struct job *job, const struct private_user *user)
{
	return graph_is_empty(job->scanner->graph) &&
	       (user == NULL || !private_has_any(job->scanner->private_store, &user->digest));
}

/* take_over - what the explanation needs from a decision, while its snapshot lasts */
static void
take_over(const struct job *job, const struct choice *best)
{
	const struct trust_decision *t = &best->decision;
	struct graph_reader *graph = job->scanner->graph;
	struct scan_details *d = job->details;
	struct slice identity = {0};

	job->verdict->tier = t->tier;
	d->rule = t->rule;
	d->level = t->level;
	d->edge_kind = t->edge_kind;
	d->revoked_since_s = t->revoked_since_s;
	d->strength = t->metric.strength / (double)METRIC_ONE;
	d->is_paid = t->metric.rule == METRIC_RULE_PAID;
	d->ends_s = t->metric.ends_s;
	d->refreshes = t->metric.refreshes;
	d->price = t->metric.price;
	d->warnings = t->metric.warnings;
	d->reported_s = t->metric.reported_s;
	d->refusal = t->metric.refusal;
	d->cut = t->cut;
	if (t->identity != GRAPH_NONE && graph_text_of(graph, t->identity, &identity)) {
		d->identity = arena_copy(job->arena, identity);
		d->signs_always = graph_signs_always(graph, t->identity);
	}
	if (best->user != NULL) {
		job->verdict->recipient = arena_copy(job->arena, best->user->address);
	}
	d->shows_identity = circle_may_show(&best->circle);
	/* Whoever is more than Unknown is known to somebody. */
	d->circle_is_empty = t->tier == TIER_UNKNOWN && nobody_is_known(job, best->user);
	scan_people(&best->circle, &t->metric, job->request->show_private, job->arena, d);
}

/*
 * choose - asks all, and keeps the decision that prevails; it is large, so one alone is not
 * copied
 */
static void
choose(const struct job *job, const struct recipients *to, bool pays, struct choice *best)
{
	UNINITIALIZED struct choice other;

	decide_for(job, to->count == 0 ? NULL : &to->users[0], pays, best);
	for (size_t i = 1; i < to->count; i++) {
		decide_for(job, &to->users[i], pays, &other);
		if (is_preferred(&best->decision, &other.decision)) {
			*best = other;
		}
	}
}

/* decide - asks every recipient's circle, inside one snapshot of both stores */
static void
decide(const struct job *job, const struct recipients *to)
{
	UNINITIALIZED struct choice best;

	/*
	 * A message for several is paid for by each who would be introduced, but only where it
	 * is to count: not when another one's answer prevails.
	 */
	choose(job, to, to->count <= 1, &best);
	if (to->count > 1 && best.decision.tier == TIER_KNOWN) {
		choose(job, to, true, &best);
	}
	job->details->recipient_source = to->source;
	take_over(job, &best);
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
	/* Without a ledger nobody is introduced; all else goes on, so its failure is none here. */
	if (scanner->ledger != NULL && ledger_desk_begin(scanner->ledger) != 0) {
		log_debug("the ledger cannot be read");
	}
	return true;
}

void
scan_rest(const struct scanner *scanner)
{
	if (scanner->ledger != NULL) {
		ledger_desk_end(scanner->ledger);
	}
	if (scanner->private_store != NULL) {
		private_end(scanner->private_store);
	}
	if (scanner->graph != NULL) {
		graph_end(scanner->graph);
	}
}

static void
stores_end(const struct scanner *scanner)
{
	if (!scanner->keeps_snapshots) {
		scan_rest(scanner);
	}
}

/*
 * has_gtube - searched by its first asterisk, which is rare in text: a body is long, and this
 * is all we read of it
 */
static bool
has_gtube(const struct header *h)
{
	const struct slice gtube = SLICE(GTUBE_TEXT);
	const size_t before = slice_find_byte(gtube, '*');
	struct slice rest = slice_skip(h->message, h->end + before);
	size_t at = slice_find_byte(rest, '*');

	while (at < rest.len) {
		if (slice_starts_with(
			    slice_of(rest.data + at - before, rest.len - at + before), gtube)) {
			return true;
		}
		rest = slice_skip(rest, at + 1);
		at = slice_find_byte(rest, '*');
	}
	return false;
}

/* start - a verdict that says nothing yet: Unknown, for lack of a store */
static int
start(struct job *job)
{
	job->details = arena_alloc(job->arena, sizeof(*job->details));
	if (job->details == NULL) {
		return ERR_NOMEM;
	}
	job->details->rule = TRUST_RULE_NO_STORE;
	job->details->circle_is_empty = true;
	verdict_init(job->verdict, job->settings->required_score, job->arena);
	job->verdict->has_trust = true;
	job->verdict->details = job->details;
	return 0;
}

/* look_in_stores - everything that is asked of one snapshot */
static int
look_in_stores(const struct job *job, const struct header *h)
{
	struct ownership ownership = {job->scanner->private_store, job->settings};
	const struct evidence_owner owner = {owns_address, &ownership};
	UNINITIALIZED struct recipients to;
	int ret = evidence_find(h, job->settings, &owner, job->arena, &job->details->evidence);

	if (ret == 0) {
		ret = recipients_find(job->scanner->private_store, job->settings, h,
			job->request->user, job->arena, &to);
	}
	if (ret == 0) {
		decide(job, &to);
	}
	return ret;
}

static int
look(const struct job *job, const struct header *h)
{
	int ret = 0;

	if (!stores_begin(job->scanner)) {
		return evidence_find(
			h, job->settings, NULL, job->arena, &job->details->evidence);
	}
	ret = look_in_stores(job, h);
	stores_end(job->scanner);
	return ret;
}

/* conclude - rules and scores; a copy that failed anywhere on the way makes the whole scan fail */
static int
conclude(const struct job *job, const struct header *h)
{
	const struct evidence *e = &job->details->evidence;
	int ret = 0;

	job->verdict->evidence = e->level;
	if (e->has_sender) {
		job->verdict->sender = principal_value(&e->sender);
	}
	job->details->advice = scan_advice(job->details, job->verdict->sender, job->arena);
	ret = scan_rules(job->settings, has_gtube(h), job->arena, job->verdict);
	if (ret == 0) {
		ret = scan_lists(
			job->settings, h, job->request->user, job->arena, job->verdict);
	}
	if (ret == 0) {
		ret = scan_custom(job->settings, h, job->arena, job->verdict);
	}
	verdict_finish(job->verdict);
	return arena_is_exhausted(job->arena) ? ERR_NOMEM : ret;
}

int
scan_message(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, struct arena *arena, struct verdict *out)
{
	struct job job = {scanner, settings, request, arena, out, NULL};
	struct header header;
	int ret = start(&job);

	if (ret == 0) {
		ret = header_parse(request->message, &HEADER_LIMITS_DEFAULT, arena, &header);
	}
	if (ret == 0) {
		ret = look(&job, &header);
	}
	return ret != 0 ? ret : conclude(&job, &header);
}

int
scan_address(const struct scanner *scanner, const struct settings *settings,
	const struct principal *sender, const struct scan_request *request, struct arena *arena,
	struct verdict *out)
{
	struct job job = {scanner, settings, request, arena, out, NULL};
	const struct header no_header = {0};
	struct recipients to = {0};
	int ret = start(&job);

	if (ret != 0) {
		return ret;
	}
	job.details->evidence = (struct evidence){
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
		decide(&job, &to);
		stores_end(scanner);
	}
	return conclude(&job, &no_header);
}

int
scan_evidence(const struct scanner *scanner, const struct settings *settings,
	struct slice message, struct arena *arena, struct evidence *out)
{
	struct ownership ownership = {scanner->private_store, settings};
	const struct evidence_owner owner = {owns_address, &ownership};
	struct header header;
	int ret = header_parse(message, &HEADER_LIMITS_DEFAULT, arena, &header);

	if (ret == 0 && scanner->private_store == NULL) {
		return evidence_find(&header, settings, NULL, arena, out);
	}
	if (ret == 0) {
		ret = private_begin(scanner->private_store);
	}
	if (ret == 0) {
		ret = evidence_find(&header, settings, &owner, arena, out);
		private_end(scanner->private_store);
	}
	return ret;
}
