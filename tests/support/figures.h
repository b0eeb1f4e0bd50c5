/*
 * figures.h - what benches make of the figures of their rounds.
 */
#ifndef TESTS_SUPPORT_FIGURES_H
#define TESTS_SUPPORT_FIGURES_H

#include <stddef.h>

/** The middle one of `count`, at least one; the upper middle of an even number. Sorts them. */
double figures_median(double *values, size_t count);

#endif
