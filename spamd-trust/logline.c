#include "spamd-trust/logline.h"

#include <math.h>

#include "common/base/log.h"
#include "common/mail/message_split.h"
#include "spamd-trust/score_text.h"

#define UNKNOWN "(unknown)"

/* Scores up to here are whole numbers in 64 bits. */
#define WHOLE_MAX 1e15

/* Bytes escaped at a time; each becomes at most six characters. */
#define ESCAPE_CHUNK 128

static void
begin(struct dynbuf *out)
{
	dynbuf_reset(out);
	(void)dynbuf_add_str(out, "spamd: ");
}

/* escape_rest - the slow part of add_escaped */
static void
escape_rest(struct dynbuf *out, struct slice text)
{
	char piece[ESCAPE_CHUNK * 6 + 1];

	while (text.len > 0) {
		(void)dynbuf_add_str(
			out, log_escape(slice_take(text, ESCAPE_CHUNK), piece, sizeof(piece)));
		text = slice_skip(text, ESCAPE_CHUNK);
	}
}

/* add_escaped - appends text from outside; what does not fit is cut */
static void
add_escaped(struct dynbuf *out, struct slice text)
{
	size_t clean = log_clean_len(text);

	(void)dynbuf_add(out, slice_take(text, clean));
	if (clean < text.len) {
		escape_rest(out, slice_skip(text, clean));
	}
}

/* add_known - the text, or (unknown) for none */
static void
add_known(struct dynbuf *out, struct slice text)
{
	add_escaped(out, slice_is_empty(text) ? SLICE(UNKNOWN) : text);
}

/* add_owner - "USER:UID" */
static void
add_owner(struct dynbuf *out, const struct logline_subject *subject)
{
	add_known(out, subject->user);
	(void)dynbuf_add_byte(out, ':');
	(void)dynbuf_add_u64(out, subject->uid);
}

/* add_seconds - the time taken, with one decimal */
static void
add_seconds(struct dynbuf *out, const struct logline_subject *subject)
{
	UNINITIALIZED struct score_text text;

	(void)dynbuf_add_str(
		out, score_text_decimal((double)subject->elapsed_ms / 1000, &text));
}

/* without_comments - copies text less its (...), innermost first; returns the length */
static size_t
without_comments(struct slice text, uint8_t *out)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		size_t open = len;

		if (text.data[i] == ')') {
			while (open > 0 && out[open - 1] != '(' && out[open - 1] != ')') {
				open--;
			}
			if (open > 0 && out[open - 1] == '(') {
				len = open - 1;
				continue;
			}
		}
		out[len++] = text.data[i];
	}
	return len;
}

/* within_brackets - what is in the first <...>, or all of it */
static struct slice
within_brackets(struct slice text)
{
	struct slice inner = slice_skip(text, slice_find_byte(text, '<') + 1);
	size_t end = slice_find_byte(inner, '>');

	return inner.len > 0 && end < inner.len ? slice_take(inner, end) : text;
}

/* clean_id - a Message-Id as it may stand in a log line; empty for none */
static struct slice
clean_id(struct slice raw, struct arena *arena)
{
	uint8_t *text = arena_alloc(arena, raw.len + 1);
	uint8_t *id = arena_alloc(arena, raw.len + 3);
	struct slice inner = {0};
	size_t len = 0;

	if (text == NULL || id == NULL || raw.len == 0) {
		return inner;
	}
	inner = within_brackets(slice_trim(slice_of(text, without_comments(raw, text))));
	id[len++] = '<';
	for (size_t i = 0; i < inner.len; i++) {
		uint8_t c = inner.data[i];

		if (ascii_is_space(c) && i + 1 < inner.len &&
			ascii_is_space(inner.data[i + 1])) {
			continue;
		}
		id[len++] = (uint8_t)(c < 0x21 || c > 0x7e || c == '<' || c == '>' ? '?' : c);
	}
	id[len++] = '>';
	return slice_of(id, len > 2 ? len : 0);
}

