#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/statement/keystore.h"
#include "tests/support/temp_dir.h"

static struct temp_dir dir;
static struct keystore ks;
static struct keypair *root;
static struct keypair *device;
static struct thumbprint identity;
static struct thumbprint device_name;
static struct err_msg msg;

static void
make_store(void)
{
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 3);

	temp_dir_make(&dir);
	cr_assert_eq(keystore_open(&ks, dir.path, true, &msg), 0, "%s", msg.text);
	cr_assert_eq(keypair_generate(&rng, &root), 0);
	cr_assert_eq(keypair_generate(&rng, &device), 0);
	public_key_thumbprint(keypair_public(root), &identity);
	public_key_thumbprint(keypair_public(device), &device_name);
}

static void
remove_store(void)
{
	keypair_free(root);
	keypair_free(device);
	temp_dir_remove(&dir);
}

TestSuite(keystore, .init = make_store, .fini = remove_store);

static void
expect_key(const struct keypair *found, const struct keypair *wanted)
{
	cr_expect_arr_eq(
		keypair_public(found)->bytes, keypair_public(wanted)->bytes, IDENTITY_KEY_LEN);
}

Test(keystore, keys_come_back_by_identity)
{
	struct keypair *found = NULL;

	cr_assert_eq(
		keystore_add(&ks, KEYSTORE_ROOT, &identity, root, &msg), 0, "%s", msg.text);
	cr_assert_eq(
		keystore_add(&ks, KEYSTORE_DEVICE, &identity, device, &msg), 0, "%s", msg.text);
	cr_assert_eq(keystore_load_root(&ks, &identity, &found, &msg), 0, "%s", msg.text);
	expect_key(found, root);
	keypair_free(found);
	cr_assert_eq(keystore_load_device(&ks, &identity, &found, &msg), 0, "%s", msg.text);
	expect_key(found, device);
	keypair_free(found);
}

