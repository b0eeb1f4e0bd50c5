#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/encoding.h"
#include "trustctl/cmd.h"
#include "trustctl/files.h"
#include "trustctl/import/file_lines.h"

/** Statements merged in one transaction. */
#define BATCH_MAX    512
/** A statement made here may be this far ahead of our clock. */
#define CLOCK_SKEW_S 600
#define ID_TEXT_LEN  BASE64URL_LEN(DIGEST_LEN)

/* id_text - the form of stmt:ID */
static void
id_text(const struct digest *id, char out[ID_TEXT_LEN + 1])
{
	base64url_encode(digest_slice(id), out);
}

static void
put_times(struct table *table, const struct statement *st)
{
	table_number(table, st->iat);
	table_number(table, st->exp);
}

/* --- list and show ------------------------------------------------------------------------- */

static const struct column list_columns[] = {
	{"id", "ID", COLUMN_TEXT},
	{"act", "ACT", COLUMN_TEXT},
	{"issuer", "ISSUER", COLUMN_TEXT},
	{"subject", "SUBJECT", COLUMN_TEXT},
	{"level", "LEVEL", COLUMN_NUMBER},
	{"audience", "AUDIENCE", COLUMN_TEXT},
	{"seq", "SEQ", COLUMN_NUMBER},
	{"issued", "ISSUED", COLUMN_TIME},
	{"expires", "EXPIRES", COLUMN_TIME},
};

static void
put_statement(struct table *table, const struct statement *st)
{
	char id[ID_TEXT_LEN + 1];

	id_text(&st->id, id);
	table_str(table, id);
	table_str(table, statement_act_name(st->act));
	table_str(table, st->iss.text);
	table_text(table, principal_slice(&st->sub));
	table_number(table, st->lvl);
	table_str(table, statement_aud_name(st->aud));
	table_number(table, st->seq);
	put_times(table, st);
}

static int
list_one(void *ctx, const struct graph_record *record)
{
	struct table *table = ctx;
	struct statement st;
	int rc = statement_decode(record->jws, &st, NULL);

	if (rc == 0) {
		put_statement(table, &st);
	}
	return rc;
}

static int
list(struct ctl *ctl, struct site *site, void *arg)
{
	struct table table;

	(void)arg;
	table_init(&table, list_columns, ARRAY_LEN(list_columns));
	int rc = graph_visit(site->graph, 0, list_one, &table);

	if (rc != 0) {
		table_fini(&table);
		return command_fail(ctl, command_status(rc), "the graph in %s: %s", ctl->root,
			err_text(rc));
	}
	return cmd_print_table(ctl, &table);
}

int
cmd_statement_list(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, list, NULL);
}

static const struct column show_columns[] = {
	{"id", "Id", COLUMN_TEXT},
	{"act", "Act", COLUMN_TEXT},
	{"issuer", "Issuer", COLUMN_TEXT},
	{"subject", "Subject", COLUMN_TEXT},
	{"level", "Level", COLUMN_NUMBER},
	{"audience", "Audience", COLUMN_TEXT},
	{"seq", "Sequence", COLUMN_NUMBER},
	{"issued", "Issued", COLUMN_TIME},
	{"expires", "Expires", COLUMN_TIME},
	{"why", "Why", COLUMN_TEXT},
	{"since", "Since", COLUMN_TIME},
	{"by_root", "Signed by the root", COLUMN_BOOL},
	{"signature", "Signature", COLUMN_TEXT},
	{"first_seen", "First seen here", COLUMN_TIME},
	{"jws", "JWS", COLUMN_TEXT},
};

static int
print_statement(const struct ctl *ctl, struct slice jws, uint64_t first_seen_s)
{
	struct statement st;
	struct err_msg msg;
	struct table table;

	if (statement_decode(jws, &st, &msg) != 0) {
		return command_fail(ctl, EX_DATAERR, "not a statement: %s", msg.text);
	}
	table_init(&table, show_columns, ARRAY_LEN(show_columns));
	put_statement(&table, &st);
	table_str(&table, statement_why_name(st.why));
	table_number(&table, st.since);
	table_bool(&table, statement_is_by_root(&st));

	int rc = statement_verify(jws, &st);

	table_str(&table, rc == 0 ? "valid" : err_text(rc));
	table_number(&table, first_seen_s);
	table_text(&table, jws);
	return cmd_print_record(ctl, &table);
}

static int
show_stored(struct ctl *ctl, struct site *site, void *arg)
{
	const struct digest *id = arg;
	struct graph_record record;
	int rc = graph_get(site->graph, id, &record);

	if (rc != 0) {
		return command_fail(
			ctl, EX_NOINPUT, "no statement %s in %s", ctl->args[0], ctl->root);
	}
	return print_statement(ctl, record.jws, record.first_seen_s);
}

