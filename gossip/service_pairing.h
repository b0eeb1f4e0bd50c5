/*
 * service_pairing.h - pairing.h on the wire and on the control socket.
 *
 * As host: opens invitations, answers POST /v1/pair, and makes a peer of whoever comes through. As
 * guest: follows an invitation, two requests one after the other, and answers whoever asked for it
 * on the control socket when both are peers or it failed.
 */
#ifndef GOSSIP_SERVICE_PAIRING_H
#define GOSSIP_SERVICE_PAIRING_H

#include "gossip/service.h"

/** Is it for us? Only POST /v1/pair is. */
bool service_pairing_takes(const struct https_request *request);

/** Answers it. */
void service_pairing_request(struct service *s, const struct https_request *request);

/**
 * Opens an invitation of that class. @param host HOST[:PORT] others reach us at.
 * @return 0 and the link; ERR_TOOBIG; ERR_CRYPTO.
 */
NODISCARD int service_pairing_invite(struct service *s, struct slice host,
	enum graph_peer_class class, char link[INVITATION_LINK_MAX], struct err_msg *msg);

/**
 * Follows an invitation; `call` is answered when that is over.
 * @return 0; ERR_BUSY when one is being followed; ERR_INVALID for a bad link.
 */
NODISCARD int service_pairing_accept(struct service *s, struct slice link,
	enum graph_peer_class class, struct ctl_call *call, struct err_msg *msg);

#endif
