#include <criterion/criterion.h>

#include "common/base/encoding.h"
#include "common/graph/graph_schema.h"

static void
assert_hex(struct slice in, const char *expected, const char *label)
{
	char hex[2 * GRAPH_FACT_MAX + 1];

	hex_encode(in, hex);
	cr_assert_str_eq(hex, expected, "%s", label);
}

static struct digest
digest_of_byte(uint8_t byte)
{
	struct digest out;

	memset(out.bytes, byte, sizeof(out.bytes));
	return out;
}

Test(graph_schema, an_edge_has_its_documented_bytes)
{
	struct graph_edge edge = {
		.order = 0x0123456789abcdef,
		.peer = 5,
		.level = 2,
		.flags = GRAPH_EDGE_OPEN,
		.first_seen_s = 1700000000,
		.exp_s = 1800000000,
	};
	struct graph_edge back;
	uint8_t buf[GRAPH_EDGE_LEN];
	struct slice record = graph_edge_encode(GRAPH_T_OUT, 9, &edge, buf);

	assert_hex(
		slice_take(record, 22), "0123456789abcdef000000056b49d2006553f1000201", "edge");
	cr_assert_eq(record.len, GRAPH_EDGE_LEN);
	cr_assert_eq(graph_edge_peer(record.data).order, 0x0123456789abcdef);
	cr_assert_eq(graph_edge_peer(record.data).node, 5);
	cr_assert_eq(graph_edge_decode(GRAPH_T_OUT, 9, record, &back), 0);
	cr_assert_eq(back.order, 0x0123456789abcdef);
	cr_assert_eq(back.peer, 5);
	cr_assert_eq(back.exp_s, 1800000000);
	cr_assert_eq(back.first_seen_s, 1700000000);
	cr_assert_eq(back.level, 2);
	cr_assert_eq(back.flags, GRAPH_EDGE_OPEN);
	cr_assert_eq(graph_edge_decode(GRAPH_T_IN, 9, record, &back), ERR_CORRUPT, "table");
	cr_assert_eq(graph_edge_decode(GRAPH_T_OUT, 8, record, &back), ERR_CORRUPT, "node");
	for (size_t len = 0; len < GRAPH_EDGE_LEN; len++) {
		cr_assert_eq(graph_edge_decode(GRAPH_T_OUT, 9, slice_take(record, len), &back),
			ERR_CORRUPT, "length %zu", len);
	}
}

Test(graph_schema, an_edge_without_peer_or_with_an_odd_level_is_damage)
{
	static const struct {
		const char *label;
		graph_node peer;
		uint8_t level;
	} rows[] = {{"no peer", 0, 1}, {"level 0", 1, 0}, {"level 4", 1, 4}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct graph_edge edge = {.peer = rows[i].peer, .level = rows[i].level};
		uint8_t buf[GRAPH_EDGE_LEN];

		cr_assert_eq(graph_edge_decode(GRAPH_T_OUT, 9,
				     graph_edge_encode(GRAPH_T_OUT, 9, &edge, buf), &edge),
			ERR_CORRUPT, "%s", rows[i].label);
	}
}

