/* Settings from a home directory (SPEC 7): which file counts, and for whom. */
#include <criterion/criterion.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/log.h"
#include "spamd-trust/service.h"
#include "spamd-trust/user_prefs.h"

#define NOW_S   1700000000U
#define MINUTE  61
#define FOREIGN ((uid_t)12345)

/* The passwd database of these tests: alice alone, with this home and number. */
static char home[64];
static uid_t alice_uid;
static unsigned int look_ups;

int
getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size,
	struct passwd **result)
{
	(void)buffer;
	(void)size;
	look_ups++;
	*result = NULL;
	if (strcmp(name, "alice") == 0) {
		*entry = (struct passwd){.pw_dir = home, .pw_uid = alice_uid};
		*result = entry;
	}
	return 0;
}

/* A service with default settings, and alice's home directory. */
struct place {
	struct options options;
	struct settings *settings;
	struct service service;
	struct user_prefs *prefs;
	char dir[96];
	char file[128];
};

static void
place_make(struct place *p)
{
	struct log_config silent = {.sink = LOG_SINK_NULL};

	cr_assert_eq(log_open(&silent), 0);
	*p = (struct place){.options = {.user_config = true}};
	(void)snprintf(home, sizeof(home), "/tmp/test_user_prefs.XXXXXX");
	cr_assert_not_null(mkdtemp(home));
	(void)snprintf(p->dir, sizeof(p->dir), "%s/.spamassassin", home);
	(void)snprintf(p->file, sizeof(p->file), "%s/user_prefs", p->dir);
	cr_assert_eq(mkdir(p->dir, 0755), 0);
	alice_uid = geteuid();
	cr_assert_eq(settings_new(&p->settings), 0);
	p->service = (struct service){.options = &p->options, .settings = p->settings};
	cr_assert_eq(user_prefs_new(&p->service, &p->prefs), 0);
}

static void
place_remove(struct place *p)
{
	user_prefs_free(p->prefs);
	settings_free(p->settings);
	(void)unlink(p->file);
	cr_expect_eq(rmdir(p->dir), 0);
	cr_expect_eq(rmdir(home), 0);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	cr_assert_not_null(f);
	cr_assert_geq(fputs(text, f), 0);
	cr_assert_eq(fclose(f), 0);
}

static double
required(struct place *p, const char *user)
{
	return user_prefs_settings(p->prefs, slice_str(user), NOW_S)->required_score;
}

Test(spamd_user_prefs, reads_the_file_in_the_home_directory_for_its_user_only)
{
	struct place p;

	place_make(&p);
	cr_expect_eq(required(&p, "alice"), 5.0, "no file yet");
	write_file(p.file, "required_score 8\n");
	cr_expect_eq(required(&p, "alice"), 8.0);
	cr_expect_eq(required(&p, "bob"), 5.0);
	cr_expect_eq(required(&p, ""), 5.0);
	cr_expect_eq(required(&p, "alice"), 8.0, "kept");
	write_file(p.file, "required_score 7.25\n");
	cr_expect_eq(required(&p, "alice"), 7.25, "changed");
	cr_assert_eq(unlink(p.file), 0);
	cr_expect_eq(required(&p, "alice"), 5.0, "removed");
	place_remove(&p);
}

Test(spamd_user_prefs, reads_none_with_x)
{
	struct place p;

	place_make(&p);
	write_file(p.file, "required_score 8\n");
	p.options.user_config = false;
	cr_expect_eq(required(&p, "alice"), 5.0);
	place_remove(&p);
}

Test(spamd_user_prefs, leaves_a_file_alone_that_belongs_to_somebody_else)
{
	struct place p;

	place_make(&p);
	write_file(p.file, "required_score 8\n");
	if (geteuid() == 0) {
		cr_assert_eq(chown(p.file, FOREIGN, (gid_t)-1), 0);
	} else {
		alice_uid = FOREIGN;
	}
	cr_expect_eq(required(&p, "alice"), 5.0);
	place_remove(&p);
}

Test(spamd_user_prefs, follows_a_link_only_to_what_the_user_owns)
{
	struct place p;

	place_make(&p);
	cr_assert_eq(symlink("/dev/zero", p.file), 0);
	cr_expect_eq(required(&p, "alice"), 5.0);
	place_remove(&p);
}

Test(spamd_user_prefs, asks_for_an_account_once_a_minute)
{
	struct place p;

	place_make(&p);
	look_ups = 0;
	for (int i = 0; i < 3; i++) {
		cr_expect_eq(user_prefs_announce(p.prefs, SLICE("bob"), NOW_S), 0);
		cr_expect_eq(required(&p, "bob"), 5.0);
	}
	cr_expect_eq(look_ups, 1);
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE("bob"), NOW_S + MINUTE), 0);
	cr_expect_eq(look_ups, 2);
	place_remove(&p);
}

Test(spamd_user_prefs, paranoid_denies_who_does_not_exist)
{
	struct place p;

	place_make(&p);
	p.options.paranoid = true;
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE("alice"), NOW_S), 0);
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE("bob"), NOW_S), ERR_DENIED);
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE("a\0b"), NOW_S), ERR_DENIED);
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE(""), NOW_S), 0, "no user at all");
	place_remove(&p);
}

Test(spamd_user_prefs, paranoid_denies_root_where_users_cannot_be_set)
{
	struct place p;

	place_make(&p);
	p.options.paranoid = true;
	p.service.sets_users_aside = true;
	alice_uid = 0;
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE("alice"), NOW_S), ERR_DENIED);
	alice_uid = 1;
	cr_expect_eq(user_prefs_announce(p.prefs, SLICE("alice"), NOW_S + MINUTE), 0);
	place_remove(&p);
}
