/*
 * device_list.h - the devices of an identity: what the graph certifies and revokes, and what
 * keys are here.
 */
#ifndef TRUSTCTL_DEVICE_LIST_H
#define TRUSTCTL_DEVICE_LIST_H

#include "trustctl/keywork.h"

/** As many certificates as an issuer has; a key here without one is shown too. */
#define DEVICE_LIST_MAX (2 * GRAPH_QUOTA_DEVICES)

struct device {
	struct thumbprint key;
	char label[STATEMENT_LABEL_MAX + 1];
	enum statement_role role;
	uint64_t exp_s;           /**< 0: not certified */
	uint64_t revoked_since_s; /**< earliest `since`; UINT64_MAX: not revoked */
	bool is_here;             /**< its private key is on this host */
};

struct device_list {
	size_t count;
	struct device items[DEVICE_LIST_MAX];
};

/** Fills the list, in a snapshot of its own. @return 0 or what keys and graph say. */
NODISCARD int device_list_load(struct keywork *w, struct device_list *out, struct err_msg *msg);

/**
 * The one device whose key (with or without key:) begins with, or whose label is, that text; those
 * not revoked come first. @return 0; ERR_NOTFOUND; ERR_INVALID when several fit.
 */
NODISCARD int device_list_find(const struct device_list *list, const char *text,
	const struct device **out, struct err_msg *msg);

#endif
