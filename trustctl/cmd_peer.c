/*
 * The peers of this site's gossip node: what is stored is read from the graph, all else is
 * asked of gossip.
 */
#include <stdio.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "common/base/encoding.h"
#include "common/graph/graph_peer.h"
#include "trustctl/ask.h"
#include "trustctl/cmd.h"
#include "trustctl/qr.h"

/* How often an invitation is looked at while somebody waits for it. */
#define WAIT_MS 500

#define NAME_MAX_LEN 256
#define LINK_MAX     512
#define DIGITS_MAX   8

/* --- what is asked of gossip ------------------------------------------------------------- */

/* add_option - the value of an option as a field of the request, where it was given */
static void
add_option(const struct ctl *ctl, struct ctl_message *request, const char *field,
	enum option_id option)
{
	if (request != NULL && options_has(ctl->options, option)) {
		ctl_message_set_text(request, field, slice_str(ctl->options->value[option]));
	}
}

/* request_for - about the peer of the first argument */
static struct ctl_message *
request_for(const struct ctl *ctl, const char *op)
{
	struct ctl_message *request = ctl_message_request(op);

	if (request != NULL) {
		ctl_message_set_text(request, "peer", slice_str(ctl->args[0]));
	}
	return request;
}

/* ask_done - for operations that answer with nothing but success */
static int
ask_done(struct ctl *ctl, struct ctl_message *request)
{
	struct ctl_message *reply = NULL;
	int status = ask_gossip(ctl, request, &reply);

	ctl_message_free(reply);
	return status;
}

static int
set_paused(struct ctl *ctl, bool paused)
{
	struct ctl_message *request = request_for(ctl, "peer-pause");

	if (request != NULL) {
		ctl_message_set_bool(request, "paused", paused);
	}
	return ask_done(ctl, request);
}

int
cmd_peer_pause(struct ctl *ctl)
{
	return set_paused(ctl, true);
}

int
cmd_peer_resume(struct ctl *ctl)
{
	return set_paused(ctl, false);
}

int
cmd_peer_remove(struct ctl *ctl)
{
	return ask_done(ctl, request_for(ctl, "peer-remove"));
}

int
cmd_peer_sync(struct ctl *ctl)
{
	struct ctl_message *request = request_for(ctl, "peer-sync");

	if (request != NULL) {
		ctl_message_set_bool(
			request, "repair", options_has(ctl->options, OPTION_REPAIR));
	}
	return ask_done(ctl, request);
}

int
cmd_peer_add(struct ctl *ctl)
{
	struct ctl_message *request = ctl_message_request("peer-add");

	if (request != NULL && ctl->arg_count > 0) {
		ctl_message_set_text(request, "url", slice_str(ctl->args[0]));
	}
	add_option(ctl, request, "pin", OPTION_PIN);
	add_option(ctl, request, "name", OPTION_NAME);
	add_option(ctl, request, "class", OPTION_CLASS);
	return ask_done(ctl, request);
}

/* --- invitations ------------------------------------------------------------------------- */

static void
print_digits(const struct ctl *ctl, const struct ctl_message *reply)
{
	char name[NAME_MAX_LEN];
	char digits[DIGITS_MAX];

	ask_text(reply, "digits", digits, sizeof(digits));
	(void)fprintf(ctl->print.out, "Paired with ");
	print_text(&ctl->print, PRINT_BOLD,
		slice_str(ask_text(reply, "name", name, sizeof(name))));
	(void)fprintf(ctl->print.out,
		".\nBoth sides now see the same digits; compare them by telephone: %.3s %s\n"
		"If they differ, somebody stands between you: trustctl peer remove\n",
		digits, strlen(digits) > 3 ? digits + 3 : "");
}

static int
print_paired(struct ctl *ctl, const struct ctl_message *reply)
{
	static const struct column columns[] = {
		{"name", "Name", COLUMN_TEXT},
		{"digits", "Digits", COLUMN_TEXT},
	};
	char text[NAME_MAX_LEN];
	struct table table;

	if (!ctl->print.json) {
		print_digits(ctl, reply);
		return EX_OK;
	}
	table_init(&table, columns, ARRAY_LEN(columns));
	table_str(&table, ask_text(reply, "name", text, sizeof(text)));
	table_str(&table, ask_text(reply, "digits", text, sizeof(text)));
	return cmd_print_record(ctl, &table);
}

