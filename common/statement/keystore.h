/*
 * keystore.h - the private keys of the site and its users, as files.
 *
 * STORE/keys (mode 0700) holds one PKCS#8 PEM file (0600) per key:
 *
 *	root-IDENTITY.pem           the root of an identity
 *	next-IDENTITY-KEY.pem       the committed next root, to be taken off the machine
 *	device-IDENTITY-KEY.pem     a device that signs for the identity
 *
 * where both names are thumbprints (43 characters). Files that do not look like this are left
 * alone. Written and read by trustctl and gossip; spamd-trust never opens it.
 */
#ifndef COMMON_STATEMENT_KEYSTORE_H
#define COMMON_STATEMENT_KEYSTORE_H

#include <limits.h>

#include "common/statement/identity.h"

enum keystore_kind {
	KEYSTORE_ROOT,
	KEYSTORE_NEXT,
	KEYSTORE_DEVICE,
};

/** A key in the store, by name; for a root `key` equals `identity`. */
struct keystore_entry {
	enum keystore_kind kind;
	struct thumbprint identity;
	struct thumbprint key;
};

/** Longest path of STORE/keys, so that with the longest file name it stays below PATH_MAX. */
#define KEYSTORE_DIRECTORY_MAX (PATH_MAX - 128)

/** Fields are private. */
struct keystore {
	char directory[KEYSTORE_DIRECTORY_MAX];
};

/**
 * Looks at STORE/keys, making it when create is set.
 * @return 0; ERR_NOTFOUND; ERR_DENIED when others may enter it; ERR_RANGE when the path is
 * too long; what the system said.
 */
NODISCARD int keystore_open(
	struct keystore *ks, const char *store_directory, bool create, struct err_msg *msg);

/**
 * Saves a key pair; for a root `identity` must be its own thumbprint.
 * @return 0; ERR_EXISTS; ERR_INVALID; what keypair_save said.
 */
NODISCARD int keystore_add(const struct keystore *ks, enum keystore_kind kind,
	const struct thumbprint *identity, const struct keypair *pair, struct err_msg *msg);

/**
 * Loads one and checks that it is the key its name says.
 * @return 0 and an owned key pair; ERR_NOTFOUND; ERR_CORRUPT; what keypair_load said.
 */
NODISCARD int keystore_load(const struct keystore *ks, const struct keystore_entry *entry,
	struct keypair **out, struct err_msg *msg);

/**
 * The root of an identity, owned.
 * @return as keystore_load; ERR_NOTFOUND when it is kept elsewhere.
 */
NODISCARD int keystore_load_root(const struct keystore *ks, const struct thumbprint *identity,
	struct keypair **out, struct err_msg *msg);

/** Whether a key is there, unread. */
bool keystore_has(const struct keystore *ks, const struct keystore_entry *entry);

/** Takes a key off the disk. @return 0; ERR_NOTFOUND; what the system said. */
NODISCARD int keystore_remove(
	const struct keystore *ks, const struct keystore_entry *entry, struct err_msg *msg);

/** The newest device (by time of file, then by name) that signs for an identity, owned. */
NODISCARD int keystore_load_device(const struct keystore *ks, const struct thumbprint *identity,
	struct keypair **out, struct err_msg *msg);

/** @return 0 to go on, anything else stops and is returned. */
typedef int keystore_visit_fn(void *ctx, const struct keystore_entry *entry);

/** Visits all keys in the order of their file names. */
NODISCARD int keystore_visit(
	const struct keystore *ks, keystore_visit_fn *visit, void *ctx, struct err_msg *msg);

#endif
