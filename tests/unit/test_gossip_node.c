/* The engine, step by step: one node, and a peer whose part the test plays. */
#include <stdio.h>

#include "common/base/encoding.h"
#include "common/graph/graph_feed.h"
#include "common/graph/graph_interest.h"
#include "gossip/claims.h"
#include "gossip/lines.h"
#include "gossip/node.h"
#include "tests/support/graph_world.h"

#define NOW   1700000000
#define BOB   "addr:bob@example.net"
#define CAROL "addr:carol@example.net"

static struct world w;
static struct person alice, bob;
static struct rng_seeded_state rng_state;
static struct node *node;
static struct node_time now;
static struct node_limits limits;
static const struct digest peer_pin = {{7}};

/* What the node did, since the last look. */
static struct {
	unsigned int status;
	uint32_t retry_after_s;
	char body[NODE_BODY_MAX];
	size_t body_len;
	size_t responses;
	uint64_t token;
	char target[NODE_TARGET_MAX + 1];
	char sent[NODE_BODY_MAX];
	size_t sends;
	size_t warnings;
	struct node_job *held[8];
	size_t held_count;
	bool hold; /* jobs are not run */
} did;

static void
take(const struct node_action *a)
{
	switch (a->kind) {
	case NODE_RESPOND:
		did.status = a->respond.status;
		did.retry_after_s = a->respond.retry_after_s;
		did.body_len = a->respond.body.len;
		(void)snprintf(did.body, sizeof(did.body), "%.*s", SLICE_ARG(a->respond.body));
		did.responses++;
		break;
	case NODE_SEND:
		did.token = a->send.token;
		(void)snprintf(did.target, sizeof(did.target), "%s", a->send.target);
		(void)snprintf(did.sent, sizeof(did.sent), "%.*s", SLICE_ARG(a->send.body));
		did.sends++;
		break;
	case NODE_VERIFY:
		if (did.hold) {
			did.held[did.held_count++] = a->verify;
		} else {
			node_job_run(a->verify);
			node_job_done(node, now, a->verify);
		}
		break;
	case NODE_LOG:
		did.warnings += a->log.level == NODE_LOG_WARN;
		break;
	}
}

static void
drain(void)
{
	struct node_action action;

	while (node_next(node, &action)) {
		take(&action);
	}
}

static void
start(void)
{
	struct node_config config = {.graph = w.store, .limits = limits};
	struct err_msg msg = {0};

	config.options.fold_local_part = true;
	config.rng = rng_seeded(&rng_state, 1);
	cr_assert_eq(node_new(&config, now, &node, &msg), 0, "%s", msg.text);
}

static void
add_peer(enum graph_peer_class class, const char *url)
{
	struct node_peer_spec spec = {
		.pin = peer_pin, .class = class, .name = SLICE("bob"), .url = slice_str(url)};
	struct err_msg msg = {0};

	cr_assert_eq(node_peer_add(node, now, &spec, &msg), 0, "%s", msg.text);
}

static void
setup(void)
{
	struct graph_txn *txn;
	struct principal p = principal_of(BOB);
	struct digest digest;
	struct err_msg msg;

	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
	person_make(&bob, 2);
	txn = world_begin(&w);
	principal_digest(&p, &digest);
	cr_assert_eq(graph_interest_set(txn, &digest, 1, &msg), 0);
	cr_assert_eq(graph_set_hosted(txn, &alice.identity, &msg), 0);
	world_commit(txn);
	node_limits_default(&limits);
	now = (struct node_time){NOW, 1000};
	start();
}

static void
teardown(void)
{
	node_free(node);
	person_fini(&alice);
	person_fini(&bob);
	world_fini(&w);
}

TestSuite(gossip_node, .init = setup, .fini = teardown);

static unsigned int
ask(const char *target, const char *body)
{
	struct node_request request = {.id = 5,
		.pin = peer_pin,
		.method = body == NULL ? NODE_GET : NODE_POST,
		.target = slice_str(target),
		.body = slice_str(body)};

	did.status = 0;
	node_request(node, now, &request);
	drain();
	return did.status;
}

