/*
 * spamd_proto_reply.c - replies and refusals (SPEC 3, 5 and 6).
 */
#include <assert.h>
#include <stdio.h>

#include "spamd-trust/score_text.h"
#include "spamd-trust/spamd_proto_internal.h"

/* Room in front of a body for its longest head: four lines and two scores of any size. */
#define HEAD_MAX 800

static const struct {
	const char *reply;
	const char *log;
} faults[] = {
	[SPAMD_FAULT_PROTOCOL] = {"SPAMD/1.0 76 Bad header line: ",
		"bad protocol: header error: "},
	[SPAMD_FAULT_UNAVAILABLE] = {"SPAMD/1.0 69 Service Unavailable: ",
		"service unavailable: "},
	[SPAMD_FAULT_TIMEOUT] = {"SPAMD/1.0 79 Timeout: ", "timeout: "},
};

static void
clear_reply(struct spamd_proto *p)
{
	dynbuf_reset(&p->out);
	p->out_pos = 0;
	p->rest = slice_of(NULL, 0);
}

/* end_reply - what is in `out` is the reply; a reply that is not whole is none */
static void
end_reply(struct spamd_proto *p)
{
	if (dynbuf_error(&p->out) != 0) {
		clear_reply(p);
	}
	p->state = SPAMD_STATE_REPLY;
	p->settle_at_ms = 0;
}

enum spamd_step
spamd_proto_give_up(struct spamd_proto *p)
{
	clear_reply(p);
	end_reply(p);
	return SPAMD_STEP_ON;
}

enum spamd_step
spamd_proto_refuse(struct spamd_proto *p, enum spamd_fault fault, struct slice text)
{
	clear_reply(p);
	(void)dynbuf_add_str(&p->out, faults[fault].reply);
	(void)dynbuf_add(&p->out, text);
	(void)dynbuf_add_str(&p->out, "\r\n");
	end_reply(p);

	dynbuf_reset(&p->text);
	(void)dynbuf_add_str(&p->text, faults[fault].log);
	(void)dynbuf_add(&p->text, text);
	(void)spamd_proto_tell(p, SPAMD_EVENT_ERROR);
	p->event.text = dynbuf_slice(&p->text);
	return SPAMD_STEP_EVENT;
}

enum spamd_step
spamd_proto_refuse_f(struct spamd_proto *p, enum spamd_fault fault, const char *fmt, ...)
{
	struct dynbuf text;
	enum spamd_step step = SPAMD_STEP_EVENT;
	va_list ap;

	dynbuf_init(&text, p->limits.reply_max);
	va_start(ap, fmt);
	(void)dynbuf_vprintf(&text, fmt, ap);
	va_end(ap);
	step = spamd_proto_refuse(p, fault, dynbuf_slice(&text));
	dynbuf_fini(&text);
	return step;
}

void
spamd_proto_write_pong(struct spamd_proto *p)
{
	(void)dynbuf_add_str(&p->out, "SPAMD/1.5 0 PONG\r\n");
	end_reply(p);
}

struct dynbuf *
spamd_proto_reply_body(struct spamd_proto *p)
{
	assert(p->state == SPAMD_STATE_AWAIT && p->out_pos == 0);
	if (dynbuf_reserve(&p->out, HEAD_MAX) != NULL) {
		dynbuf_commit(&p->out, HEAD_MAX);
		p->out_pos = HEAD_MAX;
	}
	return &p->out;
}

void
spamd_proto_reply_rest(struct spamd_proto *p, struct slice rest)
{
	assert(p->state == SPAMD_STATE_AWAIT);
	p->rest = rest;
}

/* Which parts the head of a reply has (SPEC 5). */
struct head_form {
	const char *version;
	bool has_length;
	bool has_spam;
	bool has_blank; /* the empty line */
};

static struct head_form
head_form(const struct spamd_request *request)
{
	double version = request->version;
	bool is_modern = version >= 1.3;

	switch (request->command) {
	case SPAMD_PROCESS:
	case SPAMD_HEADERS:
		if (!(version >= 1.2)) {
			return (struct head_form){.version = "1.0"};
		}
		return (struct head_form){"1.1", true, is_modern, true};
	case SPAMD_SYMBOLS:
	case SPAMD_REPORT:
	case SPAMD_REPORT_IFSPAM:
		return (struct head_form){"1.1", is_modern, true, true};
	case SPAMD_CHECK:
	case SPAMD_TELL:
	case SPAMD_SKIP:
	case SPAMD_PING:
		break;
	}
	return (struct head_form){"1.1", false, true, true};
}

