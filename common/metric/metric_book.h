/*
 * metric_book.h - the ledger in memory, for `trustctl replay` and tests.
 *
 * It keeps entries and introductions and hands them to the metric; it knows no rule. Parties
 * are told apart by ref.node alone. Memory grows with payments and reports; what can matter no
 * more is dropped when its list grows.
 */
#ifndef COMMON_METRIC_METRIC_BOOK_H
#define COMMON_METRIC_METRIC_BOOK_H

#include "common/metric/metric.h"

struct metric_book;

/** @return 0 or ERR_NOMEM. Borrows the config. */
NODISCARD int metric_book_new(const struct metric_config *config, struct metric_book **out);
void metric_book_free(struct metric_book *b);

/** The book as the metric sees it; good as long as the book. */
struct metric_ledger metric_book_ledger(struct metric_book *b);

/** Applies a payment. @return 0 or ERR_NOMEM, and then nothing was written. */
NODISCARD int metric_book_pay(struct metric_book *b, const struct metric_payment *payment);

/** Notes proven mail of a sender with a live introduction (metric_decision.refreshes). */
void metric_book_refresh(struct metric_book *b, const struct metric_party *r,
	const struct metric_party *s, uint64_t now_s);

/** Makes a report: entries put, and kept for taking back. @return 0 or ERR_NOMEM. */
NODISCARD int metric_book_report(struct metric_book *b, const struct metric_report *report);

/** Takes back r's newest standing report of s. @return false when there is none. */
bool metric_book_take_back(
	struct metric_book *b, const struct metric_party *r, const struct metric_party *s);

#endif
