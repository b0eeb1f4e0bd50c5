/*
 * forecast_source.h - where a forecast's mail comes from: messages, or the log of Postfix.
 *
 * Messages (mbox or maildir): one From; a message of an address at the domain was sent to all
 * of To, Cc and Bcc; any other was received by those of To, Cc, Delivered-To and X-Original-To
 * that are at the domain. When: the Date field.
 *
 * Postfix's log: `from=<ADDRESS>` of qmgr, then for each recipient `to=<ADDRESS> ...
 * status=sent`, but not where a filter on this host took it (relay 127.0.0.1 or localhost), as
 * it comes back. Both forms of time are read, "Nov 25 16:11:44", without a year, and RFC 3339.
 */
#ifndef TRUSTCTL_FORECAST_SOURCE_H
#define TRUSTCTL_FORECAST_SOURCE_H

#include "trustctl/command.h"
#include "trustctl/forecast.h"

struct forecast_source_counts {
	uint64_t read;    /**< messages, or lines */
	uint64_t undated; /**< without a usable Date */
	uint64_t faults;  /**< without a usable From or recipient, unreadable files */
};

/** @return 0, ERR_NOMEM, ERR_TOOBIG, or why the source cannot be read, with msg. */
NODISCARD int forecast_read_mail(struct ctl *ctl, const char *path, struct forecast *f,
	struct forecast_source_counts *out, struct err_msg *msg);
NODISCARD int forecast_read_log(struct ctl *ctl, const char *path, struct forecast *f,
	struct forecast_source_counts *out, struct err_msg *msg);

#endif
