#include "tests/scenario/net.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/graph/graph_feed.h"
#include "common/graph/graph_interest.h"

enum event_kind {
	EVENT_TIMEOUT,
	EVENT_REQUEST,
	EVENT_ANSWER,
	EVENT_VERIFIED,
};

struct net_event {
	uint64_t at_ms;
	uint64_t order;
	enum event_kind kind;
	size_t from;
	size_t to;
	uint64_t generation;      /* of `to` for timeouts and jobs */
	uint64_t from_generation; /* of who asked */
	uint64_t token;
	enum node_method method;
	enum node_transport end;
	unsigned int status;
	uint32_t retry_after_s;
	uint32_t timeout_ms;
	struct node_job *job;
	char target[NODE_TARGET_MAX + 1];
	struct dynbuf body;
};

static const struct graph_options options = {.fold_local_part = true};

void
net_die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	exit(1);
}

static void
must(int rc, const struct err_msg *msg)
{
	if (rc != 0) {
		net_die("%s: %s", err_text(rc), msg == NULL ? "" : msg->text);
	}
}

static void *
must_have(void *memory)
{
	if (memory == NULL) {
		net_die("out of memory");
	}
	return memory;
}

/* --- the queue of events ----------------------------------------------------------------- */

static bool
is_before(const struct net_event *a, const struct net_event *b)
{
	return a->at_ms < b->at_ms || (a->at_ms == b->at_ms && a->order < b->order);
}

static void
swap(struct net *net, size_t a, size_t b)
{
	struct net_event *kept = net->heap[a];

	net->heap[a] = net->heap[b];
	net->heap[b] = kept;
}

static struct net_event *
event_add(struct net *net, uint64_t at_ms, enum event_kind kind)
{
	struct net_event *e = must_have(calloc(1, sizeof(*e)));
	size_t i = net->event_count++;

	if (net->event_count > net->event_cap) {
		net->event_cap = 2 * net->event_cap + 64;
		net->heap =
			/* NOLINTNEXTLINE(bugprone-sizeof-expression): pointers are kept */
			must_have(reallocarray(net->heap, net->event_cap, sizeof(*net->heap)));
	}
	e->at_ms = at_ms;
	e->order = ++net->last_event;
	e->kind = kind;
	dynbuf_init(&e->body, 2 * NODE_BODY_MAX);
	net->heap[i] = e;
	for (; i > 0 && is_before(net->heap[i], net->heap[(i - 1) / 2]); i = (i - 1) / 2) {
		swap(net, i, (i - 1) / 2);
	}
	return e;
}

static struct net_event *
event_take(struct net *net)
{
	struct net_event *e = net->heap[0];
	size_t i = 0;

	net->heap[0] = net->heap[--net->event_count];
	for (;;) {
		size_t least = i;

		for (size_t c = 2 * i + 1; c <= 2 * i + 2 && c < net->event_count; c++) {
			least = is_before(net->heap[c], net->heap[least]) ? c : least;
		}
		if (least == i) {
			return e;
		}
		swap(net, i, least);
		i = least;
	}
}

static void
event_free(struct net_event *e)
{
	dynbuf_fini(&e->body);
	free(e);
}

/* --- making it ------------------------------------------------------------------------------- */

void
net_init(struct net *net, uint64_t seed)
{
	*net = (struct net){.latency_min_ms = 10, .latency_max_ms = 50};
	net->rng = rng_seeded(&net->rng_state, seed);
	net->made = must_have(calloc(NET_MADE_MAX, sizeof(*net->made)));
	node_limits_default(&net->limits);
}

void
net_fini(struct net *net)
{
	for (size_t i = 0; i < net->node_count; i++) {
		net_down(net, i);
		store_close(net->nodes[i].store);
	}
	for (size_t i = 0; i < net->person_count; i++) {
		person_fini(&net->people[i].keys);
	}
	while (net->event_count > 0) {
		event_free(event_take(net));
	}
	free(net->heap);
	free(net->made);
}

uint64_t
net_wall_s(const struct net *net)
{
	return NET_WALL_S + net->now_ms / 1000;
}

static struct node_time
time_of(const struct net *net, const struct net_node *n)
{
	return (struct node_time){
		(uint64_t)((int64_t)net_wall_s(net) + n->skew_s), net->now_ms + 1};
}

