#include <criterion/criterion.h>

#include "gossip/lines.h"

#define ID  "LXEWQrcmsEQBYnyp-6wy9chTD7GQPMTbAiWHF5IaSIE"
#define ID2 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct lines lines;

Test(gossip_lines, statements_are_split_at_line_ends_alone)
{
	static const struct {
		const char *body;
		int rc;
		size_t count;
	} rows[] = {
		{"", 0, 0},
		{"a.b.c\n", 0, 1},
		{"a.b.c\nd.e.f\n", 0, 2},
		{"a.b.c 1700000000\n", 0, 1},
		{"a.b.c\r\n", 0, 1}, /* the CR is in the statement, which is refused for it */
		{"a.b.c", ERR_TRUNCATED, 0},
		{"a.b.c\nd", ERR_TRUNCATED, 0},
		{"\n", ERR_INVALID, 0},
		{"a\n\nb\n", ERR_INVALID, 0},
		{" 1\n", ERR_INVALID, 0},
		{"a \n", ERR_INVALID, 0},
		{"a -1\n", ERR_INVALID, 0},
		{"a 1 2\n", ERR_INVALID, 0},
		{"a 99999999999999\n", ERR_RANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int rc = lines_parse(slice_str(rows[i].body), &lines);

		cr_assert_eq(rc, rows[i].rc, "row %zu: %d", i, rc);
		cr_assert_eq(lines.count, rows[i].count, "row %zu", i);
	}
}

Test(gossip_lines, more_than_a_page_is_refused)
{
	char body[2 * LINES_MAX + 3];

	for (size_t i = 0; i <= LINES_MAX; i++) {
		body[2 * i] = 'a';
		body[2 * i + 1] = '\n';
	}
	cr_assert_eq(lines_parse(slice_of(body, 2 * LINES_MAX), &lines), 0);
	cr_assert_eq(lines.count, LINES_MAX);
	cr_assert_eq(lines_parse(slice_of(body, 2 * LINES_MAX + 2), &lines), ERR_TOOBIG);
	cr_assert_eq(lines.count, 0);
}

Test(gossip_lines, a_page_needs_its_last_line)
{
	static const struct {
		const char *body;
		int rc;
		size_t count;
		uint64_t next;
		uint64_t last;
	} rows[] = {
		{"0 0\n", 0, 0, 0, 0},
		{"a.b.c\n5 9\n", 0, 1, 5, 9},
		{"a 7\nb 8\n2 2\n", 0, 2, 2, 2},
		{"", ERR_TRUNCATED, 0, 0, 0},
		{"a.b.c\n5 9", ERR_TRUNCATED, 0, 0, 0},
		{"a.b.c\n", ERR_INVALID, 0, 0, 0},
		{"a.b.c\n9 5\n", ERR_INVALID, 0, 0, 0},
		{"a.b.c\n5\n", ERR_INVALID, 0, 0, 0},
		{"a.b.c\n5 \n", ERR_INVALID, 0, 0, 0},
		{"5 9\na.b.c\n", ERR_INVALID, 0, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct feed_end end = {0};
		int rc = lines_parse_feed(slice_str(rows[i].body), &lines, &end);

		cr_assert_eq(rc, rows[i].rc, "row %zu: %d", i, rc);
		if (rc == 0) {
			cr_assert_eq(lines.count, rows[i].count, "row %zu", i);
			cr_assert_eq(end.next, rows[i].next, "row %zu", i);
			cr_assert_eq(end.last, rows[i].last, "row %zu", i);
		}
	}
}

Test(gossip_lines, every_cut_of_a_page_is_noticed)
{
	static const char body[] = "aa.bb.cc\ndd.ee.ff\n17 40\n";
	struct feed_end end;

	for (size_t len = 0; len < sizeof(body) - 1; len++) {
		cr_assert_neq(lines_parse_feed(slice_of(body, len), &lines, &end), 0,
			"%zu bytes", len);
	}
}

Test(gossip_lines, ids_are_base64url_of_32_bytes)
{
	static const struct {
		const char *body;
		int rc;
		size_t count;
	} rows[] = {
		{"", 0, 0},
		{ID "\n", 0, 1},
		{ID "\n" ID2 "\n", 0, 2},
		{ID, ERR_TRUNCATED, 0},
		{ID "=\n", ERR_INVALID, 0},
		{ID "AA\n", ERR_INVALID, 0},
		{"AAAA\n", ERR_INVALID, 0},
		{"\n", ERR_INVALID, 0},
		{ID " \n", ERR_INVALID, 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct digest ids[LINES_MAX];
		size_t count = 99;
		int rc = ids_parse(slice_str(rows[i].body), ids, &count);

		cr_assert_eq(rc, rows[i].rc, "row %zu: %d", i, rc);
		cr_assert_eq(count, rows[i].count, "row %zu", i);
	}
}

Test(gossip_lines, outcomes_are_known_words_and_as_many_as_were_pushed)
{
	static const struct {
		const char *body;
		size_t count;
		int rc;
	} rows[] = {
		{"", 0, 0},
		{"added\nscope\n", 2, 0},
		{"known\nreplaced\nstale\nbudget\n", 4, 0},
		{"added\n", 2, ERR_TRUNCATED},
		{"added\nknown\n", 1, ERR_INVALID},
		{"addedd\n", 1, ERR_INVALID},
		{"\n", 1, ERR_INVALID},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		unsigned int outcomes[LINES_MAX];
		int rc = pushed_parse(slice_str(rows[i].body), outcomes, rows[i].count);

		cr_assert_eq(rc, rows[i].rc, "row %zu: %d", i, rc);
	}
}

Test(gossip_lines, a_description_reads_back)
{
	struct node_info info = {1, {{1, 2, 3}}, UINT64_MAX, 77};
	struct node_info again;
	struct dynbuf out;

	dynbuf_init(&out, 1024);
	node_info_write(&out, &info);
	cr_assert_eq(node_info_parse(dynbuf_slice(&out), &again), 0);
	cr_assert_eq(again.epoch, UINT64_MAX);
	cr_assert_eq(again.last, 77);
	cr_assert(digest_eq(&again.key, &info.key));
	dynbuf_fini(&out);
}

Test(gossip_lines, a_description_is_read_strictly)
{
	static const struct {
		const char *body;
		int rc;
	} rows[] = {
		{"{\"version\":1,\"key\":\"" ID "\",\"epoch\":\"4\",\"last\":1,\"new\":[1]}",
			0},
		{"{\"version\":2,\"key\":\"" ID "\",\"epoch\":\"4\",\"last\":1}", ERR_VERSION},
		{"{\"key\":\"" ID "\",\"epoch\":\"4\",\"last\":1}", ERR_INVALID},
		{"{\"version\":1,\"key\":\"" ID "\",\"epoch\":4,\"last\":1}", ERR_INVALID},
		{"{\"version\":1,\"key\":\"" ID "\",\"epoch\":\"4\",\"last\":-1}", ERR_INVALID},
		{"{\"version\":1,\"key\":\"AA\",\"epoch\":\"4\",\"last\":1}", ERR_INVALID},
		{"{\"version\":1,\"key\":\"" ID "\",\"epoch\":\"x\",\"last\":1}", ERR_INVALID},
		{"", ERR_INVALID},
		{"[]", ERR_INVALID},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct node_info info;
		int rc = node_info_parse(slice_str(rows[i].body), &info);

		cr_assert_eq(rc, rows[i].rc, "row %zu: %d", i, rc);
	}
}
