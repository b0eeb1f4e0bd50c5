/* A configuration of rules of one's own, a line with "----", and a message for them to run on. */
#include <assert.h>

#include "common/base/dynbuf.h"
#include "common/rules/rule_set.h"
#include "common/rules/rule_subject.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_off(void *ctx, struct slice name)
{
	(void)ctx;
	(void)name;
	return false;
}

static double
value_of(void *ctx, struct slice name)
{
	(void)ctx;
	return (double)(name.len % 3) - 1;
}

static int
hit(void *ctx, struct slice name)
{
	struct slice *last = ctx;

	assert(!slice_starts_with(name, SLICE("__")));
	assert(slice_cmp(*last, name) < 0);
	*last = name;
	return 0;
}

/* add - one line of the configuration; a meta starts with an m */
static void
add(struct rule_set **set, struct slice line, struct arena *arena)
{
	struct err_msg msg = {0};
	bool is_meta = slice_starts_with(line, SLICE("m"));
	int code = is_meta ? rule_set_add_meta(set, slice_skip(line, 1), arena, &msg)
			   : rule_set_add_header(set, line, arena, &msg);

	assert(code == 0 || code == ERR_INVALID || code == ERR_TOOBIG || code == ERR_NOMEM ||
		code == ERR_UNSUPPORTED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct slice mark = {(const uint8_t *)"\n----\n", 6};
	struct slice in = slice_of(data, size);
	size_t end = slice_find(in, mark);
	struct slice lines = slice_take(in, end);
	struct rule_set *set = NULL;
	struct slice last = {0};
	const struct rule_set_questions ask = {is_off, value_of, hit, &last};
	struct slice line = {0};
	struct header header;
	struct arena arena;
	struct slice name = {0};

	arena_init(&arena, 64 << 20);
	while (slice_next_token(&lines, "\n", &line)) {
		add(&set, line, &arena);
	}
	if (set != NULL && header_parse(slice_skip(in, end + mark.len), &HEADER_LIMITS_DEFAULT,
				   &arena, &header) == 0) {
		int code = rule_set_run(set, &header, &ask, &arena);

		assert(code == 0 || code == ERR_NOMEM);
		while (rule_set_take_fault(set, &name)) {
			assert(name.len > 0);
		}
	}
	arena_fini(&arena);
	return 0;
}
