/*
 * access.h - which clients may connect (-A, SPEC 12.1).
 *
 * A list of addresses, networks and prefixes; without -A the loopback addresses. UNIX sockets
 * are guarded by their mode and not asked about here.
 */
#ifndef SPAMD_TRUST_ACCESS_H
#define SPAMD_TRUST_ACCESS_H

#include "common/conf/netlist.h"
#include "spamd-trust/options.h"

/**
 * Fills *out, whose memory is the arena's, from the -A arguments: entries separated by commas
 * or blanks.
 * @return 0; ERR_INVALID (msg names the entry); ERR_NOMEM.
 */
NODISCARD int access_parse(const struct option_list *allowed, struct arena *arena,
	struct netlist *out, struct err_msg *msg);

#endif
