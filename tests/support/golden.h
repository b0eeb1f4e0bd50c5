/*
 * golden.h - comparison with a stored expected output.
 */
#ifndef TESTS_SUPPORT_GOLDEN_H
#define TESTS_SUPPORT_GOLDEN_H

#include "common/base/arena.h"

/** Reads a whole file into the arena; aborts with its name where that fails. */
struct slice golden_read(struct arena *arena, const char *path);

/**
 * Compares with the file, byte by byte. With UPDATE_GOLDEN=1 in the environment it writes
 * the file instead and is content. On a difference both first differing lines go to stderr.
 */
bool golden_matches(const char *path, struct slice actual);

#endif
