/*
 * scenario.c - runs a replay script against a whole network of gossip nodes in virtual time.
 *
 * usage: scenario [-v | -b] SCRIPT...
 *
 * With -v it says what each node says; with -b nothing but what is measured, as benchmarks do.
 *
 * A script has a line per command; what is behind a semicolon is a comment. Settings come first:
 *
 *	seed N                    everything that is random follows from it
 *	nodes N                   n0 .. nN-1
 *	people N                  at each node: p0 .. of n0, then those of n1, and so on
 *	topology ring|full|star|line|random K
 *	friends random K          people elsewhere whom somebody at each node befriends
 *	vouches random K          that each person publishes at time 0
 *	latency MIN MAX           milliseconds, each way
 *	loss PERCENT              of requests, and of answers
 *	repeat PERCENT            of requests come twice
 *	class site                all are hosts of one site
 *	limit NAME N              of struct node_limits
 *	offline N                 is not up at time 0
 *	hidden N                  calls others, and cannot be called
 *	commits P Q               P's first identity statement names Q's root as the next one
 *
 * Then, in order of time, SECONDS and what happens:
 *
 *	partition A-B             those between them hear each other, and the others each other
 *	partition random | heal
 *	down N | up N | restart N | restart random K
 *	loss P | repeat P | slow N | fast N | skew N SECONDS
 *	publish K                 as many vouches by random people about random people
 *	vouch P Q LEVEL           by number of person
 *	warn P Q | unwarn P Q     P's warning about Q's address, for the peers of his home
 *	befriend N|all P
 *	unfriend N P
 *	import P N                what P's home tells of him, by hand
 *	equivocate P Q N          P says two things of Q under one number, one of them at node N
 *	commit P Q N              P's root says another such thing, at node N
 *	succeed P Q               P's root continues Q, at his home
 *	revoke P [AGO]            P's root revokes him, at his home, since so many seconds ago
 *	thief P N K [AHEAD]       K vouches with P's phone, at node N, dated back by a month, or so many
 *	                          seconds ahead
 *	tamper N HOW | honest N   see attack.h
 *	flood N M KIND COUNT      see attack.h
 *	spread P S                runs until all nodes that are up believe P to be revoked; at most S s
 *	never P K N S             for S seconds N believes none of the thief's K first vouches as P
 *	expect converged          every node has what the oracle says, as soon as within the
 *	                          time given: expect converged S
 *	expect scope              nothing is stored whose issuer is in nobody's scope
 *	expect revoked P [N] | expect unrevoked P N     everywhere, or at N
 *	expect stored N MAX       statements at a node
 *	expect edge|no-edge P Q N N believes a vouch of P for Q's address; sK: the thief's K-th stranger
 *	expect warned|unwarned P Q N            P's warning about Q's address counts at N
 *	expect current P Q N                    N believes that P continues as Q; P P: as himself
 *	expect closed N M | expect open N M     M, at N
 *	expect refused N M REASON MIN
 *	expect received N M MAX   statements that N had from M
 *	expect level N M S        N was level with M's feed within the last S seconds
 *	expect quiet N MAX        warnings in N's log
 *	expect bytes N MAX        sent by N in bodies, both ways
 *	mark N                    counts N's bytes from here
 *
 * The first expectation that does not hold ends the script, and the program with 1.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/base/strnum.h"
#include "tests/scenario/attack.h"
#include "tests/scenario/oracle.h"

#define LINE_MAX_BYTES 256
#define WORDS_MAX      8

struct script {
	struct net *net;
	const char *path;
	size_t line;
	struct slice words[WORDS_MAX];
	size_t count;
	size_t people;  /* at each node */
	size_t friends; /* of each node */
	size_t vouches; /* of each person */
	struct slice topology;
	uint64_t topology_arg;
	char topology_text[16];
	bool is_offline[NET_NODES_MAX];
	bool is_built;
	bool is_bench;
	uint64_t seq; /* of what random people publish */
};

static _Noreturn void
fail(const struct script *s, const char *why)
{
	net_die("%s:%zu: at %.3f s: %s", s->path, s->line, (double)s->net->now_ms / 1000, why);
}

