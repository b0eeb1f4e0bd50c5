#include "trustctl/keywork.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "common/base/strnum.h"

int
keywork_init(struct keywork *w, struct ctl *ctl, struct site *site)
{
	struct err_msg msg;
	int status;

	*w = (struct keywork){.ctl = ctl, .site = site};
	if (site_begin(site, &msg) != 0) {
		return command_fail_msg(ctl, &msg);
	}
	status = actor_find(ctl, site, &w->actor);
	if (site_end(site, &msg) != 0 && status == EX_OK) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status != EX_OK) {
		return status;
	}
	if (principal_from_thumbprint(thumbprint_slice(&w->actor.identity), &w->self) != 0) {
		return command_fail(ctl, EX_DATAERR, "%s has no valid identity", w->actor.name);
	}
	return site_keys(site, &w->keys, &msg) == 0 &&
			       actor_countersigner(site, &w->site_key, &msg) == 0
		       ? EX_OK
		       : command_fail_msg(ctl, &msg);
}

void
keywork_fini(struct keywork *w)
{
	keypair_free(w->root);
	keypair_free(w->device);
	keypair_free(w->next);
	keypair_free(w->site_key);
	w->site_key = NULL;
	w->root = NULL;
	w->next = NULL;
	w->device = NULL;
}

int
keywork_root(struct keywork *w, struct err_msg *msg)
{
	int rc = w->root != NULL
			 ? 0
			 : keystore_load_root(&w->keys, &w->actor.identity, &w->root, msg);

	if (rc == ERR_NOTFOUND) {
		return err_set(msg, ERR_NOTREADY,
			"the root key of %s is not on this host; bring it back with \"trustctl "
			"identity import FILE\", and take it off again when this is done",
			w->actor.name);
	}
	return rc;
}

int
keywork_next(struct keywork *w, struct err_msg *msg)
{
	struct keystore_entry entry = {KEYSTORE_NEXT, w->actor.identity, {{0}}};
	bool is_committed;
	int rc = site_begin(w->site, msg);

	if (rc != 0) {
		return rc;
	}
	is_committed = graph_committed_next(w->site->graph, &w->actor.identity, &entry.key);
	rc = site_end(w->site, msg);
	if (rc == 0 && !is_committed) {
		rc = err_set(msg, ERR_NOTREADY, "%s committed to no next root", w->actor.name);
	}
	rc = rc == 0 ? keystore_load(&w->keys, &entry, &w->next, msg) : rc;
	if (rc == ERR_NOTFOUND) {
		return err_set(msg, ERR_NOTREADY,
			"the next root of %s is not on this host; bring it back with \"trustctl "
			"identity import FILE\"",
			w->actor.name);
	}
	return rc;
}

int
keywork_device(struct keywork *w, struct err_msg *msg)
{
	return w->device != NULL ? 0 : actor_signer(w->site, &w->actor, &w->device, msg);
}

struct issuer
keywork_issuer(const struct keywork *w, const struct keypair *signer)
{
	return (struct issuer){.identity = w->actor.identity,
		.signer = signer,
		.now_s = w->ctl->now_s,
		.aud = STATEMENT_OPEN,
		.countersigner = w->site_key};
}

int
keywork_identity_body(
	struct keywork *w, struct statement_identity_body *out, struct err_msg *msg)
{
	struct graph_record record;
	struct statement st;
	int rc = site_begin(w->site, msg);

	*out = (struct statement_identity_body){0};
	if (rc != 0) {
		return rc;
	}
	if (graph_get_register(w->site->graph, &w->actor.identity, STATEMENT_IDENTITY, &w->self,
		    &record) == 0) {
		rc = statement_decode(record.jws, &st, msg);
		*out = rc == 0 ? st.body.identity : *out;
	}
	int end_rc = site_end(w->site, rc == 0 ? msg : NULL);

	return rc != 0 ? rc : end_rc;
}

int
keywork_put_identity(struct keywork *w, struct site_txn *txn,
	const struct statement_identity_body *body, struct err_msg *msg)
{
	struct issuer issuer;
	struct issued made;
	uint64_t seq;
	int rc = keywork_root(w, msg);

	rc = rc == 0 ? publish_seq(
			       txn, &w->actor.identity, STATEMENT_IDENTITY, &w->self, &seq, msg)
		     : rc;
	if (rc != 0) {
		return rc;
	}
	issuer = keywork_issuer(w, w->root);
	rc = issue_identity(&issuer, seq, body, &made, msg);
	return rc == 0 ? publish_made(txn, &made, w->ctl->now_s, msg) : rc;
}