struct net_node *
net_node_add(struct net *net)
{
	struct net_node *n = &net->nodes[net->node_count];
	const struct store_config config = {
		.path = "memory",
		.mode = STORE_CREATE,
		.tables = graph_tables,
		.table_count = graph_table_count,
		.schema_version = GRAPH_SCHEMA_VERSION,
	};
	struct err_msg msg = {0};

	*n = (struct net_node){.index = net->node_count};
	n->pin.bytes[0] = 0xaa;
	n->pin.bytes[1] = (uint8_t)n->index;
	must(store_mem_open(&config, &n->store, &msg), &msg);
	must(graph_create(n->store, 1000 + n->index, &msg), &msg);
	net->node_count++;
	return n;
}

static void drain(struct net *net, struct net_node *n);

void
net_up(struct net *net, size_t node)
{
	struct net_node *n = &net->nodes[node];
	struct node_config config = {.graph = n->store,
		.options = options,
		.limits = net->limits,
		.rng = net->rng,
		.own_pin = n->pin};
	struct err_msg msg = {0};

	if (n->node == NULL) {
		must(node_new(&config, time_of(net, n), &n->node, &msg), &msg);
		n->generation++;
		drain(net, n);
	}
}

void
net_down(struct net *net, size_t node)
{
	struct net_node *n = &net->nodes[node];

	if (n->node != NULL) {
		/* Jobs are given back by their events, which know the generation. */
		node_abandon(n->node);
		n->node = NULL;
		n->generation++;
		n->armed_ms = 0;
	}
}

static void
add_peer(struct net *net, struct net_node *n, const struct net_node *other)
{
	char url[GRAPH_PEER_URL_MAX];
	char name[16];
	struct err_msg msg = {0};
	struct node_peer_spec spec = {.pin = other->pin, .class = net->class};

	(void)snprintf(url, sizeof(url), "https://n%zu.example:7483", other->index);
	(void)snprintf(name, sizeof(name), "n%zu", other->index);
	spec.url = other->is_hidden ? (struct slice){0} : slice_str(url);
	spec.name = slice_str(name);
	net_up(net, n->index);
	must(node_peer_add(n->node, time_of(net, n), &spec, &msg), &msg);
	n->linked[other->index] = true;
	drain(net, n);
}

void
net_link(struct net *net, size_t a, size_t b)
{
	if (a != b && !net->nodes[a].linked[b]) {
		add_peer(net, &net->nodes[a], &net->nodes[b]);
		add_peer(net, &net->nodes[b], &net->nodes[a]);
	}
}

struct storing {
	const struct net *net;
	const struct issued *made;
	bool hosts;
	const struct net_node *node;
};

static int
store_made(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	const struct storing *s = ctx;
	enum graph_outcome outcome;
	int rc = s->hosts ? graph_set_hosted(g, &s->made->st.iss, msg) : 0;

	return rc != 0 ? rc
		       : graph_add(g, issued_slice(s->made), &s->made->st, net_wall_s(s->net),
				 &outcome, msg);
}

static void
tell(struct net *net, struct net_node *n)
{
	if (n->node != NULL) {
		node_graph_changed(n->node, time_of(net, n));
		drain(net, n);
	}
}

static void
publish(struct net *net, size_t node, const struct issued *made, bool hosts)
{
	struct net_node *n = &net->nodes[node];
	struct storing s = {net, made, hosts, n};
	struct err_msg msg = {0};

	if (net->made_count == NET_MADE_MAX) {
		net_die("too many statements for one scenario");
	}
	net->made[net->made_count++] = (struct net_made){*made, node};
	must(graph_update(n->store, &options, store_made, &s, &msg), &msg);
	tell(net, n);
}

void
net_publish(struct net *net, size_t node, const struct issued *made)
{
	publish(net, node, made, false);
}

struct issued
net_commit(struct net *net, const struct net_person *person, size_t next)
{
	struct issued made;
	struct person keys; /* as that person has them, who may be made later */

	person_make(&keys, (uint8_t)next);
	made = person_identity(&person->keys, 1, net_wall_s(net), &keys, false);
	person_fini(&keys);
	return made;
}

