/*
 * spamd_proto_header.c - the header block of a request (SPEC 2).
 */
#include <stdint.h>

#include "common/base/strnum.h"
#include "spamd-trust/spamd_proto_internal.h"

/* without_final_lf - a line that ended in a lone LF still has it; numbers and names allow that */
static struct slice
without_final_lf(struct slice value)
{
	value.len -= slice_ends_with(value, SLICE("\n"));
	return value;
}

static struct spamd_span
span_of(const struct spamd_proto *p, struct slice part)
{
	return (struct spamd_span){
		.at = (size_t)(part.data - dynbuf_slice(&p->in).data), .len = part.len};
}

/* digits_value - the number, SIZE_MAX where it is greater, 0 for none; false for anything else */
static bool
digits_value(struct slice digits, size_t *out)
{
	for (size_t i = 0; i < digits.len; i++) {
		if (!ascii_is_digit(digits.data[i])) {
			return false;
		}
	}
	*out = 0;
	if (digits.len > 0 && strnum_size(digits, SIZE_MAX, out) != 0) {
		*out = SIZE_MAX;
	}
	return true;
}

static enum spamd_step
on_content_length(struct spamd_proto *p, struct slice value)
{
	struct slice digits = without_final_lf(value);

	if (!digits_value(digits, &p->length)) {
		return spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL,
			SLICE("(Content-Length contains non-numeric bytes)"));
	}
	p->has_length = true;
	p->length_text = span_of(p, digits);
	return SPAMD_STEP_ON;
}

static enum spamd_step
on_user(struct spamd_proto *p, struct slice value)
{
	struct slice name = without_final_lf(value);

	for (size_t i = 0; i < name.len; i++) {
		if (name.data[i] < ' ') {
			return spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL,
				SLICE("(User header contains control chars)"));
		}
	}
	p->user = span_of(p, name);
	(void)spamd_proto_tell(p, SPAMD_EVENT_USER);
	p->event.text = p->request.user;
	return SPAMD_STEP_EVENT;
}

static enum spamd_step
on_compress(struct spamd_proto *p, struct slice value)
{
	struct dynbuf text;
	enum spamd_step step = SPAMD_STEP_ON;

	if (slice_find_nocase(value, SLICE("zlib")) < value.len) {
		p->is_compressed = true;
		return SPAMD_STEP_ON;
	}
	dynbuf_init(&text, p->limits.reply_max);
	(void)dynbuf_add_str(&text, "(compression type not supported: ");
	(void)dynbuf_add(&text, value);
	(void)dynbuf_add_byte(&text, ')');
	step = spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL, dynbuf_slice(&text));
	dynbuf_fini(&text);
	return step;
}

static enum spamd_step
on_message_class(struct spamd_proto *p, struct slice value)
{
	p->request.tell.is_spam = slice_eq(value, SLICE("spam"));
	return SPAMD_STEP_ON;
}

static enum spamd_step
on_set(struct spamd_proto *p, struct slice value)
{
	p->request.tell.set_local = slice_find_nocase(value, SLICE("local")) < value.len;
	p->request.tell.set_remote = slice_find_nocase(value, SLICE("remote")) < value.len;
	return SPAMD_STEP_ON;
}

static enum spamd_step
on_remove(struct spamd_proto *p, struct slice value)
{
	p->request.tell.remove_local = slice_find_nocase(value, SLICE("local")) < value.len;
	p->request.tell.remove_remote = slice_find_nocase(value, SLICE("remote")) < value.len;
	return SPAMD_STEP_ON;
}

static const struct {
	struct slice name;
	enum spamd_step (*apply)(struct spamd_proto *p, struct slice value);
} headers[] = {
	{{(const uint8_t *)"Content-length", 14}, on_content_length},
	{{(const uint8_t *)"User", 4}, on_user},
	{{(const uint8_t *)"Compress", 8}, on_compress},
	{{(const uint8_t *)"Message-class", 13}, on_message_class},
	{{(const uint8_t *)"Set", 3}, on_set},
	{{(const uint8_t *)"Remove", 6}, on_remove},
};

