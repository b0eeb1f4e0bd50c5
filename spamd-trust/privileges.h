/*
 * privileges.h - which account the workers run as, and becoming it for good.
 *
 * The order is that of OpenSMTPD: names are looked up and sockets and files opened first, then
 * groups go, then the group id, then the user id, and then it is checked that there is
 * no way back. Only the supervisor, which reads no mail, keeps what it was started with.
 */
#ifndef SPAMD_TRUST_PRIVILEGES_H
#define SPAMD_TRUST_PRIVILEGES_H

#include <sys/types.h>

#include "spamd-trust/options.h"

/** An account, looked up while that was still easy. */
struct privileges {
	bool drops; /**< false: not started as root, or without another account to become */
	bool sets_users_aside; /**< as root without -u: all users are served as the default user */
	uid_t uid;
	gid_t gid;
	char name[64];
};

/**
 * Finds out whom -u, -g and -U mean. Not root: -u may only name the account that runs us.
 * @return 0; ERR_NOTFOUND for an unknown name; ERR_DENIED for root, or for another account
 * without being root.
 */
NODISCARD int privileges_resolve(
	const struct options *options, struct privileges *out, struct err_msg *msg);

/** Becomes it. On failure the process must end. */
NODISCARD int privileges_drop(const struct privileges *p, struct err_msg *msg);

#endif
