/*
 * mutate.h - near misses of an input, for parsers that must survive them.
 *
 * The probe is called with every truncation of the input, and with every byte of it replaced by
 * each byte that parsers of mail treat in a special way. Each variant lies in a block of exactly
 * its size, so that the address sanitiser sees a read beyond.
 */
#ifndef TESTS_SUPPORT_MUTATE_H
#define TESTS_SUPPORT_MUTATE_H

#include "common/base/slice.h"

void mutate_truncations(struct slice in, void (*probe)(struct slice variant));
void mutate_bytes(struct slice in, void (*probe)(struct slice variant));

#endif
