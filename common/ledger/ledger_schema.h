/*
 * ledger_schema.h - the tables of the ledger: what spamd-trust has to remember about mail.
 *
 * The environment STORE/ledger has one writer, a thread of spamd-trust; trustctl reads. Users and
 * senders are digests, never numbers of the graph, so that a rebuilt graph orphans nothing.
 *
 *	reports   message user    report record (ledger_report.h)
 *
 * Later tables (pins, payments, history) come behind, in a new schema version.
 */
#ifndef COMMON_LEDGER_LEDGER_SCHEMA_H
#define COMMON_LEDGER_LEDGER_SCHEMA_H

#include "common/store/store.h"

#define LEDGER_SCHEMA_VERSION 1

enum ledger_table {
	LEDGER_REPORTS,
	LEDGER_TABLE_COUNT,
};

extern const struct store_table ledger_tables[LEDGER_TABLE_COUNT];

#endif
