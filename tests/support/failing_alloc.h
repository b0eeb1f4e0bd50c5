/*
 * failing_alloc.h - makes chosen allocations fail and counts what is not released.
 *
 * Works through the linker (--wrap=malloc and its kin; `unit_alloc` in tests/meson.build), so it
 * sees the calls of our own objects, not those inside shared libraries. One thread only.
 */
#ifndef TESTS_SUPPORT_FAILING_ALLOC_H
#define TESTS_SUPPORT_FAILING_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/** The nth allocation from now fails, once (1: the next); 0: none. */
void failing_alloc_arm(size_t nth);

/** Whether the allocation armed last came and failed. */
bool failing_alloc_has_fired(void);

/** Blocks allocated and not freed. */
size_t failing_alloc_live(void);

#endif
