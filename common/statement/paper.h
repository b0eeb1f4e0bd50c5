/*
 * paper.h - the revocation in the drawer: made beforehand, printed, and never on a computer again.
 *
 *	trust:JWS
 *
 * JWS is a `revoke` of an identity by its own root with the greatest `since` there is, which
 * counts from its arrival. Who types or scans it may break it into lines: white space anywhere is
 * ignored. Whoever holds the paper can end the identity, and nothing else.
 */
#ifndef COMMON_STATEMENT_PAPER_H
#define COMMON_STATEMENT_PAPER_H

#include "common/statement/issue.h"

/** `since` of a paper copy: lies in the future, so it counts as now. */
#define PAPER_SINCE_S  ((uint64_t)INT64_MAX)
/** Longest text that is looked at, white space included, bytes. */
#define PAPER_TEXT_MAX 4096

/** Makes one; `by` signs with its root. @return as the builders of issue.h. */
NODISCARD int paper_make(const struct issuer *by, struct issued *out, struct err_msg *msg);

/** Appends "trust:" and the statement. @return 0 or ERR_NOMEM. */
NODISCARD int paper_print(const struct issued *paper, struct dynbuf *out);

/**
 * Reads one, with or without "trust:", and verifies it.
 * @return 0; ERR_TOOBIG; ERR_INVALID for what is no revocation of an identity by its root; what
 * statement_open says.
 */
NODISCARD int paper_open(struct slice text, struct issued *out, struct err_msg *msg);

#endif