struct logline_ids
logline_message_ids(struct slice header, struct arena *arena)
{
	struct message_field field = {0};
	struct slice line = {0};
	struct slice id = {0};
	struct slice resent = {0};

	while (header.len > 0) {
		uint8_t first = ascii_lower(header.data[0]);

		/* Most lines are told by their first letter, continuations too. */
		if (first != 'm' && first != 'r') {
			(void)message_next_line(&header, &line);
			continue;
		}
		(void)message_next_field(&header, &field);
		if (slice_eq_nocase(field.name, SLICE("Message-Id"))) {
			id = field.value;
		} else if (slice_eq_nocase(field.name, SLICE("Resent-Message-Id"))) {
			resent = field.value;
		}
	}
	return (struct logline_ids){clean_id(id, arena), clean_id(resent, arena)};
}

/* add_peer - "localhost [127.0.0.1]:40000 to port 783, fd 5[, TLSv1.3/...]" */
static void
add_peer(struct dynbuf *out, const struct logline_peer *peer)
{
	add_escaped(out, peer->host);
	(void)dynbuf_add_str(out, " [");
	add_escaped(out, peer->address);
	(void)dynbuf_add_str(out, "]:");
	(void)dynbuf_add_u64(out, peer->port);
	(void)dynbuf_add_str(out, " to port ");
	(void)dynbuf_add_u64(out, peer->local_port);
	(void)dynbuf_add_str(out, ", fd ");
	(void)dynbuf_add_u64(out, (uint64_t)peer->fd);
	if (!slice_is_empty(peer->tls)) {
		(void)dynbuf_add_str(out, ", ");
		add_escaped(out, peer->tls);
	}
}

void
logline_connection(struct dynbuf *out, const struct logline_peer *peer)
{
	begin(out);
	if (!slice_is_empty(peer->socket_path)) {
		(void)dynbuf_add_str(out, "got connection over ");
		add_escaped(out, peer->socket_path);
		return;
	}
	(void)dynbuf_add_str(out, "connection from ");
	add_peer(out, peer);
}

void
logline_unauthorized(struct dynbuf *out, const struct logline_peer *peer)
{
	begin(out);
	(void)dynbuf_add_str(out, "unauthorized connection from ");
	add_peer(out, peer);
}

void
logline_checking(
	struct dynbuf *out, enum spamd_command command, const struct logline_subject *subject)
{
	begin(out);
	(void)dynbuf_add_str(
		out, command == SPAMD_PROCESS ? "processing message " : "checking message ");
	add_known(out, subject->ids.message_id);
	if (!slice_is_empty(subject->ids.resent_message_id)) {
		(void)dynbuf_add_str(out, " aka ");
		add_escaped(out, subject->ids.resent_message_id);
	}
	(void)dynbuf_add_str(out, " for ");
	add_owner(out, subject);
}

/* add_effort - " in 0.1 seconds, 1234 bytes" */
static void
add_effort(struct dynbuf *out, const struct logline_subject *subject)
{
	(void)dynbuf_add_str(out, " in ");
	add_seconds(out, subject);
	(void)dynbuf_add_str(out, " seconds, ");
	(void)dynbuf_add_u64(out, subject->size_bytes);
	(void)dynbuf_add_str(out, " bytes");
}

void
logline_verdict(struct dynbuf *out, const struct logline_subject *subject,
	const struct verdict *verdict)
{
	UNINITIALIZED struct score_text text;

	begin(out);
	(void)dynbuf_add_str(out, verdict->is_spam ? "identified spam (" : "clean message (");
	(void)dynbuf_add_str(out, score_text(verdict, &text));
	(void)dynbuf_add_byte(out, '/');
	(void)dynbuf_add_str(out, score_text_required(verdict, &text));
	(void)dynbuf_add_str(out, ") for ");
	add_owner(out, subject);
	add_effort(out, subject);
	(void)dynbuf_add_byte(out, '.');
}

/* add_id_field - a Message-Id within the comma-joined fields of a result */
static void
add_id_field(struct dynbuf *out, const char *name, struct slice id)
{
	(void)dynbuf_add_str(out, name);
	while (id.len > 0) {
		size_t comma = slice_find_byte(id, ',');

		add_escaped(out, slice_take(id, comma));
		(void)dynbuf_add_str(out, comma < id.len ? "_" : "");
		id = slice_skip(id, comma + 1);
	}
}

