/*
 * invitation.h - what one administrator gives another so that their nodes can meet.
 *
 *	gossip://HOST[:PORT]/PIN/SECRET
 *
 * PIN is the key of the node that waits there (tls_node.h), SECRET what pairing.h proves to be
 * known; both base64url. Short enough for a QR code, and nothing in it has to be escaped
 * anywhere.
 */
#ifndef GOSSIP_INVITATION_H
#define GOSSIP_INVITATION_H

#include "common/base/digest.h"
#include "common/base/err.h"

#define INVITATION_SECRET_LEN 12

/** Longest HOST[:PORT], NUL included; IPv6 in brackets. */
#define INVITATION_HOST_MAX 280

/** Longest link, NUL included. */
#define INVITATION_LINK_MAX 400

struct invitation {
	char host[INVITATION_HOST_MAX];
	struct digest pin;
	uint8_t secret[INVITATION_SECRET_LEN];
};

/** @return 0 or ERR_TOOBIG. */
NODISCARD int invitation_print(const struct invitation *link, char out[INVITATION_LINK_MAX]);
/** @return 0 or ERR_INVALID with the part at fault in msg. */
NODISCARD int invitation_parse(struct slice text, struct invitation *out, struct err_msg *msg);

#endif
