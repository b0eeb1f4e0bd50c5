/*
 * ask.h - asks a running daemon over its control socket (common/ctl).
 */
#ifndef TRUSTCTL_ASK_H
#define TRUSTCTL_ASK_H

#include "common/base/digest.h"
#include "common/conf/settings.h"
#include "common/ctl/ctl_message.h"
#include "trustctl/command.h"

/**
 * Asks gossip; takes the request (NULL: out of memory).
 * @return EX_OK and the reply (owned); else an exit status, having said why: a gossip that does
 * not run is named with the remedy.
 */
int ask_gossip(struct ctl *ctl, struct ctl_message *request, struct ctl_message **reply);

/**
 * Likewise asks spamd-trust, which alone writes the ledger, on the socket that `settings` names.
 */
int ask_spamd(struct ctl *ctl, const struct settings *settings, struct ctl_message *request,
	struct ctl_message **reply);

/** Sets a digest as the daemon reads it. */
void ask_set_digest(struct ctl_message *request, const char *name, const struct digest *digest);

/** A text of a reply as a C string cut to `cap`; "" where there is none. Returns out. */
const char *ask_text(const struct ctl_message *reply, const char *name, char *out, size_t cap);

#endif
