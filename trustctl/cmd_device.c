#include <string.h>
#include <sysexits.h>

#include <openssl/crypto.h>

#include "trustctl/cmd.h"
#include "trustctl/device_list.h"
#include "trustctl/files.h"
#include "trustctl/invitation.h"
#include "trustctl/qr.h"

#define TERMINAL_CODE_MAX ((size_t)64 * 1024)

/* --- add ----------------------------------------------------------------------------------- */

/* A device about to be certified, and what the other host needs to know of it. */
struct addition {
	struct keywork *w;
	const struct public_key *key;
	struct statement_device_body body;
	struct issued certificate;
};

static int
certify(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct addition *a = ctx;

	return keywork_certify(a->w, txn, a->key, &a->body, &a->certificate, msg);
}

/* set_label - of --label, or what the request says */
static int
set_label(const struct ctl *ctl, const char *requested, struct statement_device_body *body,
	struct err_msg *msg)
{
	const char *label = ctl->options->value[OPTION_LABEL];

	label = label != NULL ? label : requested;
	if (strlen(label) > STATEMENT_LABEL_MAX) {
		return err_set(
			msg, ERR_INVALID, "a label has at most %d bytes", STATEMENT_LABEL_MAX);
	}
	memcpy(body->label, label, strlen(label) + 1);
	return 0;
}

static int
print_key(const struct ctl *ctl, const struct thumbprint *key)
{
	static const struct column columns[] = {{"key", "Key", COLUMN_TEXT}};
	struct table table;

	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, key->text);
	return cmd_print_record(ctl, &table);
}

/* add_here - a key on this host */
static int
add_here(struct keywork *w)
{
	struct addition a = {.w = w, .body = {.role = STATEMENT_ROLE_MAIL}};
	struct keypair *pair = NULL;
	struct thumbprint key = {{0}};
	struct err_msg msg;
	int rc = keywork_root(w, &msg);

	rc = rc == 0 ? set_label(w->ctl, "", &a.body, &msg) : rc;
	if (rc == 0) {
		rc = keypair_generate(&w->ctl->rng, &pair);
		rc = rc == 0 ? keystore_add(&w->keys, KEYSTORE_DEVICE, &w->actor.identity, pair,
				       &msg)
			     : err_set(&msg, rc, "cannot make a key: %s", err_text(rc));
	}
	if (rc == 0) {
		a.key = keypair_public(pair);
		public_key_thumbprint(a.key, &key);
		rc = site_update(w->site, certify, &a, &msg);
	}
	keypair_free(pair);
	return rc == 0 ? print_key(w->ctl, &key) : command_fail_msg(w->ctl, &msg);
}

/* print_code - as text, and on a terminal as a picture for a phone */
static int
print_code(const struct ctl *ctl, const struct join_code *code, struct slice line)
{
	static const struct column columns[] = {
		{"code", "Code", COLUMN_TEXT}, {"expires", "Until", COLUMN_TIME}};
	struct dynbuf picture;
	struct table table;

	if (ctl->print.color && !ctl->print.json) {
		dynbuf_init(&picture, TERMINAL_CODE_MAX);
		if (qr_terminal(line, false, &picture) == 0) {
			(void)fwrite(dynbuf_slice(&picture).data, 1, dynbuf_slice(&picture).len,
				ctl->print.out);
		}
		dynbuf_fini(&picture);
	}
	table_init(&table, columns, ARRAY_LEN(columns));
	table_text(&table, line);
	table_number(&table, code->expires_s);
	return cmd_print_record(ctl, &table);
}

/* invite - shows a code; the root must be here, since the answer comes within ten minutes */
static int
invite(struct keywork *w)
{
	struct join_code code = {.expires_s = 0};
	struct err_msg msg;
	struct dynbuf line;
	int status = EX_OK;
	int rc = keywork_root(w, &msg);

	dynbuf_init(&line, JOIN_LINE_MAX);
	if (rc == 0) {
		rc = join_code_make(&w->actor.identity, w->ctl->now_s, &w->ctl->rng, &code);
		rc = rc == 0 ? join_code_print(&code, &line) : rc;
		rc = rc == 0 ? invitation_open(w, &code, &msg)
			     : err_set(&msg, rc, "no code can be made: %s", err_text(rc));
	}
	status = rc == 0 ? print_code(w->ctl, &code, dynbuf_slice(&line))
			 : command_fail_msg(w->ctl, &msg);
	OPENSSL_cleanse(&code, sizeof(code));
	dynbuf_fini(&line);
	return status;
}

