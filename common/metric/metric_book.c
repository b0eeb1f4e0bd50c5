#include "common/metric/metric_book.h"

#include <stdlib.h>

#include "common/base/err.h"
#include "common/metric/metric_entries.h"

/* Behind the tables of metric_ledger.h, what is attached to (r, s). */
#define KEY_INTRODUCTION ((uint32_t)METRIC_TABLE_COUNT)
#define KEY_REPORTS      ((uint32_t)METRIC_TABLE_COUNT + 1)

struct small_share {
	uint32_t payer;
	uint32_t middleman;
	uint32_t amount;
	uint32_t share;
};

struct small_introduction {
	uint64_t paid_s;
	uint64_t seen_s;
	uint32_t price;
	uint32_t strength;
	size_t share_count;
	struct small_share shares[];
};

struct small_charge {
	uint32_t payer;
	uint32_t share;
	bool accuses;
};

/* A standing report, on the stack of its pair. */
struct small_report {
	struct small_report *below;
	uint64_t at_s;
	uint64_t tag;
	bool warns;
	size_t charge_count;
	struct small_charge charges[];
};

struct metric_book {
	const struct metric_config *config;
	struct metric_entries entries;       /* METRIC_* */
	struct metric_entries introductions; /* KEY_INTRODUCTION */
	struct metric_entries reports;       /* KEY_REPORTS */
};

int
metric_book_new(const struct metric_config *config, struct metric_book **out)
{
	struct metric_book *b = calloc(1, sizeof(*b));

	if (b == NULL) {
		return ERR_NOMEM;
	}
	b->config = config;
	*out = b;
	return 0;
}

static void
release_reports(void *attached)
{
	struct small_report *top = attached;

	while (top != NULL) {
		struct small_report *below = top->below;

		free(top);
		top = below;
	}
}

void
metric_book_free(struct metric_book *b)
{
	if (b == NULL) {
		return;
	}
	metric_entries_fini(&b->entries, free);
	metric_entries_fini(&b->introductions, free);
	metric_entries_fini(&b->reports, release_reports);
	free(b);
}

static struct metric_key
key_of(uint32_t table, const struct metric_party *a, const struct metric_party *b)
{
	return (struct metric_key){
		.table = table,
		.a = a->ref.node,
		.b = b == NULL ? 0 : b->ref.node,
	};
}

static struct metric_party
party(uint32_t node)
{
	return (struct metric_party){.ref = {.node = node}};
}

static void
walk(void *ctx, enum metric_table table, const struct metric_party *a,
	const struct metric_party *b, metric_entry_fn *visit, void *visit_ctx)
{
	const struct metric_book *book = ctx;
	struct metric_key key = key_of((uint32_t)table, a, b);
	const struct metric_entry_list *list = metric_entries_find(&book->entries, &key);

	for (size_t i = list == NULL ? 0 : list->count; i > 0; i--) {
		const struct metric_small_entry *small = &list->entries[i - 1];
		struct metric_entry entry = {
			.at_s = small->at_s,
			.tag = small->tag,
			.amount = small->amount,
			.other = party(small->other),
		};

		if (!visit(visit_ctx, &entry)) {
			return;
		}
	}
}

static struct small_introduction *
find_introduction(
	const struct metric_book *b, const struct metric_party *r, const struct metric_party *s)
{
	struct metric_key key = key_of(KEY_INTRODUCTION, r, s);
	struct metric_entry_list *list = metric_entries_find(&b->introductions, &key);

	return list == NULL ? NULL : list->attached;
}

static bool
introduction(void *ctx, const struct metric_party *r, const struct metric_party *s,
	struct metric_introduction *out)
{
	const struct small_introduction *small = find_introduction(ctx, r, s);

	if (small == NULL) {
		return false;
	}
	out->paid_s = small->paid_s;
	out->seen_s = small->seen_s;
	out->price = small->price;
	out->strength = small->strength;
	out->share_count = small->share_count;
	for (size_t i = 0; i < small->share_count; i++) {
		out->shares[i] = (struct metric_share){
			.payer = party(small->shares[i].payer),
			.middleman = party(small->shares[i].middleman),
			.amount = small->shares[i].amount,
			.share = small->shares[i].share,
		};
	}
	return true;
}

static const struct metric_ledger_ops ops = {.walk = walk, .introduction = introduction};

struct metric_ledger
metric_book_ledger(struct metric_book *b)
{
	return (struct metric_ledger){.ops = &ops, .ctx = b};
}

/* Two passes over the changes of an event: room for all, then no step can fail. */
struct writing {
	struct metric_book *book;
	int error;
};

static struct metric_key
change_key(const struct metric_change *change)
{
	return key_of((uint32_t)change->table, &change->a, &change->b);
}

static void
reserve(void *ctx, const struct metric_change *change)
{
	struct writing *w = ctx;
	struct metric_key key = change_key(change);

	if (w->error == 0) {
		w->error = metric_entries_reserve(&w->book->entries, &key, change->entry.at_s,
			metric_table_life_s(w->book->config, change->table));
	}
}

