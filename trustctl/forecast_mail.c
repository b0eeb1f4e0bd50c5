/* Messages of an mbox or maildir as mail of a forecast. */
#include "common/mail/address_list.h"
#include "common/mail/header.h"
#include "trustctl/forecast_source.h"
#include "trustctl/import/mail_date.h"
#include "trustctl/import/mail_source.h"

/* One header with all its fields and addresses. */
#define SCRATCH_MAX ((size_t)4 << 20)

/* Recipients of one message that are told apart; more are a mailing. */
#define RECIPIENTS_MAX 256

struct reading {
	struct ctl *ctl;
	struct forecast *forecast;
	struct forecast_source_counts *counts;
	struct arena scratch;
	struct slice recipients[RECIPIENTS_MAX];
	size_t recipient_count;
};

static bool
is_known(const struct reading *r, struct slice address)
{
	for (size_t i = 0; i < r->recipient_count; i++) {
		if (slice_eq(r->recipients[i], address)) {
			return true;
		}
	}
	return false;
}

/* find_recipients - of all fields of that name; only_own: those at the domain */
static int
find_recipients(struct reading *r, const struct header *h, struct slice name, bool only_own)
{
	const struct header_field *field = NULL;
	struct address_list list;

	while ((field = header_next(h, name, field)) != NULL) {
		int rc = address_list_parse(field->body, true, &r->scratch, &list);

		for (size_t i = 0; rc == 0 && i < list.count; i++) {
			struct slice address = list.items[i].address;

			if ((!only_own || forecast_is_own(r->forecast, address)) &&
				!is_known(r, address) && r->recipient_count < RECIPIENTS_MAX) {
				r->recipients[r->recipient_count++] = address;
			}
		}
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

static int
find_all_recipients(struct reading *r, const struct header *h, bool is_sent)
{
	static const struct slice sent[] = {{(const uint8_t *)"To", 2},
		{(const uint8_t *)"Cc", 2}, {(const uint8_t *)"Bcc", 3}};
	static const struct slice received[] = {{(const uint8_t *)"To", 2},
		{(const uint8_t *)"Cc", 2}, {(const uint8_t *)"Delivered-To", 12},
		{(const uint8_t *)"X-Original-To", 13}};
	const struct slice *fields = is_sent ? sent : received;
	size_t count = is_sent ? ARRAY_LEN(sent) : ARRAY_LEN(received);
	int rc = 0;

	r->recipient_count = 0;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		rc = find_recipients(r, h, fields[i], !is_sent);
	}
	return rc;
}

static uint64_t
date_of(struct reading *r, const struct header *h)
{
	const struct header_field *date = header_find(h, SLICE("Date"), 0);
	struct slice body =
		date == NULL ? (struct slice){0} : header_unfold(date->body, &r->scratch);
	uint64_t at_s = 0;

	if (body.data == NULL || mail_date_parse(body, &at_s) != 0) {
		return 0;
	}
	return at_s < r->ctl->now_s ? at_s : r->ctl->now_s;
}

static int
take_header(struct reading *r, const struct header *h)
{
	const struct header_field *field = header_find(h, SLICE("From"), 0);
	uint64_t at_s = date_of(r, h);
	struct address_list from = {0};
	int rc = field == NULL ? 0 : address_list_parse(field->body, true, &r->scratch, &from);

	if (rc != 0) {
		return rc;
	}
	if (header_count(h, SLICE("From")) != 1 || !address_list_is_single(&from)) {
		r->counts->faults++;
		return 0;
	}
	if (at_s == 0) {
		r->counts->undated++;
		return 0;
	}
	rc = find_all_recipients(r, h, forecast_is_own(r->forecast, from.items[0].address));
	for (size_t i = 0; rc == 0 && i < r->recipient_count; i++) {
		rc = forecast_add(r->forecast, at_s, from.items[0].address, r->recipients[i]);
	}
	r->counts->faults += r->recipient_count == 0 ? 1 : 0;
	return rc;
}

static int
take_message(void *ctx, const struct mail_source_message *message)
{
	struct reading *r = ctx;
	struct header h;
	int rc = 0;

	arena_reset(&r->scratch);
	r->counts->read++;
	rc = header_parse(message->header.header, &HEADER_LIMITS_DEFAULT, &r->scratch, &h);
	return rc != 0 ? rc : take_header(r, &h);
}

static void
take_unreadable(void *ctx, const struct err_msg *why)
{
	struct reading *r = ctx;

	r->counts->faults++;
	command_warn(r->ctl, "%s; skipped", why->text);
}

int
forecast_read_mail(struct ctl *ctl, const char *path, struct forecast *f,
	struct forecast_source_counts *out, struct err_msg *msg)
{
	struct reading r = {.ctl = ctl, .forecast = f, .counts = out};
	struct progress bar;
	const struct mail_source source = {
		.path = path,
		.bar = &bar,
		.ctx = &r,
		.message = take_message,
		.unreadable = take_unreadable,
	};
	uint64_t size = 0;
	int rc = mail_source_size(path, &size, msg);

	if (rc != 0) {
		return rc;
	}
	arena_init(&r.scratch, SCRATCH_MAX);
	progress_start(&bar, &ctl->print, "reading", size);
	rc = mail_source_read(&source, msg);
	progress_end(&bar);
	arena_fini(&r.scratch);
	return rc;
}