/* look - one look at the invitation; *over once it was used or ran out */
static int
look(struct ctl *ctl, bool *over)
{
	struct ctl_message *reply = NULL;
	int status = ask_gossip(ctl, ctl_message_request("peer-met"), &reply);
	bool open = false;
	bool met = false;

	*over = true;
	if (status == EX_OK) {
		(void)ctl_message_bool(reply, "open", &open);
		(void)ctl_message_bool(reply, "met", &met);
		*over = met || !open;
		if (met) {
			status = print_paired(ctl, reply);
		} else if (!open) {
			status = command_fail(
				ctl, EX_TEMPFAIL, "nobody followed the invitation in time");
		}
	}
	ctl_message_free(reply);
	return status;
}

static int
wait_for_guest(struct ctl *ctl)
{
	const struct timespec pause = {.tv_nsec = (long)WAIT_MS * 1000000};
	bool over = false;
	int status = look(ctl, &over);

	while (!over) {
		(void)nanosleep(&pause, NULL);
		status = look(ctl, &over);
	}
	return status;
}

/* print_qr - the same link for a telephone's camera */
static void
print_qr(const struct ctl *ctl, const char *link)
{
	struct dynbuf code;

	dynbuf_init(&code, (size_t)64 * 1024);
	if (qr_terminal(slice_str(link), !ctl->print.color, &code) == 0) {
		(void)fwrite(
			dynbuf_slice(&code).data, 1, dynbuf_slice(&code).len, ctl->print.out);
	}
	dynbuf_fini(&code);
}

static int
print_invitation(struct ctl *ctl, const struct ctl_message *reply)
{
	static const struct column columns[] = {
		{"link", "Link", COLUMN_TEXT},
		{"expires", "Expires", COLUMN_TIME},
	};
	char link[LINK_MAX];
	struct table table;
	int64_t expires = 0;

	ask_text(reply, "link", link, sizeof(link));
	(void)ctl_message_number(reply, "expires", &expires);
	if (ctl->print.json) {
		table_init(&table, columns, ARRAY_LEN(columns));
		table_str(&table, link);
		table_number(&table, (uint64_t)expires);
		return cmd_print_record(ctl, &table);
	}
	(void)fprintf(ctl->print.out, "%s\n", link);
	if (isatty(fileno(ctl->print.out))) {
		print_qr(ctl, link);
		(void)fprintf(ctl->print.out,
			"\nGood once, for ten minutes and five tries. On the other side:\n"
			"  trustctl peer accept '%s'\n",
			link);
	}
	(void)fflush(ctl->print.out);
	return EX_OK;
}

int
cmd_peer_invite(struct ctl *ctl)
{
	struct ctl_message *request = ctl_message_request("peer-invite");
	struct ctl_message *reply = NULL;
	int status = EX_OK;

	add_option(ctl, request, "class", OPTION_CLASS);
	add_option(ctl, request, "host", OPTION_HOST);
	status = ask_gossip(ctl, request, &reply);
	if (status == EX_OK) {
		status = print_invitation(ctl, reply);
	}
	ctl_message_free(reply);
	if (status == EX_OK && (options_has(ctl->options, OPTION_WAIT) ||
				       (!ctl->print.json && isatty(fileno(ctl->print.out))))) {
		status = wait_for_guest(ctl);
	}
	return status;
}

int
cmd_peer_accept(struct ctl *ctl)
{
	struct ctl_message *request = ctl_message_request("peer-accept");
	struct ctl_message *reply = NULL;
	int status = EX_OK;

	if (request != NULL) {
		ctl_message_set_text(request, "link", slice_str(ctl->args[0]));
	}
	add_option(ctl, request, "class", OPTION_CLASS);
	status = ask_gossip(ctl, request, &reply);
	if (status == EX_OK) {
		status = print_paired(ctl, reply);
	}
	ctl_message_free(reply);
	return status;
}

/* --- status ------------------------------------------------------------------------------ */