Test(keystore, the_newest_device_signs)
{
	const struct timespec past[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	const struct timespec later[2] = {{.tv_sec = 1000}, {.tv_sec = 1000, .tv_nsec = 1}};
	struct keypair *other = NULL;
	struct keypair *found = NULL;
	struct rng_seeded_state state;
	struct rng rng = rng_seeded(&state, 4);
	struct thumbprint other_name;
	char name[256];
	char path[PATH_MAX];

	cr_assert_eq(keypair_generate(&rng, &other), 0);
	public_key_thumbprint(keypair_public(other), &other_name);
	cr_assert_eq(keystore_add(&ks, KEYSTORE_DEVICE, &identity, device, &msg), 0);
	cr_assert_eq(keystore_add(&ks, KEYSTORE_DEVICE, &identity, other, &msg), 0);
	(void)snprintf(
		name, sizeof(name), "keys/device-%s-%s.pem", identity.text, other_name.text);
	cr_assert_eq(
		utimensat(AT_FDCWD, temp_dir_path(&dir, name, path), past, 0), 0, "%s", path);
	(void)snprintf(
		name, sizeof(name), "keys/device-%s-%s.pem", identity.text, device_name.text);
	cr_assert_eq(utimensat(AT_FDCWD, temp_dir_path(&dir, name, path), later, 0), 0);
	cr_assert_eq(keystore_load_device(&ks, &identity, &found, &msg), 0, "%s", msg.text);
	expect_key(found, device);
	keypair_free(found);
	keypair_free(other);
}

Test(keystore, missing_keys_are_not_found)
{
	struct keypair *found = NULL;

	cr_expect_eq(keystore_load_root(&ks, &identity, &found, &msg), ERR_NOTFOUND);
	cr_expect_eq(keystore_load_device(&ks, &identity, &found, &msg), ERR_NOTFOUND);
	cr_assert_eq(keystore_add(&ks, KEYSTORE_NEXT, &identity, device, &msg), 0);
	cr_expect_eq(keystore_load_device(&ks, &identity, &found, &msg), ERR_NOTFOUND,
		"a next root is no device");
}

Test(keystore, a_root_is_kept_under_its_own_name_only)
{
	cr_expect_eq(keystore_add(&ks, KEYSTORE_ROOT, &identity, device, &msg), ERR_INVALID);
	cr_expect_eq(keystore_add(&ks, KEYSTORE_DEVICE, &identity, root, &msg), ERR_INVALID);
	cr_expect_eq(keystore_add(&ks, KEYSTORE_ROOT, &identity, root, &msg), 0);
	cr_expect_eq(keystore_add(&ks, KEYSTORE_ROOT, &identity, root, &msg), ERR_EXISTS);
}

Test(keystore, a_key_under_the_wrong_name_is_refused)
{
	struct keypair *found = NULL;
	char name[256];
	char path[PATH_MAX];

	(void)snprintf(name, sizeof(name), "keys/root-%s.pem", identity.text);
	cr_assert_eq(keypair_save(device, temp_dir_path(&dir, name, path), &msg), 0);
	cr_expect_eq(keystore_load_root(&ks, &identity, &found, &msg), ERR_CORRUPT);
	cr_expect_null(found);
}

static void
make_file(const char *name)
{
	char path[PATH_MAX];
	int fd = open(temp_dir_path(&dir, name, path), O_WRONLY | O_CREAT, 0600);

	cr_assert_geq(fd, 0, "%s", path);
	(void)close(fd);
}

struct seen {
	size_t count;
	struct keystore_entry entries[8];
};

static int
remember(void *ctx, const struct keystore_entry *entry)
{
	struct seen *seen = ctx;

	seen->entries[seen->count++] = *entry;
	return seen->count == ARRAY_LEN(seen->entries) ? ERR_TOOBIG : 0;
}

Test(keystore, lists_its_keys_and_nothing_else)
{
	struct seen seen = {0};

	make_file("keys/README");
	make_file("keys/root-short.pem");
	make_file("keys/root-.pem");
	make_file("keys/.pem");
	make_file("keys/device-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k.pem");
	make_file("keys/root-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k.pem.17.tmp");
	make_file("keys/phone-kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k.pem");
	cr_assert_eq(keystore_add(&ks, KEYSTORE_ROOT, &identity, root, &msg), 0);
	cr_assert_eq(keystore_add(&ks, KEYSTORE_DEVICE, &identity, device, &msg), 0);
	cr_assert_eq(keystore_add(&ks, KEYSTORE_NEXT, &identity, device, &msg), 0);
	cr_assert_eq(keystore_visit(&ks, remember, &seen, &msg), 0, "%s", msg.text);
	cr_assert_eq(seen.count, 3);
	cr_expect_eq(seen.entries[0].kind, KEYSTORE_DEVICE);
	cr_expect(thumbprint_eq(&seen.entries[0].key, &device_name));
	cr_expect(thumbprint_eq(&seen.entries[0].identity, &identity));
	cr_expect_eq(seen.entries[1].kind, KEYSTORE_NEXT);
	cr_expect_eq(seen.entries[2].kind, KEYSTORE_ROOT);
	cr_expect(thumbprint_eq(&seen.entries[2].key, &identity));
}

Test(keystore, is_closed_to_others_or_not_opened)
{
	char path[PATH_MAX];
	struct stat st;

	temp_dir_path(&dir, "keys", path);
	cr_assert_eq(stat(path, &st), 0);
	cr_expect_eq(st.st_mode & 07777, 0700);
	cr_assert_eq(chmod(path, 0750), 0);
	cr_expect_eq(keystore_open(&ks, dir.path, true, &msg), ERR_DENIED);
	cr_expect_neq(strstr(msg.text, "chmod 700"), NULL, "%s", msg.text);
}

Test(keystore, is_made_only_when_asked)
{
	char path[PATH_MAX];

	temp_dir_path(&dir, "keys", path);
	cr_assert_eq(rmdir(path), 0);
	cr_expect_eq(keystore_open(&ks, dir.path, false, &msg), ERR_NOTFOUND);
	cr_expect_eq(keystore_open(&ks, dir.path, true, &msg), 0, "%s", msg.text);
	cr_expect_eq(keystore_open(&ks, dir.path, false, &msg), 0, "%s", msg.text);
}
