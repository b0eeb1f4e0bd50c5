#include <sysexits.h>
#include <unistd.h>

#include "common/statement/key_export.h"
#include "trustctl/bound.h"
#include "trustctl/cmd.h"
#include "trustctl/files.h"
#include "trustctl/keywork.h"
#include "trustctl/secret.h"

/* --- create -------------------------------------------------------------------------------- */

/* The keys of an identity in the making. */
struct creation {
	struct keypair *root;
	struct keypair *next;
	struct keypair *device;
	uint64_t now_s;
};

static int
generate(const struct rng *rng, struct creation *c, struct err_msg *msg)
{
	struct keypair **const pairs[] = {&c->root, &c->next, &c->device};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(pairs); i++) {
		rc = keypair_generate(rng, pairs[i]);
	}
	return rc == 0 ? 0 : err_set(msg, rc, "cannot make a key: %s", err_text(rc));
}

static int
publish(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	const struct creation *c = ctx;
	const struct publish_keys keys = {
		.root = c->root, .next = c->next, .device = c->device};

	return publish_identity(txn, &keys, STATEMENT_ROLE_MAIL, NULL, c->now_s, msg);
}

/* save - before they are used: what is signed by a lost key could never be taken back */
static int
save(const struct keystore *keys, const struct creation *c, const struct thumbprint *identity,
	struct err_msg *msg)
{
	int rc = keystore_add(keys, KEYSTORE_ROOT, identity, c->root, msg);

	rc = rc == 0 ? keystore_add(keys, KEYSTORE_NEXT, identity, c->next, msg) : rc;
	return rc == 0 ? keystore_add(keys, KEYSTORE_DEVICE, identity, c->device, msg) : rc;
}

static int
print_created(const struct ctl *ctl, const struct thumbprint *identity)
{
	static const struct column columns[] = {{"identity", "Identity", COLUMN_TEXT}};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, identity->text);
	return cmd_print_record(ctl, &table);
}

static int
create(struct ctl *ctl, struct site *site, void *arg)
{
	struct creation c = {.now_s = ctl->now_s};
	struct thumbprint identity = {{0}};
	struct keystore keys;
	struct err_msg msg;
	int rc = site_keys(site, &keys, &msg);

	(void)arg;
	rc = rc == 0 ? generate(&ctl->rng, &c, &msg) : rc;
	if (rc == 0) {
		public_key_thumbprint(keypair_public(c.root), &identity);
		rc = save(&keys, &c, &identity, &msg);
	}
	rc = rc == 0 ? site_update(site, publish, &c, &msg) : rc;
	keypair_free(c.root);
	keypair_free(c.next);
	keypair_free(c.device);
	return rc == 0 ? print_created(ctl, &identity) : command_fail_msg(ctl, &msg);
}

int
cmd_identity_create(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, create, NULL);
}

/* --- show ---------------------------------------------------------------------------------- */

static const struct column show_columns[] = {
	{"identity", "Identity", COLUMN_TEXT},
	{"name", "Of", COLUMN_TEXT},
	{"state", "State", COLUMN_TEXT},
	{"root_here", "Root key is here", COLUMN_BOOL},
	{"next", "Committed next root", COLUMN_TEXT},
	{"next_here", "Next key is here", COLUMN_BOOL},
	{"devices", "Device keys here", COLUMN_NUMBER},
	{"addresses", "Addresses in effect here", COLUMN_LIST},
	{"claims", "Addresses it claims", COLUMN_LIST},
	{"guardians", "Guardians", COLUMN_TEXT},
	{"needed", "Needed to stop it", COLUMN_NUMBER},
	{"change", "Guardians to come", COLUMN_TEXT},
	{"change_at", "From", COLUMN_TIME},
	{"revoked_since", "Revoked since", COLUMN_TIME},
	{"stopped_since", "Stopped by guardians", COLUMN_TIME},
	{"soft_until", "They may undo it until", COLUMN_TIME},
	{"successor", "Continues as", COLUMN_TEXT},
};

/* Which keys of an identity lie in the keystore. */
struct held {
	const struct thumbprint *identity;
	bool root;
	bool next;
	uint64_t devices;
};

static int
count_key(void *ctx, const struct keystore_entry *entry)
{
	struct held *held = ctx;

	if (!thumbprint_eq(&entry->identity, held->identity)) {
		return 0;
	}
	switch (entry->kind) {
	case KEYSTORE_ROOT:
		held->root = true;
		break;
	case KEYSTORE_NEXT:
		held->next = true;
		break;
	case KEYSTORE_DEVICE:
		held->devices++;
		break;
	}
	return 0;
}

static const char *
state_of(const struct graph_fate *fate, uint64_t now_s)
{
	if (fate->successor != GRAPH_NONE) {
		return "continued by its successor";
	}
	if (fate->revoked_since_s != 0) {
		return "revoked";
	}
	if (fate->guarded_since_s == 0) {
		return "alive";
	}
	return now_s < fate->soft_until_s ? "stopped by its guardians, who may undo it"
					  : "stopped by its guardians";
}

