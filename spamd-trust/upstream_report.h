/*
 * upstream_report.h - the table of rules in the report of another spamd (SPEC 10).
 *
 * Reads what report_write_summary() and the original write: rows of points, name, area and
 * description, with wrapped descriptions and evidence in brackets below. The table begins after
 * the last line of dashes, so that a preview which quotes one cannot put rows in front. A
 * report without a table (an own template of that site) has no rules.
 */
#ifndef SPAMD_TRUST_UPSTREAM_REPORT_H
#define SPAMD_TRUST_UPSTREAM_REPORT_H

#include "common/scan/verdict.h"

/**
 * Reads at most VERDICT_RULES_MAX rows; texts are copied into the arena.
 * @return 0 or ERR_NOMEM.
 */
NODISCARD int upstream_report_read(struct slice report, struct arena *arena,
	struct rule_hit **rules_out, size_t *count_out);

#endif
