#include "common/base/wire_reader.h"
#include "common/graph/graph_schema.h"

/*
 * The records that decide about trust, each with its check value. Edges are read by the
 * thousand for one decision, so they are taken apart in place.
 */

/* Offsets in an edge record. */
#define AT_EXP        12
#define AT_FIRST_SEEN 16
#define AT_LEVEL      20
#define AT_FLAGS      GRAPH_EDGE_AT_FLAGS
#define AT_CHECK      22

/* word_of - up to 8 bytes, big-endian */
static inline uint64_t
word_of(const uint8_t *bytes, size_t n)
{
	uint64_t word = 0;

	for (size_t i = 0; i < n; i++) {
		word = word << 8 | bytes[i];
	}
	return word;
}

/* mix - the finaliser of SplitMix64 (Steele, Lea and Flood 2014) */
static inline uint64_t
mix(uint64_t h)
{
	h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
	h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
	return h ^ (h >> 31);
}

/* check_of - a value mixed from table, key and record; against accidents only */
static uint64_t
check_of(uint8_t table, uint64_t key, const uint8_t *record, size_t len)
{
	uint64_t h = mix(key ^ (uint64_t)table << 56);

	for (; len >= 8; len -= 8, record += 8) {
		uint64_t word;

		memcpy(&word, record, sizeof(word));
		h = mix(h ^ be64toh(word));
	}
	return mix(h ^ word_of(record, len));
}

uint32_t
graph_check_of(enum graph_table table, graph_node node, const uint8_t *record, size_t len)
{
	return (uint32_t)check_of((uint8_t)table, node, record, len);
}

struct slice
graph_edge_key(struct graph_ref ref, uint8_t buf[GRAPH_EDGE_REF_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_EDGE_REF_LEN);
	wire_write_u64(&w, ref.order);
	wire_write_u32(&w, ref.node);
	return graph_written(&w);
}

/* edge_check - over table, node and the bytes before the check */
static uint16_t
edge_check(enum graph_table table, graph_node node, const uint8_t *record)
{
	return (uint16_t)check_of(
		(uint8_t)table, node, record, GRAPH_EDGE_LEN - sizeof(uint16_t));
}

struct slice
graph_edge_encode(enum graph_table table, graph_node node, const struct graph_edge *in,
	uint8_t buf[GRAPH_EDGE_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_EDGE_LEN);
	wire_write_u64(&w, in->order);
	wire_write_u32(&w, in->peer);
	wire_write_u32(&w, in->exp_s);
	wire_write_u32(&w, in->first_seen_s);
	wire_write_u8(&w, in->level);
	wire_write_u8(&w, in->flags);
	wire_write_u16(&w, edge_check(table, node, buf));
	return graph_written(&w);
}

int
graph_edge_decode(
	enum graph_table table, graph_node node, struct slice in, struct graph_edge *out)
{
	const uint8_t *record = in.data;
	struct graph_ref peer;
	uint32_t exp_s;
	uint32_t first_seen_s;

	if (in.len != GRAPH_EDGE_LEN) {
		return ERR_CORRUPT;
	}
	peer = graph_edge_peer(record);
	memcpy(&exp_s, record + AT_EXP, sizeof(exp_s));
	memcpy(&first_seen_s, record + AT_FIRST_SEEN, sizeof(first_seen_s));
	*out = (struct graph_edge){
		.order = peer.order,
		.peer = peer.node,
		.level = record[AT_LEVEL],
		.flags = record[AT_FLAGS],
		.first_seen_s = be32toh(first_seen_s),
		.exp_s = be32toh(exp_s),
	};
	if (out->peer == GRAPH_NONE || out->level < TRUST_LEVEL_WEAK ||
		out->level > TRUST_LEVEL_STRONG) {
		return ERR_CORRUPT;
	}
	return word_of(record + AT_CHECK, sizeof(uint16_t)) == edge_check(table, node, record)
		       ? 0
		       : ERR_CORRUPT;
}

/* node_check - the first bytes of a digest say enough of it */
static uint32_t
node_check(const struct digest *digest, const uint8_t *record)
{
	return (uint32_t)check_of(
		GRAPH_T_NODES, word_of(digest->bytes, 8), record, GRAPH_NODE_KEY_LEN);
}

struct slice
graph_node_encode(const struct digest *digest, graph_node node, uint8_t buf[GRAPH_NODE_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_NODE_LEN);
	wire_write_u32(&w, node);
	wire_write_u32(&w, node_check(digest, buf));
	return graph_written(&w);
}

int
graph_node_decode(const struct digest *digest, struct slice in, graph_node *out)
{
	struct wire_reader r;
	uint32_t check;

	wire_reader_init(&r, in);
	*out = wire_read_u32(&r);
	check = wire_read_u32(&r);
	return wire_reader_finish(&r) == 0 && *out != GRAPH_NONE &&
			       check == node_check(digest, in.data)
		       ? 0
		       : ERR_CORRUPT;
}
