/*
 * A peer that offers the same million ids for ever, over the engine alone: it reconciles by the
 * book, and either never gives what it is asked for, or gives statements that concern nobody
 * here. What it costs must be the same every day and bounded, and other peers are served
 * meanwhile.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/encoding.h"
#include "common/graph/graph_interest.h"
#include "gossip/lines.h"
#include "gossip/node.h"
#include "gossip/reconcile.h"
#include "tests/support/graph_world.h"

#define NOW     1700000000
#define BOB     "addr:bob@example.net"
#define MILLION ((size_t)1000000)
#define DAYS    3
#define DAY_MS  ((uint64_t)86400000)
#define EPOCH   "9"
/* Ids that one day's repair may ask for; the node's SYNC_NEEDS_MAX. */
#define NEEDS   ((size_t)65536)
#define SMALL   20000 /* items the node remembers of a peer, in the second test */
#define MIB     ((size_t)1 << 20)

/* One statement of the million: its place among them, and its number, which makes its text. */
struct offered {
	struct item item;
	uint32_t number;
};

static struct offered *million; /* by item */
static struct item_tree offers; /* the same, to reconcile by */
static struct issued sample;    /* of a stranger; the numbers go into its subject */
static char payload[STATEMENT_MAX];
static size_t payload_len;
static size_t digits_at; /* in the payload */

static struct world w;
static struct person alice, bob, stranger;
static struct rng_seeded_state rng_state;
static struct node *node;
static struct node_time now;
static struct node_limits limits;
static const struct digest liar = {{7}};
static const struct digest friend = {{8}};

/* What was seen. */
static struct {
	bool gives; /* what it is asked for */
	size_t sends;
	size_t reconciles;
	size_t fetches;
	size_t others; /* requests of the other peer that were answered */
	unsigned int status;
	size_t warnings;
	size_t heap_before;
	size_t heap_most;
} seen;

static size_t
heap_bytes(void)
{
	const struct mallinfo2 info = mallinfo2(); /* nothing under AddressSanitizer */

	return info.uordblks + info.hblkhd;
}

/* --- the million ------------------------------------------------------------------------------ */

/*
 * text_of - statement number n: that of the stranger with n in its subject, and so with another
 * id
 */
static size_t
text_of(uint32_t number, char out[STATEMENT_MAX + 1])
{
	size_t header = slice_find_byte(issued_slice(&sample), '.') + 1;
	struct slice rest = slice_skip(issued_slice(&sample), header);
	struct slice signature = slice_skip(rest, slice_find_byte(rest, '.'));
	char digits[8];

	(void)snprintf(digits, sizeof(digits), "%07u", number % 10000000);
	memcpy(payload + digits_at, digits, 7);
	memcpy(out, sample.jws, header);
	base64url_encode(slice_of((const uint8_t *)payload, payload_len), out + header);
	memcpy(out + header + BASE64URL_LEN(payload_len), signature.data, signature.len);
	return header + BASE64URL_LEN(payload_len) + signature.len;
}

static void
make_sample(void)
{
	struct slice text;
	size_t at;

	person_make(&stranger, 99);
	sample = person_vouch(&stranger, BY_ROOT, 1, NOW, "addr:u0000000@example.com", 2);
	text = slice_skip(
		issued_slice(&sample), slice_find_byte(issued_slice(&sample), '.') + 1);
	text = slice_take(text, slice_find_byte(text, '.'));
	cr_assert_eq(
		base64url_decode(text, (uint8_t *)payload, sizeof(payload), &payload_len), 0);
	at = (size_t)((char *)memmem(payload, payload_len, "u0000000@", 9) - payload);
	digits_at = at + 1;
	person_fini(&stranger);
}

static int
compare(const void *a, const void *b)
{
	const struct offered *x = a;
	const struct offered *y = b;

	return item_cmp(&x->item, &y->item);
}

static void
make_million(void)
{
	struct item *items = calloc(MILLION, sizeof(*items));
	char text[STATEMENT_MAX + 1];

	million = calloc(MILLION, sizeof(*million));
	cr_assert(items != NULL && million != NULL);
	make_sample();
	for (uint32_t i = 0; i < MILLION; i++) {
		size_t len = text_of(i, text);
		size_t signed_len = len - 1 - BASE64URL_LEN(IDENTITY_SIG_LEN);

		million[i].number = i;
		million[i].item.timestamp = NOW;
		digest_sha256(slice_of((const uint8_t *)text, signed_len), &million[i].item.id);
	}
	qsort(million, MILLION, sizeof(*million), compare);
	for (size_t i = 0; i < MILLION; i++) {
		items[i] = million[i].item;
	}
	item_tree_init(&offers);
	cr_assert_eq(item_tree_build(&offers, items, MILLION), 0);
	free(items);
}

