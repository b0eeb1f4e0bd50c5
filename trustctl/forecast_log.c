/* The log of Postfix as mail of a forecast. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/array.h"
#include "common/mail/address.h"
#include "trustctl/forecast_source.h"
#include "trustctl/import/file_lines.h"
#include "trustctl/import/mail_date.h"
#include "trustctl/import/mail_source.h"

#define DAY_S ((uint64_t)86400)

/* Start of 2000, a leap year, in which times without a year are kept. */
#define START_2000_S ((uint64_t)946684800)

/* Day of the year of 29 February. */
#define LEAP_DAY 59

/* A log without years that goes back by more than this went into a new one. */
#define TURN_S (30 * DAY_S)

/* A delivery, until all of the log is read and its years are known. */
struct delivery {
	uint64_t at_s; /* in 2000, where the log has no years */
	uint32_t from;
	uint32_t to;
	uint16_t turn; /* which year of the log */
	bool has_year;
};

struct reading {
	struct ctl *ctl;
	struct forecast_source_counts *counts;
	struct replay_names queue_ids;
	struct replay_names addresses;
	uint32_t *senders; /* by number of queue id; 0: none */
	size_t sender_capacity;
	struct delivery *deliveries;
	size_t count;
	size_t capacity;
	uint16_t turns;
	uint64_t last_s; /* the last time without a year */
};

/* take_until - what is before `mark`, which is passed. False where there is none */
static bool
take_until(struct slice *rest, const char *mark, struct slice *out)
{
	size_t at = slice_find(*rest, slice_str(mark));

	if (at == rest->len) {
		return false;
	}
	*out = slice_take(*rest, at);
	*rest = slice_skip(*rest, at + strlen(mark));
	return true;
}

/* iso_date - "2026-11-25T16:11:44..." as seconds; the zone is left out */
static bool
iso_date(struct slice word, uint64_t *out)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec"};
	char text[40];
	unsigned int month = 0;

	if (word.len < 19 || word.data[4] != '-' || word.data[10] != 'T') {
		return false;
	}
	month = (unsigned int)(word.data[5] - '0') * 10 + (unsigned int)(word.data[6] - '0');
	if (month < 1 || month > ARRAY_LEN(months)) {
		return false;
	}
	(void)snprintf(text, sizeof(text), "%.2s %s %.4s %.8s +0000",
		(const char *)word.data + 8, months[month - 1], (const char *)word.data,
		(const char *)word.data + 11);
	return mail_date_parse(slice_str(text), out) == 0;
}

/* plain_date - "Nov 25 16:11:44 " in 2000; one that lies far back begins the next year */
static bool
plain_date(struct reading *r, struct slice line, uint64_t *out)
{
	char text[40];

	if (line.len < 16 || line.data[3] != ' ' || line.data[15] != ' ') {
		return false;
	}
	(void)snprintf(text, sizeof(text), "%.2s %.3s 2000 %.8s +0000",
		(const char *)line.data + (line.data[4] == ' ' ? 5 : 4),
		(const char *)line.data, (const char *)line.data + 7);
	if (line.data[4] == ' ') {
		text[1] = ' ';
	}
	if (mail_date_parse(slice_str(text), out) != 0) {
		return false;
	}
	if (*out + TURN_S < r->last_s && r->turns < UINT16_MAX) {
		r->turns++;
	}
	r->last_s = *out;
	return true;
}

static int
set_sender(struct reading *r, uint32_t id, uint32_t sender)
{
	if (id >= r->sender_capacity) {
		size_t capacity = r->sender_capacity == 0 ? 1024 : 2 * r->sender_capacity;
		uint32_t *senders = NULL;

		while (capacity <= id) {
			capacity *= 2;
		}
		senders = reallocarray(r->senders, capacity, sizeof(*senders));
		if (senders == NULL) {
			return ERR_NOMEM;
		}
		memset(senders + r->sender_capacity, 0,
			(capacity - r->sender_capacity) * sizeof(*senders));
		r->senders = senders;
		r->sender_capacity = capacity;
	}
	r->senders[id] = sender;
	return 0;
}

static int
add_delivery(struct reading *r, const struct delivery *d)
{
	struct delivery *list = NULL;

	if (r->count >= FORECAST_MAIL_MAX) {
		return ERR_TOOBIG;
	}
	list = ARRAY_ROOM(r->deliveries, r->count, &r->capacity);
	if (list == NULL) {
		return ERR_NOMEM;
	}
	r->deliveries = list;
	r->deliveries[r->count++] = *d;
	return 0;
}

/* intern_address - canonical; number 0 where it is none (the null sender) */
static int
intern_address(struct reading *r, struct slice text, uint32_t *out)
{
	struct address address;
	struct metric_ref ref = {0};
	int rc = 0;

	if (text.len > 0 && address_parse(text, true, &address, NULL) == 0) {
		rc = replay_names_intern(&r->addresses, address_slice(&address), &ref);
	}
	*out = ref.node;
	return rc;
}

