/*
 * The protocol engine over any request: the same bytes give the same events and reply whole and
 * cut into pieces (whose sizes come from the input), and every stream ends in an answer.
 */
#include <assert.h>
#include <stdlib.h>

#include "spamd-trust/spamd_proto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spamd_limits limits = {
	.command_line_max = 256,
	.header_block_max = 4096,
	.body_max = 65536,
	.reply_max = 1 << 20,
	.timeout_command_s = 30,
	.timeout_request_s = 300,
	.allow_tell = true,
};

static void
note(struct dynbuf *trace, struct spamd_proto *p)
{
	static const struct verdict verdict = {.score = 1, .required = 5};
	static const struct spamd_told told = {.set_local = true};
	const struct spamd_event *event = spamd_proto_event(p);

	(void)dynbuf_printf(
		trace, "[%u %zu]", (unsigned int)event->kind, event->request->size_bytes);
	(void)dynbuf_add(trace, event->text);
	if (event->kind != SPAMD_EVENT_REQUEST) {
		return;
	}
	(void)dynbuf_add(trace, event->request->message);
	if (event->request->command == SPAMD_TELL) {
		spamd_proto_reply_tell(p, &told);
		return;
	}
	(void)dynbuf_add(spamd_proto_reply_body(p), event->request->message);
	spamd_proto_reply_verdict(p, &verdict);
}

static enum spamd_status
drain(struct dynbuf *trace, struct spamd_proto *p, enum spamd_status status)
{
	while (status == SPAMD_EVENT) {
		note(trace, p);
		status = spamd_proto_next(p, 1);
	}
	return status;
}

/* run - `steps` gives the size of each piece; none: all at once */
static void
run(struct dynbuf *trace, struct slice in, struct slice steps)
{
	struct spamd_proto p;
	enum spamd_status status = SPAMD_NEED_MORE;
	size_t i = 0;

	spamd_proto_init(&p, &limits, 1);
	while (in.len > 0 && status == SPAMD_NEED_MORE) {
		size_t n = steps.len == 0 ? in.len : 1 + (size_t)steps.data[i++ % steps.len];

		status = drain(trace, &p, spamd_proto_feed(&p, slice_take(in, n), 1));
		in = slice_skip(in, n);
	}
	status = drain(trace, &p, spamd_proto_eof(&p, 1));
	assert(status == SPAMD_DONE);
	(void)dynbuf_add(trace, spamd_proto_output(&p));
	(void)dynbuf_add(trace, spamd_proto_output_rest(&p));
	spamd_proto_fini(&p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dynbuf whole;
	struct dynbuf pieces;
	/* The end of the input doubles as the sizes, so that a seed is simply a request. */
	struct slice in = slice_of(data, size);
	struct slice steps = slice_skip(in, size - (size < 8 ? size : 8));

	dynbuf_init(&whole, 1 << 22);
	dynbuf_init(&pieces, 1 << 22);
	run(&whole, in, slice_of(NULL, 0));
	run(&pieces, in, steps);
	assert(slice_eq(dynbuf_slice(&whole), dynbuf_slice(&pieces)));
	dynbuf_fini(&whole);
	dynbuf_fini(&pieces);
	return 0;
}