static uint64_t
number(const struct script *s, size_t i)
{
	uint64_t value = 0;
	struct slice text = i < s->count ? s->words[i] : SLICE("");

	if (text.len > 0 && (text.data[0] == 'n' || text.data[0] == 'p')) {
		text = slice_skip(text, 1);
	}
	if (strnum_u64(text, UINT32_MAX, &value) != 0) {
		fail(s, "a number was expected");
	}
	return value;
}

static size_t
node_at(const struct script *s, size_t i)
{
	uint64_t n = number(s, i);

	if (n >= s->net->node_count) {
		fail(s, "no such node");
	}
	return n;
}

static struct net_person *
person_at(const struct script *s, size_t i)
{
	uint64_t n = number(s, i);

	if (n >= s->net->person_count) {
		fail(s, "no such person");
	}
	return &s->net->people[n];
}

static bool
is_word(const struct script *s, size_t i, const char *word)
{
	return i < s->count && slice_eq(s->words[i], slice_str(word));
}

/* --- building the network ---------------------------------------------------------------- */

static void
link_random(struct net *net, uint64_t degree)
{
	for (size_t i = 0; i < net->node_count; i++) {
		net_link(net, i, (i + 1) % net->node_count);
	}
	for (size_t i = 0; i < net->node_count; i++) {
		for (uint64_t k = 2; k < degree; k += 2) {
			net_link(net, i, rng_below(&net->rng, net->node_count));
		}
	}
}

static void
link_all(struct script *s)
{
	struct net *net = s->net;
	struct slice how = slice_str(s->topology_text);

	if (slice_eq(how, SLICE("random"))) {
		link_random(net, s->topology_arg);
		return;
	}
	for (size_t i = 0; i < net->node_count; i++) {
		for (size_t j = i + 1; j < net->node_count; j++) {
			if (slice_eq(how, SLICE("full")) ||
				(slice_eq(how, SLICE("star")) && i == 0) ||
				(slice_eq(how, SLICE("line")) && j == i + 1) ||
				(slice_eq(how, SLICE("ring")) &&
					(j == i + 1 || (i == 0 && j + 1 == net->node_count)))) {
				net_link(net, i, j);
			}
		}
	}
}

static struct net_person *
somebody(struct net *net)
{
	return &net->people[rng_below(&net->rng, net->person_count)];
}

static void
make_friends(struct script *s)
{
	struct net *net = s->net;

	for (size_t n = 0; n < net->node_count; n++) {
		for (size_t k = 0; k < s->friends;) {
			const struct net_person *p = somebody(net);

			if (p->home != n || net->node_count == 1) {
				net_befriend(net, n, &p->principal);
				k++;
			}
		}
		net_interest(net, n);
	}
}

static void
publish_vouch(struct script *s, struct net_person *by, const struct principal *subject,
	enum trust_level level)
{
	struct net *net = s->net;
	struct issued made = person_vouch(
		&by->keys, BY_PHONE, ++by->seq, net_wall_s(net), subject->text, level);

	net_publish(net, by->home, &made);
}

static void
publish_random(struct script *s, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		publish_vouch(s, somebody(s->net), &somebody(s->net)->principal,
			TRUST_LEVEL_ORDINARY);
	}
}

static void
build(struct script *s)
{
	struct net *net = s->net;

	for (size_t n = 0; n < net->node_count; n++) {
		for (size_t k = 0; k < s->people; k++) {
			(void)net_person_add(net, n);
		}
	}
	make_friends(s);
	for (size_t p = 0; p < net->person_count; p++) {
		for (size_t k = 0; k < s->vouches; k++) {
			publish_vouch(s, &net->people[p], &somebody(net)->principal,
				TRUST_LEVEL_ORDINARY);
		}
	}
	link_all(s);
	for (size_t n = 0; n < net->node_count; n++) {
		if (s->is_offline[n]) {
			net_down(net, n);
		} else {
			net_up(net, n);
		}
	}
	s->is_built = true;
}

