#include "gossip/target.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/strnum.h"

static const struct endpoint {
	const char *path;
	enum node_method method;
} endpoints[] = {
	[TARGET_NODE] = {"/v1/node", NODE_GET},
	[TARGET_FEED] = {"/v1/feed", NODE_GET},
	[TARGET_RECONCILE] = {"/v1/reconcile", NODE_POST},
	[TARGET_STATEMENTS] = {"/v1/statements", NODE_POST},
	[TARGET_FETCH] = {"/v1/fetch", NODE_POST},
};

const char *
target_path(enum target_endpoint endpoint)
{
	return endpoints[endpoint].path;
}

/* take_number - "NAME=DIGITS" of a parameter that was not there before */
static int
take_number(struct slice parameter, struct slice name, bool *seen, uint64_t *out)
{
	if (*seen) {
		return ERR_INVALID;
	}
	*seen = true;
	return strnum_u64(slice_skip(parameter, name.len), UINT64_MAX, out);
}

static int
parse_feed_query(struct slice query, struct target *out)
{
	bool has_epoch = false;
	bool has_after = false;
	int rc = 0;

	while (rc == 0 && query.len > 0) {
		size_t end = slice_find_byte(query, '&');
		struct slice parameter = slice_take(query, end);

		if (slice_starts_with(parameter, SLICE("epoch="))) {
			rc = take_number(parameter, SLICE("epoch="), &has_epoch, &out->epoch);
		} else if (slice_starts_with(parameter, SLICE("after="))) {
			rc = take_number(parameter, SLICE("after="), &has_after, &out->after);
		} else {
			rc = ERR_INVALID;
		}
		if (rc == 0 && end + 1 == query.len) {
			rc = ERR_INVALID; /* nothing behind the last separator */
		}
		query = slice_skip(query, end + 1);
	}
	return rc == 0 && !(has_epoch && has_after) ? ERR_INVALID : rc;
}

int
target_parse(struct slice text, struct target *out)
{
	size_t mark = slice_find_byte(text, '?');
	struct slice path = slice_take(text, mark);
	bool has_query = mark < text.len;

	*out = (struct target){0};
	if (text.len > NODE_TARGET_MAX) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < ARRAY_LEN(endpoints); i++) {
		if (!slice_eq(path, slice_str(endpoints[i].path))) {
			continue;
		}
		out->endpoint = (enum target_endpoint)i;
		out->method = endpoints[i].method;
		if (i == TARGET_FEED) {
			return parse_feed_query(slice_skip(text, mark + 1), out);
		}
		return has_query ? ERR_INVALID : 0;
	}
	return ERR_NOTFOUND;
}

void
target_feed(uint64_t epoch, uint64_t after, char *out)
{
	(void)snprintf(out, NODE_TARGET_MAX, "%s?epoch=%" PRIu64 "&after=%" PRIu64,
		endpoints[TARGET_FEED].path, epoch, after);
}

struct slice
target_host(struct slice url)
{
	struct slice host = slice_skip(url, strlen("https://"));

	if (slice_starts_with(host, SLICE("["))) {
		return slice_take(host, slice_find_byte(host, ']') + 1);
	}
	return slice_take(host, slice_find_byte(host, ':'));
}
