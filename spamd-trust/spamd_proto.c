#include "spamd-trust/spamd_proto.h"

#include <assert.h>

#include "spamd-trust/spamd_proto_internal.h"

/* Room for a first read: an ordinary request without its message, or a small one with it. */
#define READ_MIN 8192

/* An announced length is believed up to this; beyond, memory is taken as bytes arrive. */
#define READ_AHEAD_MAX (256 * 1024)

const struct spamd_limits spamd_limits_default = {
	.command_line_max = 64 * 1024,
	.header_block_max = 512 * 1024,
	.body_max = 256 * 1024 * 1024,
	.reply_max = 260 * 1024 * 1024,
	.timeout_command_s = 30,
	.timeout_request_s = 300,
	.allow_tell = false,
};

/* input_max - what a single read brings beyond a bound must fit, so that the bound is noticed */
static size_t
input_max(const struct spamd_limits *limits)
{
	return limits->command_line_max + limits->header_block_max + limits->body_max +
	       READ_AHEAD_MAX;
}

void
spamd_proto_init(struct spamd_proto *p, const struct spamd_limits *limits, uint64_t now_ms)
{
	*p = (struct spamd_proto){
		.limits = *limits,
		.state = SPAMD_STATE_COMMAND,
		.phase_start_ms = now_ms,
	};
	dynbuf_init(&p->in, input_max(limits));
	dynbuf_init(&p->inflater.text, limits->body_max + READ_AHEAD_MAX);
	dynbuf_init(&p->out, limits->reply_max);
	dynbuf_init(&p->text, limits->reply_max);
}

void
spamd_proto_fini(struct spamd_proto *p)
{
	if (p->inflater.is_open) {
		(void)inflateEnd(&p->inflater.stream);
		p->inflater.is_open = false;
	}
	dynbuf_fini(&p->in);
	dynbuf_fini(&p->inflater.text);
	dynbuf_fini(&p->out);
	dynbuf_fini(&p->text);
}

struct slice
spamd_proto_span(const struct spamd_proto *p, struct spamd_span span)
{
	return slice_take(slice_skip(dynbuf_slice(&p->in), span.at), span.len);
}

enum spamd_step
spamd_proto_tell(struct spamd_proto *p, enum spamd_event_kind kind)
{
	p->request.user = spamd_proto_span(p, p->user);
	p->event = (struct spamd_event){.kind = kind, .request = &p->request};
	return SPAMD_STEP_EVENT;
}

bool
spamd_proto_line(struct spamd_proto *p, size_t *len_out)
{
	struct slice all = dynbuf_slice(&p->in);
	size_t from = p->scanned > p->pos ? p->scanned : p->pos;
	size_t end = from + slice_find_byte(slice_skip(all, from), '\n');

	p->scanned = end;
	if (end < all.len) {
		*len_out = end + 1 - p->pos;
		return true;
	}
	*len_out = all.len - p->pos;
	return p->is_eof;
}

/* begin_request - the command is known: is there a header block, or is it all message? */
static enum spamd_step
begin_request(struct spamd_proto *p)
{
	double version = p->request.version;

	switch (p->request.command) {
	case SPAMD_PING:
		if (version >= 1.5) {
			break;
		}
		spamd_proto_write_pong(p);
		return SPAMD_STEP_ON;
	case SPAMD_SKIP:
		p->state = version >= 1.5 ? SPAMD_STATE_HEADERS : SPAMD_STATE_REPLY;
		p->block_start = p->pos;
		return spamd_proto_tell(p, SPAMD_EVENT_SKIP);
	case SPAMD_TELL:
		break;
	case SPAMD_CHECK:
	case SPAMD_SYMBOLS:
	case SPAMD_REPORT:
	case SPAMD_REPORT_IFSPAM:
	case SPAMD_PROCESS:
	case SPAMD_HEADERS:
		if (version > 1.0) {
			break;
		}
		return spamd_proto_body_begin(p);
	}
	p->state = SPAMD_STATE_HEADERS;
	p->block_start = p->pos;
	return SPAMD_STEP_ON;
}

static enum spamd_step
command_step(struct spamd_proto *p, uint64_t now_ms)
{
	size_t len = 0;
	bool is_complete = spamd_proto_line(p, &len);
	struct slice line = slice_take(dynbuf_slice(&p->in), len);

	if (len > p->limits.command_line_max) {
		return spamd_proto_refuse_f(p, SPAMD_FAULT_PROTOCOL,
			"(command line longer than %zu bytes)", p->limits.command_line_max);
	}
	if (!is_complete) {
		return SPAMD_STEP_WAIT;
	}
	if (len == 0) {
		return spamd_proto_refuse(
			p, SPAMD_FAULT_PROTOCOL, SLICE("(closed before headers)"));
	}
	line = slice_without_line_end(line);
	if (spamd_command_parse(line, &p->request.command, &p->request.version) != 0) {
		return spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL, line);
	}
	p->pos = len;
	p->phase_start_ms = now_ms;
	return begin_request(p);
}

/* advance - steps until the input is used up or there is something to tell */
static enum spamd_status
advance(struct spamd_proto *p, uint64_t now_ms)
{
	enum spamd_step step = SPAMD_STEP_ON;

	while (step == SPAMD_STEP_ON) {
		switch (p->state) {
		case SPAMD_STATE_COMMAND:
			step = command_step(p, now_ms);
			break;
		case SPAMD_STATE_HEADERS:
			step = spamd_proto_header_step(p);
			break;
		case SPAMD_STATE_BODY:
			step = spamd_proto_body_step(p, now_ms);
			break;
		case SPAMD_STATE_INFLATED:
			step = spamd_proto_inflated_step(p);
			break;
		case SPAMD_STATE_VERIFY:
			step = spamd_proto_verify_step(p);
			break;
		case SPAMD_STATE_AWAIT:
			return SPAMD_AWAIT;
		case SPAMD_STATE_REPLY:
			return SPAMD_DONE;
		}
	}
	return step == SPAMD_STEP_EVENT ? SPAMD_EVENT : SPAMD_NEED_MORE;
}

