/*
 * metric_entries.h - timed entries in memory, found by (table, a, b); behind metric_book.h.
 *
 * Parties are numbers here. A hash table leads to one list for each key, ascending by (time,
 * tag). When a list is full, what is older than the table's life goes before it grows.
 */
#ifndef COMMON_METRIC_METRIC_ENTRIES_H
#define COMMON_METRIC_METRIC_ENTRIES_H

#include "common/base/attr.h"
#include "common/metric/metric_ledger.h"

struct metric_key {
	uint32_t a;
	uint32_t b;
	uint32_t table; /**< enum metric_table, or a number of the caller's behind them */
};

struct metric_small_entry {
	uint64_t at_s;
	uint64_t tag;
	uint32_t amount;
	uint32_t other;
};

/** Fields are private, but for walking: entries[0..count), oldest first. */
struct metric_entry_list {
	struct metric_small_entry *entries;
	size_t count;
	size_t capacity;
	void *attached; /**< the caller's, freed by `release` */
};

struct metric_entries {
	struct metric_key *keys; /* by slot */
	uint32_t *slots;         /* number of the list, plus one; 0 is free */
	size_t slot_count;       /* a power of two */
	struct metric_entry_list *lists;
	size_t list_count;
	size_t list_capacity;
};

void metric_entries_init(struct metric_entries *e);
/** Frees all; `release` is called for each `attached` that is not NULL. */
void metric_entries_fini(struct metric_entries *e, void (*release)(void *attached));

/** The list of a key, NULL where there is none. Good until the next metric_entries_reserve. */
struct metric_entry_list *metric_entries_find(
	const struct metric_entries *e, const struct metric_key *key);

/**
 * Makes room for one more entry, so that the next put of this key cannot fail.
 * @param life_s entries older than this at now_s may go.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int metric_entries_reserve(struct metric_entries *e, const struct metric_key *key,
	uint64_t now_s, uint64_t life_s);

/** Puts an entry in its place; there is room. */
void metric_entry_list_put(
	struct metric_entry_list *list, const struct metric_small_entry *entry);

/** Removes the entry of that time and tag. False when there is none. */
bool metric_entry_list_remove(struct metric_entry_list *list, uint64_t at_s, uint64_t tag);

#endif
