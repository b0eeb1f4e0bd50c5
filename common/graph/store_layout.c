#include "common/graph/store_layout.h"

#include <stdio.h>

#include "common/graph/graph_merge.h"
#include "common/graph/private.h"
#include "common/ledger/ledger_schema.h"

static const char *const names[] = {
	[STORE_LAYOUT_GRAPH] = "graph",
	[STORE_LAYOUT_PRIVATE] = "private",
	[STORE_LAYOUT_LEDGER] = "ledger",
	[STORE_LAYOUT_KEYS] = "keys",
	[STORE_LAYOUT_GOSSIP] = "gossip",
};

const char *
store_layout_name(enum store_layout_part part)
{
	return names[part];
}

int
store_layout_path(
	const char *root, enum store_layout_part part, char out[PATH_MAX], struct err_msg *msg)
{
	int n = snprintf(out, PATH_MAX, "%s/%s", root, names[part]);

	if (n < 0 || n >= PATH_MAX) {
		return err_set(msg, ERR_TOOBIG, "the path of the store is longer than %d bytes",
			PATH_MAX - 1);
	}
	return 0;
}

int
store_layout_control_path(const char *root, enum store_layout_part part,
	struct slice configured, char out[PATH_MAX], struct err_msg *msg)
{
	int n = -1;

	if (slice_eq(configured, SLICE("none"))) {
		return err_set(msg, ERR_UNSUPPORTED,
			"there is no control socket: the setting control_socket is none");
	}
	if (configured.len > 0) {
		n = snprintf(out, PATH_MAX, "%.*s", SLICE_ARG(configured));
	} else {
		n = snprintf(out, PATH_MAX, "%s/%s/control", root, names[part]);
	}
	return n >= 0 && n < PATH_MAX
		       ? 0
		       : err_set(msg, ERR_TOOBIG, "the path of the control socket is too long");
}

int
store_layout_open(enum store_layout_part part, const char *root, enum store_mode mode,
	struct store **out, struct err_msg *msg)
{
	char path[PATH_MAX];
	struct store_config config = {.path = path, .mode = mode};
	int rc = store_layout_path(root, part, path, msg);

	*out = NULL;
	if (rc != 0) {
		return rc;
	}
	switch (part) {
	case STORE_LAYOUT_GRAPH:
		config.tables = graph_tables;
		config.table_count = graph_table_count;
		config.schema_version = GRAPH_SCHEMA_VERSION;
		config.can_rebuild = true;
		break;
	case STORE_LAYOUT_PRIVATE:
		config.tables = private_tables;
		config.table_count = PRIVATE_TABLE_COUNT;
		config.schema_version = PRIVATE_SCHEMA_VERSION;
		break;
	case STORE_LAYOUT_LEDGER:
		config.tables = ledger_tables;
		config.table_count = LEDGER_TABLE_COUNT;
		config.schema_version = LEDGER_SCHEMA_VERSION;
		config.schema_oldest = LEDGER_SCHEMA_OLDEST;
		/* Readers share the writer's map, and must not keep it from growing. */
		config.map_initial_bytes = LEDGER_MAP_BYTES;
		config.map_max_bytes = LEDGER_MAP_BYTES;
		break;
	case STORE_LAYOUT_KEYS:
	case STORE_LAYOUT_GOSSIP:
		return err_set(msg, ERR_UNSUPPORTED, "%s: not a store of this version", path);
	}
	return store_lmdb_open(&config, out, msg);
}