int
keywork_key_principal(const struct public_key *key, struct principal *out, struct err_msg *msg)
{
	char text[PRINCIPAL_TEXT_MAX];
	struct thumbprint thumbprint;

	public_key_thumbprint(key, &thumbprint);
	(void)snprintf(text, sizeof(text), "key:%s", thumbprint.text);
	return principal_parse(slice_str(text), false, out, msg);
}

int
keywork_certify(struct keywork *w, struct site_txn *txn, const struct public_key *device,
	const struct statement_device_body *body, struct issued *made_out, struct err_msg *msg)
{
	struct issuer issuer;
	struct principal key;
	uint64_t seq;
	int rc = keywork_root(w, msg);

	rc = rc == 0 ? keywork_key_principal(device, &key, msg) : rc;
	rc = rc == 0 ? publish_seq(txn, &w->actor.identity, STATEMENT_DEVICE, &key, &seq, msg)
		     : rc;
	if (rc != 0) {
		return rc;
	}
	issuer = keywork_issuer(w, w->root);
	rc = issue_device(&issuer, seq, device, body, made_out, msg);
	return rc == 0 ? publish_made(txn, made_out, w->ctl->now_s, msg) : rc;
}

int
keywork_revoke(struct keywork *w, struct site_txn *txn, const struct keypair *signer,
	const struct principal *what, const struct issue_reason *reason, struct err_msg *msg)
{
	const struct issuer issuer = keywork_issuer(w, signer);
	struct issued made;
	uint64_t seq;
	int rc = publish_seq(txn, &w->actor.identity, STATEMENT_REVOKE, what, &seq, msg);

	rc = rc == 0 ? issue_revoke(&issuer, seq, what, reason, &made, msg) : rc;
	return rc == 0 ? publish_made(txn, &made, w->ctl->now_s, msg) : rc;
}

int
keywork_why(const struct ctl *ctl, enum statement_why fallback, enum statement_why *out)
{
	const char *text = ctl->options->value[OPTION_WHY];

	*out = fallback;
	if (text == NULL || statement_why_parse(slice_str(text), out) == 0) {
		return EX_OK;
	}
	return command_fail(ctl, EX_USAGE,
		"--why %s: must be spam, hacked, lost, retired, wrong or slander", text);
}

/* parse_ago - a number and m, h or d, counted back from now */
static int
parse_ago(struct slice text, uint64_t now_s, uint64_t *out)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'m', 60}, {'h', 3600}, {'d', 86400}};
	uint64_t count = 0;

	for (size_t i = 0; text.len > 1 && i < ARRAY_LEN(units); i++) {
		if (text.data[text.len - 1] == (uint8_t)units[i].unit &&
			strnum_u64(slice_take(text, text.len - 1), now_s / units[i].seconds,
				&count) == 0) {
			*out = now_s - count * units[i].seconds;
			return 0;
		}
	}
	return ERR_INVALID;
}

int
keywork_parse_time(struct slice text, uint64_t now_s, uint64_t *out)
{
	static const char *const formats[] = {"%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	char copy[32];

	if (strnum_u64(text, STATEMENT_TIME_MAX_S, out) == 0 ||
		parse_ago(text, now_s, out) == 0) {
		return 0;
	}
	if (text.len >= sizeof(copy)) {
		return ERR_INVALID;
	}
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		struct tm parts = {0};
		const char *end = strptime(copy, formats[i], &parts);

		if (end != NULL && *end == '\0' && timegm(&parts) >= 0) {
			*out = (uint64_t)timegm(&parts);
			return 0;
		}
	}
	return ERR_INVALID;
}

int
keywork_since(const struct ctl *ctl, uint64_t *out)
{
	const char *text = ctl->options->value[OPTION_SINCE];

	*out = ctl->now_s;
	if (text == NULL) {
		return EX_OK;
	}
	if (keywork_parse_time(slice_str(text), ctl->now_s, out) != 0) {
		return command_fail(ctl, EX_USAGE,
			"--since %s: must be like 2026-11-24, 2026-11-24T18:30 (UTC), 3h, 2d, or "
			"seconds since 1970",
			text);
	}
	if (*out > ctl->now_s) {
		command_warn(ctl, "--since %s is in the future, which counts as now", text);
		*out = ctl->now_s;
	}
	return EX_OK;
}

int
keywork_who(struct site *site, const char *text, struct thumbprint *out)
{
	struct slice name = slice_str(text);
	struct actor actor;

	if (slice_starts_with(name, SLICE("id:"))) {
		name = slice_skip(name, strlen("id:"));
	}
	if (thumbprint_parse(name, out) == 0) {
		return 0;
	}
	if (actor_find_user(site, text, &actor) != 0) {
		return ERR_NOTFOUND;
	}
	*out = actor.identity;
	return 0;
}