static int
show_file(struct ctl *ctl)
{
	struct dynbuf text;
	struct err_msg msg;

	dynbuf_init(&text, STATEMENT_MAX + 2);
	int status = files_read(ctl->args[0], &text, &msg) == 0
			     ? print_statement(ctl, slice_trim(dynbuf_slice(&text)), 0)
			     : command_fail_msg(ctl, &msg);

	dynbuf_fini(&text);
	return status;
}

int
cmd_statement_show(struct ctl *ctl)
{
	struct slice text = slice_str(ctl->args[0]);
	struct digest id;
	size_t len;

	if (slice_starts_with(text, SLICE("stmt:"))) {
		text = slice_skip(text, strlen("stmt:"));
	}
	if (text.len == ID_TEXT_LEN && access(ctl->args[0], F_OK) != 0 &&
		base64url_decode(text, id.bytes, sizeof(id.bytes), &len) == 0) {
		return cmd_with_site(ctl, SITE_READ, show_stored, &id);
	}
	return show_file(ctl);
}

/* --- verify and import --------------------------------------------------------------------- */

/* A line of the input and what became of it. */
struct item {
	uint64_t line;
	bool decoded;
	const char *result; /* static text */
	char reason[ERR_TEXT_MAX];
	struct statement st;
	size_t jws_len;
	char jws[STATEMENT_MAX];
};

/* Reading the input: batches of items, and the listing that grows with them. */
struct intake {
	struct ctl *ctl;
	struct site *site; /* NULL: only verify */
	struct item *items;
	size_t count;
	uint64_t refused;
	uint64_t lines;
	struct table table;
};

static const struct column intake_columns[] = {
	{"line", "LINE", COLUMN_NUMBER},
	{"result", "RESULT", COLUMN_TEXT},
	{"act", "ACT", COLUMN_TEXT},
	{"issuer", "ISSUER", COLUMN_TEXT},
	{"subject", "SUBJECT", COLUMN_TEXT},
	{"reason", "REASON", COLUMN_TEXT},
};

static void
refuse(struct item *item, const char *reason)
{
	item->result = "refused";
	(void)snprintf(item->reason, sizeof(item->reason), "%s", reason);
}

/* examine - everything that can be said without the graph */
static void
examine(struct intake *in, struct item *item, const struct line *line)
{
	struct slice jws = slice_trim(line->text);
	struct err_msg msg = {0};

	*item = (struct item){.line = line->number, .result = "valid"};
	if (!line->ends || jws.len > sizeof(item->jws)) {
		refuse(item, "longer than a statement may be");
		return;
	}
	memcpy(item->jws, jws.data, jws.len);
	item->jws_len = jws.len;

	int rc = statement_decode(jws, &item->st, &msg);

	if (rc != 0) {
		refuse(item, msg.text[0] != '\0' ? msg.text : err_text(rc));
		return;
	}
	item->decoded = true;
	rc = statement_verify(jws, &item->st);
	if (rc != 0) {
		refuse(item, err_text(rc));
	} else if (!statement_is_current(&item->st, in->ctl->now_s, CLOCK_SKEW_S)) {
		refuse(item,
			item->st.iat > in->ctl->now_s ? "issued in the future" : "expired");
	}
}

static const char *
outcome_name(enum graph_outcome outcome)
{
	switch (outcome) {
	case GRAPH_ADDED:
		return "added";
	case GRAPH_REPLACED:
		return "replaced";
	case GRAPH_KNOWN:
		return "known";
	case GRAPH_STALE:
		return "stale";
	case GRAPH_TOMBSTONED:
	case GRAPH_OVER_QUOTA:
	case GRAPH_CONFLICT:
		break;
	}
	return "refused";
}

static const char *
outcome_reason(enum graph_outcome outcome)
{
	switch (outcome) {
	case GRAPH_ADDED:
	case GRAPH_REPLACED:
	case GRAPH_KNOWN:
		break;
	case GRAPH_STALE:
		return "a newer statement of the same register is there";
	case GRAPH_TOMBSTONED:
		return "refused or erased here before";
	case GRAPH_OVER_QUOTA:
		return "older than what the issuer's quota keeps";
	case GRAPH_CONFLICT:
		return "against the successor key the identity committed to first";
	}
	return "";
}

static const char *
reason_of(struct graph_txn *txn, const struct item *item, enum graph_outcome outcome)
{
	const char *reason = outcome_reason(outcome);

	return reason[0] == '\0' && graph_is_held(txn, &item->st)
		       ? "one new vouch too many: introduces nobody until signed again later"
		       : reason;
}

