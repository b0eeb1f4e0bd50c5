#include "common/ledger/ledger_prune.h"

#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_introduction.h"
#include "common/ledger/ledger_proof.h"
#include "common/ledger/ledger_report.h"
#include "common/ledger/ledger_seen.h"

/* What a judgement about one record needs. */
struct judgement {
	const struct metric_config *config;
	uint64_t now_s;
};

/*
 * is_over - did `life_s` pass since? Never for times of the future, which a clock set back
 * leaves
 */
static bool
is_over(const struct judgement *j, uint64_t at_s, uint64_t life_s)
{
	return at_s < j->now_s && j->now_s - at_s >= life_s;
}

static bool
entry_is_over(const struct judgement *j, struct slice key, struct slice record)
{
	struct ledger_entry_key at;

	(void)record;
	return ledger_entry_key_decode(key, &at) == 0 &&
	       is_over(j, at.at_s, metric_table_life_s(j->config, at.table));
}

static bool
introduction_is_over(const struct judgement *j, struct slice key, struct slice record)
{
	struct metric_introduction paid;

	return ledger_introduction_decode(key, record, &paid) == 0 &&
	       !metric_introduction_is_live(j->config, &paid, j->now_s);
}

static bool
seen_is_over(const struct judgement *j, struct slice key, struct slice record)
{
	uint64_t life_s = j->config->learned_life_s;
	uint64_t at_s = 0;

	if (life_s < j->config->introduction_life_s) {
		life_s = j->config->introduction_life_s;
	}
	return ledger_seen_decode(key, record, &at_s) == 0 && is_over(j, at_s, life_s);
}

static bool
report_is_over(const struct judgement *j, struct slice key, struct slice record)
{
	struct ledger_report report;

	return ledger_report_decode(key, record, &report) == 0 && !report.touched &&
	       is_over(j, report.at_s, LEDGER_REPORT_LIFE_S);
}

static bool
proof_is_over(const struct judgement *j, struct slice key, struct slice record)
{
	struct ledger_proof proof;

	return ledger_proof_decode(key, record, &proof) == 0 &&
	       is_over(j, ledger_proof_last_s(&proof), LEDGER_PROOF_LIFE_S);
}

/* The tables that are swept; the history has an end of its own, pins stay. */
static const struct {
	enum ledger_table table;
	bool (*is_over)(const struct judgement *j, struct slice key, struct slice record);
} swept[] = {
	{LEDGER_ENTRIES, entry_is_over},
	{LEDGER_INTRODUCTIONS, introduction_is_over},
	{LEDGER_SEEN, seen_is_over},
	{LEDGER_REPORTS, report_is_over},
	{LEDGER_PROOFS, proof_is_over},
};

/* next_over - the next record that is over, within *steps; false at their end or the table's */
static bool
next_over(
	struct ledger_prune *p, struct store_txn *txn, const struct judgement *j, size_t *steps)
{
	struct store_cursor *c = store_cursor_open(txn, swept[p->table].table);
	struct slice key;
	struct slice record;
	bool more = store_cursor_seek(c, slice_of(p->at, p->len), &key, &record);
	bool over = false;

	while (more && !over && *steps > 0) {
		(*steps)--;
		over = swept[p->table].is_over(j, key, record);
		if (!over) {
			more = store_cursor_next(c, &key, &record);
		}
	}
	p->len = more && key.len <= sizeof(p->at) ? key.len : 0;
	if (p->len > 0) {
		memcpy(p->at, key.data, p->len);
	}
	store_cursor_close(c);
	return over && p->len > 0;
}

bool
ledger_prune_step(struct ledger_prune *p, struct store_txn *txn,
	const struct metric_config *config, const struct ledger_limits *limits, uint64_t now_s,
	size_t steps)
{
	const struct judgement j = {config, now_s};
	size_t left = steps;

	ledger_history_prune(txn, now_s > limits->history_s ? now_s - limits->history_s : 0,
		limits->history_max, steps);
	while (next_over(p, txn, &j, &left)) {
		(void)store_delete(txn, swept[p->table].table, slice_of(p->at, p->len));
	}
	if (p->len == 0) {
		p->table = (p->table + 1) % ARRAY_LEN(swept);
	}
	return store_txn_error(txn) == 0 && left == 0;
}
