/*
 * compare.h - recorded bytes against ours, and a difference a person can read.
 */
#ifndef TESTS_GOLDEN_SPAMD_COMPARE_H
#define TESTS_GOLDEN_SPAMD_COMPARE_H

#include "common/base/dynbuf.h"

/** Prints the first lines that differ, numbered and escaped. @return true when equal. */
bool compare_print(const char *what, struct slice expected, struct slice got);

/**
 * Appends what counts of a reply with a report in other words (`prose`): status line,
 * Spam header, and everything from the content preview on.
 */
void compare_without_prose(struct slice reply, struct dynbuf *out);

/** Appends a reply with the date of the added Received field (`date`) left out. */
void compare_without_date(struct slice reply, struct dynbuf *out);

#endif