Test(graph_schema, a_statement_record_has_its_documented_bytes)
{
	struct graph_statement in = {GRAPH_CLASS_VOUCH, 7, 1700000000, SLICE("eyJ")};
	uint8_t buf[GRAPH_STATEMENT_LEN + STATEMENT_MAX];
	static uint8_t big[STATEMENT_MAX + 1];
	struct graph_statement out;
	struct slice record;

	cr_assert_eq(graph_statement_encode(&in, buf, &record), 0);
	assert_hex(record, "01000000000000000007000000006553f10065794a", "statement");
	cr_assert_eq(graph_statement_decode(record, &out), 0);
	cr_assert_eq(out.number, 7);
	cr_assert_eq(out.first_seen_s, 1700000000);
	cr_assert(slice_eq(out.jws, in.jws));
	for (size_t len = 0; len <= GRAPH_STATEMENT_LEN; len++) {
		cr_assert_eq(graph_statement_decode(slice_take(record, len), &out), ERR_CORRUPT,
			"length %zu", len);
	}
	in.jws = slice_of(big, sizeof(big));
	cr_assert_eq(graph_statement_encode(&in, buf, &record), ERR_TOOBIG);
	buf[0] = 2;
	cr_assert_eq(graph_statement_decode(slice_of(buf, 30), &out), ERR_CORRUPT, "version");
	buf[0] = 1;
	buf[1] = GRAPH_CLASS_COUNT;
	cr_assert_eq(graph_statement_decode(slice_of(buf, 30), &out), ERR_CORRUPT, "class");
}

static struct graph_fact
some_fact(void)
{
	return (struct graph_fact){
		.id = digest_of_byte(1),
		.class = GRAPH_CLASS_VOUCH,
		.act = STATEMENT_VOUCH,
		.level = 2,
		.flags = GRAPH_FACT_OPEN,
		.seq = 3,
		.iat_s = 4,
		.exp_s = 5,
		.since_s = 6,
		.first_seen_s = 7,
		.issuer = digest_of_byte(8),
		.signer = digest_of_byte(9),
		.subject_len = 15,
		.subject = "dom:example.org",
	};
}

Test(graph_schema, a_fact_comes_back_and_no_part_of_it_is_one)
{
	struct graph_fact in = some_fact();
	struct digest id = in.id;
	struct graph_fact out;
	uint8_t buf[GRAPH_FACT_MAX];
	uint8_t again_buf[GRAPH_FACT_MAX];
	struct slice record;
	struct slice again;

	cr_assert_eq(graph_fact_encode(&in, buf, &record), 0);
	cr_assert_eq(record.len, 111 + 15);
	cr_assert_eq(graph_fact_decode(&id, record, &out), 0);
	cr_assert_eq(graph_fact_encode(&out, again_buf, &again), 0);
	cr_assert(slice_eq(again, record));
	cr_assert(digest_eq(&out.id, &id));
	cr_assert_str_eq(out.subject, in.subject);
	for (size_t len = 0; len < record.len; len++) {
		cr_assert_eq(graph_fact_decode(&id, slice_take(record, len), &out), ERR_CORRUPT,
			"length %zu", len);
	}
	buf[2] = STATEMENT_INTRODUCE + 1;
	cr_assert_eq(graph_fact_decode(&id, record, &out), ERR_CORRUPT, "act");
	buf[2] = STATEMENT_VOUCH;
	buf[3] = TRUST_LEVEL_STRONG + 1;
	cr_assert_eq(graph_fact_decode(&id, record, &out), ERR_CORRUPT, "level");
}

