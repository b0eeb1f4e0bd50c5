#include "common/graph/graph_merge.h"

#include <stdlib.h>

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"
#include "common/graph/graph_txn.h"

#define COUNTER_LEN 8

bool
graph_state_get(struct store_txn *txn, struct slice key, uint64_t *out)
{
	struct wire_reader r;
	struct slice value;

	if (!store_get(txn, GRAPH_T_STATE, key, &value)) {
		return false;
	}
	wire_reader_init(&r, value);
	*out = wire_read_u64(&r);
	if (wire_reader_finish(&r) != 0) {
		store_txn_fail(txn, ERR_CORRUPT);
		return false;
	}
	return true;
}

void
graph_state_put(struct store_txn *txn, struct slice key, uint64_t number)
{
	uint8_t value[COUNTER_LEN];
	struct wire_writer w;

	wire_writer_init(&w, value, sizeof(value));
	wire_write_u64(&w, number);
	store_put(txn, GRAPH_T_STATE, key, slice_of(value, sizeof(value)));
}

/* explain - words for what the store said */
static int
explain(int code, struct err_msg *msg)
{
	switch (code) {
	case 0:
		return 0;
	case ERR_CORRUPT:
		return err_set(msg, code,
			"the graph is damaged: run `trustctl rebuild`, or restore a backup");
	case ERR_FULL:
		return err_set(msg, code,
			"no space left for the graph: make room on its disk; nothing was "
			"changed");
	case ERR_DENIED:
		return err_set(msg, code, "the graph was opened for reading only");
	case ERR_BUSY:
		return err_set(msg, code, "the graph is in use: try again");
	default:
		return err_set(msg, code, "the graph cannot be written: %s", err_text(code));
	}
}

int
graph_txn_check(const struct graph_txn *g, struct err_msg *msg)
{
	return explain(store_txn_error(g->txn), msg);
}

struct creation {
	uint64_t epoch;
};

static int
create(void *ctx, struct store_txn *txn)
{
	const struct creation *creation = ctx;
	uint64_t epoch;

	if (!graph_state_get(txn, GRAPH_STATE_EPOCH, &epoch)) {
		graph_state_put(txn, GRAPH_STATE_EPOCH, creation->epoch);
	}
	return store_txn_error(txn);
}

int
graph_create(struct store *store, uint64_t epoch, struct err_msg *msg)
{
	struct creation creation = {epoch};

	return explain(store_update(store, create, &creation), msg);
}

/* last_node - the greatest number given to a principal */
static graph_node
last_node(struct store_txn *txn)
{
	struct store_cursor *c = store_cursor_open(txn, GRAPH_T_PRINCIPALS);
	graph_node node = GRAPH_NONE;
	struct wire_reader r;
	struct slice key;
	struct slice value;

	if (store_cursor_last(c, &key, &value)) {
		wire_reader_init(&r, key);
		node = wire_read_u32(&r);
		if (wire_reader_finish(&r) != 0) {
			store_txn_fail(txn, ERR_CORRUPT);
		}
	}
	store_cursor_close(c);
	return node;
}

int
graph_txn_init(struct graph_txn *g, struct store_txn *txn, const struct graph_options *options,
	struct err_msg *msg)
{
	uint64_t epoch;

	*g = (struct graph_txn){
		.txn = txn,
		.fold_local_part = options->fold_local_part,
		.fresh_window_s = options->fresh_window_s == 0 ? GRAPH_FRESH_WINDOW_S
							       : options->fresh_window_s,
		.fresh_vouches = options->fresh_vouches == 0 ? GRAPH_FRESH_VOUCHES
							     : options->fresh_vouches,
		.warnings = options->warnings == 0                     ? GRAPH_WARNINGS
			    : options->warnings == GRAPH_WARNINGS_NONE ? 0
								       : options->warnings,
		.warn_window_s = options->warn_window_s == 0 ? GRAPH_WARN_WINDOW_S
							     : options->warn_window_s,
	};
	g->last_node = last_node(txn);
	(void)graph_state_get(txn, GRAPH_STATE_NUMBER, &g->last_number);
	if (!graph_state_get(txn, GRAPH_STATE_EPOCH, &epoch) && store_txn_error(txn) == 0) {
		return err_set(msg, ERR_NOTREADY,
			"the store holds no graph yet: make one with `trustctl init`");
	}
	g->scratch = malloc(sizeof(*g->scratch));
	if (g->scratch == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	return graph_txn_check(g, msg);
}

int
graph_txn_finish(struct graph_txn *g, struct err_msg *msg)
{
	graph_derive_dirty(g);
	if (g->last_number > 0) {
		graph_state_put(g->txn, GRAPH_STATE_NUMBER, g->last_number);
	}
	return graph_txn_check(g, msg);
}

void
graph_txn_fini(struct graph_txn *g)
{
	free(g->scratch);
	g->scratch = NULL;
}

int
graph_txn_begin(struct store *store, const struct graph_options *options,
	struct graph_txn **out, struct err_msg *msg)
{
	struct graph_txn *g = malloc(sizeof(*g));
	struct store_txn *txn = NULL;
	int rc;

