#include "tests/support/failing_alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Blocks that may be alive at once; a test that needs more says so by aborting. */
#define LIVE_MAX 4096

static struct {
	size_t left; /* allocations until one fails; 0: none will */
	bool fired;
	size_t count;
	void *live[LIVE_MAX];
} state;

/* NOLINTBEGIN(readability-identifier-naming): the linker's --wrap wants these names */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

void
failing_alloc_arm(size_t nth)
{
	state.left = nth;
	state.fired = false;
}

bool
failing_alloc_has_fired(void)
{
	return state.fired;
}

size_t
failing_alloc_live(void)
{
	return state.count;
}

/* must_fail - counts an allocation; true when it is the one */
static bool
must_fail(void)
{
	if (state.left == 0 || --state.left > 0) {
		return false;
	}
	state.fired = true;
	return true;
}

static void *
add(void *block)
{
	if (block == NULL) {
		return NULL;
	}
	if (state.count == LIVE_MAX) {
		fputs("failing_alloc: too many blocks alive\n", stderr);
		abort();
	}
	state.live[state.count++] = block;
	return block;
}

/* forget - a block of ours is gone; others (from shared libraries) are not known here */
static void
forget(const void *block)
{
	for (size_t i = state.count; i > 0; i--) {
		if (state.live[i - 1] == block) {
			state.live[i - 1] = state.live[--state.count];
			return;
		}
	}
}

void *
__wrap_malloc(size_t size)
{
	return must_fail() ? NULL : add(__real_malloc(size));
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return must_fail() ? NULL : add(__real_calloc(count, size));
}

void *
__wrap_realloc(void *block, size_t size)
{
	void *moved = NULL;

	if (must_fail()) {
		return NULL;
	}
	forget(block); /* before it may be gone: comparing it afterwards would be undefined */
	moved = __real_realloc(block, size);
	if (moved == NULL) {
		(void)add(block);
	}
	return add(moved);
}

void
__wrap_free(void *block)
{
	forget(block);
	__real_free(block);
}
/* NOLINTEND(readability-identifier-naming) */