static void
set_limit(const struct script *s)
{
	struct node_limits *l = &s->net->limits;
	uint64_t value = number(s, 2);

	if (is_word(s, 1, "hops")) {
		l->hops = (unsigned int)value;
	} else if (is_word(s, 1, "statements_max")) {
		l->statements_max = value;
	} else if (is_word(s, 1, "items_max")) {
		l->items_max = value;
	} else if (is_word(s, 1, "requests_per_hour")) {
		l->requests_per_hour = value;
	} else if (is_word(s, 1, "bytes_per_hour")) {
		l->bytes_per_hour = value;
	} else if (is_word(s, 1, "signatures_per_hour")) {
		l->signatures_per_hour = value;
	} else if (is_word(s, 1, "sync_interval_ms")) {
		l->sync_interval_ms = (uint32_t)value;
	} else if (is_word(s, 1, "repair_interval_s")) {
		l->repair_interval_s = (uint32_t)value;
	} else if (is_word(s, 1, "request_timeout_ms")) {
		l->request_timeout_ms = (uint32_t)value;
	} else if (is_word(s, 1, "backoff_max_ms")) {
		l->backoff_max_ms = (uint32_t)value;
	} else {
		fail(s, "no such limit");
	}
}

static void
setting(struct script *s)
{
	struct net *net = s->net;

	if (is_word(s, 0, "seed")) {
		net->rng = rng_seeded(&net->rng_state, number(s, 1));
	} else if (is_word(s, 0, "nodes")) {
		if (number(s, 1) > NET_NODES_MAX) {
			fail(s, "too many nodes");
		}
		for (uint64_t i = number(s, 1); i > 0; i--) {
			(void)net_node_add(net);
		}
	} else if (is_word(s, 0, "people")) {
		s->people = number(s, 1);
	} else if (is_word(s, 0, "topology")) {
		(void)snprintf(s->topology_text, sizeof(s->topology_text), "%.*s",
			SLICE_ARG(s->words[1]));
		s->topology_arg = s->count > 2 ? number(s, 2) : 0;
	} else if (is_word(s, 0, "friends")) {
		s->friends = number(s, 2);
	} else if (is_word(s, 0, "vouches")) {
		s->vouches = number(s, 2);
	} else if (is_word(s, 0, "latency")) {
		net->latency_min_ms = (uint32_t)number(s, 1);
		net->latency_max_ms = (uint32_t)number(s, 2);
	} else if (is_word(s, 0, "loss")) {
		net->loss_percent = (uint32_t)number(s, 1);
	} else if (is_word(s, 0, "repeat")) {
		net->repeat_percent = (uint32_t)number(s, 1);
	} else if (is_word(s, 0, "class")) {
		net->class = GRAPH_PEER_SITE;
	} else if (is_word(s, 0, "limit")) {
		set_limit(s);
	} else if (is_word(s, 0, "commits")) {
		if (number(s, 1) >= NET_PEOPLE_MAX || number(s, 2) >= NET_PEOPLE_MAX) {
			fail(s, "no such person");
		}
		net->commits[number(s, 1)] = (uint8_t)(number(s, 2) + 1);
	} else if (is_word(s, 0, "offline")) {
		s->is_offline[node_at(s, 1)] = true;
	} else if (is_word(s, 0, "hidden")) {
		net->nodes[node_at(s, 1)].is_hidden = true;
	} else {
		fail(s, "no such setting");
	}
}

/* --- expectations ------------------------------------------------------------------------ */

static void
must_hold(const struct script *s, bool holds, const char *why)
{
	if (!holds) {
		fail(s, why);
	}
}

static bool
all_revoked(struct net *net, const struct net_person *person)
{
	for (size_t n = 0; n < net->node_count; n++) {
		if (net->nodes[n].node == NULL || net->nodes[n].tamper != NULL) {
			continue;
		}
		if (!net_is_revoked(net, n, person)) {
			return false;
		}
	}
	return true;
}

