#include "common/ledger/ledger_schema.h"

const struct store_table ledger_tables[LEDGER_TABLE_COUNT] = {
	[LEDGER_REPORTS] = {"reports", STORE_PLAIN},
};