/* --- the peers -------------------------------------------------------------------------------- */

static void drain(void);

static void
answer(uint64_t token, struct slice body)
{
	struct node_result result = {.end = NODE_T_ANSWERED, .status = 200, .body = body};

	node_result(node, now, token, &result);
}

static void
answer_reconcile(const struct node_action *a)
{
	static const struct reconcile_limits frame = {.frame_max = (size_t)128 * 1024};
	struct dynbuf out;

	seen.reconciles++;
	dynbuf_init(&out, NODE_BODY_MAX);
	cr_assert_eq(reconcile_answer(&offers, &frame, a->send.body, &out, NULL), 0);
	answer(a->send.token, dynbuf_slice(&out));
	dynbuf_fini(&out);
}

static void
answer_fetch(const struct node_action *a)
{
	struct digest ids[LINES_MAX];
	char text[STATEMENT_MAX + 1];
	struct dynbuf out;
	size_t count;

	seen.fetches++;
	dynbuf_init(&out, NODE_BODY_MAX);
	cr_assert_eq(ids_parse(a->send.body, ids, &count), 0);
	for (size_t i = 0; i < count && seen.gives; i++) {
		struct offered key = {.item = {NOW, ids[i]}};
		struct offered *found =
			bsearch(&key, million, MILLION, sizeof(*million), compare);

		cr_assert_not_null(found, "it asks for what it was offered");
		(void)dynbuf_add(
			&out, slice_of((const uint8_t *)text, text_of(found->number, text)));
		(void)dynbuf_add_byte(&out, '\n');
	}
	cr_assert_eq(dynbuf_error(&out), 0);
	answer(a->send.token, dynbuf_slice(&out));
	dynbuf_fini(&out);
}

static void serve_others(void);

/* play - the liar's answer, by the book; with every fiftieth another peer comes by */
static void
play(const struct node_action *a)
{
	char body[256];
	char key[BASE64URL_LEN(DIGEST_LEN) + 1];
	struct slice target = slice_str(a->send.target);

	seen.sends++;
	if (slice_eq(target, SLICE("/v1/node"))) {
		base64url_encode(digest_slice(&liar), key);
		(void)snprintf(body, sizeof(body),
			"{\"version\":1,\"key\":\"%s\",\"epoch\":\"" EPOCH "\",\"last\":30}\n",
			key);
		answer(a->send.token, slice_str(body));
	} else if (slice_eq(target, SLICE("/v1/reconcile"))) {
		answer_reconcile(a);
	} else if (slice_eq(target, SLICE("/v1/fetch"))) {
		answer_fetch(a);
	} else {
		answer(a->send.token, SLICE("30 30\n"));
	}
	if (seen.sends % 50 == 0) {
		serve_others();
	}
}

static unsigned int
ask(const char *target, const char *body)
{
	struct node_request request = {.id = 5,
		.pin = friend,
		.method = body == NULL ? NODE_GET : NODE_POST,
		.target = slice_str(target),
		.body = slice_str(body)};

	seen.status = 0;
	node_request(node, now, &request);
	drain();
	return seen.status;
}

/* serve_others - a friend asks for the feed and pushes, in the middle of it all */
static void
serve_others(void)
{
	static uint64_t seq;
	struct issued vouch = person_vouch(&bob, BY_ROOT, ++seq, NOW, "dom:example.com", 1);
	char body[STATEMENT_MAX + 2];

	(void)snprintf(body, sizeof(body), "%s\n", vouch.jws);
	cr_assert_eq(ask("/v1/feed?epoch=42&after=0", NULL), 200);
	cr_assert_eq(ask("/v1/statements", body), 200);
	seen.others++;
}

static void
drain(void)
{
	struct node_action action;

	while (node_next(node, &action)) {
		if (action.kind == NODE_RESPOND) {
			seen.status = action.respond.status;
		} else if (action.kind == NODE_VERIFY) {
			node_job_run(action.verify);
			node_job_done(node, now, action.verify);
		} else if (action.kind == NODE_LOG) {
			seen.warnings += action.log.level == NODE_LOG_WARN;
		} else {
			play(&action);
		}
		if (heap_bytes() > seen.heap_before + seen.heap_most) {
			seen.heap_most = heap_bytes() - seen.heap_before;
		}
	}
}

