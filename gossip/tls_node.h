/*
 * tls_node.h - the node's key, its certificate, and what TLS between peers looks like.
 *
 * A node is known by one Ed25519 key of its own, in a file that only gossip reads (mode 0600).
 * The certificate is made from it at every start, self-signed, and means nothing beyond
 * carrying the key: a peer is known by its pin, the SHA-256 of the SubjectPublicKeyInfo (RFC
 * 7469 section 2.4), and by nothing else; no name, no date and no authority is looked at.
 *
 * TLS 1.3 alone (RFC 8446), X25519, Ed25519 on both sides. No tickets and no resumption: whether
 * a key may come in is asked anew for every connection, so that a peer that was removed stays out.
 */
#ifndef GOSSIP_TLS_NODE_H
#define GOSSIP_TLS_NODE_H

#include "common/base/digest.h"
#include "common/base/err.h"
#include "common/base/rng.h"

struct ssl_ctx_st;
struct ssl_st;
struct tls_node;

/** Bytes of the exporter that binds a message to its TLS session (RFC 9266). */
#define TLS_NODE_EXPORTER_LEN 32

/** Characters of a pin in base64url. */
#define TLS_NODE_PIN_TEXT_LEN 43

/**
 * Loads the key at path, or makes and saves a new one where there is none.
 * @return 0; what keypair_load says (others may read it, no Ed25519 key); ERR_CRYPTO; ERR_NOMEM.
 */
NODISCARD int tls_node_open(
	const char *path, const struct rng *rng, struct tls_node **out, struct err_msg *msg);
/** NULL is fine. */
void tls_node_free(struct tls_node *node);

/** Borrowed. */
const struct digest *tls_node_pin(const struct tls_node *node);

/** May a client with this key come in? Asked within the handshake. */
struct tls_admission {
	bool (*admit)(void *ctx, const struct digest *pin);
	void *ctx;
};

/**
 * A context for the server's side; `admission` is borrowed for its life. @return 0 or ERR_CRYPTO.
 */
NODISCARD int tls_node_server(const struct tls_node *node,
	const struct tls_admission *admission, struct ssl_ctx_st **out, struct err_msg *msg);

/**
 * Sets a context of the client's side up: our certificate, and `pin` (borrowed for the life of
 * the context) as the only key that the server may have. A server with another one is left in the
 * handshake, before a byte of the request is sent. @return 0 or ERR_CRYPTO.
 */
NODISCARD int tls_node_client(
	const struct tls_node *node, const struct digest *pin, struct ssl_ctx_st *ctx);

/**
 * The pin of the other side of a session.
 * @return 0; ERR_NOTFOUND without a certificate; ERR_CRYPTO.
 */
NODISCARD int tls_peer_pin(struct ssl_st *ssl, struct digest *out);

/** The same on both ends of one session, and on no other. @return 0 or ERR_CRYPTO. */
NODISCARD int tls_exporter(struct ssl_st *ssl, uint8_t out[TLS_NODE_EXPORTER_LEN]);

void tls_pin_print(const struct digest *pin, char out[TLS_NODE_PIN_TEXT_LEN + 1]);
/** @return 0 or ERR_INVALID. */
NODISCARD int tls_pin_parse(struct slice text, struct digest *out);

#endif
