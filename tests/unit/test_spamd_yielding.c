#include <criterion/criterion.h>

#include "common/base/attr.h"
#include "spamd-trust/yielding.h"

#define START_MS 5000
#define QUICK_NS 20000

/* A turn as a worker sees it, whether it would yield behind it, and how long that takes. */
struct turn {
	uint64_t at_ms;
	size_t connections;
	bool is_full;
	bool pays;
	uint64_t took_ns; /* 0: it did not */
};

static void
go_through(const struct turn *turns, size_t count)
{
	struct yielding y = {0};

	for (size_t i = 0; i < count; i++) {
		const struct turn *t = &turns[i];

		yielding_note_turn(&y, t->connections, t->is_full, t->at_ms);
		cr_expect_eq(yielding_pays(&y, t->at_ms), t->pays, "turn %zu", i);
		if (t->took_ns > 0) {
			yielding_note_time(&y, t->took_ns);
		}
	}
}

Test(spamd_yielding, one_client_alone_is_never_kept_waiting)
{
	static const struct turn turns[] = {
		{START_MS, 0, false, false, 0},
		{START_MS, 1, false, false, 0},
		{START_MS + 1, 1, false, false, 0},
	};

	go_through(turns, ARRAY_LEN(turns));
}

Test(spamd_yielding, several_clients_are_remembered_for_a_moment)
{
	static const struct turn turns[] = {
		{START_MS, 2, false, true, QUICK_NS},
		{START_MS + 1, 1, false, true, QUICK_NS},
		{START_MS + YIELDING_CROWD_MS - 1, 0, false, true, QUICK_NS},
		{START_MS + YIELDING_CROWD_MS, 1, false, false, 0},
		{START_MS + YIELDING_CROWD_MS, 16, true, true, 0},
	};

	go_through(turns, ARRAY_LEN(turns));
}

Test(spamd_yielding, is_left_for_a_while_where_it_took_long_for_nothing)
{
	static const struct turn turns[] = {
		{START_MS, 4, false, true, YIELDING_LONG_NS},
		{START_MS, 4, false, true, YIELDING_LONG_NS},
		{START_MS, 4, false, false, 0},
		{START_MS + YIELDING_PAUSE_MS - 1, 4, false, false, 0},
		{START_MS + YIELDING_PAUSE_MS, 4, false, true, 0},
	};

	go_through(turns, ARRAY_LEN(turns));
}

Test(spamd_yielding, may_take_long_once_in_a_while)
{
	static const struct turn turns[] = {
		{START_MS, 4, false, true, YIELDING_LONG_NS},
		{START_MS, 4, false, true, YIELDING_LONG_NS - 1},
		{START_MS, 4, false, true, YIELDING_LONG_NS},
		{START_MS, 4, false, true, QUICK_NS},
		{START_MS, 4, false, true, 0},
	};

	go_through(turns, ARRAY_LEN(turns));
}

Test(spamd_yielding, turns_without_it_change_nothing)
{
	static const struct turn turns[] = {
		{START_MS, 4, false, true, YIELDING_LONG_NS},
		{START_MS, 4, false, true, 0},
		{START_MS, 4, true, true, 0},
		{START_MS, 4, false, true, YIELDING_LONG_NS},
		{START_MS, 4, false, false, 0},
	};

	go_through(turns, ARRAY_LEN(turns));
}

Test(spamd_yielding, may_take_long_where_that_fills_the_next_turn)
{
	static const struct turn turns[] = {
		{START_MS, 4, false, true, 10 * YIELDING_LONG_NS},
		{START_MS, 4, true, true, 10 * YIELDING_LONG_NS},
		{START_MS, 4, true, true, 10 * YIELDING_LONG_NS},
		{START_MS, 4, false, true, 0},
	};

	go_through(turns, ARRAY_LEN(turns));
}
