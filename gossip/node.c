#include "gossip/node.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/array.h"
#include "common/base/log.h"
#include "gossip/budget.h"
#include "gossip/node_private.h"

void
node_limits_default(struct node_limits *out)
{
	*out = (struct node_limits){
		.hops = 2,
		.statements_max = 2000000,
		.items_max = 1 << 20,
		.requests_per_hour = 20000,
		.bytes_per_hour = (uint64_t)1 << 30,
		.signatures_per_hour = 250000,
		.sync_interval_ms = 30000,
		.repair_interval_s = 86400,
		.request_timeout_ms = 30000,
		.backoff_max_ms = 900000,
	};
}

int
digest_list_add(struct digest_list *list, const struct digest *digest)
{
	struct digest *grown = NULL;

	if (list->max != 0 && list->count >= list->max) {
		return ERR_TOOBIG;
	}
	grown = ARRAY_ROOM(list->list, list->count, &list->cap);
	if (grown == NULL) {
		return ERR_NOMEM;
	}
	list->list = grown;
	list->list[list->count++] = *digest;
	return 0;
}

void
digest_list_fini(struct digest_list *list)
{
	free(list->list);
	list->list = NULL;
	list->count = 0;
	list->cap = 0;
}

static void
log_line(struct node *node, enum node_log_level level, const char *subject, const char *fmt,
	va_list ap)
{
	struct actions_entry *entry = actions_add(&node->actions, NODE_LOG);
	char text[ACTIONS_LOG_MAX / 2];
	char name[ACTIONS_LOG_MAX / 4];
	char line[ACTIONS_LOG_MAX / 2];

	if (entry == NULL) {
		return;
	}
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	entry->action.log.level = level;
	/* What a peer wrote may be in it. */
	(void)log_escape(slice_str(text), line, sizeof(line));
	if (subject == NULL) {
		(void)snprintf(entry->text, sizeof(entry->text), "%s", line);
	} else {
		(void)snprintf(entry->text, sizeof(entry->text), "peer \"%s\": %s",
			log_escape(slice_str(subject), name, sizeof(name)), line);
	}
}

void
node_log(struct node *node, enum node_log_level level, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_line(node, level, NULL, fmt, ap);
	va_end(ap);
}

void
node_say(struct node *node, struct peer *peer, enum peer_word word, const char *fmt, ...)
{
	va_list ap;

	if ((peer->said & (uint32_t)word) != 0) {
		return;
	}
	peer->said |= (uint32_t)word;
	va_start(ap, fmt);
	log_line(node, NODE_LOG_WARN, peer->rec.name, fmt, ap);
	va_end(ap);
}

uint64_t
node_jitter(struct node *node, uint64_t ms)
{
	return ms - ms / 4 + rng_below(&node->config.rng, ms / 2 + 1);
}

struct actions_entry *
node_send(struct node *node, const struct peer *peer, enum target_endpoint endpoint,
	const char *target, struct slice body)
{
	static const struct {
		enum node_method method;
		const char *content_type;
	} forms[] = {
		[TARGET_NODE] = {NODE_GET, NULL},
		[TARGET_FEED] = {NODE_GET, NULL},
		[TARGET_RECONCILE] = {NODE_POST, "application/octet-stream"},
		[TARGET_STATEMENTS] = {NODE_POST, "text/plain; charset=utf-8"},
		[TARGET_FETCH] = {NODE_POST, "text/plain; charset=utf-8"},
	};
	struct actions_entry *entry = actions_add(&node->actions, NODE_SEND);

	if (entry == NULL) {
		return NULL;
	}
	(void)dynbuf_add(&entry->body, body);
	(void)snprintf(entry->text, sizeof(entry->text), "%s",
		target != NULL ? target : target_path(endpoint));
	(void)snprintf(entry->url, sizeof(entry->url), "%s", peer->rec.url);
	entry->action.send.token = ++node->last_token;
	entry->action.send.pin = peer->rec.pin;
	entry->action.send.method = forms[endpoint].method;
	entry->action.send.content_type = forms[endpoint].content_type;
	entry->action.send.answer_max = NODE_BODY_MAX;
	entry->action.send.timeout_ms = node->config.limits.request_timeout_ms;
	return entry;
}

