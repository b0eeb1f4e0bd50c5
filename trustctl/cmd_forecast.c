/* The forecast of `trustctl replay`: a site's own mail, month by month. */
#include "trustctl/cmd_forecast.h"

#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

#include "trustctl/cmd.h"
#include "trustctl/forecast_source.h"

static void
add_row(struct table *table, const char *month, const struct forecast_month *m)
{
	uint64_t known = m->well_trusted + m->known + m->introduced;

	table_str(table, month);
	table_number(table, m->messages);
	table_number(table, m->well_trusted);
	table_number(table, m->known);
	table_number(table, m->introduced);
	table_number(table, m->unknown);
	table_number(table, m->strangers);
	table_number(table, m->messages == 0 ? 0 : 100 * known / m->messages);
}

/* What the columns say, for people; JSON has the same in its keys. */
static int
print_forecast(const struct ctl *ctl, const struct forecast_result *r)
{
	static const struct column columns[] = {
		{"month", "MONTH", COLUMN_TEXT},
		{"messages", "MESSAGES", COLUMN_NUMBER},
		{"well_trusted", "WELL TRUSTED", COLUMN_NUMBER},
		{"known", "KNOWN", COLUMN_NUMBER},
		{"introduced", "INTRODUCED", COLUMN_NUMBER},
		{"unknown", "UNKNOWN", COLUMN_NUMBER},
		{"new_senders", "NEW SENDERS", COLUMN_NUMBER},
		{"known_percent", "KNOWN %", COLUMN_NUMBER},
	};
	struct forecast_month total = {0};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < r->month_count; i++) {
		const struct forecast_month *m = &r->months[i];
		char month[32];

		(void)snprintf(month, sizeof(month), "%04u-%02u", m->year, m->month);
		add_row(&table, month, m);
		total.messages += m->messages;
		total.well_trusted += m->well_trusted;
		total.known += m->known;
		total.introduced += m->introduced;
		total.unknown += m->unknown;
		total.strangers += m->strangers;
	}
	add_row(&table, "all", &total);
	return cmd_print_table(ctl, &table);
}

/* say_assumptions - what the figures rest on; to standard error, so that it disturbs no program */
static void
say_assumptions(const struct ctl *ctl, const struct forecast_source_counts *counts,
	const struct forecast_result *r)
{
	command_warn(ctl,
		"%" PRIu64 " messages sent by %" PRIu64
		" users make learned friends, who stand for vouches; all mail received is taken as "
		"proven",
		r->sent, r->users);
	if (!r->has_colleagues) {
		command_warn(ctl, "more than %d users: they are not taken to know each other",
			FORECAST_COLLEAGUES_MAX);
	}
	if (r->internal + r->foreign + counts->undated + counts->faults > 0) {
		command_warn(ctl,
			"not counted: %" PRIu64 " within the site, %" PRIu64
			" of nobody here, %" PRIu64 " without a date, %" PRIu64
			" without a usable sender or recipient",
			r->internal, r->foreign, counts->undated, counts->faults);
	}
}

static int
fail(const struct ctl *ctl, int rc, const struct err_msg *msg)
{
	return msg->code != 0 ? command_fail_msg(ctl, msg)
			      : command_fail(ctl, command_status(rc), "%s", err_text(rc));
}

static int
run(struct ctl *ctl, struct forecast *f)
{
	const char *log = ctl->options->value[OPTION_MAIL_LOG];
	struct forecast_source_counts counts = {0};
	struct forecast_result result;
	struct err_msg msg = {0};
	int rc = log != NULL ? forecast_read_log(ctl, log, f, &counts, &msg)
			     : forecast_read_mail(ctl, ctl->options->value[OPTION_MAILDIR], f,
				       &counts, &msg);

	if (rc == 0) {
		rc = forecast_run(f, &result, &msg);
	}
	if (rc != 0) {
		return fail(ctl, rc, &msg);
	}
	if (counts.read > 0 && result.month_count == 0 && result.sent == 0 &&
		result.internal + result.foreign == 0) {
		return command_fail(ctl, EX_DATAERR,
			"there is no mail in %s; is it of another kind?",
			log != NULL ? log : ctl->options->value[OPTION_MAILDIR]);
	}
	say_assumptions(ctl, &counts, &result);
	return print_forecast(ctl, &result);
}

int
cmd_forecast(struct ctl *ctl)
{
	const char *name = ctl->options->value[OPTION_DOMAIN];
	struct forecast *f = NULL;

	if (options_has(ctl->options, OPTION_MAIL_LOG) &&
		options_has(ctl->options, OPTION_MAILDIR)) {
		return command_fail(ctl, EX_USAGE, "--mail-log or --maildir, not both");
	}
	if (name == NULL) {
		return command_fail(ctl, EX_USAGE,
			"--domain DOMAIN is needed, to tell mail of this site from other mail");
	}
	if (forecast_new(slice_str(name), &f) != 0) {
		return command_fail(ctl, EX_OSERR, "out of memory");
	}
	int status = run(ctl, f);

	forecast_free(f);
	return status;
}
