/*
 * yielding.h - when a worker lets others have the processor before it waits.
 *
 * Clients run on the same machine as a rule. When nobody waits to be accepted any more, the one who
 * connects next is often ready to run already, behind this worker on its own processor. Having let
 * him go first, the worker finds several connections in its next turn, instead of going to sleep
 * and being woken for each, which takes the kernel nearly as long as a message takes us.
 *
 * It pays only among several clients. Beside a busy program it costs a whole time slice: where it
 * took long, more than once, and did not even bring a full turn, it is left for a while.
 */
#ifndef SPAMD_TRUST_YIELDING_H
#define SPAMD_TRUST_YIELDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Several clients are there until so long after they were seen at once. */
#define YIELDING_CROWD_MS 10

/** More than clients need as a rule; a time slice of the kernel is longer. */
#define YIELDING_LONG_NS 2000000

/** So often behind each other it may take that long for nothing; then it is left for so long. */
#define YIELDING_WASTED_MAX 2
#define YIELDING_PAUSE_MS   100

/** Private; starts as zeroes. One worker's. Times are monotonic. */
struct yielding {
	uint64_t crowd_until_ms;
	uint64_t paused_until_ms;
	unsigned int wasted;
	uint64_t took_ns; /* before this turn; 0: it was not done */
};

/**
 * A turn begins. @param connections that are open. @param is_full that as many of them are new as
 * one turn takes.
 */
void yielding_note_turn(struct yielding *y, size_t connections, bool is_full, uint64_t now_ms);

/** Would it pay to yield now? */
bool yielding_pays(const struct yielding *y, uint64_t now_ms);

/** It was done, and took so long. */
void yielding_note_time(struct yielding *y, uint64_t took_ns);

#endif