bool
spamd_proto_wants_input(const struct spamd_proto *p)
{
	return p->state <= SPAMD_STATE_BODY && !p->is_eof;
}

uint8_t *
spamd_proto_reserve(struct spamd_proto *p, size_t *room_out)
{
	size_t missing = p->state == SPAMD_STATE_BODY ? spamd_proto_body_missing(p) : 0;
	size_t room = missing > READ_MIN ? missing : READ_MIN;

	if (!spamd_proto_wants_input(p)) {
		return NULL;
	}
	*room_out = room < READ_AHEAD_MAX ? room : READ_AHEAD_MAX;
	return dynbuf_reserve(&p->in, *room_out);
}

enum spamd_status
spamd_proto_commit(struct spamd_proto *p, size_t n, uint64_t now_ms)
{
	if (n > 0) {
		assert(spamd_proto_wants_input(p));
		dynbuf_commit(&p->in, n);
		p->settle_at_ms = 0;
	}
	return advance(p, now_ms);
}

enum spamd_status
spamd_proto_feed(struct spamd_proto *p, struct slice bytes, uint64_t now_ms)
{
	size_t free_bytes = input_max(&p->limits) - dynbuf_slice(&p->in).len;

	if (!spamd_proto_wants_input(p) || bytes.len == 0) {
		return advance(p, now_ms);
	}
	/* More than fits is beyond a bound already, which advance() finds out. */
	if (dynbuf_add(&p->in, slice_take(bytes, free_bytes)) != 0) {
		(void)spamd_proto_give_up(p);
	}
	p->settle_at_ms = 0;
	return advance(p, now_ms);
}

enum spamd_status
spamd_proto_eof(struct spamd_proto *p, uint64_t now_ms)
{
	p->is_eof = true;
	return advance(p, now_ms);
}

enum spamd_status
spamd_proto_next(struct spamd_proto *p, uint64_t now_ms)
{
	return advance(p, now_ms);
}

const struct spamd_event *
spamd_proto_event(const struct spamd_proto *p)
{
	return &p->event;
}

const struct spamd_request *
spamd_proto_request(const struct spamd_proto *p)
{
	return &p->request;
}

bool
spamd_proto_deadline(const struct spamd_proto *p, uint64_t *at_ms_out)
{
	uint64_t timeout_s = p->state == SPAMD_STATE_COMMAND ? p->limits.timeout_command_s
							     : p->limits.timeout_request_s;
	uint64_t at_ms = p->phase_start_ms + timeout_s * 1000;

	if (p->state == SPAMD_STATE_REPLY || (timeout_s == 0 && p->settle_at_ms == 0)) {
		return false;
	}
	if (timeout_s == 0 || (p->settle_at_ms != 0 && p->settle_at_ms < at_ms)) {
		at_ms = p->settle_at_ms;
	}
	*at_ms_out = at_ms;
	return true;
}

/* refuse_late - the deadline of the present phase has passed (SPEC 6) */
static void
refuse_late(struct spamd_proto *p)
{
	if (p->state == SPAMD_STATE_COMMAND) {
		(void)spamd_proto_refuse_f(p, SPAMD_FAULT_TIMEOUT,
			"(%u second socket timeout reading input from client)",
			p->limits.timeout_command_s);
	} else if (p->state == SPAMD_STATE_BODY && p->is_compressed) {
		(void)spamd_proto_refuse(
			p, SPAMD_FAULT_UNAVAILABLE, SLICE("zlib: child processing timeout\n"));
	} else {
		(void)spamd_proto_refuse_f(p, SPAMD_FAULT_TIMEOUT,
			"(%u second timeout while trying to %s)", p->limits.timeout_request_s,
			spamd_command_name(p->request.command));
	}
}

enum spamd_status
spamd_proto_timeout(struct spamd_proto *p, uint64_t now_ms)
{
	uint64_t at_ms = 0;

	if (!spamd_proto_deadline(p, &at_ms) || now_ms < at_ms) {
		return advance(p, now_ms);
	}
	if (p->settle_at_ms == at_ms) {
		p->is_settled = true;
		return advance(p, now_ms);
	}
	refuse_late(p);
	return SPAMD_EVENT;
}

struct slice
spamd_proto_output(const struct spamd_proto *p)
{
	struct slice out = slice_skip(dynbuf_slice(&p->out), p->out_pos);

	if (p->state != SPAMD_STATE_REPLY) {
		return slice_of(NULL, 0);
	}
	return out.len > 0 ? out : p->rest;
}

struct slice
spamd_proto_output_rest(const struct spamd_proto *p)
{
	bool is_next = p->state != SPAMD_STATE_REPLY || p->out_pos >= dynbuf_slice(&p->out).len;

	return is_next ? slice_of(NULL, 0) : p->rest;
}

void
spamd_proto_sent(struct spamd_proto *p, size_t n)
{
	size_t made = dynbuf_slice(&p->out).len - p->out_pos;
	size_t of_made = n < made ? n : made;

	assert(n - of_made <= p->rest.len);
	p->out_pos += of_made;
	p->rest = slice_skip(p->rest, n - of_made);
}
