/*
 * net.h - a network of gossip nodes in one process, in virtual time, without sockets.
 *
 * Every node is a real engine (gossip/node.h) over a graph in memory; what the transport
 * would do, the network does: requests and answers travel as events of a queue ordered by
 * virtual time, and may be late, lost, or come twice, as the seeded generator says. A node can go
 * down and come up again: then the engine is torn down without being asked, and a new
 * one is made of the store alone.
 *
 * A node may lie: its answers pass through a tamper (attack.h), or it sends what no engine would.
 */
#ifndef TESTS_SCENARIO_NET_H
#define TESTS_SCENARIO_NET_H

#include "common/base/dynbuf.h"
#include "gossip/node.h"
#include "tests/support/people.h"

#define NET_NODES_MAX   64
#define NET_PEOPLE_MAX  250
#define NET_MADE_MAX    20000
#define NET_WALL_S      1700000000 /* virtual time 0 */
#define NET_FRIENDS_MAX 32

struct net;
struct net_node;

/** What a lying node does to an answer before it leaves. @return the status. */
typedef unsigned int net_tamper_fn(struct net *net, struct net_node *node, struct slice target,
	unsigned int status, struct dynbuf *body);

struct net_person {
	struct person keys;
	size_t home; /* node */
	char address[64];
	struct principal principal; /* addr: */
	uint64_t seq;
};

struct net_node {
	size_t index;
	struct store *store; /* owned; survives a restart */
	struct node *node;   /* NULL while down */
	struct digest pin;
	uint64_t generation;
	uint64_t armed_ms; /* timeout event that counts */
	bool linked[NET_NODES_MAX];
	struct digest interest[NET_FRIENDS_MAX];
	size_t interest_count;
	net_tamper_fn *tamper; /* NULL: honest */
	int32_t skew_s;        /* of its clock */
	bool is_hidden;        /* nobody can call it */
	bool is_slow;          /* its answers take longer than anybody waits */
	uint64_t requests;     /* served */
	uint64_t bytes;        /* sent, both ways */
	uint64_t warnings;     /* lines of its log */
};

/** A statement somebody published. */
struct net_made {
	struct issued made;
	size_t home;
};

struct net_event;

struct net {
	struct rng_seeded_state rng_state;
	struct rng rng;
	uint64_t now_ms;
	struct net_node nodes[NET_NODES_MAX];
	size_t node_count;
	struct net_person people[NET_PEOPLE_MAX];
	size_t person_count;
	struct net_made *made; /* owned */
	size_t made_count;
	struct net_event **heap; /* owned */
	size_t event_count;
	size_t event_cap;
	uint64_t last_event;
	uint64_t last_request;
	uint32_t latency_min_ms;
	uint32_t latency_max_ms;
	uint32_t loss_percent;
	uint32_t repeat_percent;
	uint8_t commits
		[NET_PEOPLE_MAX]; /* person + 1 whose root is the next one; 0: none is named */
	uint8_t side[NET_NODES_MAX]; /* nodes of different sides do not hear each other */
	struct node_limits limits;
	enum graph_peer_class class;
	bool is_verbose;
};

void net_init(struct net *net, uint64_t seed);
void net_fini(struct net *net);

struct net_node *net_node_add(struct net *net);
/** A person at a node: identity, device and address are published there, first seen now. */
struct net_person *net_person_add(struct net *net, size_t home);

/** Both are peers of each other. */
void net_link(struct net *net, size_t a, size_t b);

/** Somebody at the node befriends the principal; takes effect with net_interest. */
void net_befriend(struct net *net, size_t node, const struct principal *friend);
void net_unfriend(struct net *net, size_t node, const struct principal *friend);
/** Writes the interest set of a node, as trustctl would. */
void net_interest(struct net *net, size_t node);

/** Stores a statement at a node as trustctl would, and tells its engine. */
void net_publish(struct net *net, size_t node, const struct issued *made);

void net_up(struct net *net, size_t node);
/** Without warning: what was not durable is lost. */
void net_down(struct net *net, size_t node);

/** Runs until virtual time `until_ms`. */
void net_run(struct net *net, uint64_t until_ms);

/** Sends a request that no engine asked for, from one node to another. */
void net_inject(struct net *net, size_t from, size_t to, enum node_method method,
	const char *target, struct slice body);

uint64_t net_wall_s(const struct net *net);

/** True when the node stores the statement. */
bool net_has(struct net *net, size_t node, const struct digest *id);
/** The statement by which a person's root commits to another's as the next. */
struct issued net_commit(struct net *net, const struct net_person *person, size_t next);
/**
 * True when the node believes that `other` is who the person is now; himself, without a
 * succession.
 */
bool net_is_current(struct net *net, size_t node, const struct net_person *person,
	const struct net_person *other);
/** True when the node believes the identity to be revoked. */
bool net_is_revoked(struct net *net, size_t node, const struct net_person *person);
uint64_t net_stored(struct net *net, size_t node);
/** The peer's record, or NULL. */
const struct graph_peer *net_peer(struct net *net, size_t node, size_t peer);

/** Ends the program with a reason. */
_Noreturn void net_die(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
