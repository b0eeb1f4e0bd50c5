/* The records of identities: what they are now, whom they continue, who guards them. */
#include "common/base/wire_reader.h"
#include "common/graph/graph_schema.h"

static uint32_t
identity_check(graph_node node, const uint8_t *record)
{
	return graph_check_of(
		GRAPH_T_IDENTITIES, node, record, GRAPH_IDENTITY_LEN - sizeof(uint32_t));
}

struct slice
graph_identity_encode(
	graph_node node, const struct graph_identity *in, uint8_t buf[GRAPH_IDENTITY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_IDENTITY_LEN);
	wire_write_u8(&w, in->flags);
	wire_write_u64(&w, in->revoked_since_s);
	wire_write_u64(&w, in->guarded_since_s);
	wire_write_u32(&w, in->successor);
	wire_write_u64(&w, in->succeeded_since_s);
	wire_write_u32(&w, identity_check(node, buf));
	return graph_written(&w);
}

int
graph_identity_decode(graph_node node, struct slice in, struct graph_identity *out)
{
	struct wire_reader r;
	uint32_t check;

	wire_reader_init(&r, in);
	out->flags = wire_read_u8(&r);
	out->revoked_since_s = wire_read_u64(&r);
	out->guarded_since_s = wire_read_u64(&r);
	out->successor = wire_read_u32(&r);
	out->succeeded_since_s = wire_read_u64(&r);
	check = wire_read_u32(&r);
	return wire_reader_finish(&r) == 0 && check == identity_check(node, in.data)
		       ? 0
		       : ERR_CORRUPT;
}

struct slice
graph_guardians_encode(const struct graph_guardians *in, uint8_t buf[GRAPH_GUARDIANS_LEN])
{
	static const struct digest none = {{0}};
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_GUARDIANS_LEN);
	wire_write_u64(&w, in->first_seen_s);
	wire_write_u64(&w, in->seq);
	wire_write_bytes(&w, digest_slice(&in->id));
	wire_write_u8(&w, in->needed);
	wire_write_u8(&w, in->count);
	for (size_t i = 0; i < STATEMENT_GUARDIANS_MAX; i++) {
		wire_write_bytes(&w, digest_slice(i < in->count ? &in->who[i] : &none));
	}
	return graph_written(&w);
}

int
graph_guardians_decode(struct slice in, struct graph_guardians *out)
{
	struct wire_reader r;

	wire_reader_init(&r, in);
	out->first_seen_s = wire_read_u64(&r);
	out->seq = wire_read_u64(&r);
	wire_read_copy(&r, out->id.bytes, DIGEST_LEN);
	out->needed = wire_read_u8(&r);
	out->count = wire_read_u8(&r);
	for (size_t i = 0; i < STATEMENT_GUARDIANS_MAX; i++) {
		wire_read_copy(&r, out->who[i].bytes, DIGEST_LEN);
	}
	return wire_reader_finish(&r) == 0 && out->count <= STATEMENT_GUARDIANS_MAX &&
			       out->needed <= out->count
		       ? 0
		       : ERR_CORRUPT;
}

static uint32_t
former_check(graph_node current, const uint8_t *record)
{
	return graph_check_of(GRAPH_T_FORMERS, current, record, GRAPH_NODE_KEY_LEN);
}

struct slice
graph_former_encode(graph_node current, graph_node former, uint8_t buf[GRAPH_FORMER_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_FORMER_LEN);
	wire_write_u32(&w, former);
	wire_write_u32(&w, former_check(current, buf));
	return graph_written(&w);
}

int
graph_former_decode(graph_node current, struct slice in, graph_node *out)
{
	struct wire_reader r;
	uint32_t check;

	wire_reader_init(&r, in);
	*out = wire_read_u32(&r);
	check = wire_read_u32(&r);
	return wire_reader_finish(&r) == 0 && *out != GRAPH_NONE &&
			       check == former_check(current, in.data)
		       ? 0
		       : ERR_CORRUPT;
}