static void
put_guardians(struct table *table, const struct graph_guard_list *list)
{
	char text[STATEMENT_GUARDIANS_MAX * (IDENTITY_THUMBPRINT_LEN + 1) + 1] = "";
	size_t len = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (i > 0) {
			text[len++] = ' ';
		}
		memcpy(text + len, list->who[i].text, IDENTITY_THUMBPRINT_LEN);
		len += IDENTITY_THUMBPRINT_LEN;
	}
	if (len == 0) {
		table_none(table);
	} else {
		table_text(table, slice_of(text, len));
	}
}

/* put_guard_lists - those in effect, and the last change to come */
static void
put_guard_lists(struct table *table, const struct keywork *w)
{
	struct graph_guard_list lists[GRAPH_GUARD_LISTS_MAX];
	static const struct graph_guard_list none = {.count = 0};
	size_t count =
		graph_guard_lists(w->site->graph, &w->actor.identity, w->ctl->now_s, lists);
	const struct graph_guard_list *last = count > 1 ? &lists[count - 1] : &none;
	const struct graph_guard_list *now = count > 0 ? &lists[0] : &none;

	put_guardians(table, now);
	table_number(table, now->needed);
	if (count > 1 && last->count == 0) {
		table_str(table, "nobody");
	} else {
		put_guardians(table, last);
	}
	table_number(table, last->effective_s);
}

static void
put_fate(struct table *table, struct graph_reader *graph, const struct graph_fate *fate)
{
	struct slice successor;

	table_number(table, fate->revoked_since_s);
	table_number(table, fate->guarded_since_s);
	table_number(table, fate->soft_until_s);
	if (fate->successor != GRAPH_NONE &&
		graph_text_of(graph, graph_current(graph, fate->successor), &successor)) {
		table_text(table, slice_skip(successor, strlen("id:")));
	} else {
		table_none(table);
	}
}