static unsigned int
push(const struct issued *made)
{
	char body[STATEMENT_MAX + 2];

	(void)snprintf(body, sizeof(body), "%s\n", made->jws);
	return ask("/v1/statements", body);
}

static void
answer(unsigned int status, const char *body)
{
	struct node_result result = {
		.end = NODE_T_ANSWERED, .status = status, .body = slice_str(body)};

	node_result(node, now, did.token, &result);
	drain();
}

static bool
stored(const struct issued *made)
{
	struct graph_reader *r = world_read(&w);
	bool has = graph_has(r, &made->st.id);

	world_read_end(r);
	return has;
}

Test(gossip_node, answers_by_the_book)
{
	static const struct {
		const char *target;
		const char *body;
		unsigned int status;
	} rows[] = {
		{"/v1/node", NULL, 200},
		{"/v1/feed?epoch=42&after=0", NULL, 200},
		{"/v1/feed?epoch=41&after=0", NULL, 410},
		{"/v1/feed?epoch=42&after=1", NULL, 410},
		{"/v1/nothing", NULL, 404},
		{"/v1/pair", "", 404},
		{"/v1/node", "", 405},
		{"/v1/fetch", NULL, 405},
		{"/v1/fetch", "", 200},
		{"/v1/statements", "", 200},
		{"/v1/reconcile", "\x61", 200},
		{"/v1/feed?epoch=42", NULL, 400},
		{"/v1/fetch", "short\n", 400},
	};

	cr_assert_eq(ask("/v1/node", NULL), 403, "nobody knows it yet");
	add_peer(GRAPH_PEER_FRIEND, "");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cr_assert_eq(ask(rows[i].target, rows[i].body), rows[i].status, "%s: %u",
			rows[i].target, did.status);
	}
	cr_assert_eq(did.responses, ARRAY_LEN(rows) + 1, "one answer each");
}

Test(gossip_node, three_pieces_of_rubbish_close_a_peer_for_an_hour)
{
	add_peer(GRAPH_PEER_FRIEND, "");
	for (int i = 0; i < 3; i++) {
		cr_assert_eq(ask("/v1/statements", "nostatement\n"), 200);
		cr_assert_str_eq(did.body, "malformed\n");
	}
	cr_assert_eq(ask("/v1/node", NULL), 403);
	cr_assert_eq(did.retry_after_s, 3600);
	cr_assert_eq(did.warnings, 2, "what, and that it is closed: once each");

	/* A new node, made of the store, remembers. */
	node_free(node);
	start();
	cr_assert_eq(ask("/v1/node", NULL), 403);
	now.wall_s += 3600;
	cr_assert_eq(ask("/v1/node", NULL), 200);
}

Test(gossip_node, a_paused_peer_is_not_heard)
{
	struct err_msg msg;

	add_peer(GRAPH_PEER_FRIEND, "");
	cr_assert_eq(node_peer_pause(node, now, &peer_pin, true, &msg), 0);
	cr_assert_eq(ask("/v1/node", NULL), 403);
	cr_assert_eq(node_peer_pause(node, now, &peer_pin, false, &msg), 0);
	cr_assert_eq(ask("/v1/node", NULL), 200);
	cr_assert_eq(node_peer_remove(node, now, &peer_pin, &msg), 0);
	cr_assert_eq(ask("/v1/node", NULL), 403);
	cr_assert_eq(node_peer_remove(node, now, &peer_pin, &msg), ERR_NOTFOUND);
}

Test(gossip_node, says_of_each_pushed_statement_what_became_of_it)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 2, NOW, BOB);
	struct issued old = person_bind(&bob, BY_ROOT, 1, NOW - 5, BOB);
	struct issued far = person_vouch(&bob, BY_ROOT, 1, NOW + 2 * 86400, BOB, 2);
	struct issued stale = person_vouch(
		&bob, BY_ROOT, 1, NOW - STATEMENT_LIFETIME_MAX_S - 2 * 86400, BOB, 2);
	struct person carol;
	struct issued foreign;
	static const char *const words[] = {
		"added\n", "known\n", "stale\n", "future\n", "expired\n", "scope\n"};
	const struct issued *pushed[] = {&bind, &bind, &old, &far, &stale, &foreign};

	person_make(&carol, 3);
	foreign = person_vouch(&carol, BY_ROOT, 1, NOW, BOB, 2);
	add_peer(GRAPH_PEER_FRIEND, "");
	for (size_t i = 0; i < ARRAY_LEN(pushed); i++) {
		cr_assert_eq(push(pushed[i]), 200);
		cr_assert_str_eq(did.body, words[i], "%zu", i);
	}
	cr_assert(stored(&bind));
	cr_assert_not(stored(&foreign));
	cr_assert_eq(node_peer_at(node, &peer_pin)->stored, 1);
	cr_assert_eq(node_peer_at(node, &peer_pin)->received, 6);
	person_fini(&carol);
}

