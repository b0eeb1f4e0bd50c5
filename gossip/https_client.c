#include "gossip/https_client.h"

#include <stdlib.h>

#include <event2/event.h>
#include <openssl/err.h>

#include "gossip/https_call.h"

/* What libcurl wants to know about one socket. */
struct watch {
	TAILQ_ENTRY(watch) link;
	struct https_client *client;
	struct event *event;
};

TAILQ_HEAD(watch_list, watch);

struct https_client {
	struct event_base *base;
	const struct tls_node *node;
	CURLM *multi;
	struct event *timer;
	struct call_list calls;
	struct watch_list watches;
	size_t call_count;
};

/* let_go - takes it from libcurl and out of the list, so that nobody can cancel it any more */
static void
let_go(struct https_client *client, struct call *call)
{
	TAILQ_REMOVE(&client->calls, call, link);
	client->call_count--;
	(void)curl_multi_remove_handle(client->multi, call->easy);
}

/* collect - everything that has ended; a callback may start and cancel calls meanwhile */
static void
collect(struct https_client *client)
{
	CURLMsg *m = NULL;
	int left = 0;

	while ((m = curl_multi_info_read(client->multi, &left)) != NULL) {
		CURLcode rc = m->data.result;
		struct call *call = NULL;

		if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle,
						      CURLINFO_PRIVATE, &call) != CURLE_OK) {
			continue;
		}
		let_go(client, call);
		call_tell(call, rc);
		call_free(call);
	}
}

/* --- libcurl on the event loop ----------------------------------------------------------- */

static void
on_socket_ready(evutil_socket_t fd, short what, void *ctx)
{
	struct https_client *client = ctx;
	int actions = 0;
	int running = 0;

	if ((what & EV_READ) != 0) {
		actions |= CURL_CSELECT_IN;
	}
	if ((what & EV_WRITE) != 0) {
		actions |= CURL_CSELECT_OUT;
	}
	(void)curl_multi_socket_action(client->multi, fd, actions, &running);
	ERR_clear_error();
	collect(client);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct https_client *client = ctx;
	int running = 0;

	(void)fd;
	(void)what;
	(void)curl_multi_socket_action(client->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	ERR_clear_error();
	collect(client);
}

static int
on_want_timer(CURLM *multi, long ms, void *ctx)
{
	struct https_client *client = ctx;
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000};

	(void)multi;
	if (ms < 0) {
		return evtimer_del(client->timer);
	}
	return evtimer_add(client->timer, &tv);
}

static void
watch_free(struct watch *watch)
{
	TAILQ_REMOVE(&watch->client->watches, watch, link);
	if (watch->event != NULL) {
		event_free(watch->event);
	}
	free(watch);
}

static int
watch_set(struct https_client *client, struct watch *watch, curl_socket_t fd, int what)
{
	short events = EV_PERSIST;

	events = (short)(events | ((what & CURL_POLL_IN) != 0 ? EV_READ : 0));
	events = (short)(events | ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));
	if (watch->event != NULL) {
		event_free(watch->event);
	}
	watch->event = event_new(client->base, fd, events, on_socket_ready, client);
	return watch->event == NULL || event_add(watch->event, NULL) != 0 ? -1 : 0;
}

static int
on_want_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct https_client *client = ctx;
	struct watch *watch = socket_ctx;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (watch != NULL) {
			(void)curl_multi_assign(client->multi, fd, NULL);
			watch_free(watch);
		}
		return 0;
	}
	if (watch == NULL) {
		watch = calloc(1, sizeof(*watch));
		if (watch == NULL) {
			return -1;
		}
		watch->client = client;
		TAILQ_INSERT_TAIL(&client->watches, watch, link);
		(void)curl_multi_assign(client->multi, fd, watch);
	}
	return watch_set(client, watch, fd, what);
}

/* --- the client ------------------------------------------------------------------------------- */

int
https_client_new(struct event_base *base, const struct tls_node *node,
	struct https_client **out, struct err_msg *msg)
{
	struct https_client *client = calloc(1, sizeof(*client));

	if (client == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != 0) {
		free(client);
		return err_set(msg, ERR_CRYPTO, "cannot set libcurl up");
	}
	TAILQ_INIT(&client->calls);
	TAILQ_INIT(&client->watches);
	client->base = base;
	client->node = node;
	client->timer = evtimer_new(base, on_timer, client);
	client->multi = curl_multi_init();
	if (client->timer == NULL || client->multi == NULL) {
		https_client_free(client);
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, on_want_socket);
	(void)curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, on_want_timer);
	(void)curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client);
	(void)curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, (long)HTTPS_KEPT_MAX);
	*out = client;
	return 0;
}

void
https_client_free(struct https_client *client)
{
	if (client == NULL) {
		return;
	}
	for (struct call *call = TAILQ_FIRST(&client->calls), *next = NULL; call != NULL;
		call = next) {
		next = TAILQ_NEXT(call, link);
		let_go(client, call);
		call_free(call);
	}
	if (client->multi != NULL) {
		(void)curl_multi_cleanup(client->multi);
	}
	for (struct watch *watch = TAILQ_FIRST(&client->watches), *next = NULL; watch != NULL;
		watch = next) {
		next = TAILQ_NEXT(watch, link);
		watch_free(watch);
	}
	if (client->timer != NULL) {
		event_free(client->timer);
	}
	free(client);
	curl_global_cleanup();
}

int
https_client_start(struct https_client *client, const struct https_call *spec)
{
	struct call *call = NULL;
	int code = client->call_count >= HTTPS_CALLS_MAX ? ERR_FULL
							 : call_new(client->node, spec, &call);

	if (code != 0) {
		return code;
	}
	if (curl_multi_add_handle(client->multi, call->easy) != CURLM_OK) {
		call_free(call);
		return ERR_NOMEM;
	}
	TAILQ_INSERT_TAIL(&client->calls, call, link);
	client->call_count++;
	return 0;
}

void
https_client_cancel(struct https_client *client, uint64_t id)
{
	struct call *call = TAILQ_FIRST(&client->calls);

	while (call != NULL) {
		struct call *next = TAILQ_NEXT(call, link);

		if (call->id == id) {
			let_go(client, call);
			call_free(call);
		}
		call = next;
	}
}
