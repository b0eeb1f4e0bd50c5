#include "gossip/service.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include <event2/event.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ctl/ctl_server.h"
#include "common/store/store.h"
#include "gossip/control.h"
#include "gossip/service_pairing.h"

/* How often the store is looked at for what trustctl wrote: a revocation must not wait longer. */
#define TICK_MS 500

/* --- time ------------------------------------------------------------------------------------ */

struct node_time
service_now(void)
{
	return (struct node_time){.wall_s = clock_wall_s(), .mono_ms = clock_mono_ms()};
}

static void
rearm(struct service *s)
{
	uint64_t now_ms = clock_mono_ms();
	struct timeval tv = {0};
	uint64_t at_ms = 0;

	if (!node_deadline(s->node, &at_ms)) {
		(void)evtimer_del(s->deadline);
		return;
	}
	if (at_ms > now_ms) {
		tv.tv_sec = (time_t)((at_ms - now_ms) / 1000);
		tv.tv_usec = (suseconds_t)((at_ms - now_ms) % 1000 * 1000);
	}
	(void)evtimer_add(s->deadline, &tv);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct service *s = ctx;

	(void)fd;
	(void)what;
	node_timeout(s->node, service_now());
	service_drain(s);
}

/* --- what the node wants done ------------------------------------------------------------ */

static void
on_result(void *ctx, uint64_t token, const struct https_result *r)
{
	static const enum node_transport ends[] = {
		[HTTPS_ANSWERED] = NODE_T_ANSWERED,
		[HTTPS_OFFLINE] = NODE_T_OFFLINE,
		[HTTPS_TIMEOUT] = NODE_T_TIMEOUT,
		[HTTPS_WRONG_KEY] = NODE_T_WRONG_KEY,
		[HTTPS_UNKNOWN_KEY] = NODE_T_UNKNOWN_KEY,
		[HTTPS_TLS] = NODE_T_TLS,
		[HTTPS_TOO_BIG] = NODE_T_TOO_BIG,
	};
	const struct node_result result = {
		.end = ends[r->end],
		.status = (unsigned int)r->status,
		.retry_after_s = r->retry_after_s,
		.body = r->body,
	};
	struct service *s = ctx;

	log_debug("gossip: request %llu ended: %d %s", (unsigned long long)token, r->status,
		r->text);
	node_result(s->node, service_now(), token, &result);
	service_drain(s);
}

static void
do_send(struct service *s, const struct node_action *a)
{
	char url[GRAPH_PEER_URL_MAX + NODE_TARGET_MAX];
	struct https_call call = {
		.id = a->send.token,
		.pin = a->send.pin,
		.url = url,
		.method = a->send.method == NODE_POST ? HTTP_POST : HTTP_GET,
		.content_type = a->send.content_type,
		.body = a->send.body,
		.answer_max = a->send.answer_max,
		.timeout_ms = a->send.timeout_ms,
		.done = on_result,
		.ctx = s,
	};
	const struct node_result failed = {.end = NODE_T_OFFLINE};
	uint64_t token = a->send.token;

	(void)snprintf(url, sizeof(url), "%s%s", a->send.url, a->send.target);
	if (https_client_start(s->client, &call) != 0) {
		node_result(s->node, service_now(), token, &failed);
	}
}

static void
do_respond(struct service *s, const struct node_action *a)
{
	const struct https_answer answer = {
		.status = (int)a->respond.status,
		.content_type = a->respond.content_type,
		.retry_after_s = a->respond.retry_after_s,
		.body = a->respond.body,
	};

	https_server_answer(s->server, a->respond.id, &answer);
}

static void
do_log(const struct node_action *a)
{
	static const enum log_level levels[] = {
		[NODE_LOG_WARN] = LOG_LEVEL_WARN,
		[NODE_LOG_INFO] = LOG_LEVEL_INFO,
		[NODE_LOG_DEBUG] = LOG_LEVEL_DEBUG,
	};

	log_write(levels[a->log.level], "gossip: %s", a->log.text);
}