static int
print_identity(const struct keywork *w, const struct held *held)
{
	struct graph_reader *graph = w->site->graph;
	graph_node self = graph_find(graph, &w->self);
	struct thumbprint next;
	struct graph_fate fate;
	struct table table;
	struct err_msg msg;
	struct bound bound;

	if (bound_find(w->ctl, w->site, self, &bound, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	graph_fate(graph, self, &fate);
	table_init(&table, show_columns, ARRAY_LEN(show_columns));
	table_str(&table, w->actor.identity.text);
	table_text(&table, slice_str(w->actor.name));
	table_str(&table, state_of(&fate, w->ctl->now_s));
	table_bool(&table, held->root);
	if (graph_committed_next(graph, &w->actor.identity, &next)) {
		table_str(&table, next.text);
	} else {
		table_none(&table);
	}
	table_bool(&table, held->next);
	table_number(&table, held->devices);
	table_list(&table, bound.effective, bound.effective_count);
	table_list(&table, bound.claimed, bound.claimed_count);
	put_guard_lists(&table, w);
	put_fate(&table, graph, &fate);
	return cmd_print_record(w->ctl, &table);
}

static int
show(struct ctl *ctl, struct site *site, void *arg)
{
	struct keywork w;
	struct held held = {.identity = &w.actor.identity};
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	if (status == EX_OK && (keystore_visit(&w.keys, count_key, &held, &msg) != 0 ||
				       site_begin(site, &msg) != 0)) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK) {
		status = print_identity(&w, &held);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_identity_show(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, show, NULL);
}

/* --- export and import --------------------------------------------------------------------- */

/* load_wanted - the root, or with --next the committed next root; borrowed from w */
static int
load_wanted(struct keywork *w, struct keystore_entry *entry, const struct keypair **out,
	struct err_msg *msg)
{
	bool is_next = options_has(w->ctl->options, OPTION_NEXT);
	int rc = is_next ? keywork_next(w, msg) : keywork_root(w, msg);

	*out = is_next ? w->next : w->root;
	*entry = (struct keystore_entry){
		is_next ? KEYSTORE_NEXT : KEYSTORE_ROOT, w->actor.identity, {{0}}};
	if (rc == 0) {
		public_key_thumbprint(keypair_public(*out), &entry->key);
	}
	return rc;
}

/* verify - what was written opens again, and is the key */
static int
verify(const char *path, const struct secret *passphrase, const struct keystore_entry *entry,
	struct err_msg *msg)
{
	struct keystore_entry back;
	struct keypair *pair = NULL;
	struct dynbuf text;
	int rc;

	dynbuf_init(&text, KEY_EXPORT_MAX + 2);
	rc = files_read(path, &text, msg);
	rc = rc == 0 ? key_export_open(
			       dynbuf_slice(&text), secret_slice(passphrase), &back, &pair, msg)
		     : rc;
	if (rc == 0 && !thumbprint_eq(&back.key, &entry->key)) {
		rc = err_set(msg, ERR_CORRUPT, "%s does not hold what was written", path);
	}
	keypair_free(pair);
	dynbuf_fini(&text);
	return rc;
}

/* write_export - to a new file, read back before anything relies on it */
static int
write_export(struct keywork *w, const char *path, const struct keystore_entry *entry,
	const struct keypair *pair, struct err_msg *msg)
{
	struct secret passphrase;
	struct dynbuf text;
	int rc = secret_read(
		w->ctl, "New passphrase for the exported key", true, &passphrase, msg);

	if (rc != 0) {
		return rc;
	}
	dynbuf_init(&text, KEY_EXPORT_MAX + 2);
	rc = key_export_seal(entry, pair,
		&(struct key_export_lock){secret_slice(&passphrase), KEY_EXPORT_LOG_N},
		&w->ctl->rng, &text, msg);
	(void)dynbuf_add_byte(&text, '\n');
	rc = rc == 0 ? files_write(path, 0600, dynbuf_slice(&text), msg) : rc;
	rc = rc == 0 ? verify(path, &passphrase, entry, msg) : rc;
	dynbuf_fini(&text);
	secret_fini(&passphrase);
	return rc;
}

/* may_remove - the host must be able to go on without the root */
static int
may_remove(struct keywork *w, const struct keystore_entry *entry, struct err_msg *msg)
{
	int rc = entry->kind == KEYSTORE_ROOT ? keywork_device(w, msg) : 0;

	return rc == 0 ? 0
		       : err_set(msg, ERR_NOTREADY,
				 "%s has no device key here to go on with, so the root stays; "
				 "make one first: trustctl device add --here",
				 w->actor.name);
}

static int
export_key(struct ctl *ctl, struct site *site, void *arg)
{
	const char *path = ctl->args[0];
	bool is_removed = options_has(ctl->options, OPTION_REMOVE);
	const struct keypair *pair = NULL;
	struct keystore_entry entry;
	struct keywork w;
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);
	int rc = 0;

	(void)arg;
	if (status == EX_OK && access(path, F_OK) == 0) {
		status = command_fail(ctl, EX_CANTCREAT,
			"%s is there already; an export never replaces a file", path);
	}
	if (status == EX_OK) {
		rc = load_wanted(&w, &entry, &pair, &msg);
		rc = rc == 0 && is_removed ? may_remove(&w, &entry, &msg) : rc;
		rc = rc == 0 ? write_export(&w, path, &entry, pair, &msg) : rc;
		rc = rc == 0 && is_removed ? keystore_remove(&w.keys, &entry, &msg) : rc;
		status = rc == 0 ? EX_OK : command_fail_msg(ctl, &msg);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_identity_export(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, export_key, NULL);
}

/* check_next - a next root is of use only where the identity committed to it */
static int
check_next(struct site *site, const struct keystore_entry *entry, struct err_msg *msg)
{
	struct thumbprint committed;
	int rc;

	if (entry->kind != KEYSTORE_NEXT) {
		return 0;
	}
	rc = site_begin(site, msg);
	if (rc != 0) {
		return rc;
	}
	if (graph_committed_next(site->graph, &entry->identity, &committed) &&
		!thumbprint_eq(&committed, &entry->key)) {
		rc = err_set(msg, ERR_DENIED,
			"%s committed to another next root (%s) than this one",
			entry->identity.text, committed.text);
	}
	int end_rc = site_end(site, rc == 0 ? msg : NULL);

	return rc != 0 ? rc : end_rc;
}

static int
open_import(struct ctl *ctl, struct keystore_entry *entry, struct keypair **out,
	struct err_msg *msg)
{
	struct secret passphrase;
	struct key_export seen;
	struct dynbuf text;
	int rc;

	dynbuf_init(&text, KEY_EXPORT_MAX + 2);
	rc = files_read(ctl->args[0], &text, msg);
	/* Before anybody types a passphrase for a file that is none. */
	rc = rc == 0 ? key_export_parse(dynbuf_slice(&text), &seen, msg) : rc;
	rc = rc == 0 ? secret_read(
			       ctl, "Passphrase of the exported key", false, &passphrase, msg)
		     : rc;
	if (rc == 0) {
		rc = key_export_open(
			dynbuf_slice(&text), secret_slice(&passphrase), entry, out, msg);
		secret_fini(&passphrase);
	}
	dynbuf_fini(&text);
	return rc;
}

static int
import_key(struct ctl *ctl, struct site *site, void *arg)
{
	struct keystore_entry entry;
	struct keypair *pair = NULL;
	struct keystore keys;
	struct err_msg msg;
	int rc = site_keys(site, &keys, &msg);

	(void)arg;
	rc = rc == 0 ? open_import(ctl, &entry, &pair, &msg) : rc;
	rc = rc == 0 ? check_next(site, &entry, &msg) : rc;
	rc = rc == 0 ? keystore_add(&keys, entry.kind, &entry.identity, pair, &msg) : rc;
	keypair_free(pair);
	return rc == 0 ? print_created(ctl, &entry.identity) : command_fail_msg(ctl, &msg);
}

int
cmd_identity_import(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, import_key, NULL);
}