struct net_person *
net_person_add(struct net *net, size_t home)
{
	struct net_person *p = &net->people[net->person_count];
	uint64_t now_s = net_wall_s(net);
	struct issued made;

	if (net->person_count == NET_PEOPLE_MAX) {
		net_die("too many people for one scenario");
	}
	person_make(&p->keys, (uint8_t)net->person_count);
	p->home = home;
	(void)snprintf(p->address, sizeof(p->address), "addr:p%zu@n%zu.example",
		net->person_count, home);
	p->principal = principal_of(p->address);
	p->seq = 1;
	net->person_count++;
	made = net->commits[net->person_count - 1] == 0
		       ? person_identity(&p->keys, 1, now_s, NULL, false)
		       : net_commit(net, p, net->commits[net->person_count - 1] - 1U);
	publish(net, home, &made, true);
	made = person_device(&p->keys, BY_PHONE, 1, now_s);
	publish(net, home, &made, false);
	made = person_bind(&p->keys, BY_PHONE, 1, now_s, p->address);
	publish(net, home, &made, false);
	return p;
}

void
net_befriend(struct net *net, size_t node, const struct principal *friend)
{
	struct net_node *n = &net->nodes[node];
	struct digest digest;

	principal_digest(friend, &digest);
	for (size_t i = 0; i < n->interest_count; i++) {
		if (digest_eq(&n->interest[i], &digest)) {
			return;
		}
	}
	if (n->interest_count == NET_FRIENDS_MAX) {
		net_die("too many friends at one node");
	}
	n->interest[n->interest_count++] = digest;
}

void
net_unfriend(struct net *net, size_t node, const struct principal *friend)
{
	struct net_node *n = &net->nodes[node];
	struct digest digest;
	size_t kept = 0;

	principal_digest(friend, &digest);
	for (size_t i = 0; i < n->interest_count; i++) {
		if (!digest_eq(&n->interest[i], &digest)) {
			n->interest[kept++] = n->interest[i];
		}
	}
	n->interest_count = kept;
}

static int
compare_digests(const void *a, const void *b)
{
	return digest_cmp(a, b);
}

static int
store_interest(void *ctx, struct graph_txn *g, struct err_msg *msg)
{
	struct net_node *n = ctx;

	return graph_interest_set(g, n->interest, n->interest_count, msg);
}

void
net_interest(struct net *net, size_t node)
{
	struct net_node *n = &net->nodes[node];
	struct err_msg msg = {0};

	qsort(n->interest, n->interest_count, sizeof(n->interest[0]), compare_digests);
	must(graph_update(n->store, &options, store_interest, n, &msg), &msg);
	tell(net, n);
}

/* --- what the transport does ------------------------------------------------------------- */

static uint64_t
latency(struct net *net)
{
	return net->latency_min_ms +
	       rng_below(&net->rng, net->latency_max_ms - net->latency_min_ms + 1);
}

static bool
happens(struct net *net, uint32_t percent)
{
	return rng_below(&net->rng, 100) < percent;
}

static bool
hears(const struct net *net, size_t a, size_t b)
{
	return net->side[a] == net->side[b] && net->nodes[a].node != NULL &&
	       net->nodes[b].node != NULL;
}

static size_t
index_of(const struct net *net, const struct digest *pin)
{
	for (size_t i = 0; i < net->node_count; i++) {
		if (digest_eq(&net->nodes[i].pin, pin)) {
			return i;
		}
	}
	net_die("a request to nobody");
}

/* fail_later - the end of a request that came to nothing */
static void
fail_later(struct net *net, const struct net_event *request, enum node_transport end,
	uint64_t after_ms)
{
	struct net_event *e = event_add(net, net->now_ms + after_ms, EVENT_ANSWER);

	e->to = request->from;
	e->from = request->to;
	e->generation = request->from_generation;
	e->token = request->token;
	e->end = end;
}

static void
post(struct net *net, const struct net_event *request)
{
	bool is_lost = happens(net, net->loss_percent);
	int copies = happens(net, net->repeat_percent) ? 2 : 1;

	if (!hears(net, request->from, request->to)) {
		fail_later(net, request, NODE_T_OFFLINE, latency(net));
		return;
	}
	if (is_lost) {
		fail_later(net, request, NODE_T_TIMEOUT, request->timeout_ms);
		return;
	}
	for (int i = 0; i < copies; i++) {
		struct net_event *e = event_add(net, net->now_ms + latency(net), EVENT_REQUEST);
		uint64_t at_ms = e->at_ms;
		uint64_t order = e->order;

		*e = *request;
		e->at_ms = at_ms;
		e->order = order;
		e->kind = EVENT_REQUEST;
		/* The answer of a repetition goes nowhere. */
		e->token = i == 0 ? request->token : 0;
		dynbuf_init(&e->body, 2 * NODE_BODY_MAX);
		(void)dynbuf_add(&e->body, dynbuf_slice(&request->body));
	}
	net->nodes[request->from].bytes += dynbuf_slice(&request->body).len;
}

