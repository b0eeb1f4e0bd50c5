/*
 * tell.h - turns a TELL into a job for the ledger's writer, and its outcome into an answer.
 *
 * A report is kept per message (message_digest.h) and user. The user is the local user that the
 * client's name stands for, so that an alias and the address are one; a name that is no local
 * user's stands for itself. Where the private store cannot be read nobody knows which, and the
 * report is refused rather than filed under a name it would not be found by again.
 *
 * Whether it touches trust is decided with the ledger's writer (ledger_apply.h): by what was
 * proven at delivery, or else by the reported copy, which is examined here. Only a local user's
 * report does.
 */
#ifndef SPAMD_TRUST_TELL_H
#define SPAMD_TRUST_TELL_H

#include "spamd-trust/ledger_writer.h"
#include "spamd-trust/service.h"

/**
 * Is there anything for the ledger in it? Not with `use_learner no` or `use_bayes no`; remote
 * reports never.
 */
bool tell_is_local(const struct spamd_tell *tell, const struct settings *settings);

/**
 * Hands the report in for worker `worker`. `out` is the job, for the caller to say who owns it.
 * @return 0; ERR_FULL when too many wait; ERR_NOMEM; what the private store said.
 */
NODISCARD int tell_submit(const struct service *service, unsigned int worker,
	const struct settings *settings, const struct spamd_request *request,
	struct arena *arena, struct ledger_job **out);

/** What a finished job did, as the answer says it. */
struct spamd_told tell_result(const struct ledger_job *job);

/** The text of the refusal (69) for a code of the two above. */
const char *tell_refusal(int code);

#endif