/* apply_header - names are case-sensitive; a length in another spelling is only a hint */
static enum spamd_step
apply_header(struct spamd_proto *p, struct slice name, struct slice value)
{
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (slice_eq(name, headers[i].name)) {
			return headers[i].apply(p, value);
		}
	}
	if (slice_eq_nocase(slice_trim(name), SLICE("content-length"))) {
		p->has_hint = digits_value(slice_trim(value), &p->length_hint);
	}
	return SPAMD_STEP_ON;
}

/* end_headers - the empty line: permission and conflicts of a TELL come before its message */
static enum spamd_step
end_headers(struct spamd_proto *p)
{
	const struct spamd_tell *tell = &p->request.tell;

	if (p->request.command == SPAMD_PING) {
		spamd_proto_write_pong(p);
		return SPAMD_STEP_ON;
	}
	if (p->request.command == SPAMD_SKIP) {
		p->state = SPAMD_STATE_REPLY;
		return SPAMD_STEP_ON;
	}
	if (p->request.command != SPAMD_TELL) {
		return spamd_proto_body_begin(p);
	}
	if (!p->limits.allow_tell) {
		return spamd_proto_refuse(p, SPAMD_FAULT_UNAVAILABLE,
			SLICE("TELL commands are not enabled, set the --allow-tell switch."));
	}
	if (tell->set_local && tell->remove_local) {
		return spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL,
			SLICE("Unable to set local and remove local in the same operation."));
	}
	if (tell->set_remote && tell->remove_remote) {
		return spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL,
			SLICE("Unable to set remote and remove remote in the same operation."));
	}
	return spamd_proto_body_begin(p);
}

/* split_header - "Name: value"; a trailing CRLF is cut off, a lone LF stays in the value */
static bool
split_header(struct slice line, struct slice *name_out, struct slice *value_out)
{
	struct slice value = {0};
	size_t colon = 0;

	line.len -= slice_ends_with(line, SLICE("\r\n")) ? 2 : 0;
	colon = slice_find_byte(line, ':');
	if (colon == line.len) {
		return false;
	}
	value = slice_skip(line, colon + 1);
	while (value.len > 0 && ascii_is_space(value.data[0])) {
		value = slice_skip(value, 1);
	}
	*name_out = slice_take(line, colon);
	*value_out = value;
	return true;
}

enum spamd_step
spamd_proto_header_step(struct spamd_proto *p)
{
	size_t len = 0;
	bool is_complete = spamd_proto_line(p, &len);
	struct slice line = slice_take(slice_skip(dynbuf_slice(&p->in), p->pos), len);
	struct slice name = {0};
	struct slice value = {0};

	if (p->header_lines == SPAMD_HEADER_LINES_MAX) {
		return spamd_proto_refuse(p, SPAMD_FAULT_PROTOCOL, SLICE("(too many headers)"));
	}
	if (p->pos + len - p->block_start > p->limits.header_block_max) {
		return spamd_proto_refuse_f(p, SPAMD_FAULT_PROTOCOL,
			"(headers longer than %zu bytes)", p->limits.header_block_max);
	}
	if (!is_complete) {
		return SPAMD_STEP_WAIT;
	}
	if (len == 0) {
		return spamd_proto_refuse(
			p, SPAMD_FAULT_PROTOCOL, SLICE("(EOF during headers)"));
	}
	p->pos += len;
	p->header_lines++;
	if (slice_eq(line, SLICE("\r\n"))) {
		return end_headers(p);
	}
	if (!split_header(line, &name, &value)) {
		return spamd_proto_refuse(
			p, SPAMD_FAULT_PROTOCOL, SLICE("(header not in 'Name: value' format)"));
	}
	return apply_header(p, name, value);
}
