/*
 * recipient.h - whose trust decides about a message (DESIGN 5).
 *
 * The client's User, if it is a local user or alias (pipelines often send root, nobody or the
 * daemon's own account); otherwise, where the site says these fields are its own
 * (`recipient_headers`), the local users among the recipients they name; otherwise the site
 * itself. Only fields above the first Received are asked: further down the sender writes.
 */
#ifndef COMMON_SCAN_RECIPIENT_H
#define COMMON_SCAN_RECIPIENT_H

#include "common/conf/settings.h"
#include "common/graph/private.h"
#include "common/mail/header.h"

/** More local recipients of one message than this are judged as the site. */
#define RECIPIENTS_MAX 16

struct recipients {
	struct private_user users[RECIPIENTS_MAX]; /**< texts borrowed until private_end */
	size_t count;                              /**< 0: the site */
	struct slice source; /**< "User", or the name of the field; empty for the site */
	bool too_many;       /**< more than RECIPIENTS_MAX: count is 0 */
};

/**
 * Finds the local user a name stands for: address, alias or bare login, its sub-address taken
 * off where the site says so.
 */
bool recipient_find_user(struct private_reader *r, const struct settings *settings,
	struct slice name, struct private_user *out);

/**
 * Index of the first field that somebody else than our own hosts may have put: the first
 * Received. Without one nothing tells our fields from the sender's but the place: the run of
 * envelope fields at the very top.
 */
size_t recipients_fields_end(const struct header *h);

/** @return 0 or ERR_NOMEM. */
NODISCARD int recipients_find(struct private_reader *r, const struct settings *settings,
	const struct header *h, struct slice user, struct arena *arena, struct recipients *out);

#endif