/* a_day - of virtual time */
static void
a_day(void)
{
	uint64_t end_ms = now.mono_ms + DAY_MS;
	uint64_t at_ms;

	while (now.mono_ms < end_ms) {
		node_timeout(node, now);
		drain();
		cr_assert(node_deadline(node, &at_ms));
		at_ms = at_ms > now.mono_ms ? at_ms : now.mono_ms + 1;
		now.wall_s += (at_ms - now.mono_ms) / 1000;
		now.mono_ms = at_ms;
	}
}

/* --- tests ------------------------------------------------------------------------------- */

static void
start(void)
{
	struct node_config config = {.graph = w.store, .limits = limits};
	struct node_peer_spec spec = {
		.pin = liar, .name = SLICE("liar"), .url = SLICE("https://liar.example.net")};
	struct err_msg msg = {0};

	config.options.fold_local_part = true;
	config.rng = rng_seeded(&rng_state, 1);
	cr_assert_eq(node_new(&config, now, &node, &msg), 0, "%s", msg.text);
	cr_assert_eq(node_peer_add(node, now, &spec, &msg), 0, "%s", msg.text);
	spec = (struct node_peer_spec){.pin = friend, .name = SLICE("friend")};
	cr_assert_eq(node_peer_add(node, now, &spec, &msg), 0, "%s", msg.text);
	seen.heap_before = heap_bytes();
}

static void
setup(void)
{
	struct graph_txn *txn;
	struct digest digest;
	struct err_msg msg;

	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
	person_make(&bob, 2);
	txn = world_begin(&w);
	principal_digest(&bob.self, &digest);
	cr_assert_eq(graph_interest_set(txn, &digest, 1, &msg), 0);
	cr_assert_eq(graph_set_hosted(txn, &alice.identity, &msg), 0);
	world_commit(txn);
	node_limits_default(&limits);
	limits.sync_interval_ms = 600000; /* the same each day, only fewer looks at the feed */
	now = (struct node_time){NOW, 1000};
	make_million();
}

static void
teardown(void)
{
	node_free(node);
	person_fini(&alice);
	person_fini(&bob);
	world_fini(&w);
	item_tree_fini(&offers);
	free(million);
}

TestSuite(gossip_million, .init = setup, .fini = teardown);

Test(gossip_million, ids_that_are_never_given_cost_a_bounded_repair_a_day)
{
	start();
	for (int day = 0; day < DAYS; day++) {
		size_t reconciles = seen.reconciles;
		size_t fetches = seen.fetches;

		a_day();
		cr_assert_gt(seen.fetches - fetches, 0, "it does ask, day %d", day);
		cr_assert_leq(seen.fetches - fetches, NEEDS / LINES_MAX, "day %d", day);
		cr_assert_leq(seen.reconciles - reconciles, 64, "day %d", day);
	}
	cr_assert_geq(seen.others, 3 * DAYS, "a friend was served all the time");
	cr_assert_eq(node_peer_at(node, &liar)->stored, 0);
	cr_assert_leq(seen.warnings, DAYS);
	cr_assert_leq(seen.heap_most, 5 * MIB, "%zu bytes", seen.heap_most);
}

Test(gossip_million, statements_that_concern_nobody_are_remembered_up_to_the_limit)
{
	size_t after_two_days = 0;

	seen.gives = true;
	limits.items_max = SMALL;
	start();
	for (int day = 0; day < DAYS; day++) {
		size_t fetches = seen.fetches;

		a_day();
		/* What may be wanted later is remembered until the second day. */
		after_two_days = day == 1 ? heap_bytes() : after_two_days;
		cr_assert_leq(seen.fetches - fetches, NEEDS / LINES_MAX, "day %d", day);
	}
	cr_assert_geq(seen.others, 3 * DAYS, "a friend was served all the time");
	cr_assert_eq(node_peer_at(node, &liar)->stored, 0);
	cr_assert_geq(node_peer_at(node, &liar)->refused[GRAPH_REFUSED_SCOPE], DAYS * SMALL);
	cr_assert_leq(seen.warnings, DAYS);
	cr_assert_leq(seen.heap_most, 32 * MIB, "%zu bytes", seen.heap_most);
	cr_assert_leq(heap_bytes(), after_two_days + MIB, "later days leave nothing behind");
}
