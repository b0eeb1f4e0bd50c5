/*
 * spamd_proto_body.c - the message of a request: where it ends, and inflating (SPEC 4).
 */
#include <limits.h>
#include <stdint.h>

#include "spamd-trust/spamd_proto_internal.h"

/* Inflated text is made in pieces of at most this size. */
#define INFLATE_CHUNK (64 * 1024)

static enum spamd_step
refuse_too_big(struct spamd_proto *p)
{
	return spamd_proto_refuse_f(
		p, SPAMD_FAULT_PROTOCOL, "(message longer than %zu bytes)", p->limits.body_max);
}

enum spamd_step
spamd_proto_body_begin(struct spamd_proto *p)
{
	struct spamd_inflater *z = &p->inflater;

	p->state = SPAMD_STATE_BODY;
	p->scanned = p->pos;
	if (!p->is_compressed) {
		return SPAMD_STEP_ON;
	}
	if (!p->has_length) {
		return spamd_proto_refuse(p, SPAMD_FAULT_UNAVAILABLE,
			SLICE("Compress requires Content-length header"));
	}
	if (inflateInit(&z->stream) != Z_OK) {
		return spamd_proto_give_up(p);
	}
	z->is_open = true;
	return SPAMD_STEP_ON;
}

size_t
spamd_proto_body_missing(const struct spamd_proto *p)
{
	size_t received = p->is_compressed ? p->inflater.received_bytes : p->in.len - p->pos;

	return p->has_length && p->length > received ? p->length - received : 0;
}

/* settle - waits a moment for bytes beyond the announced length; true when none came */
static bool
settle(struct spamd_proto *p, uint64_t now_ms)
{
	if (p->is_settled) {
		return true;
	}
	if (p->settle_at_ms == 0) {
		p->settle_at_ms = now_ms + SPAMD_SETTLE_MS;
	}
	return false;
}

/* take_message - the message is read; a scanning command is logged before its length is judged */
static enum spamd_step
take_message(struct spamd_proto *p, struct slice message, size_t size_bytes)
{
	p->settle_at_ms = 0;
	p->state = SPAMD_STATE_VERIFY;
	/* As in the original, nothing counts as a message of one empty line. */
	p->request.message = message.len > 0 ? message : SLICE("\n");
	p->request.size_bytes = size_bytes;
	return p->request.command == SPAMD_TELL ? SPAMD_STEP_ON
						: spamd_proto_tell(p, SPAMD_EVENT_CHECKING);
}

/*
 * plain_step - reads whole lines until the announced length is reached, or to the end.
 *
 * A length inside a line takes that line to its end, and is wrong then (verify_step).
 */
static enum spamd_step
plain_step(struct spamd_proto *p, uint64_t now_ms)
{
	struct slice body = slice_skip(dynbuf_slice(&p->in), p->pos);
	size_t least = p->length > 0 ? p->length : 1;
	size_t scanned = p->scanned - p->pos;
	bool is_over = p->is_eof;

	if (p->has_length && body.len >= least) {
		size_t from = scanned > least - 1 ? scanned : least - 1;
		size_t end = from + slice_find_byte(slice_skip(body, from), '\n');

		p->scanned = p->pos + end;
		is_over = is_over || end < body.len;
		body = slice_take(body, end + 1);
	}
	if (body.len > p->limits.body_max) {
		return refuse_too_big(p);
	}
	if (!is_over &&
		((p->has_length && body.len == p->length) ||
			(!p->has_length && p->has_hint && body.len == p->length_hint))) {
		is_over = settle(p, now_ms);
	}
	return is_over ? take_message(p, body, body.len) : SPAMD_STEP_WAIT;
}

/* inflate_piece - one call of inflate(); false when this input gives no more */
static bool
inflate_piece(struct spamd_inflater *z)
{
	uint8_t *to = dynbuf_reserve(&z->text, INFLATE_CHUNK);
	int status = Z_OK;

	if (to == NULL) {
		return false;
	}
	z->stream.next_out = to;
	z->stream.avail_out = INFLATE_CHUNK;
	status = inflate(&z->stream, Z_NO_FLUSH);
	dynbuf_commit(&z->text, INFLATE_CHUNK - z->stream.avail_out);
	z->is_done = status == Z_STREAM_END;
	z->is_broken = status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR;
	return status == Z_OK && z->stream.avail_out == 0;
}

