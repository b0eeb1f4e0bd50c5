/*
 * pairing.h - how two nodes that do not know each other's keys become peers.
 *
 * The administrator of the host makes an invitation: a link with address, pin and a secret that
 * is good once, for ten minutes and five tries. Whoever got it, the guest, calls the host,
 * whose key the link pins, and proves by a MAC under the secret that it is the one who was
 * invited. The MAC covers both keys and the TLS exporter, so it is worth nothing in another
 * session. Two rounds:
 *
 *	guest -> host   01 01  commit 32  name  url  MAC        commit = SHA-256 (label, nonce of guest)
 *	host -> guest   01 01  nonce of host 16  name  MAC
 *	guest -> host   01 02  nonce of guest 16  MAC
 *	host -> guest   01 02  MAC
 *
 * name and url are strings with a u16 length. MAC: HMAC-SHA-256 under the secret over the
 * label, one byte that counts the messages, the pins of guest and host, the exporter, the
 * commit, the nonce of the host (zeros in the first message), and all bytes of the message
 * before the MAC.
 *
 * Six digits, made from both pins and both nonces, are then the same on both sides: whoever
 * compares them by telephone knows that nobody stands between, even if the link was read by
 * others. As the guest is bound to his nonce before he sees the host's, nobody can try nonces
 * until the digits fit.
 *
 * Pure: bytes, time and randomness come in, bytes go out. Secrets are cleansed when used up.
 */
#ifndef GOSSIP_PAIRING_H
#define GOSSIP_PAIRING_H

#include "common/base/digest.h"
#include "common/base/err.h"
#include "common/base/rng.h"
#include "gossip/invitation.h"
#include "gossip/tls_node.h"

#define PAIRING_NONCE_LEN 16
#define PAIRING_LIFE_S    600
#define PAIRING_TRIES     5

/** Between the two rounds of one guest. */
#define PAIRING_ROUND_S 60

/* What a record of a peer holds (graph_peer.h). */
#define PAIRING_NAME_MAX 63
#define PAIRING_URL_MAX  255
#define PAIRING_BODY_MAX 1024

/** Six digits and a NUL. */
#define PAIRING_DIGITS_LEN 7

/** How the other side called itself; text as it came, printable ASCII. */
struct pairing_party {
	char name[PAIRING_NAME_MAX + 1];
	char url[PAIRING_URL_MAX + 1]; /**< of a guest; empty: it only calls */
};

/* --- host ---------------------------------------------------------------------------------- */

/** At most one invitation is open. Fields are private; zeros are a host without one. */
struct pairing_host {
	bool open;
	uint64_t until_s;
	unsigned int tries; /* left */
	uint8_t secret[INVITATION_SECRET_LEN];
	bool met; /* a guest has come through the first round */
	uint64_t met_s;
	struct digest guest;
	struct digest commit;
	uint8_t nonce[PAIRING_NONCE_LEN];
	struct pairing_party party;
};

/** Opens an invitation, in place of one that is open. @return 0 or ERR_CRYPTO. */
NODISCARD int pairing_host_open(struct pairing_host *host, uint64_t now_s,
	const struct rng *rng, uint8_t secret_out[INVITATION_SECRET_LEN]);
void pairing_host_close(struct pairing_host *host);

/** May a key that is nobody's come in now? */
bool pairing_host_is_open(struct pairing_host *host, uint64_t now_s);

/** One message of a guest, and where it came from. */
struct pairing_call {
	const struct digest *own_pin;
	const struct digest *peer_pin;
	const uint8_t *exporter; /**< TLS_NODE_EXPORTER_LEN bytes */
	struct slice own_name;
	uint64_t now_s;
	const struct rng *rng;
};

/** What comes of a message. */
struct pairing_reply {
	int status; /**< of HTTP: 200, 400, 403 (MAC or no invitation), 409 (out of turn) */
	uint8_t body[PAIRING_BODY_MAX];
	size_t body_len;
	bool paired; /**< the guest is a peer from now on: party, digits */
	struct pairing_party party;
	char digits[PAIRING_DIGITS_LEN];
};

/** Takes a message. With `paired` the invitation is used up. */
void pairing_host_take(struct pairing_host *host, const struct pairing_call *call,
	struct slice body, struct pairing_reply *out);

/* --- guest --------------------------------------------------------------------------------- */

/** Fields are private. */
struct pairing_guest {
	struct invitation link;
	struct pairing_party own;
	struct digest commit;
	uint8_t nonce[PAIRING_NONCE_LEN];
	uint8_t host_nonce[PAIRING_NONCE_LEN];
	char host_name[PAIRING_NAME_MAX + 1];
	uint8_t exporter[TLS_NODE_EXPORTER_LEN]; /* of the round at hand */
	unsigned int round;                      /* 1 or 2 */
};

/** @return 0; ERR_TOOBIG or ERR_INVALID for a name or URL of ours; ERR_CRYPTO. */
NODISCARD int pairing_guest_init(struct pairing_guest *guest, const struct invitation *link,
	struct slice own_name, struct slice own_url, const struct rng *rng);
void pairing_guest_fini(struct pairing_guest *guest);

/** Bytes of the message to send next: known before there is a session. */
size_t pairing_guest_body_len(const struct pairing_guest *guest);

/** Writes that message. @return 0 or ERR_CRYPTO. */
NODISCARD int pairing_guest_body(struct pairing_guest *guest, const struct digest *own_pin,
	const uint8_t exporter[TLS_NODE_EXPORTER_LEN], uint8_t *out);

/**
 * Takes the host's answer to it.
 * @return 1 when the next message is to be sent; 0 when both are peers, with the digits;
 * ERR_SIGNATURE when the host does not know the secret; ERR_INVALID.
 */
NODISCARD int pairing_guest_take(struct pairing_guest *guest, const struct digest *own_pin,
	struct slice body, char digits_out[PAIRING_DIGITS_LEN]);

#endif
