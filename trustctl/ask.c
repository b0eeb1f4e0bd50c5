#include "trustctl/ask.h"

#include <stdio.h>
#include <sysexits.h>

#include "common/base/encoding.h"
#include "common/ctl/ctl_client.h"
#include "common/graph/store_layout.h"

int
ask_gossip(struct ctl *ctl, struct ctl_message *request, struct ctl_message **reply)
{
	char directory[PATH_MAX];
	char path[PATH_MAX + 16];
	struct err_msg msg = {0};
	int code = request == NULL
			   ? err_set(&msg, ERR_NOMEM, "out of memory")
			   : store_layout_path(ctl->root, STORE_LAYOUT_GOSSIP, directory, &msg);

	if (code == 0) {
		(void)snprintf(path, sizeof(path), "%s/control", directory);
		code = ctl_client_call(path, request, CTL_CLIENT_TIMEOUT_MS, reply, &msg);
	}
	ctl_message_free(request);
	/* The node itself never answers with this code. */
	if (code == ERR_NOTREADY) {
		return command_fail(ctl, EX_UNAVAILABLE,
			"gossip does not run on this store; start it with: gossip --store %s",
			ctl->root);
	}
	return code == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

int
ask_spamd(struct ctl *ctl, const struct settings *settings, struct ctl_message *request,
	struct ctl_message **reply)
{
	char path[PATH_MAX] = "";
	struct err_msg msg = {0};
	int code = request == NULL ? err_set(&msg, ERR_NOMEM, "out of memory")
				   : store_layout_control_path(ctl->root, STORE_LAYOUT_LEDGER,
					     settings->control_socket, path, &msg);

	if (code == 0) {
		code = ctl_client_call(path, request, CTL_CLIENT_TIMEOUT_MS, reply, &msg);
	}
	ctl_message_free(request);
	if (code == ERR_NOTREADY) {
		return command_fail(ctl, EX_UNAVAILABLE,
			"spamd-trust does not run on this store (nobody listens on %s); only it "
			"writes the ledger, so start it and try again",
			path);
	}
	return code == 0 ? EX_OK : command_fail_msg(ctl, &msg);
}

void
ask_set_digest(struct ctl_message *request, const char *name, const struct digest *digest)
{
	char text[2 * DIGEST_LEN + 1];

	if (request != NULL) {
		hex_encode(digest_slice(digest), text);
		ctl_message_set_text(request, name, slice_str(text));
	}
}

const char *
ask_text(const struct ctl_message *reply, const char *name, char *out, size_t cap)
{
	struct slice text = {0};

	(void)ctl_message_text(reply, name, &text);
	(void)snprintf(out, cap, "%.*s", SLICE_ARG(text));
	return out;
}