void
service_drain(struct service *s)
{
	struct node_action a;

	while (node_next(s->node, &a)) {
		switch (a.kind) {
		case NODE_RESPOND:
			do_respond(s, &a);
			break;
		case NODE_SEND:
			do_send(s, &a);
			break;
		case NODE_VERIFY:
			verify_pool_submit(s->pool, a.verify);
			break;
		case NODE_LOG:
			do_log(&a);
			break;
		}
	}
	rearm(s);
}

static void
on_verified(void *ctx, struct node_job *job)
{
	struct service *s = ctx;

	node_job_done(s->node, service_now(), job);
	service_drain(s);
}

/* --- what comes in ----------------------------------------------------------------------- */

static bool
admit(void *ctx, const struct digest *pin)
{
	struct service *s = ctx;
	const struct graph_peer *peer = node_peer_at(s->node, pin);

	if (peer != NULL) {
		return !peer->paused && clock_wall_s() >= peer->closed_until_s;
	}
	return pairing_host_is_open(&s->host, clock_wall_s());
}

static void
handle(void *ctx, const struct https_request *r)
{
	static const struct https_answer stranger = {
		.status = 403,
		.content_type = "text/plain",
		.body = {(const uint8_t *)"not a peer\n", 11},
	};
	struct service *s = ctx;
	const struct node_request request = {
		.id = r->id,
		.pin = r->pin,
		.method = r->http->method == HTTP_POST ? NODE_POST : NODE_GET,
		.target = r->http->target,
		.body = r->http->body,
	};

	if (service_pairing_takes(r)) {
		service_pairing_request(s, r);
		return;
	}
	if (node_peer_at(s->node, &r->pin) == NULL) {
		https_server_answer(s->server, r->id, &stranger);
		return;
	}
	node_request(s->node, service_now(), &request);
	service_drain(s);
}

static void
gone(void *ctx, uint64_t id)
{
	struct service *s = ctx;

	node_request_gone(s->node, id);
}

/* --- what happens outside ---------------------------------------------------------------- */

static void
stop(struct service *s, enum service_end end)
{
	s->end = end;
	(void)event_base_loopbreak(s->base);
}

static void
on_tick(evutil_socket_t fd, short what, void *ctx)
{
	struct service *s = ctx;
	struct store_usage usage;

	(void)fd;
	(void)what;
	if (store_is_stale(s->config->graph)) {
		log_info("gossip: the store was replaced, starting anew");
		stop(s, SERVICE_RELOAD);
		return;
	}
	if (store_usage(s->config->graph, &usage) == 0 && usage.commits != s->commits) {
		s->commits = usage.commits;
		node_graph_changed(s->node, service_now());
		service_drain(s);
	}
}

static void
on_signal(evutil_socket_t number, short what, void *ctx)
{
	struct service *s = ctx;

	(void)what;
	if (number != SIGHUP) {
		log_info("gossip: signal %d, stopping", (int)number);
		stop(s, SERVICE_STOPPED);
	} else if (s->config->may_reload(s->config->ctx)) {
		log_info("gossip: SIGHUP, starting anew");
		stop(s, SERVICE_RELOAD);
	} else {
		log_warn("gossip: SIGHUP: the settings are faulty, going on with the old ones");
	}
}

/* --- start and end ----------------------------------------------------------------------- */

static struct node_limits
limits_of(const struct settings *settings)
{
	struct node_limits limits;

	node_limits_default(&limits);
	limits.hops = settings->gossip_hops;
	limits.statements_max = settings->gossip_statements_max;
	limits.requests_per_hour = settings->gossip_requests_per_hour;
	limits.bytes_per_hour = settings->gossip_bytes_per_hour;
	limits.signatures_per_hour = settings->gossip_signatures_per_hour;
	limits.sync_interval_ms = settings->gossip_sync_interval_s * 1000;
	limits.repair_interval_s = settings->gossip_repair_interval_s;
	return limits;
}

