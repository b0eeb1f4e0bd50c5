/*
 * ctl_client.h - asks a daemon something over its control socket, and waits for the answer.
 */
#ifndef COMMON_CTL_CTL_CLIENT_H
#define COMMON_CTL_CTL_CLIENT_H

#include "common/ctl/ctl_message.h"

/** How long trustctl waits: longer than a slow disk takes, shorter than people do. */
#define CTL_CLIENT_TIMEOUT_MS 10000

/**
 * Sends `request`, waits for the reply. Both ends of the call are within timeout_ms.
 * @return 0 and the reply (owned) where it is a good one; the code of a refusal with its text
 * in msg; ERR_NOTREADY when no daemon listens; ERR_TIMEOUT; ERR_TRUNCATED when it hangs up
 * first (also when it does not let us speak); what the system said.
 */
NODISCARD int ctl_client_call(const char *path, const struct ctl_message *request,
	unsigned int timeout_ms, struct ctl_message **reply, struct err_msg *msg);

#endif