int
cmd_peer_status(struct ctl *ctl)
{
	static const struct column columns[] = {
		{"pin", "Pin of this node", COLUMN_TEXT},
		{"url", "URL it gives to others", COLUMN_TEXT},
		{"peers", "Peers", COLUMN_NUMBER},
		{"connections", "Connections now", COLUMN_NUMBER},
		{"accepted", "Connections since its start", COLUMN_NUMBER},
		{"requests", "Requests", COLUMN_NUMBER},
		{"refused_handshake", "Refused in the handshake", COLUMN_NUMBER},
		{"refused_full", "Refused as too many", COLUMN_NUMBER},
		{"refused_requests", "Requests that were none", COLUMN_NUMBER},
		{"late", "Ended at a deadline", COLUMN_NUMBER},
	};
	struct ctl_message *reply = NULL;
	int status = ask_gossip(ctl, ctl_message_request("status"), &reply);
	char text[NAME_MAX_LEN];
	struct table table;

	if (status != EX_OK) {
		return status;
	}
	table_init(&table, columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < ARRAY_LEN(columns); i++) {
		int64_t number = 0;

		if (columns[i].kind == COLUMN_TEXT) {
			table_str(&table, ask_text(reply, columns[i].key, text, sizeof(text)));
		} else {
			(void)ctl_message_number(reply, columns[i].key, &number);
			table_number(&table, (uint64_t)number);
		}
	}
	ctl_message_free(reply);
	return cmd_print_record(ctl, &table);
}

/* --- the list ---------------------------------------------------------------------------- */

/* print_refused - "3 scope, 1 quota", or "-" */
static void
print_refused(const struct graph_peer *peer, char *out, size_t cap)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned int i = 0; i < GRAPH_REFUSED_COUNT; i++) {
		int n = 0;

		if (peer->refused[i] == 0) {
			continue;
		}
		n = snprintf(out + len, cap - len, "%s%llu %s", len == 0 ? "" : ", ",
			(unsigned long long)peer->refused[i], graph_refusal_name(i));
		if (n < 0 || (size_t)n >= cap - len) {
			return;
		}
		len += (size_t)n;
	}
}

static const char *
state_text(const struct ctl *ctl, const struct graph_peer *peer)
{
	if (peer->paused) {
		return "paused";
	}
	return peer->closed_until_s > ctl->now_s ? graph_peer_state_name(GRAPH_PEER_CLOSED)
						 : graph_peer_state_name(peer->state);
}

/* What a visit of the peers fills. */
struct peer_list {
	const struct ctl *ctl;
	struct table table;
};

static int
list_peer(void *ctx, const struct graph_peer *peer)
{
	struct peer_list *list = ctx;
	char pin[BASE64URL_LEN(DIGEST_LEN) + 1];
	char refused[512];

	base64url_encode(digest_slice(&peer->pin), pin);
	print_refused(peer, refused, sizeof(refused));
	table_str(&list->table, peer->name);
	table_str(&list->table, peer->class == GRAPH_PEER_SITE ? "site" : "friend");
	table_str(&list->table, state_text(list->ctl, peer));
	table_number(&list->table, peer->last_sync_s);
	table_number(&list->table, peer->lag);
	table_number(&list->table, peer->sent);
	table_number(&list->table, peer->received);
	table_str(&list->table, refused[0] == '\0' ? "-" : refused);
	table_str(&list->table, peer->url[0] == '\0' ? "-" : peer->url);
	table_str(&list->table, pin);
	return 0;
}

static int
list_peers(struct ctl *ctl, struct site *site, void *arg)
{
	static const struct column columns[] = {
		{"name", "NAME", COLUMN_TEXT},
		{"class", "CLASS", COLUMN_TEXT},
		{"state", "STATE", COLUMN_TEXT},
		{"last_sync", "LAST SYNC", COLUMN_TIME},
		{"lag", "LAG", COLUMN_NUMBER},
		{"sent", "SENT", COLUMN_NUMBER},
		{"received", "RECEIVED", COLUMN_NUMBER},
		{"refused", "REFUSED", COLUMN_TEXT},
		{"url", "URL", COLUMN_TEXT},
		{"pin", "PIN", COLUMN_TEXT},
	};
	struct peer_list list = {.ctl = ctl};
	int code = 0;

	(void)arg;
	table_init(&list.table, columns, ARRAY_LEN(columns));
	code = graph_peers_visit(site->graph, list_peer, &list);
	if (code != 0) {
		table_fini(&list.table);
		return command_fail(ctl, command_status(code), "%s", err_text(code));
	}
	return cmd_print_table(ctl, &list.table);
}

int
cmd_peer_list(struct ctl *ctl)
{
	return cmd_with_site(ctl, SITE_READ, list_peers, NULL);
}
