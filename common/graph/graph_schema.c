#include "common/graph/graph_schema.h"

#include <assert.h>

#include "common/base/encoding.h"
#include "common/base/wire_reader.h"

#define RECORD_VERSION 1

const struct store_table graph_tables[] = {
	[GRAPH_T_STATEMENTS] = {"statements", STORE_PLAIN},
	[GRAPH_T_HISTORY] = {"history", STORE_SET},
	[GRAPH_T_CERTS] = {"certs", STORE_SET},
	[GRAPH_T_FROZEN] = {"frozen", STORE_PLAIN},
	[GRAPH_T_GUARDIANS] = {"guardians", STORE_SET},
	[GRAPH_T_TOMBSTONES] = {"tombstones", STORE_PLAIN},
	[GRAPH_T_HOSTED] = {"hosted", STORE_PLAIN},
	[GRAPH_T_FRESH] = {"fresh", STORE_SET},
	[GRAPH_T_HELD] = {"held", STORE_PLAIN},
	[GRAPH_T_STATE] = {"state", STORE_PLAIN},
	[GRAPH_T_DROPPED] = {"dropped", STORE_PLAIN},
	[GRAPH_T_INTEREST] = {"interest", STORE_PLAIN},
	[GRAPH_T_PEERS] = {"peers", STORE_PLAIN},
	[GRAPH_T_EXCHANGE] = {"exchange", STORE_PLAIN},
	[GRAPH_T_WANTED] = {"wanted", STORE_SET},
	[GRAPH_T_NUMBERS] = {"numbers", STORE_PLAIN},
	[GRAPH_T_FACTS] = {"facts", STORE_PLAIN},
	[GRAPH_T_REGISTERS] = {"registers", STORE_PLAIN},
	[GRAPH_T_ISSUED] = {"issued", STORE_SET},
	[GRAPH_T_REVOCATIONS] = {"revocations", STORE_SET},
	[GRAPH_T_DIRTY] = {"dirty", STORE_PLAIN},
	[GRAPH_T_TOUCHED] = {"touched", STORE_PLAIN},
	[GRAPH_T_NODES] = {"nodes", STORE_PLAIN},
	[GRAPH_T_PRINCIPALS] = {"principals", STORE_PLAIN},
	[GRAPH_T_IDENTITIES] = {"identities", STORE_PLAIN},
	[GRAPH_T_FORMERS] = {"formers", STORE_SET},
	[GRAPH_T_OUT] = {"out", STORE_SET},
	[GRAPH_T_IN] = {"in", STORE_SET},
	[GRAPH_T_BLOCKS_OUT] = {"blocks_out", STORE_SET},
	[GRAPH_T_BLOCKS_IN] = {"blocks_in", STORE_SET},
	[GRAPH_T_BINDS_OUT] = {"binds_out", STORE_SET},
	[GRAPH_T_BINDS_IN] = {"binds_in", STORE_SET},
	[GRAPH_T_WARNS_OUT] = {"warns_out", STORE_SET},
	[GRAPH_T_WARNS_IN] = {"warns_in", STORE_SET},
	[GRAPH_T_COLLEAGUES] = {"colleagues", STORE_SET},
};

const size_t graph_table_count = ARRAY_LEN(graph_tables);

static_assert(ARRAY_LEN(graph_tables) == GRAPH_T_COUNT, "a table without a row");
static_assert(GRAPH_T_COUNT <= STORE_TABLES_MAX, "more tables than a store holds");

struct slice
graph_node_key(graph_node node, uint8_t buf[GRAPH_NODE_KEY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_NODE_KEY_LEN);
	wire_write_u32(&w, node);
	return graph_written(&w);
}

struct slice
graph_issued_key(
	const struct digest *issuer, enum graph_class class, uint8_t buf[GRAPH_ISSUED_KEY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_ISSUED_KEY_LEN);
	wire_write_bytes(&w, digest_slice(issuer));
	wire_write_u8(&w, (uint8_t) class);
	return graph_written(&w);
}

struct slice
graph_cert_key(const struct digest *issuer, const struct digest *device,
	uint8_t buf[GRAPH_CERT_KEY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_CERT_KEY_LEN);
	wire_write_bytes(&w, digest_slice(issuer));
	wire_write_bytes(&w, digest_slice(device));
	return graph_written(&w);
}

void
graph_register_key(const struct thumbprint *iss, enum statement_act act, struct slice subject,
	struct digest *out)
{
	const struct slice parts[] = {slice_str(iss->text), SLICE(" "),
		slice_str(statement_act_name(act)), SLICE(" "), subject};

