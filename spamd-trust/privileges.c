#include "spamd-trust/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

/* find_user - fills in the account; it must exist and must not be root */
static int
find_user(const char *name, const char *option, struct privileges *out, struct err_msg *msg)
{
	/* Start-up is single-threaded. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL) {
		return err_set(msg, ERR_NOTFOUND, "%s: no user %.64s", option, name);
	}
	if (pw->pw_uid == 0) {
		return err_set(msg, ERR_DENIED, "%s: the daemon must not run as root", option);
	}
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	(void)snprintf(out->name, sizeof(out->name), "%s", pw->pw_name);
	return 0;
}

static int
find_group(const char *name, struct privileges *out, struct err_msg *msg)
{
	/* Start-up is single-threaded. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const struct group *gr = getgrnam(name);

	if (gr == NULL) {
		return err_set(msg, ERR_NOTFOUND, "-g: no group %.64s", name);
	}
	if (gr->gr_gid == 0) {
		return err_set(msg, ERR_DENIED, "-g: the daemon must not run with group root");
	}
	out->gid = gr->gr_gid;
	return 0;
}

int
privileges_resolve(const struct options *options, struct privileges *out, struct err_msg *msg)
{
	bool is_root = geteuid() == 0;
	const char *name = options->username;
	int code = 0;

	*out = (struct privileges){.drops = is_root};
	if (name == NULL && !is_root) {
		return 0;
	}
	if (name == NULL) {
		out->sets_users_aside = true;
		code = find_user(options->default_user, "-U", out, msg);
	} else {
		code = find_user(name, "-u", out, msg);
	}
	if (code == 0 && options->groupname != NULL) {
		code = find_group(options->groupname, out, msg);
	}
	if (code == 0 && !is_root && out->uid != geteuid()) {
		return err_set(
			msg, ERR_DENIED, "-u: only root may start the daemon as %s", out->name);
	}
	return code;
}

int
privileges_drop(const struct privileges *p, struct err_msg *msg)
{
	if (!p->drops) {
		return 0;
	}
	if (initgroups(p->name, p->gid) != 0 || setresgid(p->gid, p->gid, p->gid) != 0 ||
		setresuid(p->uid, p->uid, p->uid) != 0) {
		return err_set_errno(msg, "cannot become user %s", p->name);
	}
	if (setuid(0) == 0 || geteuid() == 0 || getuid() == 0) {
		return err_set(msg, ERR_DENIED, "root privileges could not be given up");
	}
	return 0;
}