/* take_event - "QUEUEID: from=<a>, ..." or "QUEUEID: to=<b>, ..., status=sent ..." */
static int
take_event(struct reading *r, struct slice rest, uint64_t at_s, bool has_year)
{
	struct delivery d = {.at_s = at_s, .turn = r->turns, .has_year = has_year};
	struct metric_ref id;
	struct slice queue_id;
	struct slice address;
	uint32_t node = 0;
	bool is_from = false;
	int rc = 0;

	if (!take_until(&rest, ": ", &queue_id) || queue_id.len == 0 || queue_id.len > 32) {
		return 0;
	}
	is_from = slice_starts_with(rest, SLICE("from=<"));
	if ((!is_from && !slice_starts_with(rest, SLICE("to=<"))) ||
		!take_until(&rest, "<", &address) || !take_until(&rest, ">", &address)) {
		return 0;
	}
	rc = intern_address(r, address, &node);
	if (rc == 0) {
		rc = replay_names_intern(&r->queue_ids, queue_id, &id);
	}
	if (rc != 0 || is_from) {
		return rc != 0 ? rc : set_sender(r, id.node, node);
	}
	if (slice_find(rest, SLICE("status=sent")) == rest.len ||
		slice_find(rest, SLICE("relay=127.0.0.1")) < rest.len ||
		slice_find(rest, SLICE("relay=localhost")) < rest.len) {
		return 0;
	}
	d.from = id.node < r->sender_capacity ? r->senders[id.node] : 0;
	d.to = node;
	if (d.from == 0 || d.to == 0) {
		r->counts->faults++;
		return 0;
	}
	return add_delivery(r, &d);
}

static int
take_line(void *ctx, const struct line *line)
{
	struct reading *r = ctx;
	struct slice rest = line->text;
	struct slice process;
	struct slice word;
	uint64_t at_s = 0;
	bool has_year = false;

	if (!line->starts) {
		return 0; /* the rest of a line longer than any of Postfix */
	}
	r->counts->read++;
	word = slice_take(rest, slice_find_byte(rest, ' '));
	has_year = iso_date(word, &at_s);
	if (!has_year && !plain_date(r, rest, &at_s)) {
		r->counts->undated++;
		return 0;
	}
	return take_until(&rest, " postfix", &word) && take_until(&rest, "]: ", &process)
		       ? take_event(r, rest, at_s, has_year)
		       : 0;
}

static bool
is_leap(unsigned int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/* in_year - a time of 2000, in another year */
static uint64_t
in_year(uint64_t at_s, unsigned int year)
{
	uint64_t day = (at_s - START_2000_S) / DAY_S;
	uint64_t start_s = 0;
	char text[40];

	(void)snprintf(text, sizeof(text), "1 Jan %u 00:00:00 +0000", year);
	if (mail_date_parse(slice_str(text), &start_s) != 0) {
		return at_s;
	}
	if (!is_leap(year) && day > LEAP_DAY) {
		day--;
	}
	return start_s + day * DAY_S + at_s % DAY_S;
}

/* last_year - the year in which the log ends: not in the future, zones of a day apart */
static unsigned int
last_year(const struct reading *r)
{
	unsigned int year = 2000;

	while (in_year(r->last_s, year + 1) <= r->ctl->now_s + DAY_S) {
		year++;
	}
	return year;
}

static int
hand_over(struct reading *r, struct forecast *f)
{
	unsigned int year = r->last_s == 0 ? 0 : last_year(r);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		const struct delivery *d = &r->deliveries[i];
		uint64_t at_s =
			d->has_year ? d->at_s : in_year(d->at_s, year - (r->turns - d->turn));

		rc = forecast_add(f, at_s, replay_names_text(&r->addresses, d->from),
			replay_names_text(&r->addresses, d->to));
	}
	return rc;
}

int
forecast_read_log(struct ctl *ctl, const char *path, struct forecast *f,
	struct forecast_source_counts *out, struct err_msg *msg)
{
	struct reading r = {.ctl = ctl, .counts = out};
	struct progress bar;
	uint64_t size = 0;
	int rc = mail_source_size(path, &size, msg);

	if (rc != 0) {
		return rc;
	}
	replay_names_init(&r.queue_ids);
	replay_names_init(&r.addresses);
	progress_start(&bar, &ctl->print, "reading", size);
	rc = file_lines_read(path, &bar, take_line, &r, msg);
	progress_end(&bar);
	if (rc == 0) {
		rc = hand_over(&r, f);
	}
	replay_names_fini(&r.queue_ids);
	replay_names_fini(&r.addresses);
	free(r.senders);
	free(r.deliveries);
	return rc;
}
