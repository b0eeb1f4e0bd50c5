#include <string.h>
#include <sysexits.h>

#include "common/base/strnum.h"
#include "trustctl/bound.h"
#include "trustctl/cmd.h"
#include "trustctl/keywork.h"
#include "trustctl/notify.h"

/* find_who - whom a text means: also a friend elsewhere by his address, as the actor knows it */
static int
find_who(struct keywork *w, const char *text, struct thumbprint *out)
{
	struct err_msg msg;
	int rc = keywork_who(w->site, text, out);

	return rc == 0 ? 0 : bound_identity(w->ctl, w->site, &w->actor.digest, text, out, &msg);
}

/* --- guardians ----------------------------------------------------------------------------- */

struct guardians_work {
	struct keywork *w;
	struct statement_identity_body body;
};

static int
store_guardians(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct guardians_work *work = ctx;

	return keywork_put_identity(work->w, txn, &work->body, msg);
}

/* add_guardian - one of --guardian, each once */
static int
add_guardian(struct keywork *w, const char *text, struct statement_identity_body *body)
{
	struct thumbprint who;

	if (find_who(w, text, &who) != 0) {
		return command_fail(w->ctl, EX_NOUSER,
			"--guardian %s: neither a thumbprint, nor a user here, nor an address "
			"whose identity is known",
			text);
	}
	if (thumbprint_eq(&who, &w->actor.identity)) {
		return command_fail(
			w->ctl, EX_USAGE, "--guardian %s: nobody guards himself", text);
	}
	for (size_t i = 0; i < body->guardian_count; i++) {
		if (thumbprint_eq(&body->guardians[i], &who)) {
			return command_fail(
				w->ctl, EX_USAGE, "--guardian %s is given twice", text);
		}
	}
	if (body->guardian_count == STATEMENT_GUARDIANS_MAX) {
		return command_fail(w->ctl, EX_USAGE, "there are at most %d guardians",
			STATEMENT_GUARDIANS_MAX);
	}
	body->guardians[body->guardian_count++] = who;
	return EX_OK;
}

/* read_needed - of --needed; two of several by default, so that one alone stops nobody */
static int
read_needed(const struct ctl *ctl, struct statement_identity_body *body)
{
	const char *text = ctl->options->value[OPTION_NEEDED];
	uint32_t needed = body->guardian_count < 2 ? body->guardian_count : 2;

	if (text != NULL && (strnum_u32(slice_str(text), body->guardian_count, &needed) != 0 ||
				    needed == 0)) {
		return command_fail(ctl, EX_USAGE,
			"--needed %s: must be between 1 and the number of guardians, %u", text,
			(unsigned int)body->guardian_count);
	}
	body->needed = (uint8_t)needed;
	return EX_OK;
}