static void
do_send(struct net *net, struct net_node *n, const struct node_action *action)
{
	struct net_event e = {
		.from = n->index,
		.to = index_of(net, &action->send.pin),
		.from_generation = n->generation,
		.token = action->send.token,
		.method = action->send.method,
		.timeout_ms = action->send.timeout_ms,
	};

	(void)snprintf(e.target, sizeof(e.target), "%s", action->send.target);
	dynbuf_init(&e.body, 2 * NODE_BODY_MAX);
	(void)dynbuf_add(&e.body, action->send.body);
	post(net, &e);
	dynbuf_fini(&e.body);
}

/* A request being served: who gets the answer. Found by its id. */
#define SERVED_MAX 4096

static struct served {
	size_t from;
	uint64_t from_generation;
	uint64_t token;
	uint32_t timeout_ms;
	char target[NODE_TARGET_MAX + 1];
} served[SERVED_MAX];

static void
do_respond(struct net *net, struct net_node *n, const struct node_action *action)
{
	const struct served *s = &served[action->respond.id % SERVED_MAX];
	struct net_event *e;
	uint64_t wait_ms = latency(net);
	unsigned int status = action->respond.status;

	n->requests++;
	n->bytes += action->respond.body.len;
	if (s->token == 0) {
		return;
	}
	if (happens(net, net->loss_percent) || n->is_slow) {
		struct net_event lost = {.from = s->from,
			.to = n->index,
			.from_generation = s->from_generation,
			.token = s->token};

		fail_later(net, &lost, NODE_T_TIMEOUT, s->timeout_ms);
		return;
	}
	e = event_add(net, net->now_ms + wait_ms, EVENT_ANSWER);
	e->to = s->from;
	e->from = n->index;
	e->generation = s->from_generation;
	e->token = s->token;
	e->end = NODE_T_ANSWERED;
	e->retry_after_s = action->respond.retry_after_s;
	(void)dynbuf_add(&e->body, action->respond.body);
	e->status = n->tamper == NULL
			    ? status
			    : n->tamper(net, n, slice_str(s->target), status, &e->body);
}

static void
do_verify(struct net *net, struct net_node *n, const struct node_action *action)
{
	struct net_event *e =
		event_add(net, net->now_ms + rng_below(&net->rng, 20), EVENT_VERIFIED);

	e->to = n->index;
	e->generation = n->generation;
	e->job = action->verify;
}

static void
arm(struct net *net, struct net_node *n)
{
	struct net_event *e;
	uint64_t at_ms;

	if (!node_deadline(n->node, &at_ms)) {
		return;
	}
	/* The engine's clock is one millisecond ahead, so that it never sees 0. */
	at_ms = at_ms > net->now_ms + 1 ? at_ms - 1 : net->now_ms;
	if (n->armed_ms != 0 && n->armed_ms <= at_ms && n->armed_ms >= net->now_ms) {
		return;
	}
	n->armed_ms = at_ms;
	e = event_add(net, at_ms, EVENT_TIMEOUT);
	e->to = n->index;
	e->generation = n->generation;
}

static void
drain(struct net *net, struct net_node *n)
{
	struct node_action action;

	while (node_next(n->node, &action)) {
		switch (action.kind) {
		case NODE_RESPOND:
			do_respond(net, n, &action);
			break;
		case NODE_SEND:
			do_send(net, n, &action);
			break;
		case NODE_VERIFY:
			do_verify(net, n, &action);
			break;
		case NODE_LOG:
			n->warnings += action.log.level == NODE_LOG_WARN;
			if (net->is_verbose) {
				(void)printf("%8.3f n%zu: %s\n", (double)net->now_ms / 1000,
					n->index, action.log.text);
			}
			break;
		}
	}
	arm(net, n);
}

