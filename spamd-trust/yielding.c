#include "spamd-trust/yielding.h"

/* count_waste - of those behind each other that took long and did not fill the next turn */
static void
count_waste(struct yielding *y, bool is_full)
{
	if (y->took_ns > 0) {
		y->wasted = y->took_ns >= YIELDING_LONG_NS && !is_full ? y->wasted + 1 : 0;
	}
	y->took_ns = 0;
}

void
yielding_note_turn(struct yielding *y, size_t connections, bool is_full, uint64_t now_ms)
{
	count_waste(y, is_full);
	if (y->wasted == YIELDING_WASTED_MAX) {
		y->wasted = 0;
		y->paused_until_ms = now_ms + YIELDING_PAUSE_MS;
	}
	if (connections > 1) {
		y->crowd_until_ms = now_ms + YIELDING_CROWD_MS;
	}
}

bool
yielding_pays(const struct yielding *y, uint64_t now_ms)
{
	return now_ms < y->crowd_until_ms && now_ms >= y->paused_until_ms;
}

void
yielding_note_time(struct yielding *y, uint64_t took_ns)
{
	y->took_ns = took_ns;
}