	digest_sha256_parts(parts, ARRAY_LEN(parts), out);
}

struct slice
graph_list_key(const struct graph_fact *fact, uint8_t buf[GRAPH_ISSUED_KEY_LEN])
{
	const struct slice parts[] = {digest_slice(&fact->issuer), digest_slice(&fact->signer)};
	struct digest owner = fact->issuer;

	if (graph_class_is_waiting(fact->class)) {
		digest_sha256_parts(parts, ARRAY_LEN(parts), &owner);
	}
	return graph_issued_key(&owner, fact->class, buf);
}

enum graph_table graph_class_table(enum graph_class class)
{
	return class == GRAPH_CLASS_REVOKE ? GRAPH_T_REVOCATIONS : GRAPH_T_ISSUED;
}

int
graph_raw_of(struct slice thumbprint, struct digest *out)
{
	size_t len = 0;
	int rc = base64url_decode(thumbprint, out->bytes, sizeof(out->bytes), &len);

	return rc == 0 && len != sizeof(out->bytes) ? ERR_INVALID : rc;
}

void
graph_thumbprint_of(const struct digest *raw, struct thumbprint *out)
{
	base64url_encode(digest_slice(raw), out->text);
}

int
graph_statement_encode(const struct graph_statement *in,
	uint8_t buf[GRAPH_STATEMENT_LEN + STATEMENT_MAX], struct slice *out)
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_STATEMENT_LEN + STATEMENT_MAX);
	wire_write_u8(&w, RECORD_VERSION);
	wire_write_u8(&w, (uint8_t)in->class);
	wire_write_u64(&w, in->number);
	wire_write_u64(&w, in->first_seen_s);
	wire_write_bytes(&w, in->jws);
	return wire_writer_finish(&w, out);
}

/* class_of_byte - through a check, as it indexes tables */
static int
class_of_byte(uint8_t byte, enum graph_class *out)
{
	*out = byte < GRAPH_CLASS_COUNT ? (enum graph_class)byte : GRAPH_CLASS_WAITING;
	return byte < GRAPH_CLASS_COUNT ? 0 : ERR_CORRUPT;
}

int
graph_statement_decode(struct slice in, struct graph_statement *out)
{
	struct wire_reader r;

	wire_reader_init(&r, in);
	if (wire_read_u8(&r) != RECORD_VERSION ||
		class_of_byte(wire_read_u8(&r), &out->class) != 0) {
		return ERR_CORRUPT;
	}
	out->number = wire_read_u64(&r);
	out->first_seen_s = wire_read_u64(&r);
	out->jws = wire_reader_rest(&r);
	return wire_reader_error(&r) != 0 || out->jws.len == 0 || out->jws.len > STATEMENT_MAX
		       ? ERR_CORRUPT
		       : 0;
}

int
graph_fact_encode(const struct graph_fact *in, uint8_t buf[GRAPH_FACT_MAX], struct slice *out)
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_FACT_MAX);
	wire_write_u8(&w, RECORD_VERSION);
	wire_write_u8(&w, (uint8_t)in->class);
	wire_write_u8(&w, (uint8_t)in->act);
	wire_write_u8(&w, in->level);
	wire_write_u8(&w, in->flags);
	wire_write_u64(&w, in->seq);
	wire_write_u64(&w, in->iat_s);
	wire_write_u64(&w, in->exp_s);
	wire_write_u64(&w, in->since_s);
	wire_write_u64(&w, in->first_seen_s);
	wire_write_bytes(&w, digest_slice(&in->issuer));
	wire_write_bytes(&w, digest_slice(&in->signer));
	wire_write_string(&w, graph_fact_subject(in));
	return wire_writer_finish(&w, out);
}

int
graph_fact_decode(const struct digest *id, struct slice in, struct graph_fact *out)
{
	struct wire_reader r;
	struct slice subject;
	uint8_t act;

	out->id = *id;
	out->has_register = false;
	wire_reader_init(&r, in);
	if (wire_read_u8(&r) != RECORD_VERSION ||
		class_of_byte(wire_read_u8(&r), &out->class) != 0) {
		return ERR_CORRUPT;
	}
	act = wire_read_u8(&r);
	out->level = wire_read_u8(&r);
	out->flags = wire_read_u8(&r);
	out->seq = wire_read_u64(&r);
	out->iat_s = wire_read_u64(&r);
	out->exp_s = wire_read_u64(&r);
	out->since_s = wire_read_u64(&r);
	out->first_seen_s = wire_read_u64(&r);
	wire_read_copy(&r, out->issuer.bytes, DIGEST_LEN);
	wire_read_copy(&r, out->signer.bytes, DIGEST_LEN);
	subject = wire_read_string(&r);
	if (wire_reader_finish(&r) != 0 || act > STATEMENT_INTRODUCE ||
		out->level > TRUST_LEVEL_STRONG || subject.len >= PRINCIPAL_TEXT_MAX) {
		return ERR_CORRUPT;
	}
	out->act = (enum statement_act)act;
	out->subject_len = (uint16_t)subject.len;
	memcpy(out->subject, subject.data, subject.len);
	out->subject[subject.len] = '\0';
	return 0;
}

