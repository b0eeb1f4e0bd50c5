#include "trustctl/enrol.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "trustctl/files.h"
#include "trustctl/progress.h"

#define NOTE_NAME "keys/enrolling"
/** A note about a hundred thousand users. */
#define NOTE_MAX  ((size_t)32 << 20)

/* The note: lines of "IDENTITY ADDRESS\n". */
struct note {
	char path[PATH_MAX];
	struct dynbuf text;
};

enum owned_key {
	OWNED_ROOT,
	OWNED_NEXT,
	OWNED_DEVICE,
};

static int
note_read(struct note *note, const struct site *site, struct err_msg *msg)
{
	dynbuf_init(&note->text, NOTE_MAX);

	int rc = site_path(site, NOTE_NAME, note->path, msg);

	if (rc != 0 || access(note->path, F_OK) != 0) {
		return rc;
	}
	return files_read(note->path, &note->text, msg);
}

/* note_next - takes one line off *rest; false at the end; lines that are none are passed over */
static bool
note_next(struct slice *rest, struct thumbprint *identity, struct slice *address)
{
	struct slice line;

	while (slice_next_token(rest, "\n", &line)) {
		size_t blank = slice_find_byte(line, ' ');

		*address = slice_skip(line, blank + 1);
		if (address->len > 0 &&
			thumbprint_parse(slice_take(line, blank), identity) == 0) {
			return true;
		}
	}
	return false;
}

static bool
note_find(const struct note *note, struct slice address, struct thumbprint *out)
{
	struct slice rest = dynbuf_slice(&note->text);
	struct slice noted;

	while (note_next(&rest, out, &noted)) {
		if (slice_eq(noted, address)) {
			return true;
		}
	}
	return false;
}

static bool
is_in_batch(struct slice address, const struct enrolment *users, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_eq(address, principal_value(&users[i].address))) {
			return true;
		}
	}
	return false;
}

/*
 * note_write - what the old note says of others, and with `begin` this batch; an empty note is
 * removed.
 */
static int
note_write(const struct note *note, const struct enrolment *users, size_t count, bool begin,
	struct err_msg *msg)
{
	struct slice rest = dynbuf_slice(&note->text);
	struct thumbprint identity;
	struct dynbuf text;
	struct slice address;

	dynbuf_init(&text, NOTE_MAX);
	while (note_next(&rest, &identity, &address)) {
		if (!is_in_batch(address, users, count)) {
			(void)dynbuf_printf(
				&text, "%s %.*s\n", identity.text, SLICE_ARG(address));
		}
	}
	for (size_t i = 0; begin && i < count; i++) {
		if (!users[i].existed) {
			address = principal_value(&users[i].address);
			(void)dynbuf_printf(
				&text, "%s %.*s\n", users[i].identity.text, SLICE_ARG(address));
		}
	}
	int rc = dynbuf_error(&text);

	if (rc != 0) {
		(void)err_set(msg, rc, "too many users at a time: %s", err_text(rc));
	} else if (dynbuf_slice(&text).len > 0) {
		rc = files_write(note->path, 0600, dynbuf_slice(&text), msg);
	} else if (unlink(note->path) != 0 && errno != ENOENT) {
		rc = err_set_errno(msg, "cannot remove %s", note->path);
	}
	dynbuf_fini(&text);
	return rc;
}

/* Finds the committed next root and the device of an identity in the making. */
struct key_search {
	const struct keystore *keys;
	const struct thumbprint *identity;
	struct enrolment *user;
	struct err_msg *msg;
};

static int
load_found(void *ctx, const struct keystore_entry *entry)
{
	struct key_search *search = ctx;
	enum owned_key which = entry->kind == KEYSTORE_NEXT ? OWNED_NEXT : OWNED_DEVICE;

	if (entry->kind == KEYSTORE_ROOT ||
		!thumbprint_eq(&entry->identity, search->identity) ||
		search->user->owned[which] != NULL) {
		return 0;
	}
	return keystore_load(search->keys, entry, &search->user->owned[which], search->msg);
}