static void
spread(struct script *s)
{
	struct net *net = s->net;
	uint64_t begin_ms = net->now_ms;
	uint64_t end_ms = begin_ms + number(s, 2) * 1000;
	uint64_t begin_wall_ns = clock_mono_ns();
	double virtual_s;

	while (!all_revoked(net, person_at(s, 1)) && net->now_ms < end_ms) {
		net_run(net, net->now_ms + 10);
	}
	must_hold(s, all_revoked(net, person_at(s, 1)), "the revocation has not reached all");
	virtual_s = (double)(net->now_ms - begin_ms) / 1000;
	if (s->is_bench) {
		(void)printf(
			"gossip.spread.%zu_nodes.virtual %.2f s\n", net->node_count, virtual_s);
		(void)printf("gossip.spread.%zu_nodes.wall %.3f s\n", net->node_count,
			(double)(clock_mono_ns() - begin_wall_ns) / 1e9);
	} else {
		(void)printf("%s: revocation reached %zu nodes in %.2f s\n", s->path,
			net->node_count, virtual_s);
	}
}

/* expect_converged - runs on, up to the time given, until nothing is missing */
static void
expect_converged(struct script *s)
{
	struct net *net = s->net;
	uint64_t begin_ms = net->now_ms;
	uint64_t end_ms = net->now_ms + (s->count > 3 ? number(s, 3) * 1000 : 0);
	struct oracle_count count = oracle_look(net);

	while (count.missing > 0 && net->now_ms < end_ms) {
		net_run(net, net->now_ms + 5000 < end_ms ? net->now_ms + 5000 : end_ms);
		count = oracle_look(net);
	}
	if (!s->is_bench) {
		(void)printf("%s:%zu: %zu statements expected, %zu of them from elsewhere; "
			     "%zu missing after %.0f s more\n",
			s->path, s->line, count.expected, count.foreign, count.missing,
			(double)(net->now_ms - begin_ms) / 1000);
	}
	must_hold(s, count.missing == 0, "not converged");
}

/* has_edge - one that counts, of a vouch, or with GRAPH_WARNS_IN of a warning */
static bool
has_edge(struct net *net, size_t node, enum graph_direction dir, const struct net_person *from,
	const struct principal *to)
{
	struct graph_reader *r = NULL;
	struct err_msg msg;
	struct graph_edge edge;
	graph_node a;
	graph_node b;
	bool has;

	if (graph_reader_new(net->nodes[node].store, &r, &msg) != 0 || graph_begin(r) != 0) {
		net_die("n%zu cannot be read", node);
	}
	a = graph_find(r, &from->keys.self);
	b = graph_find(r, to);
	has = a != GRAPH_NONE && b != GRAPH_NONE &&
	      graph_edge_get(r, dir, dir == GRAPH_OUT ? a : b,
		      graph_ref_of(r, dir == GRAPH_OUT ? b : a), &edge) &&
	      (edge.flags & GRAPH_EDGE_HELD) == 0;
	graph_end(r);
	graph_reader_free(r);
	return has;
}

static const struct graph_peer *
peer_at(const struct script *s, size_t i)
{
	const struct graph_peer *peer = net_peer(s->net, node_at(s, i), node_at(s, i + 1));

	must_hold(s, peer != NULL, "no such peer");
	return peer;
}

static void
at_most(const struct script *s, uint64_t value, uint64_t max)
{
	if (value > max) {
		(void)printf("%" PRIu64 " is more than %" PRIu64 "\n", value, max);
		fail(s, "too much");
	}
}

static void
expect_refused(struct script *s)
{
	const struct graph_peer *peer = peer_at(s, 3);

	for (size_t i = 0; i < GRAPH_REFUSED_COUNT; i++) {
		if (is_word(s, 5, graph_refusal_name((enum graph_refusal)i))) {
			if (peer->refused[i] < number(s, 6)) {
				(void)printf("refused: %" PRIu64 "\n", peer->refused[i]);
				fail(s, "fewer were refused for that");
			}
			return;
		}
	}
	fail(s, "no such reason");
}

static void
expect_peer(struct script *s)
{
	uint64_t now_s = net_wall_s(s->net);

	if (is_word(s, 2, "closed")) {
		must_hold(s, peer_at(s, 3)->closed_until_s > now_s, "the peer is not closed");
	} else if (is_word(s, 2, "open")) {
		must_hold(s, peer_at(s, 3)->closed_until_s <= now_s, "the peer is closed");
	} else if (is_word(s, 2, "level")) {
		must_hold(s, peer_at(s, 3)->last_sync_s + number(s, 5) >= now_s, "not level");
	} else if (is_word(s, 2, "refused")) {
		expect_refused(s);
	} else if (is_word(s, 2, "received")) {
		at_most(s, peer_at(s, 3)->received, number(s, 5));
	} else {
		fail(s, "no such expectation");
	}
}