void
graph_fact_register(const struct graph_fact *fact, struct digest *out)
{
	struct thumbprint iss;

	if (fact->has_register) {
		*out = fact->reg;
		return;
	}
	graph_thumbprint_of(&fact->issuer, &iss);
	graph_register_key(&iss, fact->act, graph_fact_subject(fact), out);
}

void
graph_fact_keep_register(struct graph_fact *fact)
{
	graph_fact_register(fact, &fact->reg);
	fact->has_register = true;
}

/* gravity - of a revocation: by the root, then what it revokes, as graph_merge.h orders them */
static uint64_t
gravity(const struct graph_fact *fact)
{
	struct slice subject = graph_fact_subject(fact);
	uint64_t what = 0;

	if (slice_starts_with(subject, SLICE("id:"))) {
		what = 2;
	} else if (slice_starts_with(subject, SLICE("key:"))) {
		what = 1;
	}
	return (graph_fact_is_by_root(fact) ? 4U : 0U) + what;
}

struct slice
graph_rank_encode(const struct graph_fact *fact, uint8_t buf[GRAPH_RANK_LEN])
{
	bool is_revocation =
		fact->class == GRAPH_CLASS_REVOKE || fact->class == GRAPH_CLASS_WAITING_REVOKE;
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_RANK_LEN);
	wire_write_u64(&w, is_revocation ? gravity(fact) : fact->iat_s);
	wire_write_u64(&w, is_revocation ? ~graph_effective_since(fact) : 0);
	wire_write_bytes(&w, digest_slice(&fact->id));
	return graph_written(&w);
}

int
graph_rank_decode(struct slice in, struct digest *id_out)
{
	if (in.len != GRAPH_RANK_LEN) {
		return ERR_CORRUPT;
	}
	memcpy(id_out->bytes, in.data + GRAPH_RANK_LEN - DIGEST_LEN, DIGEST_LEN);
	return 0;
}

struct slice
graph_history_encode(const struct graph_history *in, uint8_t buf[GRAPH_HISTORY_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_HISTORY_LEN);
	wire_write_u64(&w, in->first_seen_s);
	wire_write_bytes(&w, digest_slice(&in->signer));
	wire_write_bytes(&w, digest_slice(&in->id));
	return graph_written(&w);
}

int
graph_history_decode(struct slice in, struct graph_history *out)
{
	struct wire_reader r;

	wire_reader_init(&r, in);
	out->first_seen_s = wire_read_u64(&r);
	wire_read_copy(&r, out->signer.bytes, DIGEST_LEN);
	wire_read_copy(&r, out->id.bytes, DIGEST_LEN);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

struct slice
graph_cert_encode(const struct graph_cert *in, uint8_t buf[GRAPH_CERT_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_CERT_LEN);
	wire_write_u64(&w, in->iat_s);
	wire_write_u64(&w, in->exp_s);
	wire_write_u64(&w, in->first_seen_s);
	wire_write_bytes(&w, digest_slice(&in->id));
	return graph_written(&w);
}

int
graph_cert_decode(struct slice in, struct graph_cert *out)
{
	struct wire_reader r;

	wire_reader_init(&r, in);
	out->iat_s = wire_read_u64(&r);
	out->exp_s = wire_read_u64(&r);
	out->first_seen_s = wire_read_u64(&r);
	wire_read_copy(&r, out->id.bytes, DIGEST_LEN);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

struct slice
graph_slot_encode(const struct graph_slot *in, uint8_t buf[GRAPH_SLOT_LEN])
{
	struct wire_writer w;

	wire_writer_init(&w, buf, GRAPH_SLOT_LEN);
	wire_write_u64(&w, in->first_seen_s);
	wire_write_bytes(&w, digest_slice(&in->reg));
	return graph_written(&w);
}

int
graph_slot_decode(struct slice in, struct graph_slot *out)
{
	struct wire_reader r;

	wire_reader_init(&r, in);
	out->first_seen_s = wire_read_u64(&r);
	wire_read_copy(&r, out->reg.bytes, DIGEST_LEN);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}