static void
add_result_peer(struct dynbuf *out, const struct logline_peer *peer)
{
	if (!slice_is_empty(peer->socket_path)) {
		(void)dynbuf_add_str(out, ",rhost=localhost,raddr=127.0.0.1,rport=");
		add_escaped(out, peer->socket_path);
		return;
	}
	(void)dynbuf_add_str(out, ",rhost=");
	add_escaped(out, peer->host);
	(void)dynbuf_add_str(out, ",raddr=");
	add_escaped(out, peer->address);
	(void)dynbuf_add_str(out, ",rport=");
	(void)dynbuf_add_u64(out, peer->port);
}

/* add_whole_score - cut toward zero, in two columns, as by %2d in the original */
static void
add_whole_score(struct dynbuf *out, double score)
{
	double whole = trunc(score);

	if (whole < 0) {
		(void)dynbuf_add_byte(out, '-');
		whole = -whole;
	} else if (whole < 10) {
		(void)dynbuf_add_byte(out, ' ');
	}
	if (whole < WHOLE_MAX) {
		(void)dynbuf_add_u64(out, (uint64_t)whole);
	} else {
		(void)dynbuf_printf(out, "%.0f", whole);
	}
}

void
logline_result(struct dynbuf *out, const struct logline_subject *subject,
	const struct verdict *verdict, const struct rule_hit *const *sorted,
	const struct logline_peer *peer)
{
	UNINITIALIZED struct score_text text;
	begin(out);
	(void)dynbuf_add_str(out, verdict->is_spam ? "result: Y " : "result: . ");
	add_whole_score(out, verdict->score);
	(void)dynbuf_add_str(out, " - ");
	for (size_t i = 0; i < verdict->rule_count; i++) {
		(void)dynbuf_add_str(out, i == 0 ? "" : ",");
		add_escaped(out, sorted[i]->name);
	}
	(void)dynbuf_add_str(out, " scantime=");
	add_seconds(out, subject);
	(void)dynbuf_add_str(out, ",size=");
	(void)dynbuf_add_u64(out, subject->size_bytes);
	(void)dynbuf_add_str(out, ",user=");
	add_known(out, subject->user);
	(void)dynbuf_add_str(out, ",uid=");
	(void)dynbuf_add_u64(out, subject->uid);
	(void)dynbuf_add_str(out, ",required_score=");
	(void)dynbuf_add_str(out, score_text_required(verdict, &text));
	add_result_peer(out, peer);
	add_id_field(out, ",mid=",
		slice_is_empty(subject->ids.message_id) ? SLICE(UNKNOWN)
							: subject->ids.message_id);
	if (!slice_is_empty(subject->ids.resent_message_id)) {
		add_id_field(out, ",rmid=", subject->ids.resent_message_id);
	}
	(void)dynbuf_add_str(out, ",autolearn=");
	add_escaped(out, verdict->autolearn);
}

/* places - "local", "remote" or both */
static const char *
places(bool local, bool remote)
{
	if (local && remote) {
		return "local,remote ";
	}
	return local ? "local " : "remote ";
}

void
logline_tell(struct dynbuf *out, const struct logline_subject *subject,
	const struct spamd_told *told)
{
	bool has_set = told->set_local || told->set_remote;
	bool has_removed = told->removed_local || told->removed_remote;

	begin(out);
	(void)dynbuf_add_str(out, "Tell: ");
	if (!has_set && !has_removed) {
		(void)dynbuf_add_str(out, "Did nothing ");
	}
	if (has_set) {
		(void)dynbuf_printf(
			out, "Setting %s", places(told->set_local, told->set_remote));
	}
	if (has_removed) {
		(void)dynbuf_printf(out, "%sRemoving %s", has_set ? " " : "",
			places(told->removed_local, told->removed_remote));
	}
	(void)dynbuf_add_str(out, "for ");
	add_owner(out, subject);
	add_effort(out, subject);
}

void
logline_skipped(struct dynbuf *out, const struct logline_subject *subject)
{
	begin(out);
	(void)dynbuf_add_str(out, "skipped large message in ");
	add_seconds(out, subject);
	(void)dynbuf_add_str(out, " seconds");
}

void
logline_warning(struct dynbuf *out, struct slice text)
{
	while (slice_ends_with(text, SLICE("\r")) || slice_ends_with(text, SLICE("\n"))) {
		text.len--;
	}
	begin(out);
	add_escaped(out, text);
}