/* load_noted - the keys an interrupted run left; those it did not come to stay NULL */
static int
load_noted(const struct keystore *keys, const struct note *note, struct enrolment *user,
	struct err_msg *msg)
{
	struct thumbprint identity;

	if (!note_find(note, principal_value(&user->address), &identity)) {
		return 0;
	}
	int rc = keystore_load_root(keys, &identity, &user->owned[OWNED_ROOT], msg);

	if (rc != 0) {
		return rc == ERR_NOTFOUND ? 0 : rc;
	}
	struct key_search search = {keys, &identity, user, msg};

	return keystore_visit(keys, load_found, &search, msg);
}

/* make_keys - in memory; which ones were made here, and are to be saved, is told by `fresh` */
static int
make_keys(const struct rng *rng, struct enrolment *user, struct err_msg *msg)
{
	for (size_t i = 0; i < ARRAY_LEN(user->owned); i++) {
		user->fresh[i] = user->owned[i] == NULL;
		int rc = user->fresh[i] ? keypair_generate(rng, &user->owned[i]) : 0;

		if (rc != 0) {
			return err_set(msg, rc, "cannot make a key: %s", err_text(rc));
		}
	}
	user->keys = (struct publish_keys){.root = user->owned[OWNED_ROOT],
		.next = user->owned[OWNED_NEXT],
		.device = user->owned[OWNED_DEVICE]};
	public_key_thumbprint(keypair_public(user->keys.root), &user->identity);
	return 0;
}

static int
save_keys(const struct keystore *keys, const struct enrolment *user, struct err_msg *msg)
{
	static const enum keystore_kind kinds[] = {
		[OWNED_ROOT] = KEYSTORE_ROOT,
		[OWNED_NEXT] = KEYSTORE_NEXT,
		[OWNED_DEVICE] = KEYSTORE_DEVICE,
	};
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(kinds); i++) {
		if (user->fresh[i]) {
			rc = keystore_add(keys, kinds[i], &user->identity, user->owned[i], msg);
		}
	}
	return rc;
}

static void
release_keys(struct enrolment *user)
{
	for (size_t i = 0; i < ARRAY_LEN(user->owned); i++) {
		keypair_free(user->owned[i]);
		user->owned[i] = NULL;
	}
}

/* look_up - which of them are users already */
static int
look_up(struct site *site, struct enrolment *users, size_t count, struct err_msg *msg)
{
	int rc = site_begin(site, msg);

	for (size_t i = 0; rc == 0 && i < count; i++) {
		struct slice address = principal_value(&users[i].address);
		struct private_user found;

		users[i].existed = private_user_find(site->private_reader, address, &found);
		if (users[i].existed && !slice_eq_nocase(found.address, address)) {
			rc = err_set(msg, ERR_EXISTS, "%.*s is an alias of %.*s already",
				SLICE_ARG(address), SLICE_ARG(found.address));
		} else if (users[i].existed) {
			users[i].identity = found.identity;
		}
	}
	int end_rc = site_end(site, rc == 0 ? msg : NULL);

	return rc != 0 ? rc : end_rc;
}

/* sweep - a run that was killed may have left a key file it had not given its name yet */
static int
sweep(const struct keystore *keys, const struct note *note, struct err_msg *msg)
{
	return dynbuf_slice(&note->text).len == 0
		       ? 0
		       : files_remove_ending(keys->directory, ".tmp", msg);
}

/* prepare_keys - on disk for every new user, with the note that says what they are for */
static int
prepare_keys(struct site *site, const struct ctl *ctl, const struct note *note,
	struct enrolment *users, size_t count, struct err_msg *msg)
{
	struct keystore keys;
	struct progress bar;
	int rc = site_keys(site, &keys, msg);

	rc = rc == 0 ? sweep(&keys, note, msg) : rc;
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (!users[i].existed) {
			rc = load_noted(&keys, note, &users[i], msg);
			rc = rc == 0 ? make_keys(&ctl->rng, &users[i], msg) : rc;
		}
	}
	if (rc == 0) {
		rc = note_write(note, users, count, true, msg);
	}
	progress_start(&bar, &ctl->print, "writing keys", count);
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (!users[i].existed) {
			rc = save_keys(&keys, &users[i], msg);
		}
		progress_update(&bar, i + 1);
	}
	progress_end(&bar);
	return rc;
}