/* load - everything from the store */
static int
load(struct node *node, struct err_msg *msg)
{
	int rc = node_begin(node);

	if (rc != 0) {
		return err_set(msg, rc, "cannot read the graph: %s", err_text(rc));
	}
	rc = peers_load(node, msg);
	rc = rc == 0 ? follow_load(node, msg) : rc;
	node_end(node);
	return rc;
}

int
node_new(const struct node_config *config, struct node_time now, struct node **out,
	struct err_msg *msg)
{
	struct node *node = calloc(1, sizeof(*node));
	int rc;

	*out = NULL;
	if (node == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	node->config = *config;
	node->now = now;
	node->maintain_ms = now.mono_ms + MAINTAIN_MS;
	actions_init(&node->actions);
	offer_init(&node->offer);
	rc = graph_reader_new(config->graph, &node->reader, msg);
	if (rc == 0 && scope_new(config->limits.hops, follow_grown, node, &node->scope) != 0) {
		rc = err_set(msg, ERR_NOMEM, "out of memory");
	}
	rc = rc == 0 ? load(node, msg) : rc;
	if (rc != 0) {
		node_abandon(node);
		return rc;
	}
	*out = node;
	return 0;
}

void
node_free(struct node *node)
{
	if (node != NULL) {
		node_flush(node);
		node_abandon(node);
	}
}

void
node_abandon(struct node *node)
{
	if (node == NULL) {
		return;
	}
	admission_free_all(node);
	peers_free(node);
	digest_list_fini(&node->grown);
	digest_list_fini(&node->claims);
	free(node->pending);
	scope_free(node->scope);
	offer_fini(&node->offer);
	actions_fini(&node->actions);
	graph_reader_free(node->reader);
	free(node);
}

bool
node_next(struct node *node, struct node_action *out)
{
	return actions_next(&node->actions, out);
}

void
node_result(struct node *node, struct node_time now, uint64_t token,
	const struct node_result *result)
{
	node->now = now;
	for (size_t i = 0; token != 0 && i < node->peer_count; i++) {
		struct peer *peer = node->peers[i];

		if (peer->sync.token == token) {
			sync_result(node, peer, result);
			break;
		}
		if (peer->push.token == token) {
			push_result(node, peer, result);
			break;
		}
	}
}

static void
earlier(uint64_t *at_ms, uint64_t candidate_ms)
{
	if (candidate_ms < *at_ms) {
		*at_ms = candidate_ms;
	}
}

bool
node_deadline(const struct node *node, uint64_t *at_ms_out)
{
	*at_ms_out = node->maintain_ms;
	for (size_t i = 0; i < node->peer_count; i++) {
		const struct peer *peer = node->peers[i];

		if (peer->rec.url[0] == '\0') {
			continue;
		}
		if (peer->sync.state == SYNC_IDLE) {
			earlier(at_ms_out, peer->sync.due_ms);
		}
		if (peer->push.count > 0 && peer->push.token == 0 && peer_is_open(node, peer)) {
			earlier(at_ms_out, peer->push.due_ms);
		}
	}
	return true;
}

/* maintain - counters to the store, expired statements out of the trees, what others wrote */
static void
maintain(struct node *node)
{
	node->maintain_ms = node->now.mono_ms + MAINTAIN_MS;
	for (size_t i = 0; i < node->peer_count; i++) {
		if (budget_roll(&node->peers[i]->rec, node->now.wall_s)) {
			node->peers[i]->said = 0;
		}
	}
	follow_others(node);
	node_flush(node);
	if (node_begin(node) == 0) {
		int rc = offer_sweep(&node->offer, node->reader, node->now.wall_s);

		node_end(node);
		if (rc != 0) {
			node_log(node, NODE_LOG_WARN, "cannot look for expired statements: %s",
				err_text(rc));
		}
	}
}

void
node_timeout(struct node *node, struct node_time now)
{
	node->now = now;
	if (now.mono_ms >= node->maintain_ms) {
		maintain(node);
	}
	for (size_t i = 0; i < node->peer_count; i++) {
		push_run(node, node->peers[i]);
		sync_run(node, node->peers[i]);
	}
}

void
node_graph_changed(struct node *node, struct node_time now)
{
	node->now = now;
	follow_others(node);
	for (size_t i = 0; i < node->peer_count; i++) {
		push_run(node, node->peers[i]);
	}
}
