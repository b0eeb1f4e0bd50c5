#include "spamd-trust/tell.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/dynbuf.h"
#include "common/mail/message_digest.h"

bool
tell_is_local(const struct spamd_tell *tell, const struct settings *settings)
{
	return (tell->set_local || tell->remove_local) && settings->use_learner &&
	       settings->use_bayes;
}

/* name_digest - for a name that is no local user's: over "user:" and the name in lower case */
static int
name_digest(struct slice name, struct digest *out)
{
	struct dynbuf text;
	int code = 0;

	dynbuf_init(&text, name.len + sizeof("user:"));
	(void)dynbuf_add_str(&text, "user:");
	for (size_t i = 0; i < name.len; i++) {
		(void)dynbuf_add_byte(&text, ascii_lower(name.data[i]));
	}
	code = dynbuf_error(&text);
	digest_sha256(dynbuf_slice(&text), out);
	dynbuf_fini(&text);
	return code;
}

/* find_user - whose report it is; true in *local_out when he is one of ours */
static int
find_user(const struct service *service, unsigned int worker, const struct settings *settings,
	struct slice name, struct digest *out, bool *local_out)
{
	int code = scorer_find_user(service->scorer, worker, settings, name, out);

	*local_out = code == 0;
	return code == ERR_NOTFOUND ? name_digest(name, out) : code;
}

/* examine - what the reported copy itself proves */
static int
examine(const struct service *service, unsigned int worker, const struct settings *settings,
	struct slice message, struct arena *arena, struct ledger_saying *out)
{
	struct evidence evidence = {0};
	int code = scorer_examine(service->scorer, worker, settings, message, arena, &evidence);

	if (code == 0 && evidence.has_sender && evidence_is_proof(evidence.level)) {
		principal_digest(&evidence.sender, &out->sender);
		out->touches = true;
	}
	return code;
}

static int
fill_saying(const struct service *service, unsigned int worker, const struct settings *settings,
	const struct spamd_request *request, struct arena *arena, struct ledger_saying *out)
{
	bool is_local = false;
	int code =
		find_user(service, worker, settings, request->user, &out->key.user, &is_local);

	out->is_spam = request->tell.is_spam;
	out->at_s = clock_wall_s();
	if (code == 0) {
		code = message_digest(request->message, &out->key.message);
	}
	if (code == 0 && is_local && out->is_spam) {
		out->has_lead = true;
		code = message_lead(request->message, &out->lead);
	}
	if (code == 0 && out->has_lead) {
		code = examine(service, worker, settings, request->message, arena, out);
	}
	return code;
}

int
tell_submit(const struct service *service, unsigned int worker, const struct settings *settings,
	const struct spamd_request *request, struct arena *arena, struct ledger_job **out)
{
	struct ledger_job *job = calloc(1, sizeof(*job));
	int code = ERR_NOMEM;

	if (job != NULL) {
		job->worker = worker;
		job->kind = request->tell.remove_local ? LEDGER_JOB_REMOVAL : LEDGER_JOB_REPORT;
		code = fill_saying(service, worker, settings, request, arena, &job->saying);
	}
	if (code == 0) {
		code = ledger_writer_submit(service->ledger, job);
	}
	if (code != 0) {
		free(job);
		job = NULL;
	}
	*out = job;
	return code;
}

struct spamd_told
tell_result(const struct ledger_job *job)
{
	return (struct spamd_told){
		.set_local = job->changed && job->kind == LEDGER_JOB_REPORT,
		.removed_local = job->changed && job->kind == LEDGER_JOB_REMOVAL,
	};
}

const char *
tell_refusal(int code)
{
	return code == ERR_FULL ? "no room for reports now, try again later."
				: "reports cannot be kept now, try again later.";
}
