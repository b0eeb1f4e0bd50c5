#include "spamd-trust/user_prefs.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/conf/settings_site.h"
#include "spamd-trust/prefs_path.h"
#include "spamd-trust/service.h"

/* Users whose passwd entry, and whose parsed file, one worker remembers. */
#define ACCOUNTS_MAX 256
#define FILES_MAX    64

#define ACCOUNT_NAME_MAX 64
#define ACCOUNT_TTL_S    60

/* glibc's own answer to _SC_GETPW_R_SIZE_MAX is 1 KiB; directory services send more. */
#define PASSWD_BUFFER_BYTES 16384

/* A parsed file of the greatest size takes about eight times its bytes. */
#define FILE_ARENA_MAX_BYTES ((size_t)8 * SETTINGS_USER_PREFS_MAX)

#define NAME_MAX_BYTES 512

#define NOBODY ((uid_t)-1)

struct account {
	char name[ACCOUNT_NAME_MAX]; /* empty: unused */
	uint64_t expires_s;
	bool exists;
	uid_t uid;
	char home[USER_PREFS_PATH_MAX];
};

struct prefs_file {
	char path[USER_PREFS_PATH_MAX]; /* empty: unused */
	uid_t owner;                    /* who it had to belong to; NOBODY where no one */
	struct stat seen;
	uint64_t used; /* tick of the last use */
	struct arena arena;
	const struct settings
		*settings; /* in the arena, or the site's when the file is unfit */
};

struct user_prefs {
	const struct service *service;
	struct account accounts[ACCOUNTS_MAX];
	struct prefs_file files[FILES_MAX];
	uint64_t tick;
};

int
user_prefs_new(const struct service *service, struct user_prefs **out)
{
	struct user_prefs *u = calloc(1, sizeof(*u));

	if (u == NULL) {
		return ERR_NOMEM;
	}
	u->service = service;
	for (size_t i = 0; i < FILES_MAX; i++) {
		arena_init(&u->files[i].arena, FILE_ARENA_MAX_BYTES);
	}
	*out = u;
	return 0;
}

void
user_prefs_free(struct user_prefs *u)
{
	if (u == NULL) {
		return;
	}
	for (size_t i = 0; i < FILES_MAX; i++) {
		arena_fini(&u->files[i].arena);
	}
	free(u);
}

/* --- names to directories ------------------------------------------------------------------- */

/*
 * virtual_path - the file for a name; with %x that of the name if it is there, else of its
 * domain
 */
static int
virtual_path(const char *pattern, struct slice user, char *out, size_t cap)
{
	static const char file[] = "/user_prefs";
	bool domains[] = {false, true};
	size_t tries = strstr(pattern, "%x") == NULL ? 1 : 2;
	struct stat st = {0};

	for (size_t i = 0; i < tries; i++) {
		int code = prefs_path_expand(pattern, user, domains[i], out, cap);

		if (code != 0 || strlen(out) + sizeof(file) > cap) {
			return ERR_TOOBIG;
		}
		memcpy(out + strlen(out), file, sizeof(file));
		if (stat(out, &st) == 0 && S_ISREG(st.st_mode)) {
			return 0;
		}
	}
	return 0;
}

/* --- accounts -------------------------------------------------------------------------------- */

/* look_up - asks the passwd database */
static void
look_up(struct account *a)
{
	char buffer[PASSWD_BUFFER_BYTES];
	struct passwd entry = {0};
	struct passwd *found = NULL;
	int n = 0;

	a->exists = false;
	if (getpwnam_r(a->name, &entry, buffer, sizeof(buffer), &found) != 0 || found == NULL) {
		return;
	}
	n = snprintf(a->home, sizeof(a->home), "%s", entry.pw_dir);
	a->uid = entry.pw_uid;
	a->exists = n >= 0 && (size_t)n < sizeof(a->home);
}

/* account_of - the account of that name, NULL where there cannot be one */
static const struct account *
account_of(struct user_prefs *u, struct slice user, uint64_t now_s)
{
	struct account *a = NULL;

	if (user.len == 0 || user.len >= ACCOUNT_NAME_MAX ||
		slice_find_byte(user, '\0') < user.len) {
		return NULL;
	}
	a = &u->accounts[slice_hash(user) % ACCOUNTS_MAX];
	if (!slice_eq(slice_str(a->name), user) || now_s >= a->expires_s) {
		memcpy(a->name, user.data, user.len);
		a->name[user.len] = '\0';
		a->expires_s = now_s + ACCOUNT_TTL_S;
		look_up(a);
	}
	return a->exists ? a : NULL;
}

/* --- files ----------------------------------------------------------------------------------- */

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

/* find_file - the remembered file of that path, or the place of the one unused for longest */
static struct prefs_file *
find_file(struct user_prefs *u, const char *path, uid_t owner)
{
	struct prefs_file *oldest = &u->files[0];

	for (size_t i = 0; i < FILES_MAX; i++) {
		if (u->files[i].owner == owner && strcmp(u->files[i].path, path) == 0) {
			return &u->files[i];
		}
		if (u->files[i].used < oldest->used) {
			oldest = &u->files[i];
		}
	}
	oldest->path[0] = '\0';
	return oldest;
}

