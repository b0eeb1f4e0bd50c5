/*
 * Any bytes as the answer of a chained scorer: whole and in pieces they come to the same end, and
 * what is taken for an answer has a finite score and rules that fit a header line.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "spamd-trust/upstream_client.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum upstream_status
run(struct upstream_client *c, struct slice in, size_t step)
{
	enum upstream_status status = UPSTREAM_NEED_MORE;

	upstream_client_init(c, SLICE("bob"), SLICE("Subject: lunch\n\nAt noon?\n"));
	while (in.len > 0 && status != UPSTREAM_ERROR) {
		status = upstream_client_feed(c, slice_take(in, step));
		in = slice_skip(in, step);
	}
	return status == UPSTREAM_ERROR ? status : upstream_client_eof(c);
}

static void
check_rule(const struct rule_hit *rule)
{
	assert(isfinite(rule->score) && rule->name.len > 0);
	assert(slice_find_byte(rule->name, ',') == rule->name.len);
	assert(slice_find_byte(rule->describe, '\n') == rule->describe.len);
	for (size_t i = 0; i < rule->evidence_count; i++) {
		assert(slice_find_byte(rule->evidence[i], '\n') == rule->evidence[i].len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct upstream_client whole;
	struct upstream_client pieces;
	struct upstream_reply reply;
	struct arena arena;
	enum upstream_status status = run(&whole, in, size + 1);

	arena_init(&arena, ARENA_MAX);
	assert(run(&pieces, in, 7) == status);
	if (status == UPSTREAM_DONE) {
		if (upstream_client_reply(&whole, &arena, &reply) != 0) {
			abort();
		}
		assert(fabs(reply.score) <= UPSTREAM_SCORE_MAX);
		assert(reply.rule_count <= VERDICT_RULES_MAX);
		for (size_t i = 0; i < reply.rule_count; i++) {
			check_rule(&reply.rules[i]);
		}
	}
	arena_fini(&arena);
	upstream_client_fini(&whole);
	upstream_client_fini(&pieces);
	return 0;
}
