#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "common/ctl/ctl_client.h"
#include "common/graph/store_layout.h"
#include "common/ledger/ledger_history.h"
#include "common/ledger/ledger_report.h"
#include "trustctl/cmd.h"
#include "trustctl/interest.h"

/** Text of all problems together. */
#define PROBLEMS_MAX 4096

static const struct column columns[] = {
	{"store", "Store", COLUMN_TEXT},
	{"domain", "Domain", COLUMN_TEXT},
	{"identity", "Site identity", COLUMN_TEXT},
	{"schema", "Schema", COLUMN_NUMBER},
	{"epoch", "Epoch", COLUMN_TEXT},
	{"users", "Users", COLUMN_NUMBER},
	{"private_entries", "Private friends and blocks", COLUMN_NUMBER},
	{"statements", "Statements", COLUMN_NUMBER},
	{"principals", "Principals", COLUMN_NUMBER},
	{"edges", "Published vouches", COLUMN_NUMBER},
	{"blocks", "Published blocks", COLUMN_NUMBER},
	{"revocations", "Published revocations", COLUMN_NUMBER},
	{"tombstones", "Tombstones", COLUMN_NUMBER},
	{"graph_bytes", "Graph, bytes used", COLUMN_NUMBER},
	{"graph_readers", "Graph, readers", COLUMN_NUMBER},
	{"private_bytes", "Private, bytes used", COLUMN_NUMBER},
	{"private_readers", "Private, readers", COLUMN_NUMBER},
	{"reports", "Reports", COLUMN_NUMBER},
	{"introductions", "Introductions", COLUMN_NUMBER},
	{"ledger_entries", "Spending and blame, entries", COLUMN_NUMBER},
	{"pins", "Pins", COLUMN_NUMBER},
	{"decisions", "Decisions", COLUMN_NUMBER},
	{"oldest_decision", "Oldest decision", COLUMN_TIME},
	{"ledger_bytes", "Ledger, bytes used", COLUMN_NUMBER},
	{"decisions_lost", "Decisions lost", COLUMN_NUMBER},
	{"problems", "Problems", COLUMN_TEXT},
};

/* check_mode - a problem when others may do what `forbidden` says */
static void
check_mode(const struct site *site, enum store_layout_part part, const char *file,
	mode_t forbidden, struct dynbuf *problems)
{
	char directory[PATH_MAX];
	char path[PATH_MAX];
	struct stat st;

	if (store_layout_path(site->root, part, directory, NULL) != 0) {
		return;
	}
	int n = snprintf(path, sizeof(path), "%s%s", directory, file);

	if (n < 0 || n >= PATH_MAX || stat(path, &st) != 0) {
		return;
	}
	if ((st.st_mode & forbidden) != 0) {
		(void)dynbuf_printf(problems, "%s%s has mode %04o; run: chmod %04o %s",
			dynbuf_slice(problems).len > 0 ? "; " : "", path,
			(unsigned int)(st.st_mode & 07777),
			(unsigned int)(st.st_mode & 07777 & ~forbidden), path);
	}
}

static void
check_modes(const struct site *site, struct dynbuf *problems)
{
	static const struct {
		enum store_layout_part part;
		const char *file;
		mode_t forbidden;
	} checks[] = {
		{STORE_LAYOUT_GRAPH, "", 022},
		{STORE_LAYOUT_GRAPH, "/data.mdb", 027},
		{STORE_LAYOUT_PRIVATE, "", 027},
		{STORE_LAYOUT_PRIVATE, "/data.mdb", 027},
		{STORE_LAYOUT_LEDGER, "", 027},
		{STORE_LAYOUT_KEYS, "", 077},
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		check_mode(site, checks[i].part, checks[i].file, checks[i].forbidden, problems);
	}
}

/* put_users - how many there are, and how many entries they and the site hold for themselves */
static void
put_users(struct table *table, struct site *site)
{
	struct private_cursor cursor;
	struct private_user user;
	struct actor actor;
	uint64_t count = 0;
	uint64_t entries = 0;

	if (actor_find_site(site, &actor, NULL) == 0) {
		entries += private_count(site->private_reader, &actor.digest);
	}
	private_users(site->private_reader, &cursor);
	while (private_next_user(&cursor, &user)) {
		count++;
		entries += private_count(site->private_reader, &user.digest);
	}
	private_cursor_close(&cursor);
	table_number(table, count);
	table_number(table, entries);
}

/* put_usage - how big a store is, and how many read it (ourselves included) */
static void
put_usage(struct table *table, struct store *store)
{
	struct store_usage usage;

	if (store_usage(store, &usage) == 0) {
		table_number(table, usage.bytes_used);
		table_number(table, usage.readers);
	} else {
		table_none(table);
		table_none(table);
	}
}

/* The ledger as far as status tells of it. */
struct ledger_state {
	bool is_there; /* spamd-trust makes it */
	uint64_t reports;
	uint64_t introductions;
	uint64_t entries;
	uint64_t pins;
	uint64_t decisions;
	uint64_t oldest_s;
	uint64_t bytes;
	bool is_running; /* spamd-trust, which knows the next */
	uint64_t decisions_lost;
};