static int
merge(void *ctx, struct graph_txn *txn, struct err_msg *msg)
{
	struct intake *in = ctx;
	bool is_established = options_has(in->ctl->options, OPTION_ESTABLISHED);
	int (*const add)(struct graph_txn *, struct slice, const struct statement *, uint64_t,
		enum graph_outcome *, struct err_msg *) =
		is_established ? graph_add_exempt : graph_add;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < in->count; i++) {
		struct item *item = &in->items[i];
		enum graph_outcome outcome;

		/* The work may run again: only what examine() refused is out of it. */
		if (!item->decoded || strcmp(item->result, "refused") == 0) {
			continue;
		}
		rc = add(txn, slice_of(item->jws, item->jws_len), &item->st, in->ctl->now_s,
			&outcome, msg);
		item->result = rc == 0 ? outcome_name(outcome) : item->result;
		(void)snprintf(item->reason, sizeof(item->reason), "%s",
			rc == 0 ? reason_of(txn, item, outcome) : "");
	}
	return rc;
}

static void
put_item(struct intake *in, const struct item *item)
{
	struct table *table = &in->table;

	table_number(table, item->line);
	table_str(table, item->result);
	if (item->decoded) {
		table_str(table, statement_act_name(item->st.act));
		table_str(table, item->st.iss.text);
		table_text(table, principal_slice(&item->st.sub));
	} else {
		table_none(table);
		table_none(table);
		table_none(table);
	}
	if (item->reason[0] != '\0') {
		table_str(table, item->reason);
	} else {
		table_none(table);
	}
	in->refused += strcmp(item->result, "refused") == 0 ? 1 : 0;
}

/* flush_batch - merges the items (where there is a store) and lists them */
static int
flush_batch(struct intake *in, struct err_msg *msg)
{
	int rc = 0;

	if (in->site != NULL && in->count > 0) {
		const struct graph_options options = site_graph_options(in->site);

		rc = graph_update(in->site->graph_store, &options, merge, in, msg);
	}
	for (size_t i = 0; rc == 0 && i < in->count; i++) {
		put_item(in, &in->items[i]);
	}
	in->count = 0;
	return rc;
}

struct intake_reading {
	struct intake *in;
	struct err_msg *msg;
};

static int
take_line(void *ctx, const struct line *line)
{
	struct intake_reading *r = ctx;
	struct intake *in = r->in;

	if (!line->starts || slice_trim(line->text).len == 0) {
		return 0;
	}
	examine(in, &in->items[in->count++], line);
	in->lines++;
	return in->count == BATCH_MAX ? flush_batch(in, r->msg) : 0;
}

static int
take_input(struct ctl *ctl, struct site *site)
{
	const char *path = ctl->arg_count > 0 ? ctl->args[0] : "-";
	struct intake in = {.ctl = ctl, .site = site};
	struct err_msg msg = {0};
	struct intake_reading reading = {&in, &msg};

	in.items = calloc(BATCH_MAX, sizeof(*in.items));
	if (in.items == NULL) {
		return command_fail(ctl, EX_OSERR, "out of memory");
	}
	table_init(&in.table, intake_columns, ARRAY_LEN(intake_columns));
	int rc = file_lines_read(path, NULL, take_line, &reading, &msg);

	if (rc == 0) {
		rc = flush_batch(&in, &msg);
	}
	free(in.items);

	/* What was merged before a failure stays merged, so it is listed either way. */
	int status = cmd_print_table(ctl, &in.table);

	if (rc != 0) {
		return command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK && in.lines == 0) {
		return command_fail(ctl, EX_DATAERR, "%s: no statements", path);
	}
	if (status == EX_OK && in.refused > 0) {
		return command_fail(ctl, EX_DATAERR, "%" PRIu64 " of %" PRIu64 " refused",
			in.refused, in.lines);
	}
	return status;
}

int
cmd_statement_verify(struct ctl *ctl)
{
	return take_input(ctl, NULL);
}

static int
import(struct ctl *ctl, struct site *site, void *arg)
{
	(void)arg;
	return take_input(ctl, site);
}

int
cmd_statement_import(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, import, NULL);
}

/* --- export -------------------------------------------------------------------------------- */

static int
write_jws(void *ctx, const struct graph_record *record)
{
	FILE *out = ctx;

	return fwrite(record->jws.data, 1, record->jws.len, out) == record->jws.len &&
			       fputc('\n', out) != EOF
		       ? 0
		       : ERR_IO;
}

static int export(struct ctl *ctl, struct site *site, void *arg)
{
	(void)arg;
	int rc = graph_visit(site->graph, 0, write_jws, ctl->print.out);

	return rc == 0 ? EX_OK
		       : command_fail(
				 ctl, command_status(rc), "export failed: %s", err_text(rc));
}

int
cmd_statement_export(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, export, NULL);
}
