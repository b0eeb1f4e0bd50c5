#include "trustctl/import/mail_source.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "trustctl/import/file_lines.h"

/** `take` had enough; not an error. */
#define STOPPED 1

static int
look_at(const char *path, struct stat *st, struct err_msg *msg)
{
	return stat(path, st) == 0 ? 0 : err_set_errno(msg, "cannot read %s", path);
}

int
mail_source_is_maildir(const char *path, bool *out, struct err_msg *msg)
{
	struct stat st;
	int rc = look_at(path, &st, msg);

	*out = rc == 0 && S_ISDIR(st.st_mode);
	return rc;
}

/* One file being read. */
struct reading {
	const struct mail_source *source;
	const char *file;
	struct mbox mbox;
	bool first_only; /* a maildir has one message a file */
};

static int
hand_over(struct reading *r, const struct mbox_message *header)
{
	const struct mail_source_message message = {.file = r->file, .header = *header};
	int rc = r->source->message(r->source->ctx, &message);

	return rc == 0 && r->first_only ? STOPPED : rc;
}

static int
take_line(void *ctx, const struct line *line)
{
	struct reading *r = ctx;
	struct mbox_message header;

	return mbox_feed(&r->mbox, line, &header) ? hand_over(r, &header) : 0;
}

static int
read_file(const struct mail_source *source, const char *file, bool first_only,
	struct progress *bar, struct err_msg *msg)
{
	struct reading r = {.source = source, .file = file, .first_only = first_only};
	struct mbox_message header;

	mbox_init(&r.mbox);
	int rc = file_lines_read(file, bar, take_line, &r, msg);

	if (rc == 0 && mbox_finish(&r.mbox, &header)) {
		rc = hand_over(&r, &header);
	}
	mbox_fini(&r.mbox);
	return rc == STOPPED ? 0 : rc;
}

static bool
is_message(const FTSENT *entry)
{
	return entry->fts_info == FTS_F && entry->fts_parent != NULL &&
	       (strcmp(entry->fts_parent->fts_name, "cur") == 0 ||
		       strcmp(entry->fts_parent->fts_name, "new") == 0);
}

typedef int visit_file_fn(void *ctx, const char *file, struct err_msg *msg);

/* walk_maildir - all message files; directories that cannot be opened are told and passed over */
static int
walk_maildir(const struct mail_source *source, const char *path, visit_file_fn *visit,
	void *ctx, struct err_msg *msg)
{
	char *roots[] = {strdup(path), NULL};
	FTS *walk = roots[0] == NULL ? NULL : fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int rc = walk == NULL ? err_set_errno(msg, "cannot read %s", path) : 0;

	while (rc == 0 && (entry = fts_read(walk)) != NULL) {
		if (is_message(entry)) {
			rc = visit(ctx, entry->fts_path, msg);
		} else if ((entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR) &&
			   source != NULL) {
			struct err_msg why;

			errno = entry->fts_errno;
			(void)err_set_errno(&why, "cannot read %s", entry->fts_path);
			source->unreadable(source->ctx, &why);
		}
	}
	if (walk != NULL && fts_close(walk) != 0 && rc == 0) {
		rc = err_set_errno(msg, "cannot read %s", path);
	}
	free(roots[0]);
	return rc;
}

static int
count_file(void *ctx, const char *file, struct err_msg *msg)
{
	uint64_t *count = ctx;

	(void)file;
	(void)msg;
	(*count)++;
	return 0;
}

int
mail_source_size(const char *path, uint64_t *out, struct err_msg *msg)
{
	struct stat st;
	int rc = look_at(path, &st, msg);

	*out = 0;
	if (rc != 0) {
		return rc;
	}
	if (S_ISDIR(st.st_mode)) {
		return walk_maildir(NULL, path, count_file, out, msg);
	}
	*out = (uint64_t)st.st_size;
	return 0;
}

struct maildir_reading {
	const struct mail_source *source;
	uint64_t done;
};

static int
read_maildir_file(void *ctx, const char *file, struct err_msg *msg)
{
	struct maildir_reading *r = ctx;
	struct err_msg why = {0};
	int rc = read_file(r->source, file, true, NULL, &why);

	progress_update(r->source->bar, ++r->done);
	if (rc == ERR_NOMEM) {
		*msg = why;
		return rc;
	}
	if (rc != 0 && why.code != 0) {
		r->source->unreadable(r->source->ctx, &why);
		return 0;
	}
	return rc;
}

int
mail_source_read(const struct mail_source *source, struct err_msg *msg)
{
	bool is_maildir;
	int rc = mail_source_is_maildir(source->path, &is_maildir, msg);

	if (rc != 0) {
		return rc;
	}
	if (is_maildir) {
		struct maildir_reading r = {.source = source};

		return walk_maildir(source, source->path, read_maildir_file, &r, msg);
	}
	return read_file(source, source->path, false, source->bar, msg);
}
