#include "trustctl/forecast.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/array.h"
#include "common/metric/metric_entries.h"

/* An event as text: two addresses, a time, a level. */
#define LINE_MAX_BYTES (2 * REPLAY_NAME_MAX + 64)

struct mail {
	uint64_t at_s;
	uint32_t from;
	uint32_t to;
	uint64_t index; /* keeps the order of reading within a second */
};

struct forecast {
	char *domain;
	struct replay_names names;
	struct mail *mail;
	size_t mail_count;
	size_t mail_capacity;
	struct metric_entries pairs; /* (user, correspondent): what went between them */
	struct forecast_month *months;
	size_t month_count;
	size_t month_capacity;
	struct replay *replay;
	struct dynbuf answer;
	struct forecast_result result;
	struct err_msg *msg; /* of forecast_run */
};

/* Tables of pairs. */
enum {
	PAIR_RECEIVED,
	PAIR_SENT,
};

int
forecast_new(struct slice domain, struct forecast **out)
{
	struct forecast *f = calloc(1, sizeof(*f));

	if (f == NULL) {
		return ERR_NOMEM;
	}
	dynbuf_init(&f->answer, 4096);
	replay_names_init(&f->names);
	metric_entries_init(&f->pairs);
	f->domain = strndup((const char *)domain.data, domain.len);
	if (f->domain == NULL) {
		forecast_free(f);
		return ERR_NOMEM;
	}
	*out = f;
	return 0;
}

void
forecast_free(struct forecast *f)
{
	if (f == NULL) {
		return;
	}
	replay_names_fini(&f->names);
	metric_entries_fini(&f->pairs, free);
	replay_free(f->replay);
	dynbuf_fini(&f->answer);
	free(f->mail);
	free(f->months);
	free(f->domain);
	free(f);
}

bool
forecast_is_own(const struct forecast *f, struct slice address)
{
	return slice_eq_nocase(slice_behind_last(address, '@'), slice_str(f->domain));
}

static int
make_room(struct forecast *f)
{
	struct mail *mail = ARRAY_ROOM(f->mail, f->mail_count, &f->mail_capacity);

	if (mail == NULL) {
		return ERR_NOMEM;
	}
	f->mail = mail;
	return 0;
}

int
forecast_add(struct forecast *f, uint64_t at_s, struct slice from, struct slice to)
{
	struct metric_ref sender;
	struct metric_ref recipient;

	if (f->mail_count == FORECAST_MAIL_MAX) {
		return ERR_TOOBIG;
	}
	if (from.len == 0 || to.len == 0 || from.len > REPLAY_NAME_MAX ||
		to.len > REPLAY_NAME_MAX) {
		f->result.foreign++;
		return 0;
	}
	if (make_room(f) != 0 || replay_names_intern(&f->names, from, &sender) != 0 ||
		replay_names_intern(&f->names, to, &recipient) != 0) {
		return ERR_NOMEM;
	}
	f->mail[f->mail_count] = (struct mail){
		.at_s = at_s > 0 ? at_s : 1,
		.from = sender.node,
		.to = recipient.node,
		.index = f->mail_count,
	};
	f->mail_count++;
	return 0;
}

static int
by_time(const void *a, const void *b)
{
	const struct mail *x = a;
	const struct mail *y = b;

	if (x->at_s != y->at_s) {
		return x->at_s < y->at_s ? -1 : 1;
	}
	return (x->index > y->index) - (x->index < y->index);
}

static bool
is_own(const struct forecast *f, uint32_t node)
{
	return forecast_is_own(f, replay_names_text(&f->names, node));
}

/* seen - was there mail of that kind between the two? Notes it; @return ERR_NOMEM or 0 */
static int
seen(struct forecast *f, uint32_t user, uint32_t other, uint32_t kind, bool *before)
{
	const struct metric_key key = {.a = user, .b = other, .table = kind};

	*before = metric_entries_find(&f->pairs, &key) != NULL;
	return *before ? 0 : metric_entries_reserve(&f->pairs, &key, 0, 0);
}

/* has - as seen, without noting */
static bool
has(const struct forecast *f, uint32_t user, uint32_t other, uint32_t kind)
{
	const struct metric_key key = {.a = user, .b = other, .table = kind};

	return metric_entries_find(&f->pairs, &key) != NULL;
}

static int
tell(struct forecast *f, char kind, uint64_t at_s, uint32_t from, uint32_t to, const char *last)
{
	struct slice a = replay_names_text(&f->names, from);
	struct slice b = replay_names_text(&f->names, to);
	char line[LINE_MAX_BYTES];
	int n = snprintf(line, sizeof(line), "%c\t%llu\t%.*s\t%.*s\t%s", kind,
		(unsigned long long)at_s, SLICE_ARG(a), SLICE_ARG(b), last);

	dynbuf_reset(&f->answer);
	return replay_line(f->replay, slice_of(line, (size_t)n), &f->answer, f->msg);
}