struct enrol_work {
	struct enrolment *users;
	size_t count;
	uint64_t now_s;
};

static int
add_user(struct site_txn *txn, struct enrolment *user, uint64_t now_s, struct err_msg *msg)
{
	struct digest digest;
	int rc = 0;

	principal_digest(&user->address, &digest);
	if (!user->existed) {
		rc = publish_identity(
			txn, &user->keys, STATEMENT_ROLE_MAIL, &user->address, now_s, msg);
		rc = rc == 0 ? private_user_add(txn->private_txn, &user->address,
				       &user->identity, now_s, msg)
			     : rc;
	}
	for (size_t i = 0; rc == 0 && i < user->alias_count; i++) {
		rc = private_alias_add(txn->private_txn, &digest, user->aliases[i], msg);
	}
	return rc;
}

static int
enrol_all(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct enrol_work *work = ctx;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < work->count; i++) {
		rc = add_user(txn, &work->users[i], work->now_s, msg);
	}
	return rc;
}

int
enrol_users(struct site *site, const struct ctl *ctl, struct enrolment *users, size_t count,
	struct err_msg *msg)
{
	struct enrol_work work = {users, count, ctl->now_s};
	struct keypair *site_key = NULL;
	struct note note;
	int rc = note_read(&note, site, msg);

	if (rc == 0) {
		rc = look_up(site, users, count, msg);
	}
	if (rc == 0) {
		rc = prepare_keys(site, ctl, &note, users, count, msg);
	}
	if (rc == 0) {
		rc = actor_countersigner(site, &site_key, msg);
	}
	for (size_t i = 0; i < count; i++) {
		users[i].keys.site = site_key;
	}
	if (rc == 0) {
		rc = site_update(site, enrol_all, &work, msg);
	}
	if (rc == 0) {
		rc = note_write(&note, users, count, false, msg);
	}
	for (size_t i = 0; i < count; i++) {
		release_keys(&users[i]);
	}
	keypair_free(site_key);
	dynbuf_fini(&note.text);
	return rc;
}

struct site_work {
	struct enrolment *site;
	struct slice domain;
	uint64_t now_s;
};

static int
enrol_site_work(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct site_work *work = ctx;
	int rc = publish_identity(
		txn, &work->site->keys, STATEMENT_ROLE_NODE, NULL, work->now_s, msg);

	if (rc == 0) {
		rc = graph_set_site(txn->graph, &work->site->identity, msg);
	}
	if (rc == 0) {
		rc = private_set_site_domain(txn->private_txn, work->domain);
		rc = rc == 0 ? 0
			     : err_set(msg, rc, "cannot record the domain: %s", err_text(rc));
	}
	return rc;
}

int
enrol_site(struct site *site, const struct ctl *ctl, struct slice domain,
	struct thumbprint *identity_out, struct err_msg *msg)
{
	/* The note's line for the site says its domain where users have their address. */
	struct enrolment self = {.address = {.kind = PRINCIPAL_DOM}};
	struct site_work work = {&self, domain, ctl->now_s};
	char text[PRINCIPAL_TEXT_MAX];
	struct note note;
	int n = snprintf(text, sizeof(text), "dom:%.*s", SLICE_ARG(domain));
	int rc = n < 0 ? ERR_RANGE : principal_parse(slice_str(text), true, &self.address, msg);

	if (rc != 0) {
		return rc;
	}
	rc = note_read(&note, site, msg);
	if (rc == 0) {
		rc = prepare_keys(site, ctl, &note, &self, 1, msg);
	}
	if (rc == 0) {
		rc = site_update(site, enrol_site_work, &work, msg);
	}
	if (rc == 0) {
		rc = note_write(&note, &self, 1, false, msg);
	}
	*identity_out = self.identity;
	release_keys(&self);
	dynbuf_fini(&note.text);
	return rc;
}
