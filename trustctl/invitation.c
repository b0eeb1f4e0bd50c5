#include "trustctl/invitation.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/base/strnum.h"
#include "trustctl/files.h"

/** The code, a line end, and a number. */
#define FILE_MAX (JOIN_LINE_MAX + 16)

static int
path_of(const struct keywork *w, char out[PATH_MAX], struct err_msg *msg)
{
	char name[64 + IDENTITY_THUMBPRINT_LEN];

	(void)snprintf(name, sizeof(name), "keys/joining-%s", w->actor.identity.text);
	return site_path(w->site, name, out, msg);
}

static int
write_file(const struct keywork *w, const struct join_code *code, uint32_t tries,
	struct err_msg *msg)
{
	char path[PATH_MAX];
	struct dynbuf text;
	int rc = path_of(w, path, msg);

	if (rc != 0) {
		return rc;
	}
	dynbuf_init(&text, FILE_MAX);
	rc = join_code_print(code, &text);
	(void)dynbuf_printf(&text, "\n%u\n", (unsigned int)tries);
	rc = rc == 0 ? dynbuf_error(&text) : rc;
	rc = rc == 0 ? files_write(path, 0600, dynbuf_slice(&text), msg)
		     : err_set(msg, rc, "%s", err_text(rc));
	dynbuf_fini(&text);
	return rc;
}

int
invitation_open(const struct keywork *w, const struct join_code *code, struct err_msg *msg)
{
	return write_file(w, code, 0, msg);
}

static int
close_it(const struct keywork *w, struct err_msg *msg)
{
	char path[PATH_MAX];
	int rc = path_of(w, path, msg);

	if (rc == 0 && unlink(path) != 0 && errno != ENOENT) {
		rc = err_set_errno(msg, "cannot remove %s", path);
	}
	return rc;
}

static int
read_it(const struct keywork *w, struct join_code *code, uint32_t *tries, struct err_msg *msg)
{
	char path[PATH_MAX];
	struct dynbuf text;
	struct slice rest;
	struct slice line = {0};
	struct slice number = {0};
	int rc = path_of(w, path, msg);

	if (rc != 0) {
		return rc;
	}
	if (access(path, F_OK) != 0) {
		return err_set(msg, ERR_NOTREADY,
			"no code is open for %s; show one with \"trustctl device add\"",
			w->actor.name);
	}
	dynbuf_init(&text, FILE_MAX);
	rc = files_read(path, &text, msg);
	rest = dynbuf_slice(&text);
	if (rc == 0 && (!slice_next_token(&rest, "\n", &line) ||
			       !slice_next_token(&rest, "\n", &number) ||
			       join_code_parse(line, code, NULL) != 0 ||
			       strnum_u32(number, INVITATION_TRIES_MAX, tries) != 0)) {
		rc = err_set(msg, ERR_CORRUPT, "%s is damaged; show another code", path);
	}
	dynbuf_fini(&text);
	return rc;
}

/* count_failure - and closes the invitation when it was the last one */
static int
count_failure(const struct keywork *w, const struct join_code *code, uint32_t tries,
	struct err_msg *msg)
{
	return tries + 1 < INVITATION_TRIES_MAX ? write_file(w, code, tries + 1, msg)
						: close_it(w, msg);
}

int
invitation_answer(const struct keywork *w, struct slice text, struct join_request *out,
	struct err_msg *msg)
{
	struct join_code code = {.expires_s = 0};
	struct err_msg ignored;
	uint32_t tries = 0;
	int rc = join_request_parse(text, out, msg);

	rc = rc == 0 ? read_it(w, &code, &tries, msg) : rc;
	if (rc == 0) {
		rc = join_request_check(text, out, &code, w->ctl->now_s, msg);
		if (rc == 0) {
			rc = close_it(w, msg);
		} else if (rc == ERR_SIGNATURE) {
			(void)!count_failure(w, &code, tries, &ignored);
		} else if (rc == ERR_EXPIRED) {
			(void)!close_it(w, &ignored);
		}
	}
	OPENSSL_cleanse(&code, sizeof(code));
	return rc;
}