static void
deliver_request(struct net *net, struct net_node *n, const struct net_event *e)
{
	uint64_t id = ++net->last_request;
	struct node_request request = {
		.id = id,
		.pin = net->nodes[e->from].pin,
		.method = e->method,
		.target = slice_str(e->target),
		.body = dynbuf_slice(&e->body),
	};
	struct served *s = &served[id % SERVED_MAX];

	if (n->node == NULL) {
		if (e->token != 0) {
			fail_later(net, e, NODE_T_OFFLINE, 1);
		}
		return;
	}
	*s = (struct served){e->from, e->from_generation, e->token, e->timeout_ms, {0}};
	(void)snprintf(s->target, sizeof(s->target), "%s", e->target);
	node_request(n->node, time_of(net, n), &request);
}

static void
deliver(struct net *net, const struct net_event *e)
{
	struct net_node *n = &net->nodes[e->to];
	struct node_result result = {.end = e->end,
		.status = e->status,
		.retry_after_s = e->retry_after_s,
		.body = dynbuf_slice(&e->body)};

	if (e->kind == EVENT_REQUEST) {
		deliver_request(net, n, e);
	} else if (n->node == NULL || e->generation != n->generation) {
		return; /* who waited for it is gone */
	} else if (e->kind == EVENT_TIMEOUT) {
		if (e->at_ms == n->armed_ms) {
			n->armed_ms = 0;
		}
		node_timeout(n->node, time_of(net, n));
	} else if (e->kind == EVENT_ANSWER) {
		node_result(n->node, time_of(net, n), e->token, &result);
	} else {
		node_job_run(e->job);
		node_job_done(n->node, time_of(net, n), e->job);
	}
	if (n->node != NULL) {
		drain(net, n);
	}
}

void
net_run(struct net *net, uint64_t until_ms)
{
	while (net->event_count > 0 && net->heap[0]->at_ms <= until_ms) {
		struct net_event *e = event_take(net);

		net->now_ms = e->at_ms > net->now_ms ? e->at_ms : net->now_ms;
		deliver(net, e);
		event_free(e);
	}
	net->now_ms = until_ms > net->now_ms ? until_ms : net->now_ms;
}

void
net_inject(struct net *net, size_t from, size_t to, enum node_method method, const char *target,
	struct slice body)
{
	struct net_event *e = event_add(net, net->now_ms + latency(net), EVENT_REQUEST);

	e->from = from;
	e->to = to;
	e->method = method;
	(void)snprintf(e->target, sizeof(e->target), "%s", target);
	(void)dynbuf_add(&e->body, body);
}

/* --- looking at it ---------------------------------------------------------------------------- */

static struct graph_reader *
reader_of(struct net *net, size_t node)
{
	struct graph_reader *r = NULL;
	struct err_msg msg = {0};

	must(graph_reader_new(net->nodes[node].store, &r, &msg), &msg);
	must(graph_begin(r), NULL);
	return r;
}

bool
net_has(struct net *net, size_t node, const struct digest *id)
{
	struct graph_reader *r = reader_of(net, node);
	bool has = graph_has(r, id);

	graph_end(r);
	graph_reader_free(r);
	return has;
}

bool
net_is_current(struct net *net, size_t node, const struct net_person *person,
	const struct net_person *other)
{
	struct graph_reader *r = reader_of(net, node);
	graph_node at = graph_find(r, &person->keys.self);
	bool is_current =
		at != GRAPH_NONE && graph_current(r, at) == graph_find(r, &other->keys.self);

	graph_end(r);
	graph_reader_free(r);
	return is_current;
}

bool
net_is_revoked(struct net *net, size_t node, const struct net_person *person)
{
	struct graph_reader *r = reader_of(net, node);
	graph_node at = graph_find(r, &person->keys.self);
	bool is_revoked =
		at != GRAPH_NONE && graph_is_revoked(r, at, net_wall_s(net) + 1, NULL);

	graph_end(r);
	graph_reader_free(r);
	return is_revoked;
}

uint64_t
net_stored(struct net *net, size_t node)
{
	struct graph_reader *r = reader_of(net, node);
	struct graph_stats stats;

	must(graph_stats(r, &stats), NULL);
	graph_end(r);
	graph_reader_free(r);
	return stats.statements;
}

const struct graph_peer *
net_peer(struct net *net, size_t node, size_t peer)
{
	struct net_node *n = &net->nodes[node];

	return n->node == NULL ? NULL : node_peer_at(n->node, &net->nodes[peer].pin);
}
