/*
 * notify.h - tells the owner and the guardians of an identity what became of it.
 *
 * Runs `notify_command` of the configuration with one JSON object on standard input:
 *
 *	{"event": "device revoked", "identity": "...", "name": "alice@example.org",
 *	 "what": "key:...", "label": "phone", "since": 1764000000, "why": "hacked",
 *	 "owner": ["alice@example.org"], "guardians": ["bob@example.net", ...]}
 *
 * owner and guardians are the mail addresses that the graph knows of them, perhaps none. The
 * command gets the environment of trustctl, no arguments, and NOTIFY_TIMEOUT_S seconds. That it
 * fails is told, and changes nothing: what was decided is in the graph already.
 */
#ifndef TRUSTCTL_NOTIFY_H
#define TRUSTCTL_NOTIFY_H

#include "trustctl/keywork.h"

#define NOTIFY_TIMEOUT_S 30

struct notice {
	const char *
		event; /**< words: "device revoked", "identity revoked", "identity continued" */
	const char *what;  /**< principal */
	const char *label; /**< of a device; may be empty */
	uint64_t since_s;
	enum statement_why why;
};

/** Does nothing where no command is configured. */
void notify(struct keywork *w, const struct notice *notice);

#endif
