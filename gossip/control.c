#include "gossip/control.h"

#include <stdio.h>

#include "common/ctl/ctl_server.h"
#include "gossip/service.h"
#include "gossip/service_pairing.h"

/* Shortest beginning of a pin that may stand for it. */
#define PIN_PREFIX_MIN 6

#define HTTPS SLICE("https://")

/* An operation fills the reply, or says why not; ANSWERED_LATER: it keeps the call. */
typedef int operation_fn(struct service *s, const struct ctl_message *request,
	struct ctl_call *call, struct ctl_message *reply, struct err_msg *msg);

#define ANSWERED_LATER 1

static struct slice
text_of(const struct ctl_message *request, const char *name)
{
	struct slice text = {0};

	(void)ctl_message_text(request, name, &text);
	return text;
}

static bool
flag_of(const struct ctl_message *request, const char *name)
{
	bool value = false;

	(void)ctl_message_bool(request, name, &value);
	return value;
}

/* class_of - "friend" where nothing is said */
static int
class_of(const struct ctl_message *request, enum graph_peer_class *out, struct err_msg *msg)
{
	struct slice text = text_of(request, "class");

	if (text.len == 0 || slice_eq(text, SLICE("friend"))) {
		*out = GRAPH_PEER_FRIEND;
	} else if (slice_eq(text, SLICE("site"))) {
		*out = GRAPH_PEER_SITE;
	} else {
		return err_set(msg, ERR_INVALID, "the class of a peer is friend or site");
	}
	return 0;
}

static bool
is_named(const struct graph_peer *peer, struct slice text)
{
	char pin[TLS_NODE_PIN_TEXT_LEN + 1];

	tls_pin_print(&peer->pin, pin);
	return slice_eq_nocase(text, slice_str(peer->name)) ||
	       slice_eq_nocase(text, slice_str(peer->url)) ||
	       (text.len >= PIN_PREFIX_MIN && slice_starts_with(slice_str(pin), text));
}

/* find_peer - the one that is meant */
static int
find_peer(struct service *s, const struct ctl_message *request, struct digest *pin,
	struct err_msg *msg)
{
	struct slice text = text_of(request, "peer");
	size_t found = 0;

	for (size_t i = 0; text.len > 0 && i < node_peer_count(s->node); i++) {
		const struct graph_peer *peer = node_peer(s->node, i);

		if (is_named(peer, text)) {
			*pin = peer->pin;
			found++;
		}
	}
	if (found == 1) {
		return 0;
	}
	return found == 0
		       ? err_set(msg, ERR_NOTFOUND, "no peer is called %.*s", SLICE_ARG(text))
		       : err_set(msg, ERR_INVALID,
				 "%.*s stands for %zu peers: give more of the pin",
				 SLICE_ARG(text), found);
}

/* --- pairing --------------------------------------------------------------------------------- */

static int
op_invite(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	struct slice host = text_of(request, "host");
	struct slice url = s->config->settings->gossip_url;
	enum graph_peer_class class = GRAPH_PEER_FRIEND;
	char link[INVITATION_LINK_MAX];
	int code = class_of(request, &class, msg);

	(void)call;
	if (host.len == 0 && slice_starts_with(url, HTTPS)) {
		host = slice_skip(url, HTTPS.len);
	}
	if (code == 0 && host.len == 0) {
		code = err_set(msg, ERR_INVALID,
			"how do others reach this node? Set gossip_url, or say --host");
	}
	if (code == 0) {
		code = service_pairing_invite(s, host, class, link, msg);
	}
	if (code == 0) {
		ctl_message_set_text(reply, "link", slice_str(link));
		ctl_message_set_number(reply, "expires", (int64_t)s->host.until_s);
	}
	return code;
}

static int
op_met(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	bool met = s->met_digits[0] != '\0';

	(void)request;
	(void)call;
	(void)msg;
	ctl_message_set_bool(
		reply, "open", pairing_host_is_open(&s->host, service_now().wall_s));
	ctl_message_set_bool(reply, "met", met);
	if (met) {
		ctl_message_set_text(reply, "name", slice_str(s->met_name));
		ctl_message_set_text(reply, "digits", slice_str(s->met_digits));
	}
	return 0;
}

static int
op_accept(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	enum graph_peer_class class = GRAPH_PEER_FRIEND;
	int code = class_of(request, &class, msg);

	(void)reply;
	if (code == 0) {
		code = service_pairing_accept(s, text_of(request, "link"), class, call, msg);
	}
	return code == 0 ? ANSWERED_LATER : code;
}

/* --- peers ----------------------------------------------------------------------------------- */

