/*
 * https_call.h - one request of https_client.h as libcurl makes it; private to https_client.c.
 *
 * Everything about a transfer is set here: what is sent, what is believed, what is bounded, and
 * how its end is told in our words.
 */
#ifndef GOSSIP_HTTPS_CALL_H
#define GOSSIP_HTTPS_CALL_H

#include <sys/queue.h>

#include <curl/curl.h>

#include "common/base/dynbuf.h"
#include "gossip/https_client.h"

struct call {
	TAILQ_ENTRY(call) link;
	const struct tls_node *node;
	CURL *easy;
	struct curl_slist *fields;
	uint64_t id;
	struct digest pin; /* read by the handshake */
	https_body_fn *make_body;
	https_done_fn *done;
	void *ctx;
	uint8_t *body; /* what is sent */
	size_t body_len;
	size_t body_sent;
	bool body_made;
	struct dynbuf answer;
	size_t head_len;
	char error[CURL_ERROR_SIZE];
};

TAILQ_HEAD(call_list, call);

/** Makes a transfer that is not yet started; not in any list. @return 0 or ERR_NOMEM. */
NODISCARD int call_new(
	const struct tls_node *node, const struct https_call *spec, struct call **out);

/** Frees a call that libcurl has let go of. NULL is fine. */
void call_free(struct call *call);

/** Tells the owner how it ended. */
void call_tell(struct call *call, CURLcode rc);

#endif
