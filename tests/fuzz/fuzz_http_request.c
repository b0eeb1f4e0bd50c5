/* A request of a peer: what is taken lies within the bytes given, and more bytes change nothing. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "gossip/http_request.h"

#define BODY_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_within(struct slice part, struct slice whole)
{
	assert(part.len == 0 ||
		(part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = slice_of(data, size);
	struct http_refusal refusal;
	struct http_request r;
	size_t used = 0;

	switch (http_request_parse(in, BODY_MAX, &r, &used, &refusal)) {
	case HTTP_PARSE_DONE:
		assert(used > 0 && used <= size && r.body.len == r.body_len);
		check_within(r.target, in);
		check_within(r.path, in);
		check_within(r.host, in);
		check_within(r.content_type, in);
		check_within(r.body, in);
		assert(r.path.len > 0 && r.path.data[0] == '/');
		break;
	case HTTP_PARSE_REFUSED:
		assert(refusal.status >= 400 && refusal.status <= 505);
		break;
	case HTTP_PARSE_HEAD:
		assert(r.body_len > 0);
		break;
	case HTTP_PARSE_MORE:
		assert(size < HTTP_HEAD_MAX);
		break;
	}
	return 0;
}
