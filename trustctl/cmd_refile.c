#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "common/base/array.h"
#include "common/base/encoding.h"
#include "common/ledger/ledger_history.h"
#include "common/scan/scan.h"
#include "trustctl/cmd.h"
#include "trustctl/keywork.h"
#include "trustctl/ledger_file.h"

/** Memory of one look at a sender. */
#define LOOK_ARENA_MAX ((size_t)4 << 20)

/* A delivered message as the history tells of it; owns its texts. */
struct delivered {
	uint64_t at_s;
	uint8_t evidence;
	enum tier tier;
	struct digest message_id;
	char user[LEDGER_ADDRESS_MAX + 1]; /* empty: the site */
	char sender[LEDGER_ADDRESS_MAX + 1];
};

struct refiling {
	struct ctl *ctl;
	struct site *site;
	struct ledger_file ledger;
	const char *only_user; /* NULL: all */
	char user[PRINCIPAL_TEXT_MAX];
	struct delivered *items; /* owned */
	size_t count;
	size_t cap;
	bool no_memory;
	struct table table;
};

static void
copy_text(struct slice text, char out[LEDGER_ADDRESS_MAX + 1])
{
	size_t len = text.len < LEDGER_ADDRESS_MAX ? text.len : LEDGER_ADDRESS_MAX;

	memcpy(out, text.data, len);
	out[len] = '\0';
}

static bool
keep(void *ctx, const struct ledger_decision *decision)
{
	struct refiling *r = ctx;
	struct delivered *items;
	struct delivered *item;

	if (decision->sender.len == 0 ||
		(r->only_user != NULL &&
			!slice_eq_nocase(decision->user, slice_str(r->only_user)))) {
		return true;
	}
	items = ARRAY_ROOM(r->items, r->count, &r->cap);
	if (items == NULL) {
		r->no_memory = true;
		return false;
	}
	r->items = items;
	item = &r->items[r->count++];
	*item = (struct delivered){.at_s = decision->at_s,
		.evidence = decision->evidence,
		.tier = decision->tier,
		.message_id = decision->message_id};
	copy_text(decision->user, item->user);
	copy_text(decision->sender, item->sender);
	return true;
}

/* collect - the history from a time on, out of the daemon's ledger */
static int
collect(struct refiling *r, uint64_t since_s, struct err_msg *msg)
{
	struct ledger_history_at at;
	int rc = ledger_file_begin(&r->ledger, msg);

	if (rc != 0) {
		return rc;
	}
	ledger_history_since(since_s, &at);
	ledger_history_walk(ledger_txn(r->ledger.desk.reader), &at, keep, r);
	rc = ledger_file_end(&r->ledger, msg);
	return r->no_memory ? err_set(msg, ERR_NOMEM, "out of memory") : rc;
}

/* tier_now - as if the message came now; without proof only what needs none can have changed */
static int
tier_now(struct refiling *r, const struct delivered *item, enum tier *out)
{
	const struct scanner scanner = {
		.graph = r->site->graph,
		.private_store = r->site->private_reader,
		.ledger = &r->ledger.desk,
	};
	const struct scan_request request = {
		.user = slice_str(item->user), .now_s = r->ctl->now_s, .show_private = true};
	struct principal sender;
	struct verdict verdict;
	struct arena arena;
	int rc = principal_parse_human(
		slice_str(item->sender), r->site->settings->fold_local_part, &sender, NULL);

	if (rc != 0 || sender.kind != PRINCIPAL_ADDR) {
		*out = item->tier;
		return 0;
	}
	arena_init(&arena, LOOK_ARENA_MAX);
	rc = scan_address(&scanner, r->site->settings, &sender, &request, &arena, &verdict);
	*out = rc == 0 ? verdict.tier : item->tier;
	arena_fini(&arena);
	if (item->evidence < 3 && *out != TIER_BLOCKED && *out != TIER_REVOKED) {
		*out = TIER_UNKNOWN;
	}
	return rc;
}

static const struct column columns[] = {
	{"at", "SCANNED", COLUMN_TIME},
	{"user", "USER", COLUMN_TEXT},
	{"sender", "SENDER", COLUMN_TEXT},
	{"tier", "TIER THEN", COLUMN_TEXT},
	{"tier_now", "TIER NOW", COLUMN_TEXT},
	{"message_id_sha256", "SHA-256 OF MESSAGE-ID", COLUMN_TEXT},
};

static void
put(struct table *table, const struct delivered *item, enum tier now)
{
	static const struct digest none = {{0}};
	char hex[2 * DIGEST_LEN + 1];

	table_number(table, item->at_s);
	table_str(table, item->user[0] != '\0' ? item->user : "the site");
	table_text(table, slice_str(item->sender));
	table_str(table, tier_name(item->tier));
	table_str(table, tier_name(now));
	hex_encode(digest_slice(&item->message_id), hex);
	if (digest_eq(&item->message_id, &none)) {
		table_none(table);
	} else {
		table_str(table, hex);
	}
}

static int
list_changed(struct refiling *r)
{
	int rc = 0;

	table_init(&r->table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; rc == 0 && i < r->count; i++) {
		enum tier now = r->items[i].tier;

		rc = tier_now(r, &r->items[i], &now);
		if (rc == 0 && now != r->items[i].tier) {
			put(&r->table, &r->items[i], now);
		}
	}
	if (rc != 0) {
		table_fini(&r->table);
		return command_fail(r->ctl, command_status(rc), "%s", err_text(rc));
	}
	return cmd_print_table(r->ctl, &r->table);
}

/* choose_user - the canonical address of --user */
static int
choose_user(struct refiling *r)
{
	const char *name = r->ctl->options->value[OPTION_USER];
	struct actor actor;

	if (name == NULL) {
		return EX_OK;
	}
	if (actor_find_user(r->site, name, &actor) != 0) {
		return command_fail(r->ctl, EX_NOUSER,
			"no user \"%s\" here; \"trustctl user list\" shows all", name);
	}
	(void)snprintf(r->user, sizeof(r->user), "%s", actor.name);
	r->only_user = r->user;
	return EX_OK;
}

static int
refile_in_site(struct refiling *r)
{
	uint64_t since_s = 0;
	struct err_msg msg;
	int status = choose_user(r);

	if (site_end(r->site, &msg) != 0) {
		return command_fail_msg(r->ctl, &msg);
	}
	if (status == EX_OK && options_has(r->ctl->options, OPTION_SINCE)) {
		status = keywork_since(r->ctl, &since_s);
	}
	if (status == EX_OK && (ledger_file_open(r->ctl, &r->ledger, &msg) != 0 ||
				       collect(r, since_s, &msg) != 0)) {
		status = command_fail_msg(r->ctl, &msg);
	}
	return status == EX_OK ? list_changed(r) : status;
}

static int
refile(struct ctl *ctl, struct site *site, void *arg)
{
	struct refiling r = {.ctl = ctl, .site = site};
	int status = refile_in_site(&r);

	(void)arg;
	ledger_file_close(&r.ledger);
	free(r.items);
	return status;
}

int
cmd_refile(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, refile, NULL);
}
