/* What gossip keeps in the graph: interest, departures, peers, exchange. */
#include <stdlib.h>

#include "common/graph/graph_exchange.h"
#include "common/graph/graph_feed.h"
#include "common/graph/graph_interest.h"
#include "common/graph/graph_peer.h"
#include "tests/support/graph_world.h"

#define NOW 1700000000
#define BOB "addr:bob@example.net"

static struct world w;
static struct person alice;

static void
setup(void)
{
	world_make(&w, WORLD_MEM);
	person_make(&alice, 1);
}

static void
teardown(void)
{
	person_fini(&alice);
	world_fini(&w);
}

TestSuite(graph_exchange, .init = setup, .fini = teardown);

static struct digest
digest_of(uint8_t first)
{
	return (struct digest){{first, 0xff}};
}

struct collected {
	size_t count;
	struct digest ids[16];
	uint64_t numbers[16];
};

static int
collect(void *ctx, const struct digest *digest)
{
	struct collected *c = ctx;

	c->ids[c->count++] = *digest;
	return 0;
}

static void
set_interest(const uint8_t *firsts, size_t count)
{
	struct digest sorted[16];
	struct graph_txn *txn = world_begin(&w);
	struct err_msg msg = {0};

	for (size_t i = 0; i < count; i++) {
		sorted[i] = digest_of(firsts[i]);
	}
	cr_assert_eq(graph_interest_set(txn, sorted, count, &msg), 0, "%s", msg.text);
	world_commit(txn);

	struct graph_reader *r = world_read(&w);
	struct collected c = {0};

	cr_assert_eq(graph_interest_visit(r, collect, &c), 0);
	cr_assert_eq(c.count, count);
	for (size_t i = 0; i < count; i++) {
		cr_assert(digest_eq(&c.ids[i], &sorted[i]));
	}
	cr_assert(graph_interest_equals(r, sorted, count));
	cr_assert(count == 0 || !graph_interest_equals(r, sorted, count - 1));
	world_read_end(r);
}

static uint64_t
interest_version(void)
{
	struct graph_reader *r = world_read(&w);
	uint64_t version = graph_interest_version(r);

	world_read_end(r);
	return version;
}

Test(graph_exchange, interest_becomes_what_it_is_set_to)
{
	static const struct {
		uint8_t firsts[4];
		size_t count;
		bool changes;
	} rows[] = {
		{{0}, 0, false},
		{{3, 5, 9}, 3, true},
		{{3, 5, 9}, 3, false},
		{{1, 5, 9, 255}, 4, true},
		{{5}, 1, true},
		{{4, 6}, 2, true},
		{{0}, 0, true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t before = interest_version();

		set_interest(rows[i].firsts, rows[i].count);
		cr_assert_eq(
			interest_version() - before, rows[i].changes ? 1 : 0, "row %zu", i);
	}
}

Test(graph_exchange, interest_survives_a_rebuild)
{
	static const uint8_t firsts[] = {7};
	struct digest seven = digest_of(7);
	struct err_msg msg;

	set_interest(firsts, 1);

	struct graph_txn *txn = world_begin(&w);

	cr_assert_eq(graph_rebuild(txn, &msg), 0);
	world_commit(txn);

	struct graph_reader *r = world_read(&w);

	cr_assert(graph_interest_equals(r, &seven, 1));
	world_read_end(r);
}

static int
collect_departure(void *ctx, const struct graph_departure *gone)
{
	struct collected *c = ctx;

	c->numbers[c->count] = gone->number;
	c->ids[c->count++] = gone->id;
	return 0;
}

Test(graph_exchange, what_is_replaced_departs)
{
	struct issued first = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);
	struct issued second = person_vouch(&alice, BY_ROOT, 2, NOW, BOB, 3);
	struct collected c = {0};

	(void)world_add(&w, first, NOW);
	(void)world_add(&w, second, NOW);

	struct graph_reader *r = world_read(&w);

	cr_assert_eq(graph_departures_visit(r, 0, collect_departure, &c), 0);
	cr_assert_eq(c.count, 1);
	cr_assert(digest_eq(&c.ids[0], &first.st.id));
	cr_assert_eq(graph_last_departure(r), 1);
	cr_assert(graph_has(r, &second.st.id));
	cr_assert(!graph_has(r, &first.st.id));
	c.count = 0;
	cr_assert_eq(graph_departures_visit(r, 1, collect_departure, &c), 0);
	cr_assert_eq(c.count, 0);
	world_read_end(r);
}