/* stranger - whom the thief of attack.c vouches for */
static struct principal
stranger(uint64_t i)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "addr:stranger%" PRIu64 "@example.net", 1000 + i);
	return principal_of(text);
}

/* subject_at - pN, or sN: one of the strangers */
static struct principal
subject_at(struct script *s, size_t i)
{
	if (s->words[i].data[0] != 's') {
		return person_at(s, i)->principal;
	}
	s->words[i] = slice_skip(s->words[i], 1);
	return stranger(number(s, i));
}

/* never - looked at after every few milliseconds, as mail may come in at any time */
static void
never(struct script *s)
{
	struct net *net = s->net;
	uint64_t end_ms = net->now_ms + number(s, 5) * 1000;

	while (net->now_ms < end_ms) {
		net_run(net, net->now_ms + 5);
		for (uint64_t i = 0; i < number(s, 3); i++) {
			struct principal to = stranger(i);

			must_hold(s,
				!has_edge(net, node_at(s, 4), GRAPH_OUT, person_at(s, 2), &to),
				"the vouch was believed for a moment");
		}
	}
}

static void
expect(struct script *s)
{
	struct net *net = s->net;

	if (is_word(s, 2, "converged")) {
		expect_converged(s);
	} else if (is_word(s, 2, "scope")) {
		must_hold(s, oracle_out_of_scope(net) == 0, "something out of scope is stored");
	} else if (is_word(s, 2, "revoked") && s->count > 4) {
		must_hold(s, net_is_revoked(net, node_at(s, 4), person_at(s, 3)),
			"not revoked there");
	} else if (is_word(s, 2, "revoked")) {
		must_hold(s, all_revoked(net, person_at(s, 3)), "not revoked everywhere");
	} else if (is_word(s, 2, "unrevoked")) {
		must_hold(s, !net_is_revoked(net, node_at(s, 4), person_at(s, 3)),
			"revoked there");
	} else if (is_word(s, 2, "stored")) {
		at_most(s, net_stored(net, node_at(s, 3)), number(s, 4));
	} else if (is_word(s, 2, "no-edge") || is_word(s, 2, "edge")) {
		struct principal to = subject_at(s, 4);
		bool has = has_edge(net, node_at(s, 5), GRAPH_OUT, person_at(s, 3), &to);

		must_hold(s, has == is_word(s, 2, "edge"),
			has ? "the vouch is believed" : "the vouch is not believed");
	} else if (is_word(s, 2, "warned") || is_word(s, 2, "unwarned")) {
		struct principal to = subject_at(s, 4);
		bool has = has_edge(net, node_at(s, 5), GRAPH_WARNS_IN, person_at(s, 3), &to);

		must_hold(s, has == is_word(s, 2, "warned"),
			has ? "the warning counts" : "the warning does not count");
	} else if (is_word(s, 2, "current")) {
		must_hold(s,
			net_is_current(net, node_at(s, 5), person_at(s, 3), person_at(s, 4)),
			"he does not continue as that one there");
	} else if (is_word(s, 2, "quiet")) {
		at_most(s, net->nodes[node_at(s, 3)].warnings, number(s, 4));
	} else if (is_word(s, 2, "bytes")) {
		at_most(s, net->nodes[node_at(s, 3)].bytes, number(s, 4));
	} else {
		expect_peer(s);
	}
}

/* --- what happens ------------------------------------------------------------------------ */

static void
partition(struct script *s)
{
	struct net *net = s->net;
	size_t dash = slice_find_byte(s->words[2], '-');
	uint64_t first = 0;
	uint64_t last = 0;

	if (!is_word(s, 2, "random") &&
		(strnum_u64(slice_take(s->words[2], dash), NET_NODES_MAX, &first) != 0 ||
			strnum_u64(slice_skip(s->words[2], dash + 1), NET_NODES_MAX, &last) !=
				0)) {
		fail(s, "A-B, or random");
	}
	for (size_t n = 0; n < net->node_count; n++) {
		net->side[n] = is_word(s, 2, "random") ? (uint8_t)rng_below(&net->rng, 3)
						       : n >= first && n <= last;
	}
}

