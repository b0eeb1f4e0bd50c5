/*
 * target.h - the request targets of the gossip protocol (DESIGN 8): path and query, strictly.
 *
 * There is one spelling of each: no percent-encoding, no fragment, no empty query, parameters in
 * any order but each exactly once, numbers in plain decimal. Everything else is not found or
 * a bad request, so nothing behind it ever sees two readings of one target.
 */
#ifndef GOSSIP_TARGET_H
#define GOSSIP_TARGET_H

#include "common/base/err.h"
#include "gossip/node.h"

enum target_endpoint {
	TARGET_NODE,       /**< GET /v1/node */
	TARGET_FEED,       /**< GET /v1/feed?epoch=E&after=N */
	TARGET_RECONCILE,  /**< POST /v1/reconcile */
	TARGET_STATEMENTS, /**< POST /v1/statements */
	TARGET_FETCH,      /**< POST /v1/fetch */
};

struct target {
	enum target_endpoint endpoint;
	enum node_method method; /**< the one it is asked with */
	uint64_t epoch;          /**< TARGET_FEED */
	uint64_t after;          /**< TARGET_FEED */
};

/**
 * Reads one. @return 0; ERR_NOTFOUND for a path that is none of ours; ERR_TOOBIG above
 * NODE_TARGET_MAX; ERR_INVALID for a query it must not have, or not so; ERR_RANGE for a
 * number beyond 64 bits.
 */
NODISCARD int target_parse(struct slice text, struct target *out);

/** Writes the target of a feed page, NUL-terminated; out has NODE_TARGET_MAX bytes. */
void target_feed(uint64_t epoch, uint64_t after, char *out);

/** The path of an endpoint. */
const char *target_path(enum target_endpoint endpoint);

/**
 * The host of https://HOST[:PORT], of an IPv6 address with its brackets; empty where there is
 * none.
 */
struct slice target_host(struct slice url);

#endif
