#include "trustctl/ledger_file.h"

#include "common/graph/store_layout.h"

int
ledger_file_open(const struct ctl *ctl, struct ledger_file *out, struct err_msg *msg)
{
	int rc = 0;

	*out = (struct ledger_file){0};
	rc = store_layout_open(STORE_LAYOUT_LEDGER, ctl->root, STORE_READ, &out->store, msg);
	if (rc != 0) {
		return rc == ERR_NOTFOUND ? 0 : rc;
	}
	rc = ledger_reader_new(out->store, &out->desk.reader, msg);
	if (rc != 0) {
		ledger_file_close(out);
	}
	return rc;
}

void
ledger_file_close(struct ledger_file *f)
{
	ledger_reader_free(f->desk.reader);
	store_close(f->store);
	*f = (struct ledger_file){0};
}

int
ledger_file_begin(struct ledger_file *f, struct err_msg *msg)
{
	int rc = ledger_desk_begin(&f->desk);

	if (rc == ERR_NOTREADY) {
		return err_set(msg, rc, "there is no ledger yet; spamd-trust makes it");
	}
	return rc == 0 ? 0 : err_set(msg, rc, "the ledger cannot be read: %s", err_text(rc));
}

int
ledger_file_end(struct ledger_file *f, struct err_msg *msg)
{
	int rc = ledger_desk_error(&f->desk);

	ledger_desk_end(&f->desk);
	return rc == 0 ? 0 : err_set(msg, rc, "the ledger is damaged: %s", err_text(rc));
}
