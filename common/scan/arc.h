/*
 * arc.h - who sealed an ARC chain last (RFC 8617).
 *
 * Nothing is verified here: our own verifier passed the chain as a whole. What it passed is
 * what it could read, so a seal that we cannot read may be the newest one all the same; then
 * there is no newest seal.
 */
#ifndef COMMON_SCAN_ARC_H
#define COMMON_SCAN_ARC_H

#include "common/mail/header.h"

/**
 * The greatest i= (1 to 50) of the ARC-Seal fields; 0 when there is none, when one cannot be
 * read, when two have the same, or when another ARC field claims a greater one.
 */
unsigned int arc_newest(const struct header *h, struct arena *arena);

/** Canonical d= of the seal with that instance; empty where there is none. */
struct slice arc_sealer(const struct header *h, unsigned int instance, struct arena *arena);

/**
 * Takes the leading `i=N;` off the body of an ARC-Authentication-Results, which reads like
 * Authentication-Results from there. @return N; 0 when it is not there or broken.
 */
unsigned int arc_results_instance(struct slice *body);

#endif
