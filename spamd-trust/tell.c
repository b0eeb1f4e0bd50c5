#include "spamd-trust/tell.h"

#include <stdlib.h>

#include "common/base/clock.h"
#include "common/base/dynbuf.h"
#include "spamd-trust/message_digest.h"

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

static int
make_key(const struct service *service, unsigned int worker, const struct settings *settings,
	const struct spamd_request *request, struct ledger_report_key *out)
{
	int code =
		scorer_find_user(service->scorer, worker, settings, request->user, &out->user);

	if (code == ERR_NOTFOUND) {
		code = name_digest(request->user, &out->user);
	}
	return code == 0 ? message_digest(request->message, &out->message) : code;
}

int
tell_submit(const struct service *service, unsigned int worker, const struct settings *settings,
	const struct spamd_request *request, struct ledger_job **out)
{
	struct ledger_job *job = calloc(1, sizeof(*job));
	int code = ERR_NOMEM;

	if (job != NULL) {
		job->worker = worker;
		job->is_removal = request->tell.remove_local;
		job->report = (struct ledger_report){
			.is_spam = request->tell.is_spam, .at_s = clock_wall_s()};
		code = make_key(service, worker, settings, request, &job->key);
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
		.set_local = job->changed && !job->is_removal,
		.removed_local = job->changed && job->is_removal,
	};
}

const char *
tell_refusal(int code)
{
	return code == ERR_FULL ? "no room for reports now, try again later."
				: "reports cannot be kept now, try again later.";
}
