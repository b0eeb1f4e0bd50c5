/*
 * control.h - the daemon's control socket: what the administrator asks of the ledger's one writer.
 *
 * A thread of the worker process with an event loop of its own, so that whatever local clients
 * do, mail does not notice. Each request becomes a job of the ledger's writer and is answered
 * when that is on the disk. Requests (ctl_message.h); digests are hex:
 *
 *	status                                          what the writer did since its start
 *	report   user message lead sender spam touches  stores a report; sender only with touches
 *	remove   user message                           takes one back
 *	pardon   user friend                            forgives a friend what reports charged him with
 *	forget   user sender                            takes back all of the user's reports about a sender
 *	confirm  user address domain                    pins a domain (empty: the one seen last)
 *
 * All replies but that of status hold "changed", and "count" or "domain" where there is one.
 * The socket file is looked after: when the ledger's directory was replaced, it is made anew.
 */
#ifndef SPAMD_TRUST_CONTROL_H
#define SPAMD_TRUST_CONTROL_H

#include "common/ctl/ctl_socket.h"
#include "spamd-trust/ledger_writer.h"

struct control;

struct control_config {
	const char *path; /**< of the socket; borrowed, as all here */
	struct ledger_writer *ledger;
	unsigned int desk; /**< its number with the writer */
};

/**
 * Starts the thread. Takes `listening` (fd -1: none yet), a socket that was opened while there were
 * rights to; it is kept as it is.
 * @return 0; ERR_NOMEM or what the system said. That it cannot listen is logged, and tried again.
 */
NODISCARD int control_new(const struct control_config *config, struct ctl_socket *listening,
	struct control **out, struct err_msg *msg);

/** Ends the thread; before the writer does. NULL is fine. */
void control_free(struct control *c);

#endif
