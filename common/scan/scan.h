/*
 * scan.h - from the bytes of a message to a verdict.
 *
 * The heart of the product, used by the daemon for every message and by `trustctl scan` and
 * `trustctl why` for one: who sent it (evidence.h), for whom it is (recipient.h), how the
 * recipient stands to the sender (trust.h), and which rules and scores follow. It reads two
 * stores through readers, writes nothing, and never fails for the sake of the message:
 * broken mail and broken stores end in Unknown with a rule that says so.
 */
#ifndef COMMON_SCAN_SCAN_H
#define COMMON_SCAN_SCAN_H

#include "common/conf/settings.h"
#include "common/graph/graph.h"
#include "common/graph/private.h"
#include "common/scan/verdict.h"

/** What a scan works with; one per thread. Readers are NULL while their store cannot be read. */
struct scanner {
	struct graph_reader *graph;
	struct private_reader *private_store;
};

struct scan_request {
	struct slice message;
	struct slice user; /**< the client's User header, or empty */
	uint64_t now_s;
	bool show_private; /**< name private contacts in the explanation (trustctl only) */
};

/**
 * Scores one message under `settings`. The verdict and all it points at live in the arena;
 * scanner snapshots are taken and given back inside.
 * @return 0; ERR_NOMEM when the arena is exhausted (the caller answers with a neutral verdict).
 */
NODISCARD int scan_message(const struct scanner *scanner, const struct settings *settings,
	const struct scan_request *request, struct arena *arena, struct verdict *out);

#endif