	*out = NULL;
	if (g == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	rc = explain(store_begin_write(store, &txn), msg);
	if (rc != 0) {
		free(g);
		return rc;
	}
	rc = graph_txn_init(g, txn, options, msg);
	if (rc != 0) {
		graph_txn_abort(g);
		return rc;
	}
	*out = g;
	return 0;
}

int
graph_txn_commit(struct graph_txn *g, struct err_msg *msg)
{
	int rc = graph_txn_finish(g, msg);

	if (rc != 0) {
		graph_txn_abort(g);
		return rc;
	}
	rc = explain(store_commit(g->txn), msg);
	graph_txn_fini(g);
	free(g);
	return rc;
}

void
graph_txn_abort(struct graph_txn *g)
{
	if (g != NULL) {
		store_abort(g->txn);
		graph_txn_fini(g);
		free(g);
	}
}

struct update {
	const struct graph_options *options;
	graph_update_fn *work;
	void *ctx;
	struct err_msg *msg;
	int work_rc; /* its own words are in msg then */
};

static int
update_once(void *ctx, struct store_txn *txn)
{
	struct update *u = ctx;
	struct graph_txn g;
	int rc = graph_txn_init(&g, txn, u->options, u->msg);

	if (rc == 0) {
		rc = u->work(u->ctx, &g, u->msg);
	}
	if (rc == 0) {
		rc = graph_txn_finish(&g, u->msg);
	}
	graph_txn_fini(&g);
	u->work_rc = rc;
	return rc;
}

int
graph_update(struct store *store, const struct graph_options *options, graph_update_fn *work,
	void *ctx, struct err_msg *msg)
{
	struct update u = {.options = options, .work = work, .ctx = ctx, .msg = msg};
	int rc = store_update(store, update_once, &u);

	return rc == u.work_rc ? rc : explain(rc, msg);
}

/* is_conflict - against the frozen `next`; freezes the one that comes first */
static bool
is_conflict(struct graph_txn *g, const struct statement *st, const struct graph_fact *fact)
{
	struct slice next = slice_str(st->body.identity.next.text);
	struct slice frozen;

	if (fact->class != GRAPH_CLASS_IDENTITY) {
		return false;
	}
	if (store_get(g->txn, GRAPH_T_FROZEN, digest_slice(&fact->issuer), &frozen)) {
		return !slice_eq(frozen, next);
	}
	store_put(g->txn, GRAPH_T_FROZEN, digest_slice(&fact->issuer), next);
	return false;
}

/* place - into register, list and quota, with the next number */
static enum graph_outcome
place(struct graph_txn *g, const struct graph_fact *fact, struct slice jws)
{
	bool has_register =
		!graph_class_is_waiting(fact->class) && fact->class != GRAPH_CLASS_REVOKE;
	enum graph_outcome outcome = GRAPH_ADDED;
	struct graph_fact old;
	struct digest reg;
	struct digest id;
	uint64_t seq;

	graph_fact_register(fact, &reg);
	graph_fresh_attest(g, fact); /* looks at what is remembered */
	graph_index_remember(g, fact);
	if (has_register && graph_register_get(g->txn, &reg, &id, &seq)) {
		if (!graph_is_newer(fact, &id, seq)) {
			graph_mark_dirty(g, &fact->issuer);
			return GRAPH_STALE;
		}
		if (graph_fact_get(g->txn, &id, &old)) {
			graph_index_drop(g, &old);
			graph_note_dropped(g, &old);
		}
		outcome = GRAPH_REPLACED;
	}
	graph_index_store(g, fact, jws, ++g->last_number);
	graph_index_enter(g, fact);
	return graph_quota_evict(g, fact) ? GRAPH_OVER_QUOTA : outcome;
}

/*
 * promote - lets one waiting statement take part, with the first-seen it has. Its number is a
 * new one: peers who read past it while it waited are offered it again.
 */
static void
promote(struct graph_txn *g, const struct digest *id)
{
	uint8_t jws[STATEMENT_MAX];
	struct graph_statement record;
	struct graph_fact fact;
	struct slice value;
	size_t len;

	if (!graph_fact_get(g->txn, id, &fact) ||
		!store_get(g->txn, GRAPH_T_STATEMENTS, digest_slice(id), &value) ||
		graph_statement_decode(value, &record) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		return;
	}
	len = record.jws.len;
	memcpy(jws, record.jws.data, len);
	graph_index_drop(g, &fact);
	fact.class = graph_class_of(fact.act);
	if (place(g, &fact, slice_of(jws, len)) == GRAPH_STALE) {
		graph_note_dropped(g, &fact);
	}
}

static void
promote_class(struct graph_txn *g, const struct digest *issuer, const struct digest *key,
	enum graph_class class)
{
	struct digest waiting[GRAPH_QUOTA_WAITING];
	size_t count = graph_waiting_list(g, issuer, key, class, waiting);