static int
op_add(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	struct node_peer_spec spec = {
		.name = text_of(request, "name"), .url = text_of(request, "url")};
	int code = class_of(request, &spec.class, msg);

	(void)call;
	if (code == 0 && tls_pin_parse(text_of(request, "pin"), &spec.pin) != 0) {
		code = err_set(msg, ERR_INVALID, "a pin has %d characters of base64url",
			TLS_NODE_PIN_TEXT_LEN);
	}
	if (code == 0 && digest_eq(&spec.pin, tls_node_pin(s->config->tls))) {
		code = err_set(msg, ERR_INVALID, "this is the pin of our own node");
	}
	if (code == 0) {
		ctl_message_set_bool(reply, "added", node_peer_at(s->node, &spec.pin) == NULL);
		code = node_peer_add(s->node, service_now(), &spec, msg);
	}
	return code;
}

static int
op_pause(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	bool paused = flag_of(request, "paused");
	struct digest pin;
	int code = find_peer(s, request, &pin, msg);

	(void)call;
	(void)reply;
	if (code == 0) {
		code = node_peer_pause(s->node, service_now(), &pin, paused, msg);
	}
	if (code == 0 && paused) {
		https_server_drop(s->server, &pin);
	}
	return code;
}

static int
op_remove(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	struct digest pin;
	int code = find_peer(s, request, &pin, msg);

	(void)call;
	(void)reply;
	if (code == 0) {
		code = node_peer_remove(s->node, service_now(), &pin, msg);
	}
	if (code == 0) {
		https_server_drop(s->server, &pin);
	}
	return code;
}

static int
op_sync(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	struct digest pin;
	int code = find_peer(s, request, &pin, msg);

	(void)call;
	(void)reply;
	if (code == 0) {
		code = node_peer_sync(s->node, service_now(), &pin, flag_of(request, "repair"));
	}
	return code;
}

/* --- status ---------------------------------------------------------------------------------- */

static int
op_status(struct service *s, const struct ctl_message *request, struct ctl_call *call,
	struct ctl_message *reply, struct err_msg *msg)
{
	const struct https_counters *c = https_server_counters(s->server);
	char pin[TLS_NODE_PIN_TEXT_LEN + 1];

	(void)request;
	(void)call;
	(void)msg;
	tls_pin_print(tls_node_pin(s->config->tls), pin);
	ctl_message_set_text(reply, "pin", slice_str(pin));
	ctl_message_set_text(reply, "url", s->config->settings->gossip_url);
	ctl_message_set_number(reply, "peers", (int64_t)node_peer_count(s->node));
	ctl_message_set_number(reply, "connections", (int64_t)c->open);
	ctl_message_set_number(reply, "accepted", (int64_t)c->accepted);
	ctl_message_set_number(reply, "requests", (int64_t)c->requests);
	ctl_message_set_number(reply, "refused_full", (int64_t)c->refused_full);
	ctl_message_set_number(reply, "refused_handshake", (int64_t)c->refused_handshake);
	ctl_message_set_number(reply, "refused_requests", (int64_t)c->refused_requests);
	ctl_message_set_number(reply, "late", (int64_t)c->late);
	return 0;
}

static const struct {
	const char *name;
	operation_fn *run;
} operations[] = {
	{"status", op_status},
	{"peer-invite", op_invite},
	{"peer-met", op_met},
	{"peer-accept", op_accept},
	{"peer-add", op_add},
	{"peer-pause", op_pause},
	{"peer-remove", op_remove},
	{"peer-sync", op_sync},
};

static operation_fn *
find_operation(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		if (slice_eq(name, slice_str(operations[i].name))) {
			return operations[i].run;
		}
	}
	return NULL;
}

void
control_handle(void *ctx, struct ctl_call *call, const struct ctl_message *request)
{
	struct service *s = ctx;
	operation_fn *run = find_operation(ctl_message_op(request));
	struct ctl_message *reply = ctl_message_reply();
	struct err_msg msg = {0};
	int code = run == NULL ? err_set(&msg, ERR_UNSUPPORTED,
					 "this version of gossip does not know that request")
			       : ERR_NOMEM;

	if (run != NULL && reply != NULL) {
		code = run(s, request, call, reply, &msg);
	}
	if (code != 0) {
		ctl_message_free(reply);
		reply = NULL;
	}
	if (code < 0) {
		reply = ctl_message_refusal(
			code, msg.text[0] == '\0' ? err_text(code) : msg.text);
	}
	if (code != ANSWERED_LATER) {
		ctl_call_answer(call, reply);
	}
	service_drain(s);
}