/* read_guardians - those of the command line take the place of all before */
static int
read_guardians(struct keywork *w, struct statement_identity_body *body)
{
	const struct options *o = w->ctl->options;
	struct err_msg msg;
	int status = EX_OK;

	memset(body->guardians, 0, sizeof(body->guardians));
	body->guardian_count = 0;
	if (site_begin(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	for (size_t i = 0; status == EX_OK && i < o->alias_count; i++) {
		status = add_guardian(w, o->aliases[i], body);
	}
	if (site_end(w->site, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(w->ctl, &msg);
	}
	return status == EX_OK ? read_needed(w->ctl, body) : status;
}

static int
set_guardians(struct ctl *ctl, struct site *site, void *arg)
{
	struct keywork w;
	struct guardians_work work = {.w = &w};
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	if (status == EX_OK && (ctl->options->alias_count == 0) !=
				       options_has(ctl->options, OPTION_WITHDRAW)) {
		status = command_fail(ctl, EX_USAGE,
			"name them with --guardian, or dismiss all with --withdraw");
	}
	if (status == EX_OK && keywork_identity_body(&w, &work.body, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	status = status == EX_OK ? read_guardians(&w, &work.body) : status;
	if (status == EX_OK && site_update(site, store_guardians, &work, &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK && !ctl->print.json) {
		(void)fprintf(ctl->print.out,
			"The first guardians count at once, a change 30 days after each site "
			"first sees it.\n");
	}
	keywork_fini(&w);
	return status;
}

int
cmd_guardians(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, set_guardians, NULL);
}

/* --- guard --------------------------------------------------------------------------------- */

struct guard_work {
	struct keywork *w;
	struct principal whom;
	enum statement_why why;
	bool in_force;
};

static int
store_guard(void *ctx, struct site_txn *txn, struct err_msg *msg)
{
	struct guard_work *work = ctx;
	struct keywork *w = work->w;
	const struct issuer issuer = keywork_issuer(w, w->device);
	struct issued made;
	uint64_t seq;
	int rc = publish_seq(txn, &issuer.identity, STATEMENT_GUARD, &work->whom, &seq, msg);

	if (rc == 0 && !work->in_force && seq == 1) {
		return err_set(msg, ERR_INVALID, "%s never said that %s is to be stopped",
			w->actor.name, work->whom.text);
	}
	if (rc == 0) {
		rc = work->in_force
			     ? issue_guard(&issuer, seq, &work->whom, work->why, &made, msg)
			     : issue_unguard(&issuer, seq, &work->whom, &made, msg);
	}
	return rc == 0 ? publish_made(txn, &made, w->ctl->now_s, msg) : rc;
}

/* find_whom - the identity of the argument, and whether we guard it at all */
static int
find_whom(struct keywork *w, struct principal *out)
{
	struct graph_guard_list lists[GRAPH_GUARD_LISTS_MAX];
	struct thumbprint who;
	bool is_guardian = false;
	size_t count;
	struct err_msg msg;

	if (site_begin(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	int rc = find_who(w, w->ctl->args[0], &who);

	count = rc == 0 ? graph_guard_lists(w->site->graph, &who, w->ctl->now_s, lists) : 0;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < lists[i].count; j++) {
			is_guardian = is_guardian ||
				      thumbprint_eq(&lists[i].who[j], &w->actor.identity);
		}
	}
	if (site_end(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	if (rc != 0 || principal_from_thumbprint(thumbprint_slice(&who), out) != 0) {
		return command_fail(w->ctl, EX_USAGE,
			"%s: neither a thumbprint, nor a user here, nor an address whose "
			"identity is known",
			w->ctl->args[0]);
	}
	if (!is_guardian) {
		return command_fail(w->ctl, EX_NOPERM,
			"%s is no guardian of %s, so it would stop nothing", w->actor.name,
			out->text);
	}
	return EX_OK;
}

/* report - whether it is stopped now */
static int
report(struct keywork *w, const struct principal *whom)
{
	static const struct column columns[] = {
		{"identity", "Identity", COLUMN_TEXT},
		{"stopped", "Stopped", COLUMN_BOOL},
		{"since", "Since", COLUMN_TIME},
		{"soft_until", "Can be undone until", COLUMN_TIME},
	};
	struct graph_fate fate;
	struct table table;
	struct err_msg msg;

	if (site_begin(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	graph_fate(w->site->graph, graph_find(w->site->graph, whom), &fate);
	if (site_end(w->site, &msg) != 0) {
		return command_fail_msg(w->ctl, &msg);
	}
	table_init(&table, columns, ARRAY_LEN(columns));
	table_text(&table, principal_value(whom));
	table_bool(&table, fate.guarded_since_s != 0);
	table_number(&table, fate.guarded_since_s);
	table_number(&table, fate.soft_until_s);
	return cmd_print_record(w->ctl, &table);
}

/* tell - the owner of the guarded identity, and its other guardians */
static void
tell(const struct keywork *w, const struct guard_work *work)
{
	struct keywork about = *w;
	const struct notice notice = {
		.event = work->in_force ? "guardian asks to stop" : "guardian takes back",
		.what = w->self.text,
		.label = "",
		.since_s = w->ctl->now_s,
		.why = work->why,
	};

	if (thumbprint_parse(principal_value(&work->whom), &about.actor.identity) == 0) {
		(void)snprintf(
			about.actor.name, sizeof(about.actor.name), "%s", work->whom.text);
		notify(&about, &notice);
	}
}

static int
guard(struct ctl *ctl, struct site *site, void *arg)
{
	struct keywork w;
	struct guard_work work = {
		.w = &w, .in_force = !options_has(ctl->options, OPTION_WITHDRAW)};
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	status = status == EX_OK ? keywork_why(ctl, STATEMENT_WHY_HACKED, &work.why) : status;
	status = status == EX_OK ? find_whom(&w, &work.whom) : status;
	if (status == EX_OK && (keywork_device(&w, &msg) != 0 ||
				       site_update(site, store_guard, &work, &msg) != 0)) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK) {
		tell(&w, &work);
		status = report(&w, &work.whom);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_guard(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, guard, NULL);
}