Test(gossip_node, a_wrong_signature_is_never_stored_nor_held_against_the_statement)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);
	struct issued forged = bind;

	forged.jws[forged.jws_len - 10] = forged.jws[forged.jws_len - 10] == 'A' ? 'B' : 'A';
	add_peer(GRAPH_PEER_FRIEND, "");
	cr_assert_eq(push(&forged), 200);
	cr_assert_str_eq(did.body, "malformed\n");
	cr_assert_not(stored(&bind));
	cr_assert_eq(push(&bind), 200);
	cr_assert_str_eq(did.body, "added\n");
}

Test(gossip_node, nothing_is_answered_before_the_signatures_are_checked)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);

	add_peer(GRAPH_PEER_FRIEND, "");
	did.hold = true;
	cr_assert_eq(push(&bind), 0);
	cr_assert_eq(did.held_count, 1);
	cr_assert_not(stored(&bind));
	node_job_run(did.held[0]);
	node_job_done(node, now, did.held[0]);
	drain();
	cr_assert_eq(did.status, 200);
	cr_assert(stored(&bind));
}

/* finish_job - one of those that were held */
static void
finish_job(size_t i)
{
	node_job_run(did.held[i]);
	node_job_done(node, now, did.held[i]);
	drain();
}

Test(gossip_node, what_is_checked_at_the_same_time_is_stored_at_once)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);
	struct issued vouches[] = {
		person_vouch(&bob, BY_ROOT, 1, NOW, "dom:example.com", 1),
		person_vouch(&bob, BY_ROOT, 1, NOW, "dom:example.org", 1), bind, /* again */
	};

	add_peer(GRAPH_PEER_FRIEND, "");
	(void)push(&bind);
	did.hold = true;
	for (size_t i = 0; i < ARRAY_LEN(vouches); i++) {
		did.responses = 0;
		(void)push(&vouches[i]);
		cr_assert_eq(did.responses, 0, "%zu", i);
	}
	cr_assert_eq(did.held_count, 2, "what is known needs no signature");
	finish_job(1);
	cr_assert_eq(did.responses, 0, "it waits for the other");
	cr_assert_not(stored(&vouches[1]));
	finish_job(0);
	cr_assert_eq(did.responses, 3);
	cr_assert_str_eq(did.body, "known\n", "in the order they came");
	cr_assert(stored(&vouches[0]) && stored(&vouches[1]));
}

Test(gossip_node, nobody_waits_for_more_than_a_few)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);

	add_peer(GRAPH_PEER_FRIEND, "");
	(void)push(&bind);
	did.hold = true;
	for (uint64_t i = 0; i < 6; i++) {
		struct issued vouch = person_vouch(&bob, BY_ROOT, 2 + i, NOW, CAROL, 1);

		(void)push(&vouch);
	}
	did.responses = 0;
	for (size_t i = 0; i < 3; i++) {
		finish_job(5 - i);
		cr_assert_eq(did.responses, 0);
	}
	finish_job(1);
	cr_assert_eq(did.responses, 4, "two are still out");
	finish_job(0);
	cr_assert_eq(did.responses, 4);
	finish_job(2);
	cr_assert_eq(did.responses, 6);
	cr_assert_str_eq(did.body, "stale\n", "a newer one was there already");
}