/* inflate_input - takes compressed bytes up to the announced length, drops those beyond */
static void
inflate_input(struct spamd_proto *p, struct slice input)
{
	struct spamd_inflater *z = &p->inflater;
	struct slice wanted = slice_take(input, spamd_proto_body_missing(p));
	bool has_more = true;

	z->received_bytes += input.len;
	while (wanted.len > 0 && !z->is_done && !z->is_broken &&
		z->text.len <= p->limits.body_max) {
		uInt n = wanted.len < UINT_MAX ? (uInt)wanted.len : UINT_MAX;

		z->stream.next_in = wanted.data;
		z->stream.avail_in = n;
		has_more = true;
		while (has_more && z->text.len <= p->limits.body_max) {
			has_more = inflate_piece(z);
		}
		wanted = slice_skip(wanted, n);
	}
}

static enum spamd_step
compressed_step(struct spamd_proto *p, uint64_t now_ms)
{
	struct spamd_inflater *z = &p->inflater;

	inflate_input(p, slice_skip(dynbuf_slice(&p->in), p->pos));
	dynbuf_truncate(&p->in, p->pos);
	if (dynbuf_error(&z->text) != 0) {
		return spamd_proto_give_up(p);
	}
	if (z->received_bytes > p->limits.body_max || z->text.len > p->limits.body_max) {
		return refuse_too_big(p);
	}
	if (!p->is_eof && (z->received_bytes < p->length || !settle(p, now_ms))) {
		return SPAMD_STEP_WAIT;
	}
	p->settle_at_ms = 0;
	p->state = SPAMD_STATE_INFLATED;
	if (z->received_bytes > p->length) {
		dynbuf_reset(&p->text);
		(void)dynbuf_printf(&p->text, "zlib read %zu > expected_length %.*s",
			z->received_bytes, SLICE_ARG(spamd_proto_span(p, p->length_text)));
		(void)spamd_proto_tell(p, SPAMD_EVENT_NOTE);
		p->event.text = dynbuf_slice(&p->text);
		return SPAMD_STEP_EVENT;
	}
	return SPAMD_STEP_ON;
}

enum spamd_step
spamd_proto_body_step(struct spamd_proto *p, uint64_t now_ms)
{
	return p->is_compressed ? compressed_step(p, now_ms) : plain_step(p, now_ms);
}

/* The original splits the inflated text at LF and joins it again: empty lines at the end go. */
enum spamd_step
spamd_proto_inflated_step(struct spamd_proto *p)
{
	struct dynbuf *text = &p->inflater.text;
	size_t size_bytes = text->len;

	if (!p->inflater.is_done) {
		return spamd_proto_refuse(p, SPAMD_FAULT_UNAVAILABLE,
			SLICE("zlib: failed to find end of zlib stream\n"));
	}
	while (slice_ends_with(dynbuf_slice(text), SLICE("\n"))) {
		dynbuf_truncate(text, text->len - 1);
	}
	if (dynbuf_add_byte(text, '\n') != 0) {
		return spamd_proto_give_up(p);
	}
	return take_message(p, dynbuf_slice(text), size_bytes);
}

enum spamd_step
spamd_proto_verify_step(struct spamd_proto *p)
{
	if (p->has_length && !p->is_compressed && p->request.size_bytes != p->length) {
		return spamd_proto_refuse_f(p, SPAMD_FAULT_PROTOCOL,
			"(Content-Length mismatch: Expected %.*s bytes, got %zu bytes)",
			SLICE_ARG(spamd_proto_span(p, p->length_text)), p->request.size_bytes);
	}
	p->state = SPAMD_STATE_AWAIT;
	return spamd_proto_tell(p, SPAMD_EVENT_REQUEST);
}
