/*
 * secret.h - passphrases: from the terminal without echo, from a file, or from a descriptor.
 *
 * Never from the command line, which others on the host can read, and never shown. Whoever got
 * one gives it back with secret_fini, which cleanses it.
 */
#ifndef TRUSTCTL_SECRET_H
#define TRUSTCTL_SECRET_H

#include "trustctl/command.h"

/** Longest passphrase, bytes. */
#define SECRET_MAX 1024

struct secret {
	size_t len;
	char text[SECRET_MAX + 1];
};

/**
 * Reads the passphrase of --passphrase-file or --passphrase-fd, else asks the terminal; a new one
 * twice. The line end does not belong to it.
 * @param prompt such as "Passphrase". @return 0; ERR_INVALID for an empty one, or when the two
 * differ; ERR_NOTREADY without a terminal; ERR_TOOBIG; ERR_DENIED for a file that others may
 * read; what the system said.
 */
NODISCARD int secret_read(const struct ctl *ctl, const char *prompt, bool is_new,
	struct secret *out, struct err_msg *msg);

void secret_fini(struct secret *secret);

static inline struct slice
secret_slice(const struct secret *secret)
{
	return slice_of(secret->text, secret->len);
}

#endif