Test(graph_exchange, what_is_erased_departs_and_stays_away)
{
	struct issued vouch = person_vouch(&alice, BY_ROOT, 1, NOW, BOB, 2);
	struct collected c = {0};
	struct err_msg msg;

	(void)world_add(&w, vouch, NOW);

	struct graph_txn *txn = world_begin(&w);

	cr_assert_eq(graph_bury(txn, &vouch.st.id, &msg), 0);
	world_commit(txn);

	struct graph_reader *r = world_read(&w);

	cr_assert_eq(graph_departures_visit(r, 0, collect_departure, &c), 0);
	cr_assert_eq(c.count, 1);
	cr_assert(graph_is_buried(r, &vouch.st.id));
	world_read_end(r);
}

static int
collect_item(void *ctx, const struct graph_item *item)
{
	struct collected *c = ctx;

	c->numbers[c->count] = item->number;
	c->ids[c->count++] = item->id;
	return 0;
}

Test(graph_exchange, what_waited_for_its_certificate_takes_a_new_number)
{
	struct issued vouch = person_vouch(&alice, BY_PHONE, 1, NOW, BOB, 2);
	struct collected c = {0};
	struct graph_item item;

	(void)world_add(&w, vouch, NOW);

	struct graph_reader *r = world_read(&w);

	cr_assert_eq(graph_item_get(r, &vouch.st.id, &item), 0);
	cr_assert(item.is_waiting);
	cr_assert_eq(item.number, 1);
	world_read_end(r);
	(void)world_add(&w, person_device(&alice, BY_PHONE, 1, NOW), NOW + 5);
	r = world_read(&w);
	cr_assert_eq(graph_item_get(r, &vouch.st.id, &item), 0);
	cr_assert(!item.is_waiting);
	cr_assert_eq(item.first_seen_s, NOW);
	cr_assert_eq(graph_items_visit(r, 1, collect_item, &c), 0);
	cr_assert_eq(c.count, 2);
	cr_assert(digest_eq(&c.ids[1], &vouch.st.id));
	cr_assert_eq(graph_departures_visit(r, 0, collect_departure, &c), 0);
	cr_assert_eq(c.count, 2, "nothing left");
	world_read_end(r);
}

static void
put_peer(struct graph_peer *peer)
{
	struct graph_txn *txn = world_begin(&w);
	struct err_msg msg = {0};

	cr_assert_eq(graph_peer_put(txn, peer, &msg), 0, "%s", msg.text);
	world_commit(txn);
}

struct peers {
	size_t count;
	struct graph_peer list[4];
};

static int
collect_peer(void *ctx, const struct graph_peer *peer)
{
	struct peers *p = ctx;

	p->list[p->count++] = *peer;
	return 0;
}

static struct peers
read_peers(void)
{
	struct graph_reader *r = world_read(&w);
	struct peers p = {0};

	cr_assert_eq(graph_peers_visit(r, collect_peer, &p), 0);
	world_read_end(r);
	return p;
}