static void
restart(struct script *s)
{
	struct net *net = s->net;
	uint64_t count = is_word(s, 2, "random") ? number(s, 3) : 1;

	for (uint64_t i = 0; i < count; i++) {
		size_t n = is_word(s, 2, "random") ? rng_below(&net->rng, net->node_count)
						   : node_at(s, 2);

		net_down(net, n);
		net_up(net, n);
	}
}

static void
revoke(struct script *s)
{
	struct net *net = s->net;
	struct net_person *p = person_at(s, 2);
	uint64_t ago_s = s->count > 3 ? number(s, 3) : 3600;
	struct issued made = person_revoke(
		&p->keys, BY_ROOT, 1, net_wall_s(net), &p->keys.self, net_wall_s(net) - ago_s);

	net_publish(net, p->home, &made);
}

static bool
weather(struct script *s)
{
	struct net *net = s->net;

	if (is_word(s, 1, "partition")) {
		partition(s);
	} else if (is_word(s, 1, "heal")) {
		memset(net->side, 0, sizeof(net->side));
	} else if (is_word(s, 1, "down")) {
		net_down(net, node_at(s, 2));
	} else if (is_word(s, 1, "up")) {
		net_up(net, node_at(s, 2));
	} else if (is_word(s, 1, "restart")) {
		restart(s);
	} else if (is_word(s, 1, "loss")) {
		net->loss_percent = (uint32_t)number(s, 2);
	} else if (is_word(s, 1, "repeat")) {
		net->repeat_percent = (uint32_t)number(s, 2);
	} else if (is_word(s, 1, "slow") || is_word(s, 1, "fast")) {
		net->nodes[node_at(s, 2)].is_slow = is_word(s, 1, "slow");
	} else if (is_word(s, 1, "skew")) {
		net->nodes[node_at(s, 2)].skew_s = (int32_t)number(s, 3);
	} else if (is_word(s, 1, "mark")) {
		net->nodes[node_at(s, 2)].bytes = 0;
	} else {
		return false;
	}
	return true;
}

/* befriend - at one node, or at all where he does not live */
static void
befriend(struct script *s)
{
	struct net *net = s->net;
	const struct net_person *p = person_at(s, 3);

	for (size_t n = 0; n < net->node_count; n++) {
		if (is_word(s, 2, "all") ? p->home != n : node_at(s, 2) == n) {
			net_befriend(net, n, &p->principal);
			net_interest(net, n);
		}
	}
}

/* warn - or take it back */
static void
warn(struct script *s)
{
	struct net *net = s->net;
	struct net_person *p = person_at(s, 2);
	struct issued made = person_warn(&p->keys, BY_PHONE, ++p->seq, net_wall_s(net),
		person_at(s, 3)->principal.text, is_word(s, 1, "warn"));

	net_publish(net, p->home, &made);
}

/* import - statements of a person into a node that no peer brings them to */
static void
import(struct script *s)
{
	struct net *net = s->net;
	const struct net_person *p = person_at(s, 2);
	size_t count = net->made_count;

	for (size_t i = 0; i < count; i++) {
		struct issued made = net->made[i].made;

		if (thumbprint_eq(&made.st.iss, &p->keys.identity)) {
			net_publish(net, node_at(s, 3), &made);
		}
	}
}

/* equivocate - P says two things of Q with one number: the second at node N */
static void
equivocate(struct script *s)
{
	struct net *net = s->net;
	struct net_person *p = person_at(s, 2);
	const char *subject = person_at(s, 3)->principal.text;
	uint64_t seq = ++p->seq;

	for (unsigned int level = 1; level <= 3; level += 2) {
		struct issued made = person_vouch(&p->keys, BY_PHONE, seq, net_wall_s(net),
			subject, (enum trust_level)level);

		net_publish(net, level == 1 ? p->home : node_at(s, 4), &made);
	}
}