/* on_sent - the recipient becomes a learned friend, and better with mail both ways */
static int
on_sent(struct forecast *f, const struct mail *m)
{
	bool wrote_before = false;
	int rc = seen(f, m->from, m->to, PAIR_SENT, &wrote_before);

	f->result.sent++;
	if (rc != 0 || wrote_before) {
		return rc;
	}
	return tell(f, 'A', m->at_s, m->from, m->to,
		has(f, m->from, m->to, PAIR_RECEIVED) ? "2" : "1");
}

/* date_of - year and month of a second since 1970 (days since 1 March of year 0, 400-year eras) */
static void
date_of(uint64_t at_s, unsigned int *year, unsigned int *month)
{
	uint64_t days = at_s / 86400 + 719468;
	uint64_t of_era = days % 146097;
	uint64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint64_t m = (5 * (of_era - (365 * y + y / 4 - y / 100)) + 2) / 153;

	*month = (unsigned int)(m < 10 ? m + 3 : m - 9);
	*year = (unsigned int)(y + days / 146097 * 400 + (m < 10 ? 0 : 1));
}

/* month_of - the row of a time; mail comes in order */
static struct forecast_month *
month_of(struct forecast *f, uint64_t at_s)
{
	struct forecast_month row = {0};
	struct forecast_month *months = NULL;
	struct forecast_month *last =
		f->month_count == 0 ? NULL : &f->months[f->month_count - 1];

	date_of(at_s, &row.year, &row.month);
	if (last != NULL && last->year == row.year && last->month == row.month) {
		return last;
	}
	months = ARRAY_ROOM(f->months, f->month_count, &f->month_capacity);
	if (months == NULL) {
		return NULL;
	}
	f->months = months;
	f->months[f->month_count] = row;
	return &f->months[f->month_count++];
}

static void
count_answer(struct forecast_month *row, const struct metric_decision *d, bool is_first)
{
	row->messages++;
	if (d->tier == TIER_WELL_TRUSTED) {
		row->well_trusted++;
	} else if (d->rule == METRIC_RULE_DIRECT) {
		row->known++;
	} else {
		row->introduced += d->tier == TIER_KNOWN ? 1 : 0;
		row->unknown += d->tier == TIER_UNKNOWN ? 1 : 0;
		row->strangers += is_first ? 1 : 0;
	}
}

static int
on_received(struct forecast *f, const struct mail *m)
{
	struct forecast_month *row = month_of(f, m->at_s);
	bool before = false;
	int rc = row == NULL ? ERR_NOMEM : seen(f, m->to, m->from, PAIR_RECEIVED, &before);

	if (rc == 0) {
		rc = tell(f, 'Q', m->at_s, m->to, m->from, "x");
	}
	if (rc != 0) {
		return rc;
	}
	count_answer(row, replay_last(f->replay), !before);
	return !before && has(f, m->to, m->from, PAIR_SENT)
		       ? tell(f, 'A', m->at_s, m->to, m->from, "2")
		       : 0;
}

static int
on_mail(struct forecast *f, const struct mail *m)
{
	bool from_own = is_own(f, m->from);
	bool to_own = is_own(f, m->to);

	if (from_own && to_own) {
		f->result.internal++;
		return 0;
	}
	if (!from_own && !to_own) {
		f->result.foreign++;
		return 0;
	}
	return from_own ? on_sent(f, m) : on_received(f, m);
}

static void
count_users(struct forecast *f)
{
	for (uint32_t node = 1; node <= f->names.count; node++) {
		f->result.users += is_own(f, node) ? 1 : 0;
	}
	f->result.has_colleagues = f->result.users <= FORECAST_COLLEAGUES_MAX;
}

/* introduce_colleagues - everybody of the site knows everybody, since long ago */
static int
introduce_colleagues(struct forecast *f)
{
	int rc = 0;

	for (uint32_t a = 1; f->result.has_colleagues && a <= f->names.count; a++) {
		for (uint32_t b = 1; is_own(f, a) && rc == 0 && b <= f->names.count; b++) {
			rc = is_own(f, b) ? tell(f, 'A', 0, a, b, "2") : 0;
		}
	}
	return rc;
}

int
forecast_run(struct forecast *f, struct forecast_result *out, struct err_msg *msg)
{
	const struct replay_scores scores = {0};
	struct metric_config config = metric_config_default();
	int rc = 0;

	f->msg = msg;
	count_users(f);
	if (f->result.has_colleagues) {
		/* Knowing one's colleagues makes nobody a hub. */
		config.hub_vouches += (uint32_t)f->result.users;
	}
	if (f->mail_count > 1) {
		qsort(f->mail, f->mail_count, sizeof(f->mail[0]), by_time);
	}
	rc = replay_new(&config, &scores, &f->replay);
	if (rc == 0) {
		rc = introduce_colleagues(f);
	}
	for (size_t i = 0; rc == 0 && i < f->mail_count; i++) {
		rc = on_mail(f, &f->mail[i]);
	}
	*out = f->result;
	out->months = f->months;
	out->month_count = f->month_count;
	return rc;
}