Test(gossip_node, a_job_that_was_not_run_lets_nothing_in)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);

	add_peer(GRAPH_PEER_FRIEND, "");
	did.hold = true;
	(void)push(&bind);
	node_job_done(node, now, did.held[0]);
	drain();
	cr_assert_str_eq(did.body, "budget\n");
	cr_assert_not(stored(&bind));
}

Test(gossip_node, who_is_gone_gets_no_answer_but_is_heard)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);

	add_peer(GRAPH_PEER_FRIEND, "");
	did.hold = true;
	(void)push(&bind);
	node_request_gone(node, 5);
	node_job_run(did.held[0]);
	node_job_done(node, now, did.held[0]);
	drain();
	cr_assert_eq(did.responses, 0);
	cr_assert(stored(&bind));
}

Test(gossip_node, requests_and_signatures_have_an_hourly_end)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);

	node_free(node);
	limits.requests_per_hour = 3;
	limits.signatures_per_hour = 0;
	start();
	add_peer(GRAPH_PEER_FRIEND, "");
	cr_assert_eq(push(&bind), 429);
	cr_assert_eq(did.retry_after_s, 3600);
	cr_assert_eq(ask("/v1/node", NULL), 200);
	cr_assert_eq(ask("/v1/node", NULL), 200);
	now.wall_s += 600;
	cr_assert_eq(ask("/v1/node", NULL), 429);
	cr_assert_eq(did.retry_after_s, 3000);
	now.wall_s += 3000;
	cr_assert_eq(ask("/v1/node", NULL), 200);
}

Test(gossip_node, friends_get_no_first_seen_and_hosts_of_the_site_do)
{
	struct issued vouch = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);
	char expected[STATEMENT_MAX + 64];

	(void)world_add(&w, vouch, NOW - 77);
	node_graph_changed(node, now);
	add_peer(GRAPH_PEER_FRIEND, "");
	cr_assert_eq(ask("/v1/feed?epoch=42&after=0", NULL), 200);
	(void)snprintf(expected, sizeof(expected), "%s\n1 1\n", vouch.jws);
	cr_assert_str_eq(did.body, expected);
	add_peer(GRAPH_PEER_SITE, "");
	cr_assert_eq(ask("/v1/feed?epoch=42&after=0", NULL), 200);
	(void)snprintf(expected, sizeof(expected), "%s %d\n1 1\n", vouch.jws, NOW - 77);
	cr_assert_str_eq(did.body, expected);
}

Test(gossip_node, a_host_of_the_site_may_have_seen_it_first)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW - 500, BOB);
	struct issued forged = bind;
	char body[STATEMENT_MAX + 64];
	struct graph_reader *r;
	struct graph_item item;

	add_peer(GRAPH_PEER_SITE, "");
	cr_assert_eq(push(&bind), 200);
	forged.jws[forged.jws_len - 10] = forged.jws[forged.jws_len - 10] == 'A' ? 'B' : 'A';
	(void)snprintf(body, sizeof(body), "%s %d\n", forged.jws, NOW - 400);
	cr_assert_eq(ask("/v1/statements", body), 200);
	cr_assert_str_eq(did.body, "malformed\n", "a known id excuses no signature");
	(void)snprintf(body, sizeof(body), "%s %d\n", bind.jws, NOW - 300);
	cr_assert_eq(ask("/v1/statements", body), 200);
	cr_assert_str_eq(did.body, "known\n");
	r = world_read(&w);
	cr_assert_eq(graph_item_get(r, &bind.st.id, &item), 0);
	cr_assert_eq(item.first_seen_s, NOW - 300);
	cr_assert(slice_eq(item.jws, issued_slice(&bind)));
	world_read_end(r);
	/* A friend's word on that is nothing. */
	add_peer(GRAPH_PEER_FRIEND, "");
	(void)snprintf(body, sizeof(body), "%s %d\n", bind.jws, NOW - 450);
	(void)ask("/v1/statements", body);
	r = world_read(&w);
	cr_assert_eq(graph_item_get(r, &bind.st.id, &item), 0);
	cr_assert_eq(item.first_seen_s, NOW - 300);
	world_read_end(r);
}

