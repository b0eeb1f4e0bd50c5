/*
 * attack.h - what lying and greedy nodes do.
 */
#ifndef TESTS_SCENARIO_ATTACK_H
#define TESTS_SCENARIO_ATTACK_H

#include "tests/scenario/net.h"

/** A tamper by its name in scripts; NULL where there is none. */
net_tamper_fn *attack_tamper(struct slice name);

/**
 * Sends `count` pieces of a kind from one node to another, 200 to a request:
 *	malformed  what is no statement
 *	forged     statements of somebody in scope with a wrong signature
 *	foreign    well signed, by issuers nobody knows
 *	future, expired
 *	replay     everything that was ever published at the sender's place
 *	quota      vouches of one issuer in scope, without end
 *	waiting    statements in the name of somebody in scope by keys he never certified
 *	revokes    of keys invented for it, which nobody knows
 *	requests   of /v1/node
 *	garbage    to /v1/reconcile
 * @return false for another kind.
 */
bool attack_flood(struct net *net, size_t from, size_t to, struct slice kind, size_t count);

/**
 * A thief has the phone of a person and publishes, at a node, `count` vouches that are dated so
 * many seconds ahead, or back where that is below 0.
 */
void attack_thief(struct net *net, const struct net_person *victim, size_t node, size_t count,
	int64_t ahead_s);

#endif
