/*
 * score_text.h - how scores are printed (SPEC 8), the same in replies, headers and log lines.
 */
#ifndef SPAMD_TRUST_SCORE_TEXT_H
#define SPAMD_TRUST_SCORE_TEXT_H

#include "common/scan/verdict.h"

/** Holds any finite score printed with one decimal, and its NUL. */
#define SCORE_TEXT_MAX 320

/** Room for a printed score, of the caller; all functions here return it. */
struct score_text {
	char text[SCORE_TEXT_MAX];
};

/** Any number with one decimal, rounded as by "%2.1f". */
const char *score_text_decimal(double value, struct score_text *out);

/**
 * The score with one decimal. Where ham would round up to the threshold, the rounded
 * threshold less 0.1, printed as a plain number: 4.96 of 5.0 gives "4.9", of 5.1 "5".
 */
const char *score_text(const struct verdict *v, struct score_text *out);

/** The threshold with one decimal. */
const char *score_text_required(const struct verdict *v, struct score_text *out);

/** Points in a report: one decimal, none from 10 on, at least four columns. */
const char *score_text_points(double score, struct score_text *out);

#endif
