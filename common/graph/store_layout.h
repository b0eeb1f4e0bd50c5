/*
 * store_layout.h - which stores lie under the store directory, and how they are opened.
 *
 *	ROOT/graph/    statements and what follows from them; gossip and trustctl write
 *	ROOT/private/  users and their friends; trustctl writes
 *	ROOT/ledger/   what was spent and reported; spamd-trust writes
 *	ROOT/keys/     private keys, one file each
 *	ROOT/gossip/   the key of this site's node, and its control socket; gossip's own
 *
 * A long-running reader asks store_is_stale() now and then and opens anew when it is true: first
 * close the old one (an environment may be open only once in a process), then open. The graph's
 * epoch (graph_epoch) tells whether what came back is another graph.
 */
#ifndef COMMON_GRAPH_STORE_LAYOUT_H
#define COMMON_GRAPH_STORE_LAYOUT_H

#include <limits.h>

#include "common/store/store.h"

#define STORE_LAYOUT_ROOT_DEFAULT "/var/lib/spamd-trust"

enum store_layout_part {
	STORE_LAYOUT_GRAPH,
	STORE_LAYOUT_PRIVATE,
	STORE_LAYOUT_LEDGER,
	STORE_LAYOUT_KEYS,
	STORE_LAYOUT_GOSSIP,
};

/** The name of its directory below the root. */
const char *store_layout_name(enum store_layout_part part);

/** Writes ROOT/NAME to out. @return 0, or ERR_TOOBIG when that is longer than a path may be. */
NODISCARD int store_layout_path(
	const char *root, enum store_layout_part part, char out[PATH_MAX], struct err_msg *msg);

/**
 * Writes the path of the control socket of the daemon that owns a store: ROOT/NAME/control, or
 * `configured` (the setting control_socket) where that is not empty. @return 0; ERR_TOOBIG;
 * ERR_UNSUPPORTED when it is "none".
 */
NODISCARD int store_layout_control_path(const char *root, enum store_layout_part part,
	struct slice configured, char out[PATH_MAX], struct err_msg *msg);

/**
 * Opens graph, private or ledger (the others are no stores). The directory must be there, also
 * for STORE_CREATE. @return as store_lmdb_open; ERR_TOOBIG; ERR_UNSUPPORTED.
 */
NODISCARD int store_layout_open(enum store_layout_part part, const char *root,
	enum store_mode mode, struct store **out, struct err_msg *msg);

#endif