static bool
people_do(struct script *s)
{
	struct net *net = s->net;

	if (is_word(s, 1, "publish")) {
		publish_random(s, number(s, 2));
	} else if (is_word(s, 1, "vouch")) {
		publish_vouch(s, person_at(s, 2), &person_at(s, 3)->principal,
			(enum trust_level)number(s, 4));
	} else if (is_word(s, 1, "warn") || is_word(s, 1, "unwarn")) {
		warn(s);
	} else if (is_word(s, 1, "befriend")) {
		befriend(s);
	} else if (is_word(s, 1, "import")) {
		import(s);
	} else if (is_word(s, 1, "unfriend")) {
		net_unfriend(net, node_at(s, 2), &person_at(s, 3)->principal);
		net_interest(net, node_at(s, 2));
	} else if (is_word(s, 1, "equivocate")) {
		equivocate(s);
	} else if (is_word(s, 1, "commit")) {
		struct issued made = net_commit(net, person_at(s, 2), number(s, 3));

		net_publish(net, node_at(s, 4), &made);
	} else if (is_word(s, 1, "succeed")) {
		struct net_person *p = person_at(s, 2);
		struct issued made =
			person_succeed(&p->keys, 1, net_wall_s(net), &person_at(s, 3)->keys);

		net_publish(net, p->home, &made);
	} else if (is_word(s, 1, "revoke")) {
		revoke(s);
	} else if (is_word(s, 1, "thief")) {
		attack_thief(net, person_at(s, 2), node_at(s, 3), number(s, 4),
			s->count > 5 ? (int64_t)number(s, 5) : -30 * 86400);
	} else {
		return false;
	}
	return true;
}

static void
happen(struct script *s)
{
	struct net *net = s->net;

	if (weather(s) || people_do(s)) {
		return;
	}
	if (is_word(s, 1, "tamper")) {
		net->nodes[node_at(s, 2)].tamper = attack_tamper(s->words[3]);
		must_hold(s, net->nodes[node_at(s, 2)].tamper != NULL, "no such tamper");
	} else if (is_word(s, 1, "honest")) {
		net->nodes[node_at(s, 2)].tamper = NULL;
	} else if (is_word(s, 1, "flood")) {
		must_hold(s,
			attack_flood(
				net, node_at(s, 2), node_at(s, 3), s->words[4], number(s, 5)),
			"no such flood");
	} else if (is_word(s, 1, "spread")) {
		s->words[1] = s->words[2];
		s->words[2] = s->words[3];
		spread(s);
	} else if (is_word(s, 1, "never")) {
		never(s);
	} else if (is_word(s, 1, "expect")) {
		expect(s);
	} else {
		fail(s, "no such command");
	}
}

static void
run_line(struct script *s, char *text)
{
	struct slice rest = slice_str(text);
	uint64_t at_s;

	rest = slice_take(rest, slice_find_byte(rest, ';'));
	s->count = 0;
	while (s->count < WORDS_MAX &&
		slice_next_token(&rest, " \t\r\n", &s->words[s->count])) {
		s->count++;
	}
	if (s->count == 0) {
		return;
	}
	if (strnum_u64(s->words[0], UINT32_MAX, &at_s) != 0) {
		if (s->is_built) {
			fail(s, "settings come first");
		}
		setting(s);
		return;
	}
	if (!s->is_built) {
		build(s);
	}
	net_run(s->net, at_s * 1000);
	if (s->count > 1) {
		happen(s);
	}
}

static void
run_script(const char *path, bool is_verbose, bool is_bench)
{
	struct net *net = calloc(1, sizeof(*net));
	struct script s = {.net = net, .path = path, .people = 1, .is_bench = is_bench};
	FILE *file = fopen(path, "r");
	char text[LINE_MAX_BYTES];

	if (net == NULL || file == NULL) {
		net_die("%s: cannot be read", path);
	}
	net_init(net, 1);
	net->is_verbose = is_verbose;
	while (fgets(text, sizeof(text), file) != NULL) {
		s.line++;
		run_line(&s, text);
	}
	(void)fclose(file);
	net_fini(net);
	free(net);
}

int
main(int argc, char **argv)
{
	bool is_verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	bool is_bench = argc > 1 && strcmp(argv[1], "-b") == 0;

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = is_verbose || is_bench ? 2 : 1; i < argc; i++) {
		run_script(argv[i], is_verbose, is_bench);
	}
	return 0;
}