/* open_prefs - opens the file if it may count; -1 where it is missing or unfit */
static int
open_prefs(const char *path, uid_t owner, struct stat *st)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	const char *fault = NULL;

	if (fd < 0) {
		return -1;
	}
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		fault = "not a regular file";
	} else if (st->st_size > SETTINGS_USER_PREFS_MAX) {
		fault = "too big";
	} else if (owner != NOBODY && st->st_uid != owner && st->st_uid != 0) {
		fault = "not owned by the user";
	}
	if (fault != NULL) {
		log_warn("config: not reading %s: %s", path, fault);
		(void)close(fd);
		return -1;
	}
	return fd;
}

static void
log_diagnostic(void *ctx, const struct cf_diagnostic *d)
{
	char text[LOG_LINE_MAX / 2];

	(void)ctx;
	log_info("config: %s", log_escape(slice_str(d->text), text, sizeof(text)));
}

/* read_all - the whole file, in the arena */
static int
read_all(int fd, size_t size, struct arena *arena, struct slice *out)
{
	uint8_t *bytes = arena_alloc(arena, size + 1);
	size_t len = 0;

	if (bytes == NULL) {
		return ERR_NOMEM;
	}
	while (len < size) {
		ssize_t n = read(fd, bytes + len, size - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return err_from_errno(errno);
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	*out = slice_of(bytes, len);
	return 0;
}

/* load - parses the open file into f; on failure the site's settings stand */
static void
load(struct user_prefs *u, struct prefs_file *f, int fd)
{
	const struct settings *base = u->service->settings;
	struct settings_load_options options = {.lang = settings_locale(),
		.local_tests_only = true,
		.diagnose = log_diagnostic};
	struct slice bytes = {0};
	int code = 0;

	arena_reset(&f->arena);
	f->settings = base;
	code = read_all(fd, (size_t)f->seen.st_size, &f->arena, &bytes);
	if (code == 0) {
		code = settings_overlay(
			base, slice_str(f->path), bytes, &options, &f->arena, &f->settings);
	}
	if (code != 0) {
		f->settings = base;
		log_warn("config: not using %s: %s", f->path, err_text(code));
	}
}

/* settings_from - the settings of a file, parsed again only when it has changed */
static const struct settings *
settings_from(struct user_prefs *u, const char *path, uid_t owner)
{
	struct prefs_file *f = find_file(u, path, owner);
	struct stat st = {0};
	int fd = -1;

	f->used = ++u->tick;
	if (f->path[0] != '\0' && stat(path, &st) == 0 && is_same_file(&st, &f->seen)) {
		return f->settings;
	}
	f->path[0] = '\0';
	fd = open_prefs(path, owner, &st);
	if (fd < 0) {
		return u->service->settings;
	}
	(void)snprintf(f->path, sizeof(f->path), "%s", path);
	f->owner = owner;
	f->seen = st;
	load(u, f, fd);
	(void)close(fd);
	return f->settings;
}

/* --- the two questions ------------------------------------------------------------------------ */

int
user_prefs_announce(struct user_prefs *u, struct slice user, uint64_t now_s)
{
	const struct options *o = u->service->options;
	const struct account *account = NULL;
	UNINITIALIZED char shown[NAME_MAX_BYTES];
	UNINITIALIZED char path[USER_PREFS_PATH_MAX];

	if (user.len == 0) {
		return 0;
	}
	(void)log_escape(user, shown, sizeof(shown));
	if (!o->user_config && o->virtual_config_dir != NULL) {
		if (virtual_path(o->virtual_config_dir, user, path, sizeof(path)) == 0) {
			log_info("spamd: using default config for %s: %s", shown, path);
		}
		return 0;
	}
	if (!o->user_config && !u->service->sets_users_aside) {
		return 0;
	}
	account = account_of(u, user, now_s);
	if (account == NULL) {
		log_info("spamd: handle_user (%s) unable to find user: '%s'",
			u->service->sets_users_aside ? "getpwnam" : "userdir", shown);
		return o->paranoid ? ERR_DENIED : 0;
	}
	if (u->service->sets_users_aside && o->paranoid && account->uid == 0) {
		log_warn("spamd: refusing to serve user root (--paranoid)");
		return ERR_DENIED;
	}
	return 0;
}

const struct settings *
user_prefs_settings(struct user_prefs *u, struct slice user, uint64_t now_s)
{
	const struct options *o = u->service->options;
	const struct account *account = NULL;
	UNINITIALIZED char path[USER_PREFS_PATH_MAX];
	int n = 0;

	if (user.len == 0) {
		return u->service->settings;
	}
	if (!o->user_config) {
		if (o->virtual_config_dir == NULL ||
			virtual_path(o->virtual_config_dir, user, path, sizeof(path)) != 0) {
			return u->service->settings;
		}
		return settings_from(u, path, NOBODY);
	}
	account = account_of(u, user, now_s);
	if (account == NULL) {
		return u->service->settings;
	}
	n = snprintf(path, sizeof(path), "%s/.spamassassin/user_prefs", account->home);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		return u->service->settings;
	}
	return settings_from(u, path, account->uid);
}
