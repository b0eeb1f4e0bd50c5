#include "trustctl/digest_name.h"

#include <stdio.h>

#include "common/base/encoding.h"

/* Enough digits to tell principals apart, few enough for a line. */
#define SHOWN_BYTES 8

const char *
digest_name(struct site *site, const struct digest *user, const struct digest *digest,
	char out[PRINCIPAL_TEXT_MAX])
{
	graph_node node = graph_find_digest(site->graph, digest);
	struct private_entry entry;
	struct private_user local;
	struct slice text = {0};
	char hex[2 * SHOWN_BYTES + 1];

	if (private_user_by_digest(site->private_reader, digest, &local)) {
		text = local.address;
	} else if (private_get(site->private_reader, user, digest, &entry)) {
		text = entry.text;
	} else if (node != GRAPH_NONE) {
		(void)graph_text_of(site->graph, node, &text);
	}
	if (slice_starts_with(text, SLICE("addr:"))) {
		text = slice_skip(text, strlen("addr:"));
	}
	if (text.len > 0) {
		(void)snprintf(out, PRINCIPAL_TEXT_MAX, "%.*s", SLICE_ARG(text));
	} else {
		hex_encode(slice_of(digest->bytes, SHOWN_BYTES), hex);
		(void)snprintf(out, PRINCIPAL_TEXT_MAX, "sha256:%s", hex);
	}
	return out;
}
