/*
 * ask.h - asks a running daemon over its control socket (common/ctl).
 */
#ifndef TRUSTCTL_ASK_H
#define TRUSTCTL_ASK_H

#include "common/ctl/ctl_message.h"
#include "trustctl/command.h"

/**
 * Asks gossip; takes the request (NULL: out of memory).
 * @return EX_OK and the reply (owned); else an exit status, having said why: a gossip that does
 * not run is named with the remedy.
 */
int ask_gossip(struct ctl *ctl, struct ctl_message *request, struct ctl_message **reply);

/** A text of a reply as a C string cut to `cap`; "" where there is none. Returns out. */
const char *ask_text(const struct ctl_message *reply, const char *name, char *out, size_t cap);

#endif