static int
make_node(struct service *s, struct err_msg *msg)
{
	const struct settings *settings = s->config->settings;
	const struct node_config config = {
		.graph = s->config->graph,
		.options =
			{
				.fold_local_part = settings->fold_local_part,
				.fresh_vouches = settings->metric.fresh_vouches,
				.fresh_window_s = settings->metric.fresh_window_s,
				.warnings = graph_warnings_option(
					settings->metric.reporter_warnings),
				.warn_window_s = settings->metric.reporter_window_s,
			},
		.limits = limits_of(settings),
		.rng = s->rng,
		.own_pin = *tls_node_pin(s->config->tls),
	};

	return node_new(&config, service_now(), &s->node, msg);
}

static int
make_events(struct service *s, struct err_msg *msg)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
	struct timeval every = {.tv_usec = TICK_MS * 1000};

	s->deadline = evtimer_new(s->base, on_deadline, s);
	s->tick = event_new(s->base, -1, EV_PERSIST, on_tick, s);
	if (s->deadline == NULL || s->tick == NULL || event_add(s->tick, &every) != 0) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		s->signals[i] = evsignal_new(s->base, numbers[i], on_signal, s);
		if (s->signals[i] == NULL || event_add(s->signals[i], NULL) != 0) {
			return err_set(msg, ERR_NOMEM, "out of memory");
		}
	}
	return 0;
}

static int
make_transport(struct service *s, struct err_msg *msg)
{
	const struct https_handlers handlers = {
		.handle = handle, .gone = gone, .admit = admit, .ctx = s};
	struct https_limits limits;
	int code = 0;

	https_limits_default(&limits);
	limits.body_max = NODE_BODY_MAX;
	limits.connections_max = s->config->settings->gossip_connections_max;
	code = https_server_new(s->base, s->config->tls, &limits, &handlers, &s->server, msg);
	if (code == 0) {
		code = https_client_new(s->base, s->config->tls, &s->client, msg);
	}
	if (code == 0) {
		code = verify_pool_new(s->base, s->config->settings->gossip_threads,
			on_verified, s, &s->pool, msg);
	}
	if (code == 0) {
		code = ctl_server_new(s->base, s->config->control, control_handle, s, &s->ctl);
	}
	return code;
}

/* take_listeners - each is the server's or closed afterwards, whatever happens */
static int
take_listeners(struct service *s, int code, struct err_msg *msg)
{
	for (size_t i = 0; i < s->config->listener_count; i++) {
		if (code == 0) {
			code = https_server_listen(s->server, s->config->listeners[i], msg);
		} else {
			(void)evutil_closesocket(s->config->listeners[i]);
		}
	}
	return code;
}

int
service_init(struct service *s, const struct service_config *config, struct err_msg *msg)
{
	int code = 0;

	*s = (struct service){.config = config, .rng = rng_system()};
	s->base = event_base_new();
	code = s->base == NULL ? err_set(msg, ERR_NOMEM, "out of memory") : make_node(s, msg);
	if (code == 0) {
		code = make_events(s, msg);
	}
	if (code == 0) {
		code = make_transport(s, msg);
	}
	code = take_listeners(s, code, msg);
	if (code != 0) {
		service_fini(s);
	}
	return code;
}

void
service_fini(struct service *s)
{
	ctl_server_free(s->ctl);
	if (s->pool != NULL) {
		verify_pool_finish(s->pool);
	}
	https_client_free(s->client);
	https_server_free(s->server);
	node_free(s->node);
	verify_pool_free(s->pool);
	for (size_t i = 0; i < ARRAY_LEN(s->signals); i++) {
		if (s->signals[i] != NULL) {
			event_free(s->signals[i]);
		}
	}
	if (s->tick != NULL) {
		event_free(s->tick);
	}
	if (s->deadline != NULL) {
		event_free(s->deadline);
	}
	if (s->base != NULL) {
		event_base_free(s->base);
	}
	pairing_host_close(&s->host);
	pairing_guest_fini(&s->guest);
	*s = (struct service){0};
}

enum service_end
service_run(struct service *s)
{
	service_drain(s);
	(void)event_base_dispatch(s->base);
	return s->end;
}
