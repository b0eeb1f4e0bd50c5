/*
 * Any bytes as the answer of a chained scorer, to each kind of question: whole and in pieces
 * they come to the same end, and what is taken for an answer has a finite score, rules that fit
 * a header line, and fields that fit a header.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "spamd-trust/upstream_client.h"
#include "spamd-trust/upstream_fields.h"

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum upstream_status
run(struct upstream_client *c, enum upstream_kind kind, struct slice in, size_t step)
{
	enum upstream_status status = UPSTREAM_NEED_MORE;
	struct upstream_request request = {.kind = kind,
		.user = SLICE("bob"),
		.message = SLICE("Subject: lunch\n\nAt noon?\n")};

	upstream_client_init(c, &request);
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

static void
check_report(const struct upstream_client *c, struct arena *arena)
{
	struct upstream_reply reply;

	if (upstream_client_reply(c, arena, &reply) != 0) {
		abort();
	}
	assert(fabs(reply.score) <= UPSTREAM_SCORE_MAX);
	assert(reply.rule_count <= VERDICT_RULES_MAX);
	for (size_t i = 0; i < reply.rule_count; i++) {
		check_rule(&reply.rules[i]);
	}
}

/* check_fields - each line begins a field of ours to give or goes on with one, and none is empty */
static void
check_fields(struct slice header, const struct settings *settings, struct arena *arena)
{
	struct slice fields = {0};

	if (upstream_fields_read(header, settings, arena, &fields) != 0) {
		abort();
	}
	assert(fields.len <= UPSTREAM_FIELDS_MAX_BYTES);
	assert(fields.len == 0 || fields.data[fields.len - 1] == '\n');
	while (fields.len > 0) {
		struct slice line = slice_take(fields, slice_find_byte(fields, '\n'));

		fields = slice_skip(fields, line.len + 1);
		assert(line.len > 0 && slice_find_byte(line, '\r') == line.len);
		assert(ascii_is_wsp(line.data[0]) ||
			slice_starts_with_nocase(line, SLICE("X-Spam-")));
		assert(!slice_starts_with_nocase(line, SLICE("X-Spam-Status:")));
	}
}

static void
check(enum upstream_kind kind, struct slice in, const struct settings *settings)
{
	struct upstream_client whole;
	struct upstream_client pieces;
	struct arena arena;
	enum upstream_status status = run(&whole, kind, in, in.len + 1);

	arena_init(&arena, ARENA_MAX);
	assert(run(&pieces, kind, in, 7) == status);
	if (status == UPSTREAM_DONE && kind == UPSTREAM_REPORT) {
		check_report(&whole, &arena);
	} else if (status == UPSTREAM_DONE && kind == UPSTREAM_HEADERS) {
		check_fields(upstream_client_body(&whole), settings, &arena);
	}
	arena_fini(&arena);
	upstream_client_fini(&whole);
	upstream_client_fini(&pieces);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings *settings;
	struct arena arena;

	if (settings == NULL && settings_new(&settings) != 0) {
		abort();
	}
	for (int kind = UPSTREAM_REPORT; kind <= UPSTREAM_TELL; kind++) {
		check((enum upstream_kind)kind, slice_of(data, size), settings);
	}
	arena_init(&arena, ARENA_MAX);
	check_fields(slice_of(data, size), settings, &arena);
	arena_fini(&arena);
	return 0;
}