Test(gossip_node, what_is_for_peers_goes_one_step)
{
	struct issuer by = {alice.identity, alice.keys[BY_ROOT], NOW, STATEMENT_PEERS, NULL};
	struct principal subject = principal_of(BOB);
	struct issued own;
	struct issued others;
	struct err_msg msg;

	cr_assert_eq(issue_vouch(&by, 1, &subject, TRUST_LEVEL_WEAK, &own, &msg), 0);
	by.identity = bob.identity;
	by.signer = bob.keys[BY_ROOT];
	cr_assert_eq(issue_vouch(&by, 1, &subject, TRUST_LEVEL_WEAK, &others, &msg), 0);
	(void)world_add(&w, own, NOW);
	(void)world_add(&w, others, NOW);
	node_graph_changed(node, now);
	add_peer(GRAPH_PEER_FRIEND, "");
	cr_assert_eq(ask("/v1/feed?epoch=42&after=0", NULL), 200);
	cr_assert_not_null(strstr(did.body, own.jws));
	cr_assert_null(strstr(did.body, others.jws));
}

Test(gossip_node, a_page_that_was_lost_is_given_again_and_one_that_came_is_not)
{
	struct issued vouch = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);

	(void)world_add(&w, vouch, NOW);
	node_graph_changed(node, now);
	add_peer(GRAPH_PEER_FRIEND, "");
	(void)ask("/v1/feed?epoch=42&after=0", NULL);
	(void)ask("/v1/feed?epoch=42&after=0", NULL);
	cr_assert_not_null(strstr(did.body, vouch.jws), "it was not confirmed");
	(void)ask("/v1/feed?epoch=42&after=1", NULL);
	cr_assert_str_eq(did.body, "1 1\n");
	(void)ask("/v1/feed?epoch=42&after=0", NULL);
	cr_assert_str_eq(did.body, "1 1\n", "it has it");
}

Test(gossip_node, an_unanswered_peer_is_asked_less_and_less_often)
{
	struct node_result offline = {.end = NODE_T_OFFLINE};
	uint64_t last_ms = 0;
	uint64_t at_ms;

	limits.sync_interval_ms = 1000;
	node_free(node);
	start();
	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	for (int i = 0; i < 5; i++) {
		size_t sends = did.sends;

		node_timeout(node, now);
		drain();
		cr_assert_eq(did.sends, sends + 1, "try %d", i);
		node_result(node, now, did.token, &offline);
		drain();
		node_timeout(node, now);
		drain();
		cr_assert_eq(did.sends, sends + 1, "not at once");
		cr_assert(node_deadline(node, &at_ms));
		cr_assert_gt(at_ms - now.mono_ms, last_ms / 2, "try %d", i);
		last_ms = at_ms - now.mono_ms;
		now.mono_ms = at_ms;
	}
	cr_assert_gt(last_ms, 6000);
	cr_assert_eq(did.warnings, 1, "said once");
	cr_assert_eq(node_peer_at(node, &peer_pin)->state, GRAPH_PEER_OFFLINE);
	/* When it calls, it is there. */
	(void)ask("/v1/node", NULL);
	node_timeout(node, now);
	drain();
	cr_assert_str_eq(did.target, "/v1/node");
}

Test(gossip_node, a_page_begins_with_what_is_urgent_and_says_it_once)
{
	struct issued made[3];
	struct principal phone;

	person_key_principal(&alice, BY_PHONE, &phone);
	made[0] = person_device(&alice, BY_PHONE, 1, NOW);
	made[1] = person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2);
	made[2] = person_revoke(&alice, BY_ROOT, 1, NOW, &phone, NOW);
	for (size_t i = 0; i < ARRAY_LEN(made); i++) {
		(void)world_add(&w, made[i], NOW);
	}
	node_graph_changed(node, now);
	add_peer(GRAPH_PEER_FRIEND, "");
	cr_assert_eq(ask("/v1/feed?epoch=42&after=0", NULL), 200);
	cr_assert_eq(strncmp(did.body, made[2].jws, made[2].jws_len), 0, "%s", did.body);
	cr_assert_null(strstr(did.body + 1, made[2].jws));
	cr_assert_not_null(strstr(did.body, made[1].jws));
	cr_assert_eq(ask("/v1/feed?epoch=42&after=3", NULL), 200);
	cr_assert_str_eq(did.body, "3 3\n");
}