	for (size_t i = 0; i < count; i++) {
		promote(g, &waiting[i]);
	}
}

static void
promote_waiting(struct graph_txn *g, const struct graph_fact *certificate)
{
	struct digest key;

	if (graph_raw_of(slice_skip(graph_fact_subject(certificate), strlen("key:")), &key) !=
		0) {
		return;
	}
	promote_class(g, &certificate->issuer, &key, GRAPH_CLASS_WAITING_REVOKE);
	promote_class(g, &certificate->issuer, &key, GRAPH_CLASS_WAITING);
}

/* see_earlier - of two times a statement was first seen the earlier counts */
static void
see_earlier(
	struct graph_txn *g, struct graph_fact *known, uint64_t first_seen_s, struct slice jws)
{
	struct graph_statement record;
	struct slice value;

	if (first_seen_s >= known->first_seen_s) {
		return;
	}
	if (!store_get(g->txn, GRAPH_T_STATEMENTS, digest_slice(&known->id), &value) ||
		graph_statement_decode(value, &record) != 0) {
		store_txn_fail(g->txn, ERR_CORRUPT);
		return;
	}
	graph_index_redate(g, known, first_seen_s);
	graph_index_store(g, known, jws, record.number);
	graph_index_remember(g, known);
	graph_mark_dirty(g, &known->issuer);
}

int
graph_add(struct graph_txn *g, struct slice jws, const struct statement *st,
	uint64_t first_seen_s, enum graph_outcome *outcome, struct err_msg *msg)
{
	struct graph_fact fact;
	struct graph_fact known;
	struct slice value;

	graph_fact_of(st, first_seen_s, &fact);
	if (store_get(g->txn, GRAPH_T_TOMBSTONES, digest_slice(&fact.id), &value)) {
		*outcome = GRAPH_TOMBSTONED;
	} else if (graph_fact_get(g->txn, &fact.id, &known)) {
		*outcome = GRAPH_KNOWN;
		see_earlier(g, &known, first_seen_s, jws);
		graph_guardians_remember(g, &fact, st);
		if (g->is_exempt) {
			graph_fresh_attest(g, &known);
		}
	} else if (is_conflict(g, st, &fact)) {
		*outcome = GRAPH_CONFLICT;
	} else {
		if (!graph_fact_is_by_root(&fact) &&
			!graph_is_certified(g->txn, &fact.issuer, &fact.signer)) {
			fact.class = graph_waiting_class(&fact);
		}
		graph_guardians_remember(g, &fact, st);
		*outcome = graph_waiting_has_room(g, &fact) ? place(g, &fact, jws)
							    : GRAPH_OVER_QUOTA;
		if (fact.class == GRAPH_CLASS_DEVICE) {
			promote_waiting(g, &fact);
		}
	}
	return graph_txn_check(g, msg);
}

int
graph_add_exempt(struct graph_txn *g, struct slice jws, const struct statement *st,
	uint64_t first_seen_s, enum graph_outcome *outcome, struct err_msg *msg)
{
	int rc;

	g->is_exempt = true;
	rc = graph_add(g, jws, st, first_seen_s, outcome, msg);
	g->is_exempt = false;
	return rc;
}

int
graph_bury(struct graph_txn *g, const struct digest *id, struct err_msg *msg)
{
	struct graph_fact fact;

	store_put(g->txn, GRAPH_T_TOMBSTONES, digest_slice(id), slice_of("", 0));
	if (graph_fact_get(g->txn, id, &fact)) {
		graph_index_forget(g, &fact);
		graph_note_dropped(g, &fact);
	}
	return graph_txn_check(g, msg);
}

int
graph_set_hosted(struct graph_txn *g, const struct thumbprint *identity, struct err_msg *msg)
{
	struct digest raw;

	if (graph_raw_of(slice_str(identity->text), &raw) != 0) {
		return err_set(msg, ERR_INVALID, "%s: not a thumbprint", identity->text);
	}
	store_put(g->txn, GRAPH_T_HOSTED, digest_slice(&raw), slice_of("", 0));
	graph_mark_dirty(g, &raw);
	return graph_txn_check(g, msg);
}

int
graph_set_site(struct graph_txn *g, const struct thumbprint *identity, struct err_msg *msg)
{
	int rc = graph_set_hosted(g, identity, msg);

	if (rc != 0) {
		return rc;
	}
	store_put(g->txn, GRAPH_T_STATE, GRAPH_STATE_SITE, slice_str(identity->text));
	return graph_txn_check(g, msg);
}

int
graph_set_epoch(struct graph_txn *g, uint64_t epoch, struct err_msg *msg)
{
	graph_state_put(g->txn, GRAPH_STATE_EPOCH, epoch);
	return graph_txn_check(g, msg);
}

int
graph_last_seq(struct graph_txn *g, const struct thumbprint *iss, enum statement_act act,
	const struct principal *sub, uint64_t *seq_out)
{
	struct digest reg;
	struct digest id;

	*seq_out = 0;
	graph_register_key(iss, act, principal_slice(sub), &reg);
	(void)graph_register_get(g->txn, &reg, &id, seq_out);
	return store_txn_error(g->txn);
}
