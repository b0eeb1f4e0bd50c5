/*
 * metric.h - may the recipient's friends introduce this sender, and how strongly?
 *
 * The one interface behind which trust by introduction is computed. Today it is plain friend of
 * friend: one friend's vouch is enough. It is pure: candidates in, strength out; no store, no
 * clock. Strength combines the vouchers as independent chances of being right:
 *
 *	P_f = w(r,f) * 0.7 * w(f,s)        w = 0.4, 0.7, 0.9 for weak, ordinary, strong
 *	T   = 1 - product over f of (1 - P_f)
 *
 * Two ordinary-ordinary friends: P = .343 each, T = .568. Candidates are combined in the order
 * given, so the same order gives the same bits; tolerance 1e-12.
 */
#ifndef COMMON_SCAN_METRIC_H
#define COMMON_SCAN_METRIC_H

#include <stddef.h>

/** A friend of the recipient who vouches for the sender. */
struct metric_candidate {
	unsigned int own_level;   /**< recipient -> friend, 1 to 3 */
	unsigned int vouch_level; /**< friend -> sender, 1 to 3 */
	double weight;            /**< out: P_f, 0 to 1 */
};

/** Weight of a level: 0, 0.4, 0.7, 0.9. Levels above 3 count as 0. */
double metric_level_weight(unsigned int level);

/** Fills every candidate's weight. @return the strength T in 0..1; 0 means no introduction. */
double metric_strength(struct metric_candidate *candidates, size_t count);

/** The score of an introduction of that strength: -(1 + 8 T), from -1 to -9. */
double fof_score(double strength);

#endif
