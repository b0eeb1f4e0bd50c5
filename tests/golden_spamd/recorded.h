/*
 * recorded.h - what a recorded reply tells of the machine it was made on.
 */
#ifndef TESTS_GOLDEN_SPAMD_RECORDED_H
#define TESTS_GOLDEN_SPAMD_RECORDED_H

#include "common/base/slice.h"

/** The text behind a mark, up to a byte; empty where the mark is not there. */
struct slice recorded_after(struct slice text, struct slice mark, uint8_t end);

/** The host name of the machine, where the reply shows it. */
struct slice recorded_hostname(struct slice response);

/** The number of up to eight hex digits at the start, 0 for anything else. */
uint32_t recorded_hex_word(struct slice text);

#endif
