/*
 * Bodies of the gossip protocol; the first byte says of which kind. What is accepted is written
 * back the same.
 */
#include <assert.h>

#include "gossip/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_lines(struct slice body)
{
	static struct lines lines;
	struct dynbuf out;

	if (lines_parse(body, &lines) != 0) {
		assert(lines.count == 0);
		return;
	}
	assert(lines.count <= LINES_MAX);
	dynbuf_init(&out, body.len + 32 * LINES_MAX);
	for (size_t i = 0; i < lines.count; i++) {
		const struct line *line = &lines.line[i];

		assert(line->jws.len > 0 && line->jws.data >= body.data);
		lines_add(&out, line->jws,
			line->has_first_seen ? GRAPH_PEER_SITE : GRAPH_PEER_FRIEND,
			line->first_seen_s);
	}
	/* Numbers may have had zeros in front. */
	assert(dynbuf_error(&out) == 0 && dynbuf_slice(&out).len <= body.len);
	dynbuf_fini(&out);
}

static void
check_page(struct slice body)
{
	static struct lines lines;
	struct feed_end end;

	if (lines_parse_feed(body, &lines, &end) == 0) {
		assert(end.next <= end.last && lines.count <= LINES_MAX);
	}
}

static void
check_ids(struct slice body)
{
	struct digest ids[LINES_MAX];
	struct dynbuf out;
	size_t count;
	int rc = ids_parse(body, ids, &count);

	assert(rc == 0 || count == 0);
	dynbuf_init(&out, body.len + 64);
	for (size_t i = 0; i < count; i++) {
		ids_add(&out, &ids[i]);
	}
	assert(rc != 0 || slice_eq(dynbuf_slice(&out), body));
	dynbuf_fini(&out);
}

static void
check_pushed(struct slice body)
{
	unsigned int outcomes[LINES_MAX];
	size_t count = body.len == 0 ? 0 : body.data[0] % 8;

	body = slice_skip(body, 1);
	if (pushed_parse(body, outcomes, count) == 0) {
		for (size_t i = 0; i < count; i++) {
			assert(slice_starts_with(body, slice_str(pushed_name(outcomes[i]))));
			body = slice_skip(body, slice_find_byte(body, '\n') + 1);
		}
		assert(body.len == 0);
	}
}

static void
check_info(struct slice body)
{
	struct node_info info;
	struct node_info again;
	struct dynbuf out;

	if (node_info_parse(body, &info) != 0) {
		return;
	}
	dynbuf_init(&out, 1024);
	node_info_write(&out, &info);
	int rc = node_info_parse(dynbuf_slice(&out), &again);

	assert(rc == 0 && again.epoch == info.epoch && again.last == info.last &&
		digest_eq(&again.key, &info.key));
	(void)rc;
	dynbuf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const checks[])(struct slice) = {
		check_lines, check_page, check_ids, check_pushed, check_info};

	if (size > 0) {
		checks[data[0] % ARRAY_LEN(checks)](slice_of(data + 1, size - 1));
	}
	return 0;
}
