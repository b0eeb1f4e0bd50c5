/*
 * Key pairs as PKCS#8 PEM files (RFC 5208, RFC 8410). A file appears under its name only when
 * it is whole and on disk: written beside it, synced, then linked, which unlike a rename never
 * replaces a key that is already there.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>

#include "common/statement/identity_private.h"

/* A PEM of Ed25519 has 119 bytes; attributes and comments are let through, not more. */
#define KEY_FILE_MAX 4096

/* write_all - the whole of a slice, however often the system interrupts */
static int
write_all(int fd, struct slice data)
{
	while (data.len > 0) {
		ssize_t n = write(fd, data.data, data.len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		data = slice_skip(data, (size_t)n);
	}
	return 0;
}

/* write_file - creates path with mode 0600, holding text, on disk */
static int
write_file(const char *path, struct slice text, struct err_msg *msg)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int ret = 0;

	if (fd < 0) {
		return err_set_errno(msg, "cannot create %s", path);
	}
	if (write_all(fd, text) != 0 || fsync(fd) != 0) {
		ret = err_set_errno(msg, "cannot write %s", path);
	}
	if (close(fd) != 0 && ret == 0) {
		ret = err_set_errno(msg, "cannot write %s", path);
	}
	if (ret != 0) {
		(void)unlink(path);
	}
	return ret;
}

/* sync_parent - makes the new name itself durable */
static int
sync_parent(const char *path, struct err_msg *msg)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd = -1;
	int ret = 0;

	if (slash == NULL) {
		directory[0] = '.';
		directory[1] = '\0';
	} else {
		(void)snprintf(
			directory, sizeof(directory), "%.*s", (int)(slash - path) + 1, path);
	}
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		ret = err_set_errno(msg, "cannot sync the directory of %s", path);
	}
	if (fd >= 0) {
		(void)close(fd);
	}
	return ret;
}

static int
save_text(const char *path, struct slice text, struct err_msg *msg)
{
	char beside[PATH_MAX];
	int n = snprintf(beside, sizeof(beside), "%s.%ld.tmp", path, (long)getpid());
	int ret = 0;

	if (n < 0 || (size_t)n >= sizeof(beside)) {
		return err_set(msg, ERR_RANGE, "the path of the key is too long: %s", path);
	}
	ret = write_file(beside, text, msg);
	if (ret != 0) {
		return ret;
	}
	if (link(beside, path) != 0) {
		ret = errno == EEXIST ? err_set(msg, ERR_EXISTS,
						"%s exists; a key is never overwritten", path)
				      : err_set_errno(msg, "cannot create %s", path);
	}
	(void)unlink(beside);
	return ret == 0 ? sync_parent(path, msg) : ret;
}

int
keypair_save(const struct keypair *pair, const char *path, struct err_msg *msg)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;
	long len = 0;
	int ret = 0;

	if (bio == NULL || PEM_write_bio_PKCS8PrivateKey(
				   bio, pair->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		ret = err_set(msg, identity_crypto_error(ERR_CRYPTO),
			"the library cannot write the key as PKCS#8");
		goto out;
	}
	len = BIO_get_mem_data(bio, &text);
	ret = save_text(path, slice_of(text, (size_t)len), msg);
	OPENSSL_cleanse(text, (size_t)len);
out:
	BIO_free(bio);
	return ret;
}

/* open_private - opens a regular file that nobody but its owner may read or write */
static int
open_private(const char *path, int *fd_out, struct err_msg *msg)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int ret = 0;

	if (fd < 0) {
		return err_set_errno(msg, "cannot open %s", path);
	}
	if (fstat(fd, &st) != 0) {
		ret = err_set_errno(msg, "cannot look at %s", path);
	} else if (!S_ISREG(st.st_mode)) {
		ret = err_set(msg, ERR_INVALID, "%s is not a regular file", path);
	} else if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		ret = err_set(msg, ERR_DENIED,
			"%s may be read by others (mode %04o); chmod 600 it, and revoke the key if "
			"somebody may have seen it",
			path, (unsigned int)(st.st_mode & 07777));
	}
	if (ret != 0) {
		(void)close(fd);
		return ret;
	}
	*fd_out = fd;
	return 0;
}

/* read_some - up to cap bytes; fewer at the end of the file */
static int
read_some(int fd, uint8_t *buf, size_t cap, size_t *len_out)
{
	size_t len = 0;

	while (len < cap) {
		ssize_t n = read(fd, buf + len, cap - len);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -1;
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	*len_out = len;
	return 0;
}

/* no_passphrase - keeps OpenSSL from asking the terminal for one */
static int
/* NOLINTNEXTLINE(readability-non-const-parameter): the type is pem_password_cb */
no_passphrase(char *buf, int size, int rwflag, void *ctx)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)ctx;
	return -1;
}

static int
parse_pem(const char *path, struct slice text, struct keypair **out, struct err_msg *msg)
{
	BIO *bio = BIO_new_mem_buf(text.data, (int)text.len);
	EVP_PKEY *pkey = NULL;
	int ret = 0;

	if (bio == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	BIO_free(bio);
	if (pkey == NULL) {
		return err_set(msg, identity_crypto_error(ERR_INVALID),
			"%s holds no private key in PEM form", path);
	}
	ret = keypair_wrap(pkey, out);
	return ret == 0 ? 0 : err_set(msg, ret, "%s holds no Ed25519 key", path);
}

int
keypair_load(const char *path, struct keypair **out, struct err_msg *msg)
{
	uint8_t text[KEY_FILE_MAX + 1];
	size_t len = 0;
	int fd = -1;
	int ret = open_private(path, &fd, msg);

	if (ret != 0) {
		return ret;
	}
	if (read_some(fd, text, sizeof(text), &len) != 0) {
		ret = err_set_errno(msg, "cannot read %s", path);
	} else if (len > KEY_FILE_MAX) {
		ret = err_set(msg, ERR_TOOBIG, "%s is too large for a key", path);
	} else {
		ret = parse_pem(path, slice_of(text, len), out, msg);
	}
	(void)close(fd);
	OPENSSL_cleanse(text, sizeof(text));
	return ret;
}
