/*
 * user_prefs.h - whose settings apply to a request (SPEC 7).
 *
 * Without -x: HOME/.spamassassin/user_prefs of the user named by the client. With -x and
 * --virtual-config-dir: user_prefs in the directory that the pattern gives for the name. Else
 * the site's own. Parsed files are kept per worker and parsed again when the file changes
 * (device, inode, size, time of change), so what one user sets is a settings object of its own
 * that no other request ever sees. Look-ups in the passwd database are kept for a minute.
 *
 * The daemon does not become the user: it reads what its own account may read. So that nobody
 * can have it read something else in his name, a file under HOME counts only if it belongs to the
 * user or to root. Only regular files up to SETTINGS_USER_PREFS_MAX are read.
 *
 * One object per worker thread.
 */
#ifndef SPAMD_TRUST_USER_PREFS_H
#define SPAMD_TRUST_USER_PREFS_H

#include "common/conf/settings.h"

struct service;
struct user_prefs;

/** Longest path of a user_prefs file, NUL included. */
#define USER_PREFS_PATH_MAX 1024

/** Borrows the service. @return 0 or ERR_NOMEM. */
NODISCARD int user_prefs_new(const struct service *service, struct user_prefs **out);
void user_prefs_free(struct user_prefs *u);

/**
 * Looks the user up and writes the log lines of the original; called once per User line.
 * @return 0, or ERR_DENIED when such a user must not be served (--paranoid).
 */
NODISCARD int user_prefs_announce(struct user_prefs *u, struct slice user, uint64_t now_s);

/**
 * The settings for the user; the site's where there are none of his own. Good until the next
 * call.
 */
const struct settings *user_prefs_settings(
	struct user_prefs *u, struct slice user, uint64_t now_s);

#endif
