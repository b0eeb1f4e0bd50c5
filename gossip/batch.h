/*
 * batch.h - statements that came together, on their way through admission; private to it.
 *
 *	admission.c  the life of a batch: it comes, its signatures go out and come back
 *	checks.c     what is refused before a signature is looked at
 *	merge.c      several batches into the graph at once, and their answers
 */
#ifndef GOSSIP_BATCH_H
#define GOSSIP_BATCH_H

#include "gossip/node_private.h"

enum entry_state {
	ENTRY_OPEN, /**< refused by nothing so far: its signature is to be checked */
	ENTRY_DONE, /**< outcome stands */
};

struct entry {
	struct line line; /* into the batch's body */
	struct statement st;
	bool is_decoded;
	struct digest issuer; /* as a principal; from is_decoded on */
	enum entry_state state;
	unsigned int outcome; /* enum pushed */
	int signature;        /* result of statement_verify */
	bool is_first_fetch;  /* of a friend's, whom nothing was known of before */
	bool is_merged;       /* it changed the graph */
	bool is_passing; /* nobody here wants it, but others may: verified, and handed on (passing.h) */
};

struct node_job {
	struct batch *batch;
	size_t from; /* into batch->order */
	size_t to;
};

#define BATCH_JOBS_MAX ((LINES_MAX + NODE_JOB_MAX - 1) / NODE_JOB_MAX)

struct batch {
	struct batch *next;
	uint32_t peer; /* number, as it may be removed meanwhile */
	enum batch_origin origin;
	uint64_t request;
	bool wants_answer;
	struct feed_end end;
	uint8_t *body; /* owned */
	size_t count;
	size_t order[LINES_MAX]; /* entries whose signatures are checked */
	size_t order_count;
	size_t jobs_out;
	bool is_ready; /* its signatures are there */
	struct node_job jobs[BATCH_JOBS_MAX];
	bool is_spent;          /* the hour's signatures did not suffice */
	struct entry entries[]; /* count */
};

void batch_free(struct batch *batch);

/** Takes it out of the node's list. */
void batch_unlink(struct node *node, struct batch *batch);

/**
 * Merges the batches whose signatures are there, and answers; unless others are still being
 * checked, whose statements can go into the same transaction.
 */
void merge_ready(struct node *node);

/** Refuses an entry. */
void entry_refuse(struct entry *entry, enum graph_refusal reason);

/**
 * Decodes every entry and refuses what can be refused without signatures. Between graph_begin
 * and graph_end.
 */
void checks_run(struct node *node, struct peer *peer, struct batch *batch);

/**
 * True when an entry was refused for what may change: out of scope, or too many before their
 * certificate.
 */
bool entry_is_wanted_later(const struct entry *entry);

#define ENTRY_NAMES_MAX 3

/** Under which names such an entry is found again. @return how many. */
size_t entry_names(
	const struct node *node, const struct entry *entry, struct digest out[ENTRY_NAMES_MAX]);

/**
 * Has those fetched again that were refused for what changed while the signatures of their
 * batch were checked: nothing was known of them when it did. Between graph_begin and graph_end.
 */
void checks_recall(struct node *node, const struct batch *batch);

/**
 * Refuses what is out of scope, going by entries that are still open alone; nothing from our own
 * hosts. The first time, before signatures, it lets those be that may pass.
 */
void checks_scope(struct node *node, struct peer *peer, struct batch *batch);

#endif