/* print_statements - what the new device imports: the identity and its own certificate */
static int
print_statements(struct keywork *w, const struct issued *certificate)
{
	struct graph_record record;
	struct err_msg msg;
	FILE *out = w->ctl->print.out;

	if (site_begin(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	if (graph_get_register(w->site->graph, &w->actor.identity, STATEMENT_IDENTITY, &w->self,
		    &record) == 0) {
		(void)fprintf(out, "%.*s\n", SLICE_ARG(record.jws));
	}
	(void)fprintf(out, "%s\n", certificate->jws);
	return site_end(w->site, &msg) == 0 ? EX_OK : command_fail_msg(w->ctl, &msg);
}

/* accept_request - certifies the device that answered the code */
static int
accept_request(struct keywork *w, struct slice text)
{
	struct addition a = {.w = w, .body = {.role = STATEMENT_ROLE_MAIL}};
	struct join_request request;
	struct err_msg msg;
	int rc = keywork_root(w, &msg);

	rc = rc == 0 ? invitation_answer(w, text, &request, &msg) : rc;
	rc = rc == 0 ? set_label(w->ctl, request.label, &a.body, &msg) : rc;
	if (rc == 0) {
		a.key = &request.key;
		rc = site_update(w->site, certify, &a, &msg);
	}
	return rc == 0 ? print_statements(w, &a.certificate) : command_fail_msg(w->ctl, &msg);
}

/* read_line_file - a code or a request from a file, - for standard input */
static int
read_line_file(const char *path, struct dynbuf *out, struct err_msg *msg)
{
	dynbuf_init(out, JOIN_LINE_MAX + 2);
	return files_read(path, out, msg);
}

static int
add(struct ctl *ctl, struct site *site, void *arg)
{
	bool is_here = options_has(ctl->options, OPTION_HERE);
	struct keywork w;
	struct dynbuf text;
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	if (status == EX_OK && is_here && ctl->arg_count > 0) {
		status = command_fail(ctl, EX_USAGE,
			"--here makes a key on this host; a request comes from another");
	} else if (status == EX_OK && is_here) {
		status = add_here(&w);
	} else if (status == EX_OK && ctl->arg_count == 0) {
		status = invite(&w);
	} else if (status == EX_OK) {
		status = read_line_file(ctl->args[0], &text, &msg) == 0
				 ? accept_request(&w, dynbuf_slice(&text))
				 : command_fail_msg(ctl, &msg);
		dynbuf_fini(&text);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_device_add(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, add, NULL);
}

/* --- join ---------------------------------------------------------------------------------- */

/* answer - makes a key of our own and the request for its certificate */
static int
answer(struct ctl *ctl, struct site *site, const struct join_code *code, struct err_msg *msg)
{
	const char *label = ctl->options->value[OPTION_LABEL];
	struct keypair *pair = NULL;
	struct keystore keys;
	struct dynbuf request;
	int rc = site_keys(site, &keys, msg);

	dynbuf_init(&request, JOIN_LINE_MAX);
	if (rc == 0) {
		rc = keypair_generate(&ctl->rng, &pair);
		rc = rc == 0 ? 0 : err_set(msg, rc, "cannot make a key: %s", err_text(rc));
	}
	rc = rc == 0 ? join_request_make(
			       code, pair, slice_str(label != NULL ? label : ""), &request, msg)
		     : rc;
	rc = rc == 0 ? keystore_add(&keys, KEYSTORE_DEVICE, &code->identity, pair, msg) : rc;
	if (rc == 0) {
		(void)fprintf(ctl->print.out, "%.*s\n", SLICE_ARG(dynbuf_slice(&request)));
	}
	keypair_free(pair);
	dynbuf_fini(&request);
	return rc;
}

static int
join(struct ctl *ctl, struct site *site, void *arg)
{
	const char *path = ctl->arg_count > 0 ? ctl->args[0] : "-";
	struct join_code code = {.expires_s = 0};
	struct dynbuf text;
	struct err_msg msg;
	int rc = read_line_file(path, &text, &msg);

	(void)arg;
	rc = rc == 0 ? join_code_parse(dynbuf_slice(&text), &code, &msg) : rc;
	if (rc == 0 && ctl->now_s >= code.expires_s) {
		rc = err_set(&msg, ERR_EXPIRED,
			"the code has expired; ask for another (\"trustctl device add\")");
	}
	rc = rc == 0 ? answer(ctl, site, &code, &msg) : rc;
	OPENSSL_cleanse(&code, sizeof(code));
	dynbuf_fini(&text);
	return rc == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

int
cmd_device_join(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, join, NULL);
}

/* --- list ---------------------------------------------------------------------------------- */

static const struct column list_columns[] = {
	{"key", "KEY", COLUMN_TEXT},
	{"label", "LABEL", COLUMN_TEXT},
	{"role", "ROLE", COLUMN_TEXT},
	{"here", "KEY IS HERE", COLUMN_BOOL},
	{"state", "STATE", COLUMN_TEXT},
	{"until", "UNTIL", COLUMN_TIME},
	{"revoked_since", "REVOKED SINCE", COLUMN_TIME},
};

static const char *
state_of(const struct device *device, uint64_t now_s)
{
	if (device->revoked_since_s != UINT64_MAX) {
		return "revoked";
	}
	if (device->exp_s == 0) {
		return "not certified";
	}
	return now_s < device->exp_s ? "alive" : "ended";
}

static void
put_device(struct table *table, const struct device *device, uint64_t now_s)
{
	bool is_revoked = device->revoked_since_s != UINT64_MAX;

	table_str(table, device->key.text);
	if (device->label[0] != '\0') {
		table_str(table, device->label);
	} else {
		table_none(table);
	}
	table_str(table, statement_role_name(device->role));
	table_bool(table, device->is_here);
	table_str(table, state_of(device, now_s));
	table_number(table, device->exp_s);
	table_number(table, is_revoked ? device->revoked_since_s : 0);
}

static int
list(struct ctl *ctl, struct site *site, void *arg)
{
	struct device_list devices;
	struct keywork w;
	struct table table;
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	if (status == EX_OK && device_list_load(&w, &devices, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK) {
		table_init(&table, list_columns, ARRAY_LEN(list_columns));
		for (size_t i = 0; i < devices.count; i++) {
			put_device(&table, &devices.items[i], ctl->now_s);
		}
		table_sort(&table);
		status = cmd_print_table(ctl, &table);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_device_list(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, list, NULL);
}