/* contact - up to the first message of a reconciliation */
static void
contact(void)
{
	char body[128];
	char key[BASE64URL_LEN(DIGEST_LEN) + 1];

	memset(key, 'A', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	node_timeout(node, now);
	drain();
	cr_assert_str_eq(did.target, "/v1/node");
	(void)snprintf(body, sizeof(body),
		"{\"version\":1,\"key\":\"%s\",\"epoch\":\"9\",\"last\":30}\n", key);
	answer(200, body);
	cr_assert(slice_starts_with(slice_str(did.target), SLICE("/v1/feed?epoch=9&after=")),
		"what is urgent comes first: %s", did.target);
	answer(200, "30 30\n");
	cr_assert_str_eq(did.target, "/v1/reconcile");
}

/* offer - the peer has this, and nothing else; NULL: what we have */
static void
offer(const struct issued *made)
{
	uint8_t message[5 + DIGEST_LEN] = {0x61, 0, 0, 2, 1};
	struct node_result result = {.end = NODE_T_ANSWERED, .status = 200};

	if (made != NULL) {
		memcpy(message + 5, made->st.id.bytes, DIGEST_LEN);
	}
	result.body = slice_of(message, made == NULL ? 1 : sizeof(message));
	node_result(node, now, did.token, &result);
	drain();
}

/* assert_fetches - that the last request asks for this alone */
static void
assert_fetches(const struct issued *made)
{
	char id[BASE64URL_LEN(DIGEST_LEN) + 2];

	cr_assert_str_eq(did.target, "/v1/fetch");
	base64url_encode(digest_slice(&made->st.id), id);
	(void)snprintf(id + BASE64URL_LEN(DIGEST_LEN), 2, "\n");
	cr_assert_str_eq(did.sent, id);
}

Test(gossip_node, what_is_wanted_now_is_asked_for_after_a_crash_too)
{
	struct issued vouch = person_vouch(&bob, BY_ROOT, 1, NOW, "dom:example.com", 1);
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);

	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	(void)push(&vouch);
	cr_assert_str_eq(did.body, "scope\n");
	(void)push(&bind);
	cr_assert_str_eq(did.body, "added\n");
	node_abandon(node);
	start();
	contact();
	offer(&vouch);
	assert_fetches(&vouch);
}

Test(gossip_node, what_comes_into_scope_while_signatures_are_checked_is_asked_for)
{
	struct issued vouch = person_vouch(&bob, BY_ROOT, 1, NOW, "dom:example.com", 1);
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);
	struct issued other = person_identity(&alice, 1, NOW, NULL, false);
	char body[2 * STATEMENT_MAX + 3];

	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	did.hold = true;
	(void)push(&bind);
	(void)snprintf(body, sizeof(body), "%s\n%s\n", vouch.jws, other.jws);
	(void)ask("/v1/statements", body);
	cr_assert_eq(did.held_count, 2);
	for (size_t i = 0; i < did.held_count; i++) {
		node_job_run(did.held[i]);
		node_job_done(node, now, did.held[i]);
		drain();
	}
	cr_assert_str_eq(did.body, "scope\nadded\n");
	contact();
	offer(NULL);
	cr_assert_str_eq(did.target, "/v1/feed?epoch=9&after=30");
	answer(200, "30 30\n");
	node_timeout(node, now);
	drain();
	assert_fetches(&vouch);
}

/* --- squatters: who come first with more claims than are heard -------------------------------- */

static struct issued
bind_countersigned(const struct person *who, const struct person *by)
{
	struct issuer issuer = {
		who->identity, who->keys[BY_ROOT], NOW, STATEMENT_OPEN, by->keys[BY_PHONE]};
	struct principal address = principal_of(BOB);
	struct err_msg msg = {0};
	struct issued made;

	cr_assert_eq(issue_bind(&issuer, 1, &address, &made, &msg), 0, "%s", msg.text);
	cr_assert(made.st.body.bind.is_countersigned);
	return made;
}

