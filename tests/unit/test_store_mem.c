#define STORE_SUITE store_mem
#include "tests/unit/store_body.h"

static struct store *
body_open(void)
{
	struct store_config config = {
		.mode = STORE_CREATE,
		.tables = body_tables,
		.table_count = ARRAY_LEN(body_tables),
		.schema_version = 1,
	};
	struct store *store = NULL;
	struct err_msg msg;

	cr_assert_eq(store_mem_open(&config, &store, &msg), 0);
	return store;
}

static void
body_close(struct store *store)
{
	store_close(store);
}

Test(store_mem, cannot_be_copied_to_disk)
{
	struct store *store = body_open();
	struct err_msg msg;

	cr_assert_eq(store_copy(store, "/tmp", &msg), ERR_UNSUPPORTED);
	body_close(store);
}
