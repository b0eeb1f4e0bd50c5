#include "trustctl/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/base/strnum.h"

#define FD_MAX 1023

void
secret_fini(struct secret *secret)
{
	OPENSSL_cleanse(secret, sizeof(*secret));
}

/* read_line - one line of a descriptor, byte by byte, so that nothing behind it is taken */
static int
read_line(int fd, struct secret *out, struct err_msg *msg)
{
	char c = 0;

	out->len = 0;
	for (;;) {
		ssize_t n = read(fd, &c, 1);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return err_set_errno(msg, "cannot read the passphrase");
		}
		if (n == 0 || c == '\n') {
			break;
		}
		if (out->len == SECRET_MAX) {
			return err_set(msg, ERR_TOOBIG,
				"the passphrase is longer than %d characters", SECRET_MAX);
		}
		out->text[out->len++] = c;
	}
	if (out->len > 0 && out->text[out->len - 1] == '\r') {
		out->len--;
	}
	return out->len > 0 ? 0 : err_set(msg, ERR_INVALID, "the passphrase is empty");
}

static int
read_file(const char *path, struct secret *out, struct err_msg *msg)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int rc = 0;

	if (fd < 0) {
		return err_set_errno(msg, "cannot open %s", path);
	}
	if (fstat(fd, &st) != 0) {
		rc = err_set_errno(msg, "cannot look at %s", path);
	} else if (S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		rc = err_set(msg, ERR_DENIED,
			"%s may be read by others (mode %04o); chmod 600 it", path,
			(unsigned int)(st.st_mode & 07777));
	}
	rc = rc == 0 ? read_line(fd, out, msg) : rc;
	(void)close(fd);
	return rc;
}

static int
read_fd(const char *number, struct secret *out, struct err_msg *msg)
{
	uint32_t fd = 0;

	if (strnum_u32(slice_str(number), FD_MAX, &fd) != 0) {
		return err_set(
			msg, ERR_INVALID, "--passphrase-fd %s: not a descriptor", number);
	}
	return read_line((int)fd, out, msg);
}

/* say - to the terminal itself, past redirections */
static void
say(int tty, const char *text)
{
	(void)!write(tty, text, strlen(text));
}

/* ask - one line without echo */
static int
ask(int tty, const char *prompt, const char *suffix, struct secret *out, struct err_msg *msg)
{
	struct termios before;
	struct termios quiet;
	int rc;

	if (tcgetattr(tty, &before) != 0) {
		return err_set_errno(msg, "the terminal cannot be set up");
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
	if (tcsetattr(tty, TCSAFLUSH, &quiet) != 0) {
		return err_set_errno(msg, "the terminal cannot be set up");
	}
	say(tty, prompt);
	say(tty, suffix);
	rc = read_line(tty, out, msg);
	say(tty, "\n");
	(void)tcsetattr(tty, TCSAFLUSH, &before);
	return rc;
}

static int
ask_twice(int tty, const char *prompt, struct secret *out, struct err_msg *msg)
{
	struct secret again = {.len = 0};
	int rc = ask(tty, prompt, ", again: ", &again, msg);

	if (rc == 0 && (again.len != out->len ||
			       CRYPTO_memcmp(again.text, out->text, out->len) != 0)) {
		rc = err_set(msg, ERR_INVALID, "the two passphrases differ; nothing was done");
	}
	secret_fini(&again);
	return rc;
}

static int
ask_terminal(const char *prompt, bool is_new, struct secret *out, struct err_msg *msg)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (tty < 0) {
		return err_set(msg, ERR_NOTREADY,
			"there is no terminal to ask for a passphrase; use --passphrase-file "
			"FILE or --passphrase-fd N");
	}
	rc = ask(tty, prompt, ": ", out, msg);
	rc = rc == 0 && is_new ? ask_twice(tty, prompt, out, msg) : rc;
	(void)close(tty);
	return rc;
}

int
secret_read(const struct ctl *ctl, const char *prompt, bool is_new, struct secret *out,
	struct err_msg *msg)
{
	const char *file = ctl->options->value[OPTION_PASSPHRASE_FILE];
	const char *fd = ctl->options->value[OPTION_PASSPHRASE_FD];
	int rc;

	*out = (struct secret){0};
	if (file != NULL && fd != NULL) {
		return err_set(msg, ERR_INVALID,
			"either --passphrase-file or --passphrase-fd, not both");
	}
	if (file != NULL) {
		rc = read_file(file, out, msg);
	} else if (fd != NULL) {
		rc = read_fd(fd, out, msg);
	} else {
		rc = ask_terminal(prompt, is_new, out, msg);
	}
	if (rc != 0) {
		secret_fini(out);
	}
	return rc;
}