/* squat - claims bob's address as so many people, each countersigned by himself */
static void
squat(uint8_t count, const char *outcome)
{
	for (uint8_t i = 0; i < count; i++) {
		struct person squatter;
		struct issued bind;

		person_make(&squatter, (uint8_t)(100 + i));
		bind = bind_countersigned(&squatter, &squatter);
		(void)push(&bind);
		cr_assert_str_eq(did.body, i < CLAIMS_MAX ? "added\n" : outcome, "%u", i);
		person_fini(&squatter);
	}
}

/* name_for_domain - somebody here says that this identity speaks for bob's domain */
static void
name_for_domain(const struct person *site)
{
	struct graph_txn *txn = world_begin(&w);
	struct principal p = principal_of(BOB);
	struct digest names[2];
	struct err_msg msg;
	bool is_first;

	principal_digest(&p, &names[0]);
	principal_digest(&site->self, &names[1]);
	is_first = digest_cmp(&names[0], &names[1]) < 0;
	cr_assert_eq(graph_interest_set(txn,
			     is_first ? names : (struct digest[]){names[1], names[0]}, 2, &msg),
		0);
	world_commit(txn);
	(void)world_add(&w, person_identity(site, 1, NOW, NULL, false), NOW);
	(void)world_add(&w, person_device(site, BY_PHONE, 1, NOW), NOW);
	node_graph_changed(node, now);
	drain();
}

Test(gossip_node, squatters_do_not_keep_out_whom_the_domain_countersigned)
{
	struct person site;
	struct issued bind;
	struct issued vouch = person_vouch(&bob, BY_ROOT, 1, NOW, "dom:example.com", 1);

	person_make(&site, 3);
	add_peer(GRAPH_PEER_FRIEND, "");
	name_for_domain(&site);
	squat(CLAIMS_MAX + 2, "scope\n");
	bind = bind_countersigned(&bob, &site);
	(void)push(&bind);
	cr_assert_str_eq(did.body, "added\n");
	(void)push(&vouch);
	cr_assert_str_eq(did.body, "added\n", "and he is heard");
	node_free(node);
	start();
	vouch = person_vouch(&bob, BY_ROOT, 2, NOW, "dom:example.com", 2);
	(void)push(&vouch);
	cr_assert_str_eq(did.body, "replaced\n", "after a restart, too");
	person_fini(&site);
}

Test(gossip_node, whom_squatters_kept_out_is_fetched_when_his_domain_is_named)
{
	struct person site;
	struct issued bind;
	char body[STATEMENT_MAX + 2];

	person_make(&site, 3);
	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	squat(CLAIMS_MAX, "");
	bind = bind_countersigned(&bob, &site);
	(void)push(&bind);
	cr_assert_str_eq(did.body, "scope\n", "nobody knows who countersigned");
	cr_assert_not(stored(&bind));
	name_for_domain(&site);
	contact();
	offer(&bind);
	assert_fetches(&bind);
	(void)snprintf(body, sizeof(body), "%s\n", bind.jws);
	answer(200, body);
	cr_assert(stored(&bind));
	person_fini(&site);
}

Test(gossip_node, a_repair_asks_once_for_what_was_lost)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);
	char body[STATEMENT_MAX + 2];
	struct graph_txn *txn;
	struct err_msg msg;

	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	(void)push(&bind);
	txn = world_begin(&w);
	cr_assert_eq(graph_bury(txn, &bind.st.id, &msg), 0);
	world_commit(txn);
	contact();
	offer(&bind);
	assert_fetches(&bind);
	(void)snprintf(body, sizeof(body), "%s\n", bind.jws);
	answer(200, body);
	cr_assert_not(stored(&bind));
	offer(NULL);
	answer(200, "30 30\n");
	cr_assert_eq(node_peer_sync(node, now, &peer_pin, true), 0);
	contact();
	offer(&bind);
	cr_assert_str_eq(did.target, "/v1/feed?epoch=9&after=30", "refused for good");
}

