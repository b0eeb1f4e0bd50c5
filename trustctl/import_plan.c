#include "trustctl/import_plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/array.h"
#include "common/scan/circle.h"
#include "trustctl/entry.h"

/** Addresses and names of 100,000 rows. */
#define PLAN_TEXT_MAX ((size_t)96 << 20)
#define PLAN_ROWS_MAX ((size_t)200000)

const char *
import_action_name(enum import_action action)
{
	static const char *const names[IMPORT_ACTION_COUNT] = {
		[IMPORT_ADD] = "add",
		[IMPORT_RAISE] = "raise",
		[IMPORT_REFRESH] = "refresh",
		[IMPORT_KEEP] = "keep",
		[IMPORT_BLOCKED] = "blocked",
		[IMPORT_EXPIRED] = "too old",
	};

	return names[action];
}

void
import_plan_init(struct import_plan *plan)
{
	*plan = (struct import_plan){0};
	arena_init(&plan->arena, PLAN_TEXT_MAX);
}

void
import_plan_fini(struct import_plan *plan)
{
	free(plan->rows);
	arena_fini(&plan->arena);
	*plan = (struct import_plan){0};
}

int
import_plan_add(struct import_plan *plan, const struct import_row *row)
{
	struct import_row *rows = NULL;
	struct import_row *copy = NULL;

	if (plan->count >= PLAN_ROWS_MAX) {
		return ERR_TOOBIG;
	}
	rows = ARRAY_ROOM(plan->rows, plan->count, &plan->cap);
	if (rows == NULL) {
		return ERR_NOMEM;
	}
	plan->rows = rows;
	copy = &rows[plan->count];
	*copy = *row;
	copy->address = arena_copy(&plan->arena, row->address);
	copy->note = arena_copy(&plan->arena, slice_take(row->note, PRIVATE_NOTE_MAX));
	if (copy->address.data == NULL || copy->note.data == NULL) {
		return ERR_NOMEM;
	}
	plan->count++;
	return 0;
}

/* row_subject - addr:ADDRESS; the address is canonical already */
static int
row_subject(const struct import_row *row, struct principal *out)
{
	char text[PRINCIPAL_TEXT_MAX];
	int n = snprintf(text, sizeof(text), "addr:%.*s", SLICE_ARG(row->address));

	return n < 0 || (size_t)n >= sizeof(text)
		       ? ERR_TOOBIG
		       : principal_parse(slice_of(text, (size_t)n), false, out, NULL);
}

static enum import_action
decide(const struct import_row *row, uint64_t now_s)
{
	const struct private_entry *held = &row->held;
	bool learned = row->origin == PRIVATE_LEARNED;

	if (held->blocked) {
		return IMPORT_BLOCKED;
	}
	if (learned && row->last_mail_s != 0 &&
		row->last_mail_s + CIRCLE_LEARNED_LIFETIME_S <= now_s) {
		return IMPORT_EXPIRED;
	}
	if (held->level == 0) {
		return IMPORT_ADD;
	}
	if (row->level > held->level && (!learned || held->origin == PRIVATE_LEARNED)) {
		return IMPORT_RAISE;
	}
	if (held->origin == PRIVATE_LEARNED && row->last_mail_s > held->last_mail_s) {
		return IMPORT_REFRESH;
	}
	return IMPORT_KEEP;
}

/* look_up - what is held about the address now, with its note in the plan's own memory */
static int
look_up(struct import_plan *plan, struct import_row *row, struct site *site,
	const struct actor *actor, uint64_t now_s)
{
	struct principal subject;
	struct entry entry;
	int rc = row_subject(row, &subject);

	if (rc != 0) {
		return rc;
	}
	entry_load(site, actor, &subject, now_s, &entry);
	row->held = entry.record;
	if (entry.note[0] != '\0') {
		row->note = arena_copy(&plan->arena, slice_str(entry.note));
	}
	return row->note.data != NULL ? 0 : ERR_NOMEM;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct import_row *left = a;
	const struct import_row *right = b;

	return slice_cmp(left->address, right->address);
}

static void
sort_unique(struct import_plan *plan)
{
	size_t kept = 0;

	if (plan->count > 1) {
		qsort(plan->rows, plan->count, sizeof(*plan->rows), compare_rows);
	}
	for (size_t i = 0; i < plan->count; i++) {
		if (kept == 0 ||
			!slice_eq(plan->rows[i].address, plan->rows[kept - 1].address)) {
			plan->rows[kept++] = plan->rows[i];
		}
	}
	plan->count = kept;
}

int
import_plan_decide(
	struct import_plan *plan, struct site *site, const struct actor *actor, uint64_t now_s)
{
	sort_unique(plan);
	for (size_t i = 0; i < plan->count; i++) {
		int rc = look_up(plan, &plan->rows[i], site, actor, now_s);

		if (rc != 0) {
			return rc;
		}
		plan->rows[i].action = decide(&plan->rows[i], now_s);
	}
	return 0;
}

struct apply_work {
	const struct import_plan *plan;
	const struct actor *actor;
};

/* apply_row - what is held, with what the row changes */
static int
apply_row(const struct apply_work *work, struct site_txn *txn, const struct import_row *row,
	struct err_msg *msg)
{
	struct entry entry = {.record = row->held};
	struct principal subject;
	int rc = row_subject(row, &subject);

	if (rc != 0) {
		return err_set(msg, rc, "%.*s: %s", SLICE_ARG(row->address), err_text(rc));
	}
	if (row->action == IMPORT_ADD || row->action == IMPORT_RAISE) {
		entry.record.level = row->level;
		entry.record.origin = row->origin;
	}
	if (row->last_mail_s > entry.record.last_mail_s) {
		entry.record.last_mail_s = row->last_mail_s;
	}
	(void)snprintf(entry.note, sizeof(entry.note), "%.*s", SLICE_ARG(row->note));
	return entry_store(txn, work->actor, &subject, &entry, msg);
}

static int
apply_all(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	const struct apply_work *work = ctx;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->plan->count; i++) {
		const struct import_row *row = &work->plan->rows[i];

		if (row->action <= IMPORT_REFRESH) {
			rc = apply_row(work, txn, row, msg);
		}
	}
	return rc;
}

int
import_plan_apply(const struct import_plan *plan, struct site *site, const struct actor *actor,
	struct err_msg *msg)
{
	struct apply_work work = {plan, actor};

	return site_update(site, apply_all, &work, msg);
}