/* count_ledger - from a snapshot of the store */
static int
count_ledger(struct store *store, struct ledger_state *out)
{
	struct store_usage usage;
	struct store_txn *txn = NULL;
	int rc = store_begin_read(store, &txn);

	if (rc == 0) {
		out->reports = ledger_report_count(txn);
		out->introductions = store_count(txn, LEDGER_INTRODUCTIONS);
		out->entries = store_count(txn, LEDGER_ENTRIES);
		out->pins = store_count(txn, LEDGER_PINS);
		out->decisions = store_count(txn, LEDGER_HISTORY);
		out->oldest_s = ledger_history_oldest(txn);
		rc = store_txn_error(txn);
		store_abort(txn);
	}
	if (rc == 0) {
		rc = store_usage(store, &usage);
		out->bytes = usage.bytes_used;
	}
	return rc;
}

static int
read_ledger(const struct ctl *ctl, struct ledger_state *out, struct err_msg *msg)
{
	struct store *store = NULL;
	int rc = store_layout_open(STORE_LAYOUT_LEDGER, ctl->root, STORE_READ, &store, msg);

	*out = (struct ledger_state){.is_there = rc == 0};
	if (rc != 0) {
		return rc == ERR_NOTFOUND ? 0 : rc;
	}
	rc = count_ledger(store, out);
	store_close(store);
	return rc == 0 ? 0
		       : err_set(msg, rc, "the ledger in %s cannot be counted: %s", ctl->root,
				 err_text(rc));
}

/* ask_daemon - what only a running daemon knows; one that does not run is no failure */
static void
ask_daemon(const struct ctl *ctl, const struct site *site, struct ledger_state *out)
{
	struct ctl_message *request = ctl_message_request("status");
	struct ctl_message *reply = NULL;
	char path[PATH_MAX];
	int64_t lost = 0;

	if (request != NULL &&
		store_layout_control_path(ctl->root, STORE_LAYOUT_LEDGER,
			site->settings->control_socket, path, NULL) == 0 &&
		ctl_client_call(path, request, CTL_CLIENT_TIMEOUT_MS, &reply, NULL) == 0 &&
		ctl_message_number(reply, "notes_lost", &lost)) {
		out->is_running = true;
		out->decisions_lost = (uint64_t)lost;
	}
	ctl_message_free(request);
	ctl_message_free(reply);
}

static void
put_ledger(struct table *table, const struct ledger_state *ledger)
{
	const uint64_t numbers[] = {ledger->reports, ledger->introductions, ledger->entries,
		ledger->pins, ledger->decisions, ledger->oldest_s, ledger->bytes};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (ledger->is_there) {
			table_number(table, numbers[i]);
		} else {
			table_none(table);
		}
	}
	if (ledger->is_running) {
		table_number(table, ledger->decisions_lost);
	} else {
		table_none(table);
	}
}

static void
put_site(struct table *table, struct ctl *ctl, struct site *site)
{
	struct slice domain = private_site_domain(site->private_reader);
	struct actor actor;
	char epoch[32];

	table_str(table, ctl->root);
	table_text(table, domain);
	if (actor_find_site(site, &actor, NULL) == 0) {
		table_str(table, actor.identity.text);
	} else {
		table_none(table);
	}
	table_number(table, GRAPH_SCHEMA_VERSION);
	(void)snprintf(
		epoch, sizeof(epoch), "%016llx", (unsigned long long)graph_epoch(site->graph));
	table_str(table, epoch);
}

static int
status(struct ctl *ctl, struct site *site, void *arg)
{
	struct graph_stats stats;
	struct ledger_state ledger;
	struct dynbuf problems;
	struct table table;
	struct err_msg msg;

	(void)arg;
	if (graph_stats(site->graph, &stats) != 0) {
		return command_fail(
			ctl, EX_DATAERR, "the graph in %s cannot be counted", ctl->root);
	}
	if (read_ledger(ctl, &ledger, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	ask_daemon(ctl, site, &ledger);
	dynbuf_init(&problems, PROBLEMS_MAX);
	check_modes(site, &problems);
	table_init(&table, columns, ARRAY_LEN(columns));
	put_site(&table, ctl, site);
	put_users(&table, site);
	table_number(&table, stats.statements);
	table_number(&table, stats.principals);
	table_number(&table, stats.edges);
	table_number(&table, stats.blocks);
	table_number(&table, stats.revocations);
	table_number(&table, stats.tombstones);
	put_usage(&table, site->graph_store);
	put_usage(&table, site->private_store);
	put_ledger(&table, &ledger);

	bool sound = dynbuf_slice(&problems).len == 0;

	if (sound) {
		table_none(&table);
	} else {
		table_text(&table, dynbuf_slice(&problems));
	}
	dynbuf_fini(&problems);
	int exit_status = cmd_print_record(ctl, &table);

	return exit_status == EX_OK && !sound
		       ? command_fail(ctl, EX_NOPERM, "files of the store are open to others")
		       : exit_status;
}

int
cmd_status(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, status, NULL);
}

static int
rebuild_work(void *ctx, struct graph_txn *txn, struct err_msg *msg)
{
	(void)ctx;
	return graph_rebuild(txn, msg);
}

static int
rebuild(struct ctl *ctl, struct site *site, void *arg)
{
	const struct graph_options options = site_graph_options(site);
	struct err_msg msg;

	(void)arg;
	if (graph_update(site->graph_store, &options, rebuild_work, NULL, &msg) != 0 ||
		interest_refresh(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	return EX_OK;
}

int
cmd_rebuild(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_REBUILD, rebuild, NULL);
}