/* spam_word - first word of the Spam header; clients rely on REPORT_IFSPAM having another */
static const char *
spam_word(enum spamd_command command, bool is_spam)
{
	if (command == SPAMD_REPORT_IFSPAM) {
		return is_spam ? "Yes" : "No";
	}
	return is_spam ? "True" : "False";
}

/* put - writes text at `at`; returns where it ends */
static size_t
put(char head[static HEAD_MAX], size_t at, const char *text)
{
	struct slice piece = slice_of(text, strlen(text));

	assert(piece.len < HEAD_MAX - at);
	memcpy(head + at, piece.data, piece.len);
	return at + piece.len;
}

/* print_head - status line and headers; returns their length */
static size_t
print_head(const struct spamd_proto *p, const struct verdict *v, size_t body_len,
	char head[static HEAD_MAX])
{
	struct head_form form = head_form(&p->request);
	UNINITIALIZED struct score_text text;
	size_t n = put(head, 0, "SPAMD/");

	n = put(head, n, form.version);
	n = put(head, n, " 0 EX_OK\r\n");
	if (form.has_length) {
		n += (size_t)snprintf(
			head + n, HEAD_MAX - n, "Content-length: %zu\r\n", body_len);
	}
	if (form.has_spam) {
		n = put(head, n, "Spam: ");
		n = put(head, n, spam_word(p->request.command, v->is_spam));
		n = put(head, n, " ; ");
		n = put(head, n, score_text(v, &text));
		n = put(head, n, " / ");
		n = put(head, n, score_text_required(v, &text));
		n = put(head, n, "\r\n");
	}
	return form.has_blank ? put(head, n, "\r\n") : n;
}

void
spamd_proto_reply_verdict(struct spamd_proto *p, const struct verdict *verdict)
{
	char head[HEAD_MAX];
	size_t head_len = 0;

	if (p->state != SPAMD_STATE_AWAIT) {
		return;
	}
	if (p->out_pos == 0) {
		(void)spamd_proto_reply_body(p);
	}
	if (p->request.command == SPAMD_SYMBOLS && p->request.version < 1.3) {
		(void)dynbuf_add_str(&p->out, "\r\n");
	}
	if (dynbuf_error(&p->out) != 0 ||
		p->rest.len > p->limits.reply_max - dynbuf_slice(&p->out).len) {
		(void)spamd_proto_give_up(p);
		return;
	}
	head_len = print_head(
		p, verdict, dynbuf_slice(&p->out).len - HEAD_MAX + p->rest.len, head);
	p->out_pos = HEAD_MAX - head_len;
	dynbuf_overwrite(&p->out, p->out_pos, slice_of(head, head_len));
	end_reply(p);
}

/* add_told - "DidSet: local,remote" and the like, or nothing */
static void
add_told(struct dynbuf *out, const char *name, bool local, bool remote)
{
	if (local || remote) {
		(void)dynbuf_printf(out, "%s: %s%s%s\r\n", name, local ? "local" : "",
			local && remote ? "," : "", remote ? "remote" : "");
	}
}

void
spamd_proto_reply_tell(struct spamd_proto *p, const struct spamd_told *told)
{
	if (p->state != SPAMD_STATE_AWAIT) {
		return;
	}
	(void)dynbuf_add_str(&p->out, "SPAMD/1.1 0 EX_OK\r\n");
	add_told(&p->out, "DidSet", told->set_local, told->set_remote);
	add_told(&p->out, "DidRemove", told->removed_local, told->removed_remote);
	(void)dynbuf_add_str(&p->out, "\r\n\r\n");
	end_reply(p);
}

void
spamd_proto_reply_unavailable(struct spamd_proto *p, const char *text)
{
	if (p->state != SPAMD_STATE_REPLY) {
		(void)spamd_proto_refuse(p, SPAMD_FAULT_UNAVAILABLE, slice_str(text));
	}
}

void
spamd_proto_abandon(struct spamd_proto *p)
{
	(void)spamd_proto_give_up(p);
}
