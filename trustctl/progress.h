/*
 * progress.h - a bar on standard error for work that takes long, where that is a terminal.
 */
#ifndef TRUSTCTL_PROGRESS_H
#define TRUSTCTL_PROGRESS_H

#include "trustctl/print.h"

/** A bar for work of known size; shows nothing where p->progress is false. */
struct progress {
	const struct print *print;
	const char *label;
	uint64_t total;
	int shown_permille; /**< -1 before the first drawing */
};

void progress_start(
	struct progress *bar, const struct print *p, const char *label, uint64_t total);
void progress_update(struct progress *bar, uint64_t done);

/** Wipes the bar, so that the result stands alone. */
void progress_end(struct progress *bar);

#endif