static void
put(void *ctx, const struct metric_change *change)
{
	struct writing *w = ctx;
	struct metric_key key = change_key(change);
	struct metric_small_entry entry = {
		.at_s = change->entry.at_s,
		.tag = change->entry.tag,
		.amount = change->entry.amount,
		.other = change->entry.other.ref.node,
	};

	metric_entry_list_put(metric_entries_find(&w->book->entries, &key), &entry);
}

static void
take_away(void *ctx, const struct metric_change *change)
{
	struct writing *w = ctx;
	struct metric_key key = change_key(change);
	struct metric_entry_list *list = metric_entries_find(&w->book->entries, &key);

	if (list != NULL) {
		(void)metric_entry_list_remove(list, change->entry.at_s, change->entry.tag);
	}
}

static struct small_introduction *
shrink_introduction(const struct metric_introduction *paid)
{
	struct small_introduction *small =
		malloc(sizeof(*small) + paid->share_count * sizeof(small->shares[0]));

	if (small == NULL) {
		return NULL;
	}
	small->paid_s = paid->paid_s;
	small->seen_s = paid->seen_s;
	small->price = paid->price;
	small->strength = paid->strength;
	small->share_count = paid->share_count;
	for (size_t i = 0; i < paid->share_count; i++) {
		small->shares[i] = (struct small_share){
			.payer = paid->shares[i].payer.ref.node,
			.middleman = paid->shares[i].middleman.ref.node,
			.amount = paid->shares[i].amount,
			.share = paid->shares[i].share,
		};
	}
	return small;
}

int
metric_book_pay(struct metric_book *b, const struct metric_payment *payment)
{
	struct writing w = {.book = b};
	struct metric_key key = key_of(KEY_INTRODUCTION, &payment->recipient, &payment->sender);
	struct small_introduction *small = shrink_introduction(&payment->introduction);
	struct metric_entry_list *list = NULL;

	if (small == NULL) {
		return ERR_NOMEM;
	}
	metric_payment_changes(payment, reserve, &w);
	if (w.error == 0) {
		w.error = metric_entries_reserve(&b->introductions, &key, 0, UINT64_MAX);
	}
	if (w.error != 0) {
		free(small);
		return w.error;
	}
	metric_payment_changes(payment, put, &w);
	list = metric_entries_find(&b->introductions, &key);
	free(list->attached);
	list->attached = small;
	return 0;
}

void
metric_book_refresh(struct metric_book *b, const struct metric_party *r,
	const struct metric_party *s, uint64_t now_s)
{
	struct small_introduction *small = find_introduction(b, r, s);

	if (small != NULL && now_s > small->seen_s) {
		small->seen_s = now_s;
	}
}

static struct small_report *
shrink_report(const struct metric_report *report)
{
	struct small_report *small =
		malloc(sizeof(*small) + report->charge_count * sizeof(small->charges[0]));

	if (small == NULL) {
		return NULL;
	}
	small->below = NULL;
	small->at_s = report->at_s;
	small->tag = report->tag;
	small->warns = report->warns;
	small->charge_count = report->charge_count;
	for (size_t i = 0; i < report->charge_count; i++) {
		small->charges[i] = (struct small_charge){
			.payer = report->charges[i].payer.ref.node,
			.share = report->charges[i].share,
			.accuses = report->charges[i].accuses,
		};
	}
	return small;
}

int
metric_book_report(struct metric_book *b, const struct metric_report *report)
{
	struct writing w = {.book = b};
	struct metric_key key = key_of(KEY_REPORTS, &report->recipient, &report->sender);
	struct small_report *small = shrink_report(report);
	struct metric_entry_list *list = NULL;

	if (small == NULL) {
		return ERR_NOMEM;
	}
	metric_report_changes(report, reserve, &w);
	if (w.error == 0) {
		w.error = metric_entries_reserve(&b->reports, &key, 0, UINT64_MAX);
	}
	if (w.error != 0) {
		free(small);
		return w.error;
	}
	metric_report_changes(report, put, &w);
	list = metric_entries_find(&b->reports, &key);
	small->below = list->attached;
	list->attached = small;
	return 0;
}

bool
metric_book_take_back(
	struct metric_book *b, const struct metric_party *r, const struct metric_party *s)
{
	struct writing w = {.book = b};
	struct metric_key key = key_of(KEY_REPORTS, r, s);
	struct metric_entry_list *list = metric_entries_find(&b->reports, &key);
	struct small_report *top = list == NULL ? NULL : list->attached;
	UNINITIALIZED struct metric_report report;

	if (top == NULL) {
		return false;
	}
	report.recipient = *r;
	report.sender = *s;
	report.at_s = top->at_s;
	report.tag = top->tag;
	report.warns = top->warns;
	report.charge_count = top->charge_count;
	for (size_t i = 0; i < top->charge_count; i++) {
		report.charges[i] = (struct metric_report_charge){
			.payer = party(top->charges[i].payer),
			.share = top->charges[i].share,
			.accuses = top->charges[i].accuses,
		};
	}
	metric_report_changes(&report, take_away, &w);
	list->attached = top->below;
	free(top);
	return true;
}