Test(gossip_node, first_contact_reconciles_fetches_and_goes_on_with_the_feed)
{
	struct issued bind = person_bind(&bob, BY_ROOT, 1, NOW, BOB);
	char body[STATEMENT_MAX + 2];

	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	contact();
	offer(&bind);
	assert_fetches(&bind);
	(void)snprintf(body, sizeof(body), "%s\n", bind.jws);
	answer(200, body);
	cr_assert(stored(&bind));
	cr_assert_str_eq(did.target, "/v1/reconcile", "until one finds nothing");
	offer(NULL);
	cr_assert_str_eq(did.target, "/v1/feed?epoch=9&after=30");
	answer(200, "31 31\n");
	cr_assert_eq(node_peer_at(node, &peer_pin)->last_sync_s, NOW);
	cr_assert_eq(node_peer_at(node, &peer_pin)->after, 31);
}

Test(gossip_node, a_revocation_by_trustctl_goes_out_at_once)
{
	struct issued revoke;

	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	node_timeout(node, now);
	drain();
	revoke = person_revoke(&alice, BY_ROOT, 1, NOW, &alice.self, NOW);
	(void)world_add(&w, revoke, NOW);
	node_graph_changed(node, now);
	drain();
	cr_assert_str_eq(
		did.target, "/v1/statements", "although another request is on its way");
	cr_assert_not_null(strstr(did.sent, revoke.jws));
	answer(200, "added\n");
	node_graph_changed(node, now);
	node_timeout(node, now);
	drain();
	cr_assert_eq(did.sends, 2, "once");
}

Test(gossip_node, a_restored_graph_begins_anew_with_everybody)
{
	struct graph_txn *txn;
	struct err_msg msg;

	add_peer(GRAPH_PEER_FRIEND, "https://bob.example.net");
	node_free(node);
	txn = world_begin(&w);
	cr_assert_eq(graph_set_epoch(txn, 43, &msg), 0);
	world_commit(txn);
	start();
	cr_assert_eq(node_peer_at(node, &peer_pin)->epoch, 0);
	cr_assert_eq(node_peer_at(node, &peer_pin)->own_epoch, 43);
}

Test(gossip_node, a_peer_without_a_name_gets_one)
{
	static const struct {
		const char *name;
		const char *url;
		const char *expected;
	} steps[] = {
		{"", "", "BwcHBwcH"}, /* of its pin */
		{"", "https://mx.example.net:7483", "BwcHBwcH"},
		{"bob", "https://mx.example.net:7483", "bob"},
		{"", "https://other.example.net", "bob"},
	};
	static const char *const hosts[][2] = {
		{"https://mx.example.net:7483", "mx.example.net"},
		{"https://mx.example.net", "mx.example.net"},
		{"https://[2001:db8::1]:7483", "[2001:db8::1]"},
	};
	struct err_msg msg;

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		struct node_peer_spec spec = {
			.name = slice_str(steps[i].name), .url = slice_str(steps[i].url)};

		memset(spec.pin.bytes, 7, sizeof(spec.pin.bytes));
		cr_assert_eq(node_peer_add(node, now, &spec, &msg), 0, "%s", msg.text);
		cr_expect_str_eq(node_peer_at(node, &spec.pin)->name, steps[i].expected);
	}
	for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
		struct node_peer_spec spec = {.url = slice_str(hosts[i][0])};

		spec.pin.bytes[0] = (uint8_t)(100 + i);
		cr_assert_eq(node_peer_add(node, now, &spec, &msg), 0, "%s", msg.text);
		cr_expect_str_eq(node_peer_at(node, &spec.pin)->name, hosts[i][1]);
	}
}

Test(gossip_node, addresses_and_names_of_peers_are_checked)
{
	static const char *const bad[] = {"http://x", "https://", "https://x/", "https://u@x",
		"https://x?y", "https://x y", "https://x\n", "x"};
	struct node_peer_spec spec = {.pin = peer_pin, .name = SLICE("bob")};
	struct err_msg msg;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		spec.url = slice_str(bad[i]);
		cr_assert_eq(node_peer_add(node, now, &spec, &msg), ERR_INVALID, "%s", bad[i]);
	}
	spec.url = SLICE("https://x:1");
	spec.name = SLICE("a\x01");
	cr_assert_eq(node_peer_add(node, now, &spec, &msg), ERR_INVALID);
	cr_assert_eq(node_peer_count(node), 0);
}
