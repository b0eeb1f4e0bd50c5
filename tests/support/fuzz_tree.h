/*
 * fuzz_tree.h - what the fuzz targets of reconciliation give messages to.
 */
#ifndef TESTS_SUPPORT_FUZZ_TREE_H
#define TESTS_SUPPORT_FUZZ_TREE_H

#include "gossip/reconcile.h"

/** 1,500 items, made once per process and always the same: 100 seconds, several leaves. */
const struct item_tree *fuzz_tree(void);

/** Asserts that the bytes are a message of our version, and nothing behind it. */
void fuzz_check_message(struct slice message);

#endif