Test(graph_exchange, a_peer_comes_back_as_it_was)
{
	struct graph_peer peer = {
		.pin = digest_of(9),
		.class = GRAPH_PEER_SITE,
		.paused = true,
		.name = "bob",
		.url = "https://example.net:7483",
		.added_s = 1,
		.epoch = UINT64_MAX,
		.after = 3,
		.lag = 4,
		.last_sync_s = 5,
		.last_repair_s = 6,
		.last_heard_s = 7,
		.last_tried_s = 8,
		.state = GRAPH_PEER_WRONG_KEY,
		.failures = 9,
		.sent = 10,
		.received = 11,
		.stored = 12,
		.refused = {1, 2, 3, 4, 5, 6, 7, 8},
		.hour_s = 13,
		.hour_requests = 14,
		.hour_bytes = 15,
		.hour_signatures = 16,
		.strikes = 2,
		.closed_until_s = 17,
	};

	put_peer(&peer);
	cr_assert_eq(peer.number, 1);

	struct peers p = read_peers();

	cr_assert_eq(p.count, 1);
	cr_assert_eq(p.list[0].number, 1);
	cr_assert(digest_eq(&p.list[0].pin, &peer.pin));
	cr_assert_eq(p.list[0].class, GRAPH_PEER_SITE);
	cr_assert(p.list[0].paused);
	cr_assert_str_eq(p.list[0].name, "bob");
	cr_assert_str_eq(p.list[0].url, peer.url);
	cr_assert_eq(p.list[0].epoch, UINT64_MAX);
	cr_assert_eq(p.list[0].last_tried_s, 8);
	cr_assert_eq(p.list[0].state, GRAPH_PEER_WRONG_KEY);
	cr_assert_eq(p.list[0].failures, 9);
	cr_assert_eq(p.list[0].stored, 12);
	cr_assert_arr_eq(p.list[0].refused, peer.refused, sizeof(peer.refused));
	cr_assert_eq(p.list[0].hour_signatures, 16);
	cr_assert_eq(p.list[0].strikes, 2);
	cr_assert_eq(p.list[0].closed_until_s, 17);
}

static int
count_exchange(void *ctx, const struct graph_exchange *item)
{
	struct collected *c = ctx;

	c->ids[c->count++] = item->id;
	return 0;
}

static size_t
exchanged(uint32_t peer)
{
	struct graph_reader *r = world_read(&w);
	struct collected c = {0};

	cr_assert_eq(graph_exchange_visit(r, peer, count_exchange, &c), 0);
	world_read_end(r);
	return c.count;
}

Test(graph_exchange, a_removed_peer_takes_only_its_own_records_along)
{
	struct graph_peer bob = {.pin = digest_of(1)};
	struct graph_peer carol = {.pin = digest_of(2)};
	struct err_msg msg;

	put_peer(&bob);
	put_peer(&carol);

	struct graph_txn *txn = world_begin(&w);

	for (uint8_t i = 0; i < 5; i++) {
		struct graph_exchange item = {bob.number, 100 + i, digest_of(i), 1};

		graph_exchange_put(txn, &item);
		item.peer = carol.number;
		graph_exchange_put(txn, &item);
	}
	world_commit(txn);
	cr_assert_eq(exchanged(bob.number), 5);

	txn = world_begin(&w);
	cr_assert_eq(graph_peer_remove(txn, &bob, &msg), 0);
	world_commit(txn);
	cr_assert_eq(exchanged(bob.number), 0);
	cr_assert_eq(exchanged(carol.number), 5);
	cr_assert_eq(read_peers().count, 1);

	struct graph_peer dave = {.pin = digest_of(3)};

	put_peer(&dave);
	cr_assert_eq(dave.number, 3, "numbers are never used twice");
}

Test(graph_exchange, what_is_wanted_is_taken_once)
{
	struct graph_exchange taken[GRAPH_WANTED_MAX];
	struct graph_exchange item = {7, NOW, digest_of(4), 0};
	struct digest principal = digest_of(8);
	struct digest other = digest_of(6);
	struct graph_txn *txn = world_begin(&w);

	graph_wanted_put(txn, &principal, &item);
	graph_wanted_put(txn, &principal, &item);
	cr_assert_eq(graph_wanted_take(txn, &other, taken), 0);
	cr_assert_eq(graph_wanted_take(txn, &principal, taken), 1);
	cr_assert_eq(taken[0].peer, 7);
	cr_assert_eq(taken[0].iat_s, NOW);
	cr_assert(digest_eq(&taken[0].id, &item.id));
	cr_assert_eq(graph_wanted_take(txn, &principal, taken), 0);
	world_commit(txn);
}
