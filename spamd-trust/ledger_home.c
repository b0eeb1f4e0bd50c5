#include "spamd-trust/ledger_home.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/graph/store_layout.h"

#define MODE_ROOT   0755 /* as trustctl makes them: everybody may pass, */
#define MODE_LEDGER 0750 /* what is inside is closed */

/* settle - mode and owner of a directory that was just made, whatever the umask said */
static int
settle(int fd, mode_t mode, const struct privileges *owner)
{
	if (fchmod(fd, mode) != 0) {
		return -1;
	}
	return owner == NULL || !owner->drops ? 0 : fchown(fd, owner->uid, owner->gid);
}

/* make_ledger - by descriptors, so that nobody can put a link in the way */
static int
make_ledger(int root, const struct privileges *p)
{
	const char *name = store_layout_name(STORE_LAYOUT_LEDGER);
	int fd = -1;
	int rc = -1;

	if (settle(root, MODE_ROOT, NULL) != 0 || mkdirat(root, name, MODE_LEDGER) != 0) {
		return -1;
	}
	fd = openat(root, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return -1;
	}
	rc = settle(fd, MODE_LEDGER, p);
	(void)close(fd);
	return rc;
}

int
ledger_home_make(const char *directory, const struct privileges *p, struct err_msg *msg)
{
	int code = 0;
	int root = -1;

	if (mkdir(directory, MODE_ROOT) != 0) {
		return errno == EEXIST ? 0 : err_set_errno(msg, "cannot make %s", directory);
	}
	root = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (root < 0 || make_ledger(root, p) != 0) {
		code = err_set_errno(msg, "cannot make %s/%s", directory,
			store_layout_name(STORE_LAYOUT_LEDGER));
	} else {
		log_info("spamd: no store in %s, made a ledger for reports there", directory);
	}
	if (root >= 0) {
		(void)close(root);
	}
	return code;
}
