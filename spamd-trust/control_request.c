#include "spamd-trust/control_request.h"

#include <stdlib.h>

#include "common/base/encoding.h"

/* What a request holds besides the user. */
#define WANTS_MESSAGE 0x01
#define WANTS_LEAD    0x02
#define WANTS_OTHER   0x04 /* under the name that the row says */
#define WANTS_SPAM    0x08
#define WANTS_DOMAIN  0x10

static const struct {
	const char *op;
	enum ledger_job_kind kind;
	unsigned int wants;
	const char *other;
} requests[] = {
	{"report", LEDGER_JOB_REPORT, WANTS_MESSAGE | WANTS_LEAD | WANTS_SPAM, NULL},
	{"remove", LEDGER_JOB_REMOVAL, WANTS_MESSAGE, NULL},
	{"pardon", LEDGER_JOB_PARDON, WANTS_OTHER, "friend"},
	{"forget", LEDGER_JOB_FORGET, WANTS_OTHER, "sender"},
	{"confirm", LEDGER_JOB_CONFIRM, WANTS_OTHER | WANTS_DOMAIN, "address"},
};

static int
read_digest(
	const struct ctl_message *m, const char *name, struct digest *out, struct err_msg *msg)
{
	struct slice text = {0};
	size_t len = 0;

	if (!ctl_message_text(m, name, &text) ||
		hex_decode(text, out->bytes, DIGEST_LEN, &len) != 0 || len != DIGEST_LEN) {
		return err_set(msg, ERR_INVALID, "the request needs \"%s\", a digest", name);
	}
	return 0;
}

/* read_saying - whether it is spam, and whose copy proves what */
static int
read_saying(const struct ctl_message *m, struct ledger_saying *out, struct err_msg *msg)
{
	if (!ctl_message_bool(m, "spam", &out->is_spam)) {
		return err_set(msg, ERR_INVALID, "the request needs \"spam\", true or false");
	}
	(void)ctl_message_bool(m, "touches", &out->touches);
	return out->touches ? read_digest(m, "sender", &out->sender, msg) : 0;
}

static int
read_domain(const struct ctl_message *m, char out[LEDGER_DOMAIN_MAX + 1], struct err_msg *msg)
{
	struct slice text = {0};

	if (!ctl_message_text(m, "domain", &text) || text.len > LEDGER_DOMAIN_MAX ||
		slice_find_byte(text, '\0') < text.len) {
		return err_set(msg, ERR_INVALID, "the request needs \"domain\", a name");
	}
	if (text.len > 0) {
		memcpy(out, text.data, text.len);
	}
	out[text.len] = '\0';
	return 0;
}

static int
fill_job(const struct ctl_message *m, unsigned int wants, const char *other,
	struct ledger_job *job, struct err_msg *msg)
{
	int code = read_digest(m, "user", &job->saying.key.user, msg);

	if (code == 0 && (wants & WANTS_MESSAGE) != 0) {
		code = read_digest(m, "message", &job->saying.key.message, msg);
	}
	if (code == 0 && (wants & WANTS_LEAD) != 0) {
		job->saying.has_lead = true;
		code = read_digest(m, "lead", &job->saying.lead, msg);
	}
	if (code == 0 && (wants & WANTS_SPAM) != 0) {
		code = read_saying(m, &job->saying, msg);
	}
	if (code == 0 && (wants & WANTS_OTHER) != 0) {
		code = read_digest(m, other, &job->other, msg);
	}
	if (code == 0 && (wants & WANTS_DOMAIN) != 0) {
		code = read_domain(m, job->domain, msg);
	}
	return code;
}

int
control_request_job(const struct ctl_message *request, uint64_t now_s, struct ledger_job **out,
	struct err_msg *msg)
{
	struct slice op = ctl_message_op(request);
	struct ledger_job *job = NULL;
	size_t i = 0;
	int code = 0;

	*out = NULL;
	while (i < ARRAY_LEN(requests) && !slice_eq(op, slice_str(requests[i].op))) {
		i++;
	}
	if (i == ARRAY_LEN(requests)) {
		return err_set(msg, ERR_UNSUPPORTED, "spamd-trust does not know this request");
	}
	job = calloc(1, sizeof(*job));
	if (job == NULL) {
		return err_set(msg, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	job->kind = requests[i].kind;
	job->saying.at_s = now_s;
	code = fill_job(request, requests[i].wants, requests[i].other, job, msg);
	if (code != 0) {
		free(job);
		return code;
	}
	*out = job;
	return 0;
}

struct ctl_message *
control_request_reply(const struct ledger_job *job)
{
	struct ctl_message *reply = NULL;

	if (job->code == ERR_NOTFOUND && job->kind == LEDGER_JOB_CONFIRM) {
		return ctl_message_refusal(ERR_NOTFOUND,
			"no mail of this address was signed by a domain that is not confirmed; "
			"name it with --signer");
	}
	if (job->code != 0) {
		return ctl_message_refusal(job->code, "the ledger cannot be written now");
	}
	reply = ctl_message_reply();
	if (reply == NULL) {
		return NULL;
	}
	ctl_message_set_bool(reply, "changed", job->changed);
	if (job->kind == LEDGER_JOB_PARDON || job->kind == LEDGER_JOB_FORGET) {
		ctl_message_set_number(reply, "count", (int64_t)job->count);
	}
	if (job->kind == LEDGER_JOB_CONFIRM) {
		ctl_message_set_text(reply, "domain", slice_str(job->domain));
	}
	return reply;
}

struct ctl_message *
control_request_status(const struct ledger_counters *counters)
{
	struct ctl_message *reply = ctl_message_reply();

	if (reply != NULL) {
		ctl_message_set_bool(reply, "works", counters->works);
		ctl_message_set_number(reply, "jobs", (int64_t)counters->jobs);
		ctl_message_set_number(reply, "payments", (int64_t)counters->payments);
		ctl_message_set_number(
			reply, "payments_forgotten", (int64_t)counters->payments_forgotten);
		ctl_message_set_number(reply, "notes", (int64_t)counters->notes);
		ctl_message_set_number(reply, "notes_lost", (int64_t)counters->notes_lost);
	}
	return reply;
}
