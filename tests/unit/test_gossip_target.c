#include <criterion/criterion.h>

#include "gossip/target.h"

Test(gossip_target, has_one_spelling_of_everything)
{
	static const struct {
		const char *text;
		int rc;
		enum target_endpoint endpoint;
		uint64_t epoch;
		uint64_t after;
	} rows[] = {
		{"/v1/node", 0, TARGET_NODE, 0, 0},
		{"/v1/reconcile", 0, TARGET_RECONCILE, 0, 0},
		{"/v1/statements", 0, TARGET_STATEMENTS, 0, 0},
		{"/v1/fetch", 0, TARGET_FETCH, 0, 0},
		{"/v1/feed?epoch=7&after=0", 0, TARGET_FEED, 7, 0},
		{"/v1/feed?after=18446744073709551615&epoch=1", 0, TARGET_FEED, 1, UINT64_MAX},
		{"", ERR_NOTFOUND, 0, 0, 0},
		{"/", ERR_NOTFOUND, 0, 0, 0},
		{"/v1/node/", ERR_NOTFOUND, 0, 0, 0},
		{"//v1/node", ERR_NOTFOUND, 0, 0, 0},
		{"/v1/NODE", ERR_NOTFOUND, 0, 0, 0},
		{"/v1/%6eode", ERR_NOTFOUND, 0, 0, 0},
		{"/v1/pair", ERR_NOTFOUND, 0, 0, 0},
		{"/v2/node", ERR_NOTFOUND, 0, 0, 0},
		{"/v1/node?", ERR_INVALID, 0, 0, 0},
		{"/v1/node?x=1", ERR_INVALID, 0, 0, 0},
		{"/v1/feed", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?after=1", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1&after=2&", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?&epoch=1&after=2", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1&after=2&after=3", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1&after=2&x=3", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=&after=2", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1&after=-2", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1&after=+2", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1&after=2 ", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=0x1&after=2", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=1;after=2", ERR_INVALID, 0, 0, 0},
		{"/v1/feed?epoch=18446744073709551616&after=2", ERR_RANGE, 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct target target;
		int rc = target_parse(slice_str(rows[i].text), &target);

		cr_assert_eq(rc, rows[i].rc, "%s: %d", rows[i].text, rc);
		if (rc == 0) {
			cr_assert_eq(target.endpoint, rows[i].endpoint, "%s", rows[i].text);
			cr_assert_eq(target.epoch, rows[i].epoch, "%s", rows[i].text);
			cr_assert_eq(target.after, rows[i].after, "%s", rows[i].text);
		}
	}
}

Test(gossip_target, is_not_read_beyond_its_limit)
{
	char text[NODE_TARGET_MAX + 2] = "/v1/feed?epoch=1&after=";
	struct target target;
	size_t len = strlen(text);

	memset(text + len, '0', sizeof(text) - 1 - len);
	cr_assert_eq(target_parse(slice_of(text, NODE_TARGET_MAX + 1), &target), ERR_TOOBIG);
}

Test(gossip_target, a_written_feed_target_reads_back)
{
	char text[NODE_TARGET_MAX];
	struct target target;

	target_feed(UINT64_MAX, UINT64_MAX - 1, text);
	cr_assert_eq(target_parse(slice_str(text), &target), 0);
	cr_assert_eq(target.epoch, UINT64_MAX);
	cr_assert_eq(target.after, UINT64_MAX - 1);
}
