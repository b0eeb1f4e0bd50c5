/*
 * service.h - the running node: the engine (node.h) with sockets, time and threads around it.
 *
 * The loop, all in one thread but for the checking of signatures:
 *
 *	https_server   a request came            -> node_request (or pairing, for /v1/pair)
 *	https_client   a request ended           -> node_result
 *	verify_pool    signatures are checked    -> node_job_done
 *	timer          node_deadline has come    -> node_timeout
 *	tick           the store was written     -> node_graph_changed
 *	control        trustctl asks             -> node_peer_..., pairing
 *
 * and after each of them what the node wants done is taken out of its queue and done. Nothing is
 * decided here.
 */
#ifndef GOSSIP_SERVICE_H
#define GOSSIP_SERVICE_H

#include "common/conf/settings.h"
#include "gossip/https_client.h"
#include "gossip/https_server.h"
#include "gossip/node.h"
#include "gossip/pairing.h"
#include "gossip/verify_pool.h"

struct ctl_call;
struct ctl_server;
struct event;
struct event_base;
struct store;

/** What main() has read and opened; borrowed. */
struct service_config {
	const struct settings *settings;
	const struct tls_node *tls;
	struct store *graph;
	struct slice site_name; /**< our host's name, as we call ourselves to others */
	const int *listeners;   /**< listening sockets, taken */
	size_t listener_count;
	int control;                   /**< listening UNIX socket, borrowed */
	bool (*may_reload)(void *ctx); /**< at HUP: are the settings on disk good? */
	void *ctx;
};

/** How the loop ended. */
enum service_end {
	SERVICE_STOPPED, /**< TERM or INT */
	SERVICE_RELOAD,  /**< HUP, or the store was replaced: start anew */
};

/** Fields are for service.c, service_pairing.c and control.c. */
struct service {
	const struct service_config *config;
	struct event_base *base;
	struct node *node;
	struct https_server *server;
	struct https_client *client;
	struct verify_pool *pool;
	struct ctl_server *ctl;
	struct event *deadline;
	struct event *tick;
	struct event *signals[3];
	struct rng rng;
	uint64_t commits; /* of the store, when we last looked */
	enum service_end end;

	/* Pairing. */
	struct pairing_host host;
	enum graph_peer_class invited_class;
	struct node_peer_spec met; /* whom the last invitation brought; slices into met_party */
	struct pairing_party met_party;
	char met_name[GRAPH_PEER_NAME_MAX];
	char met_digits[PAIRING_DIGITS_LEN]; /* "" before */
	struct pairing_guest guest;
	enum graph_peer_class guest_class;
	struct ctl_call
		*guest_call; /* who waits for the outcome; NULL: nobody, no guest at work */
	char guest_url[INVITATION_HOST_MAX + 32];
};

/** Makes everything. On failure the listeners are closed. @return 0 or an error with msg. */
NODISCARD int service_init(
	struct service *s, const struct service_config *config, struct err_msg *msg);
void service_fini(struct service *s);

/** Runs until a signal ends it. */
enum service_end service_run(struct service *s);

/** Both clocks, as the node wants them. */
struct node_time service_now(void);

/** Does what the node wants done; after every call into it. */
void service_drain(struct service *s);

#endif
