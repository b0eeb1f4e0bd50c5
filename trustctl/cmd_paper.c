#include <sysexits.h>
#include <unistd.h>

#include "common/statement/paper.h"
#include "trustctl/cmd.h"
#include "trustctl/files.h"
#include "trustctl/keywork.h"
#include "trustctl/qr.h"

/** Text, link and the code in half blocks. */
#define SHEET_MAX    ((size_t)64 * 1024)
#define PICTURE_MAX  ((size_t)1 << 20)
#define LINK_COLUMNS 64

static void
put_link(struct slice link, struct dynbuf *out)
{
	while (link.len > 0) {
		struct slice line = slice_take(link, LINK_COLUMNS);

		(void)dynbuf_printf(out, "%.*s\n", SLICE_ARG(line));
		link = slice_skip(link, line.len);
	}
}

/* write_sheet - what to print, for people */
static int
write_sheet(const struct keywork *w, struct slice link, struct dynbuf *out)
{
	(void)dynbuf_printf(out,
		"REVOCATION of %s\nidentity %s\n\n"
		"Keep this sheet in a drawer, not on a computer. Whoever has it can end the "
		"identity,\nfor good, from the day it is used; it can do nothing else. Use it "
		"when keys were stolen\nand the root key is out of reach: type or scan the text "
		"below into a file, and on any host\nthat runs gossip:\n\n"
		"    trustctl revoke --paper FILE\n\n",
		w->actor.name, w->actor.identity.text);
	put_link(link, out);
	(void)dynbuf_add_byte(out, '\n');
	return qr_terminal(link, true, out);
}

static int
write_files(const struct keywork *w, const char *path, struct slice link, struct err_msg *msg)
{
	char picture[PATH_MAX];
	struct dynbuf sheet;
	struct dynbuf svg;
	int n = snprintf(picture, sizeof(picture), "%s.svg", path);
	int rc;

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_RANGE, "the path is too long: %s", path);
	}
	dynbuf_init(&sheet, SHEET_MAX);
	dynbuf_init(&svg, PICTURE_MAX);
	rc = write_sheet(w, link, &sheet);
	rc = rc == 0 ? qr_svg(link, &svg) : rc;
	if (rc != 0) {
		rc = err_set(msg, rc, "cannot make the code: %s", err_text(rc));
	}
	rc = rc == 0 ? files_write(path, 0600, dynbuf_slice(&sheet), msg) : rc;
	rc = rc == 0 ? files_write(picture, 0600, dynbuf_slice(&svg), msg) : rc;
	dynbuf_fini(&sheet);
	dynbuf_fini(&svg);
	return rc;
}

static int
make_sheet(struct keywork *w, const char *path, struct err_msg *msg)
{
	struct issuer issuer;
	struct issued paper;
	struct dynbuf link;
	int rc = keywork_root(w, msg);

	if (rc != 0) {
		return rc;
	}
	issuer = keywork_issuer(w, w->root);
	rc = paper_make(&issuer, &paper, msg);
	if (rc != 0) {
		return rc;
	}
	dynbuf_init(&link, STATEMENT_MAX + 16);
	rc = paper_print(&paper, &link);
	rc = rc == 0 ? write_files(w, path, dynbuf_slice(&link), msg)
		     : err_set(msg, rc, "%s", err_text(rc));
	dynbuf_fini(&link);
	return rc;
}

static int
paper(struct ctl *ctl, struct site *site, void *arg)
{
	struct keywork w;
	struct err_msg msg;
	int status = keywork_init(&w, ctl, site);

	(void)arg;
	if (status == EX_OK && access(ctl->args[0], F_OK) == 0) {
		status = command_fail(ctl, EX_CANTCREAT, "%s is there already", ctl->args[0]);
	}
	if (status == EX_OK && make_sheet(&w, ctl->args[0], &msg) != 0) {
		status = command_fail_msg(ctl, &msg);
	}
	if (status == EX_OK && !ctl->print.json) {
		(void)fprintf(ctl->print.out,
			"Print %s (or the picture %s.svg), try that it can be read, and delete "
			"both.\n",
			ctl->args[0], ctl->args[0]);
	}
	keywork_fini(&w);
	return status;
}

int
cmd_identity_paper(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_WRITE, paper, NULL);
}
