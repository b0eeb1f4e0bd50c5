#include "gossip/service_pairing.h"

#include <stdio.h>

#include <openssl/crypto.h>

#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/ctl/ctl_server.h"

#define PAIR_TARGET "/v1/pair"

/* One round of a guest: both together stay below what the control socket waits. */
#define ROUND_MS 4500

/* Ids of the client's calls that are no tokens of the node: those count from 1. */
#define PAIR_CALL_ID UINT64_MAX

bool
service_pairing_takes(const struct https_request *request)
{
	return request->http->method == HTTP_POST &&
	       slice_eq(request->http->target, SLICE(PAIR_TARGET));
}

/* name_of - a peer's name here, good until it is changed */
static const char *
name_of(const struct service *s, const struct digest *pin)
{
	const struct graph_peer *peer = node_peer_at(s->node, pin);

	return peer == NULL ? "" : peer->name;
}

/* --- host ------------------------------------------------------------------------------------ */

/* befriend - the guest becomes a peer, or the pairing is none */
static int
befriend(struct service *s, const struct digest *pin, struct pairing_reply *reply)
{
	struct err_msg msg = {0};
	int code = 0;

	s->met_party = reply->party;
	s->met = (struct node_peer_spec){
		.pin = *pin,
		.class = s->invited_class,
		.name = slice_str(s->met_party.name),
		.url = slice_str(s->met_party.url),
	};
	code = node_peer_add(s->node, service_now(), &s->met, &msg);
	if (code != 0) {
		log_warn(
			"gossip: cannot add the peer that an invitation brought: %s", msg.text);
		return code;
	}
	/* As the node calls it now, which has a name for those who bring none. */
	(void)snprintf(s->met_name, sizeof(s->met_name), "%s", name_of(s, pin));
	(void)snprintf(s->met_digits, sizeof(s->met_digits), "%s", reply->digits);
	log_info("gossip: paired with %s, digits %s", s->met_name, s->met_digits);
	return 0;
}

void
service_pairing_request(struct service *s, const struct https_request *request)
{
	struct pairing_reply reply;
	const struct pairing_call call = {
		.own_pin = tls_node_pin(s->config->tls),
		.peer_pin = &request->pin,
		.exporter = request->exporter,
		.own_name = slice_take(s->config->site_name, PAIRING_NAME_MAX),
		.now_s = clock_wall_s(),
		.rng = &s->rng,
	};
	struct https_answer answer = {.content_type = "application/octet-stream"};

	pairing_host_take(&s->host, &call, request->http->body, &reply);
	if (reply.status == 403) {
		log_info("gossip: refused a pairing: wrong secret, or no invitation is open");
	}
	if (reply.paired && befriend(s, &request->pin, &reply) != 0) {
		reply.status = 500;
		reply.body_len = 0;
	}
	answer.status = reply.status;
	answer.body = slice_of(reply.body, reply.body_len);
	https_server_answer(s->server, request->id, &answer);
	service_drain(s);
}

int
service_pairing_invite(struct service *s, struct slice host, enum graph_peer_class class,
	char link[INVITATION_LINK_MAX], struct err_msg *msg)
{
	struct invitation invitation = {.pin = *tls_node_pin(s->config->tls)};
	int code = 0;

	if (host.len >= sizeof(invitation.host)) {
		return err_set(msg, ERR_TOOBIG, "the host is too long");
	}
	memcpy(invitation.host, host.data, host.len);
	code = pairing_host_open(&s->host, clock_wall_s(), &s->rng, invitation.secret);
	if (code == 0) {
		code = invitation_print(&invitation, link);
	}
	OPENSSL_cleanse(&invitation, sizeof(invitation));
	s->invited_class = class;
	s->met_digits[0] = '\0';
	return code == 0 ? 0 : err_set(msg, code, "cannot make an invitation");
}

/* --- guest ------------------------------------------------------------------------------------ */

static int next_round(struct service *s);

static void
answer_guest(struct service *s, struct ctl_message *reply)
{
	struct ctl_call *call = s->guest_call;

	s->guest_call = NULL;
	pairing_guest_fini(&s->guest);
	ctl_call_answer(call, reply);
}

static void
fail_guest(struct service *s, int code, const char *text)
{
	log_info("gossip: an invitation could not be followed: %s", text);
	answer_guest(s, ctl_message_refusal(code, text));
}