/* A fact that is less worth keeping has the smaller rank. */
Test(graph_schema, ranks_say_what_a_quota_lets_go_first)
{
	static const struct {
		const char *label;
		enum graph_class class;
		bool by_root;
		const char *subject;
		uint64_t iat_s;
		uint64_t since_s;
	} ascending[] = {
		{"an old vouch", GRAPH_CLASS_VOUCH, false, "dom:example.org", 4, 0},
		{"a younger one", GRAPH_CLASS_VOUCH, true, "dom:example.com", 5, 0},
		{"a device's, of a statement", GRAPH_CLASS_REVOKE, false, "stmt:x", 9, 0},
		{"of its own key", GRAPH_CLASS_REVOKE, false, "key:x", 1, 9},
		{"the root's, of a statement", GRAPH_CLASS_REVOKE, true, "stmt:x", 1, 9},
		{"of a key", GRAPH_CLASS_REVOKE, true, "key:x", 1, 9},
		{"of a key, earlier", GRAPH_CLASS_REVOKE, true, "key:x", 1, 8},
		{"of the identity", GRAPH_CLASS_REVOKE, true, "id:x", 1, 9},
	};
	uint8_t before[GRAPH_RANK_LEN] = {0};

	for (size_t i = 0; i < ARRAY_LEN(ascending); i++) {
		struct graph_fact fact = some_fact();
		uint8_t rank[GRAPH_RANK_LEN];
		struct digest id;

		if (i > 0 && ascending[i].class != ascending[i - 1].class) {
			memset(before, 0, sizeof(before));
		}
		fact.class = ascending[i].class;
		fact.iat_s = ascending[i].iat_s;
		fact.since_s = ascending[i].since_s;
		fact.first_seen_s = UINT64_MAX;
		fact.signer = ascending[i].by_root ? fact.issuer : digest_of_byte(9);
		fact.subject_len = (uint16_t)strlen(ascending[i].subject);
		memcpy(fact.subject, ascending[i].subject, fact.subject_len);
		cr_assert_eq(graph_rank_decode(graph_rank_encode(&fact, rank), &id), 0);
		cr_assert(digest_eq(&id, &fact.id));
		cr_assert_gt(memcmp(rank, before, sizeof(rank)), 0, "%s", ascending[i].label);
		memcpy(before, rank, sizeof(rank));
	}
}

Test(graph_schema, small_records_refuse_every_other_length)
{
	struct graph_history history = {1, digest_of_byte(2), digest_of_byte(3)};
	struct graph_cert cert = {1, 2, 3, digest_of_byte(4)};
	struct graph_identity identity = {.flags = GRAPH_IDENTITY_HOSTED};
	struct graph_guardians guardians = {.needed = 1, .count = 2};
	struct digest digest = digest_of_byte(6);
	uint8_t buf[GRAPH_GUARDIANS_LEN + 1];
	graph_node node;

	for (size_t len = 0; len <= sizeof(buf); len++) {
		(void)graph_history_encode(&history, buf);
		cr_assert_eq(graph_history_decode(slice_of(buf, len), &history),
			len == GRAPH_HISTORY_LEN ? 0 : ERR_CORRUPT, "history %zu", len);
		(void)graph_cert_encode(&cert, buf);
		cr_assert_eq(graph_cert_decode(slice_of(buf, len), &cert),
			len == GRAPH_CERT_LEN ? 0 : ERR_CORRUPT, "cert %zu", len);
		(void)graph_identity_encode(1, &identity, buf);
		cr_assert_eq(graph_identity_decode(1, slice_of(buf, len), &identity),
			len == GRAPH_IDENTITY_LEN ? 0 : ERR_CORRUPT, "identity %zu", len);
		(void)graph_node_encode(&digest, 7, buf);
		cr_assert_eq(graph_node_decode(&digest, slice_of(buf, len), &node),
			len == GRAPH_NODE_LEN ? 0 : ERR_CORRUPT, "node %zu", len);
		(void)graph_guardians_encode(&guardians, buf);
		cr_assert_eq(graph_guardians_decode(slice_of(buf, len), &guardians),
			len == GRAPH_GUARDIANS_LEN ? 0 : ERR_CORRUPT, "guardians %zu", len);
		guardians = (struct graph_guardians){.needed = 1, .count = 2};
		(void)graph_former_encode(5, 7, buf);
		cr_assert_eq(graph_former_decode(5, slice_of(buf, len), &node),
			len == GRAPH_FORMER_LEN ? 0 : ERR_CORRUPT, "former %zu", len);
		cr_assert_eq(graph_former_decode(6, slice_of(buf, GRAPH_FORMER_LEN), &node),
			ERR_CORRUPT, "of another identity");
		history = (struct graph_history){1, digest_of_byte(2), digest_of_byte(3)};
		cert = (struct graph_cert){1, 2, 3, digest_of_byte(4)};
		identity = (struct graph_identity){.flags = GRAPH_IDENTITY_HOSTED};
	}
}
