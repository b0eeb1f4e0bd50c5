/*
 * control_request.h - from a request on the control socket to a job of the ledger, and back.
 */
#ifndef SPAMD_TRUST_CONTROL_REQUEST_H
#define SPAMD_TRUST_CONTROL_REQUEST_H

#include "common/ctl/ctl_message.h"
#include "spamd-trust/ledger_writer.h"

/**
 * Makes a job of a request that is not "status". @return 0 and the job, from malloc;
 * ERR_UNSUPPORTED for an unknown request; ERR_INVALID when something is missing or malformed
 * (msg says what); ERR_NOMEM.
 */
NODISCARD int control_request_job(const struct ctl_message *request, uint64_t now_s,
	struct ledger_job **out, struct err_msg *msg);

/** The reply to a finished job, or its refusal. NULL when out of memory. */
struct ctl_message *control_request_reply(const struct ledger_job *job);

/** The reply to "status". NULL when out of memory. */
struct ctl_message *control_request_status(const struct ledger_counters *counters);

#endif