/* conclude - the host knows us; now we know it */
static void
conclude(struct service *s, const char *digits)
{
	char url[INVITATION_HOST_MAX + 16];
	const struct node_peer_spec spec = {
		.pin = s->guest.link.pin,
		.class = s->guest_class,
		.name = slice_str(s->guest.host_name),
		.url = slice_of(url,
			(size_t)snprintf(url, sizeof(url), "https://%s", s->guest.link.host)),
	};
	struct ctl_message *reply = NULL;
	struct err_msg msg = {0};
	int code = node_peer_add(s->node, service_now(), &spec, &msg);

	if (code != 0) {
		fail_guest(s, code, msg.text);
		return;
	}
	log_info("gossip: paired with %s, digits %s", name_of(s, &spec.pin), digits);
	reply = ctl_message_reply();
	if (reply != NULL) {
		ctl_message_set_text(reply, "name", slice_str(name_of(s, &spec.pin)));
		ctl_message_set_text(reply, "digits", slice_str(digits));
	}
	answer_guest(s, reply);
}

static const char *
status_text(int status)
{
	switch (status) {
	case 403:
		return "the invitation is not open any more, or its secret is wrong";
	case 404:
		return "no node of ours answers there";
	case 409:
		return "somebody else is following the same invitation";
	default:
		return "the other node could not do its part; its log says why";
	}
}

static void
on_round(void *ctx, uint64_t id, const struct https_result *r)
{
	char digits[PAIRING_DIGITS_LEN];
	struct service *s = ctx;
	int code = 0;

	(void)id;
	if (s->guest_call == NULL) {
		return;
	}
	if (r->end != HTTPS_ANSWERED) {
		fail_guest(s, ERR_IO,
			r->end == HTTPS_UNKNOWN_KEY ? "the invitation is not open any more"
						    : r->text);
		return;
	}
	if (r->status != 200) {
		fail_guest(s, ERR_DENIED, status_text(r->status));
		return;
	}
	code = pairing_guest_take(&s->guest, tls_node_pin(s->config->tls), r->body, digits);
	if (code == 0) {
		conclude(s, digits);
		service_drain(s);
	} else if (code == 1) {
		code = next_round(s);
	}
	if (code < 0) {
		fail_guest(
			s, code, "the other node does not know the secret of the invitation");
	}
}

static int
make_body(void *ctx, const uint8_t exporter[TLS_NODE_EXPORTER_LEN], uint8_t *body)
{
	struct service *s = ctx;

	return pairing_guest_body(&s->guest, tls_node_pin(s->config->tls), exporter, body);
}

static int
next_round(struct service *s)
{
	const struct https_call call = {
		.id = PAIR_CALL_ID,
		.pin = s->guest.link.pin,
		.url = s->guest_url,
		.method = HTTP_POST,
		.content_type = "application/octet-stream",
		.body = {.len = pairing_guest_body_len(&s->guest)},
		.make_body = make_body,
		.answer_max = PAIRING_BODY_MAX,
		.timeout_ms = ROUND_MS,
		.done = on_round,
		.ctx = s,
	};

	return https_client_start(s->client, &call);
}

int
service_pairing_accept(struct service *s, struct slice link, enum graph_peer_class class,
	struct ctl_call *call, struct err_msg *msg)
{
	struct invitation invitation;
	int code = 0;

	if (s->guest_call != NULL) {
		return err_set(msg, ERR_BUSY, "another invitation is being followed");
	}
	code = invitation_parse(link, &invitation, msg);
	if (code == 0 && digest_eq(&invitation.pin, tls_node_pin(s->config->tls))) {
		code = err_set(msg, ERR_INVALID, "this is an invitation of our own");
	}
	if (code == 0) {
		code = pairing_guest_init(&s->guest, &invitation,
			slice_take(s->config->site_name, PAIRING_NAME_MAX),
			s->config->settings->gossip_url, &s->rng);
		code = code == 0 ? 0 : err_set(msg, code, "cannot follow the invitation");
	}
	(void)snprintf(s->guest_url, sizeof(s->guest_url), "https://%s%s", invitation.host,
		PAIR_TARGET);
	OPENSSL_cleanse(&invitation, sizeof(invitation));
	if (code == 0 && next_round(s) != 0) {
		code = err_set(msg, ERR_NOMEM, "cannot start the request");
	}
	if (code != 0) {
		pairing_guest_fini(&s->guest);
		return code;
	}
	s->guest_class = class;
	s->guest_call = call;
	return 0;
}
