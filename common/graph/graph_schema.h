/*
 * graph_schema.h - the tables of the graph, their keys and records; private to common/graph.
 *
 * Integers are big-endian, so that byte order is sort order. Thumbprints, ids and digests
 * are their 32 raw bytes. A record that does not decode is damage: the caller makes the
 * transaction fail with ERR_CORRUPT. What decides about trust carries a check value mixed
 * from key and record, so that a flipped bit, or a record that slipped under another key, is
 * damage too and not another friend; it is no protection against an attacker, who could
 * write the store.
 *
 *	table        key                         value                              kept?
 *	statements   id 32                       statement record                   kept
 *	history      register 32                 set of history records             kept
 *	certs        issuer 32, device 32        set of certificate records         kept
 *	frozen       issuer 32                   thumbprint text, or empty          kept
 *	guardians    issuer 32                   set of guardians records           kept
 *	tombstones   id 32                       empty                              kept
 *	hosted       issuer 32                   empty                              kept
 *	fresh        issuer 32                   set of slot records                kept
 *	held         register 32                 empty                              kept
 *	state        "epoch", "site", "number"   u64, thumbprint text, u64          kept
 *	             "interest" "peer" "departed" "trimmed"  u64 each: counters of their modules
 *	dropped      number u64                  id 32, iat u64; the last ones      kept
 *	interest     digest 32                   empty                              kept
 *	peers        peer u32                    peer record                        kept
 *	exchange     peer u32, iat u64, id 32    flags u8                           kept
 *	wanted       digest 32                   set of peer u32, iat u64, id 32    kept
 *	numbers      number u64                  id 32                              derived
 *	facts        id 32                       fact record                        derived
 *	registers    register 32                 id 32, seq u64                     derived
 *	issued       issuer 32, class u8         set of rank 16, id 32              derived
 *	             waiting ones: SHA-256 (issuer, signer) 32, class u8, and the
 *	             signers: issuer 32, class WAITING to set of zero 16, signer 32
 *	revocations  as issued, for that class alone, so that they can be counted   derived
 *	dirty, touched  issuer 32                empty; only within a transaction   derived
 *	nodes        digest 32                   node record                        derived
 *	principals   node u32                    digest 32, text                    derived
 *	identities   node u32                    identity record                    derived
 *	formers      node u32                    set of node records                derived
 *	out, in, blocks_out, blocks_in, binds_out, binds_in, warns_out, warns_in
 *	             node u32                    set of edge records                derived
 *	colleagues   0 u32                       edge records of hosted identities  derived
 *
 * A register is SHA-256 over "issuer SP act SP subject", all as text.
 */
#ifndef COMMON_GRAPH_GRAPH_SCHEMA_H
#define COMMON_GRAPH_GRAPH_SCHEMA_H

#include <assert.h>
#include <endian.h>

#include "common/base/wire_writer.h"
#include "common/graph/graph.h"
#include "common/graph/graph_merge.h"

enum graph_table {
	GRAPH_T_STATEMENTS,
	GRAPH_T_HISTORY,
	GRAPH_T_CERTS,
	GRAPH_T_FROZEN,
	GRAPH_T_GUARDIANS,
	GRAPH_T_TOMBSTONES,
	GRAPH_T_HOSTED,
	GRAPH_T_FRESH,
	GRAPH_T_HELD,
	GRAPH_T_STATE,
	GRAPH_T_DROPPED,
	GRAPH_T_INTEREST,
	GRAPH_T_PEERS,
	GRAPH_T_EXCHANGE,
	GRAPH_T_WANTED,
	GRAPH_T_NUMBERS, /* the first of the derived ones */
	GRAPH_T_FACTS,
	GRAPH_T_REGISTERS,
	GRAPH_T_ISSUED,
	GRAPH_T_REVOCATIONS,
	GRAPH_T_DIRTY,
	GRAPH_T_TOUCHED, /* dirty too, because of what others said of them */
	GRAPH_T_NODES,
	GRAPH_T_PRINCIPALS,
	GRAPH_T_IDENTITIES,
	GRAPH_T_FORMERS,
	GRAPH_T_OUT,
	GRAPH_T_IN,
	GRAPH_T_BLOCKS_OUT,
	GRAPH_T_BLOCKS_IN,
	GRAPH_T_BINDS_OUT,
	GRAPH_T_BINDS_IN,
	GRAPH_T_WARNS_OUT,
	GRAPH_T_WARNS_IN,
	GRAPH_T_COLLEAGUES,
	GRAPH_T_COUNT,
};

#define GRAPH_STATE_EPOCH    SLICE("epoch")
#define GRAPH_STATE_SITE     SLICE("site")
#define GRAPH_STATE_NUMBER   SLICE("number")
#define GRAPH_STATE_INTEREST SLICE("interest")
#define GRAPH_STATE_DEPARTED SLICE("departed")
#define GRAPH_STATE_PEER     SLICE("peer")
#define GRAPH_STATE_TRIMMED  SLICE("trimmed")

/** What a statement counts against; stored, so the numbers stay. */
enum graph_class {
	GRAPH_CLASS_VOUCH,
	GRAPH_CLASS_BLOCK,
	GRAPH_CLASS_DEVICE,
	GRAPH_CLASS_BIND,
	GRAPH_CLASS_IDENTITY, /**< one per issuer by its register */
	GRAPH_CLASS_OTHER,
	GRAPH_CLASS_REVOKE,
	GRAPH_CLASS_WAITING,        /**< its key is not certified yet */
	GRAPH_CLASS_WAITING_REVOKE, /**< nor is this one's, but it revokes itself */
	GRAPH_CLASS_GUARD,
	GRAPH_CLASS_SUCCEED,
	GRAPH_CLASS_COUNT,
};

static inline bool graph_class_is_waiting(enum graph_class class)
{
	return class == GRAPH_CLASS_WAITING || class == GRAPH_CLASS_WAITING_REVOKE;
}

/** A check value over table, node and a record, against accidents. */
uint32_t graph_check_of(
	enum graph_table table, graph_node node, const uint8_t *record, size_t len);

/** The bytes of a writer whose buffer is as large as what was written. */
static inline struct slice
graph_written(const struct wire_writer *w)
{
	struct slice out = {0};
	int rc = wire_writer_finish(w, &out);

	assert(rc == 0);
	(void)rc;
	return out;
}

/* Keys. */

struct graph_fact;

#define GRAPH_NODE_KEY_LEN   4
#define GRAPH_ISSUED_KEY_LEN 33
#define GRAPH_CERT_KEY_LEN   64

struct slice graph_node_key(graph_node node, uint8_t buf[GRAPH_NODE_KEY_LEN]);
struct slice graph_issued_key(
	const struct digest *issuer, enum graph_class class, uint8_t buf[GRAPH_ISSUED_KEY_LEN]);
struct slice graph_cert_key(const struct digest *issuer, const struct digest *device,
	uint8_t buf[GRAPH_CERT_KEY_LEN]);

void graph_register_key(const struct thumbprint *iss, enum statement_act act,
	struct slice subject, struct digest *out);

/** The table in which statements of a class are listed per issuer. */
enum graph_table graph_class_table(enum graph_class class);

/** The key of the list a fact stands in: of its issuer, or of its signer while it waits. */
struct slice graph_list_key(const struct graph_fact *fact, uint8_t buf[GRAPH_ISSUED_KEY_LEN]);

/** Raw bytes of a thumbprint, and back. */
NODISCARD int graph_raw_of(struct slice thumbprint, struct digest *out);
void graph_thumbprint_of(const struct digest *raw, struct thumbprint *out);

/*
 * Statement record:
 *	 0  version, 1        1
 *	 1  class             1
 *	 2  number            8   order of receipt
 *	10  first seen, s     8
 *	18  JWS               to the end
 * Example (number 7, first seen 1700000000): 01 00 0000000000000007 000000006553f100 65794a...
 */
#define GRAPH_STATEMENT_LEN 18

struct graph_statement {
	enum graph_class class;
	uint64_t number;
	uint64_t first_seen_s;
	struct slice jws; /**< borrowed */
};

NODISCARD int graph_statement_encode(const struct graph_statement *in,
	uint8_t buf[GRAPH_STATEMENT_LEN + STATEMENT_MAX], struct slice *out);
NODISCARD int graph_statement_decode(struct slice in, struct graph_statement *out);

/*
 * Fact record, what deriving needs of a statement:
 *	 0  version, 1        1
 *	 1  class             1
 *	 2  act               1
 *	 3  level             1
 *	 4  flags             1   1 open, 2 signs always
 *	 5  seq               8
 *	13  iat, s            8
 *	21  exp, s            8   0: none
 *	29  since, s          8
 *	37  first seen, s     8
 *	45  issuer           32
 *	77  signer           32   thumbprint of the signing key
 *	109 subject           2 + n
 */
#define GRAPH_FACT_MAX (111 + PRINCIPAL_TEXT_MAX)

#define GRAPH_FACT_OPEN         0x01
#define GRAPH_FACT_SIGNS_ALWAYS 0x02

struct graph_fact {
	struct digest id; /**< the key */
	enum graph_class class;
	enum statement_act act;
	uint8_t level;
	uint8_t flags;
	uint64_t seq;
	uint64_t iat_s;
	uint64_t exp_s;
	uint64_t since_s;
	uint64_t first_seen_s;
	struct digest issuer;
	struct digest signer;
	bool has_register; /**< false: it is made each time it is asked for */
	struct digest reg;
	uint16_t subject_len;
	char subject[PRINCIPAL_TEXT_MAX];
};

static inline struct slice
graph_fact_subject(const struct graph_fact *fact)
{
	return slice_of(fact->subject, fact->subject_len);
}

static inline bool
graph_fact_is_by_root(const struct graph_fact *fact)
{
	return digest_eq(&fact->issuer, &fact->signer);
}

NODISCARD int graph_fact_encode(
	const struct graph_fact *in, uint8_t buf[GRAPH_FACT_MAX], struct slice *out);
NODISCARD int graph_fact_decode(
	const struct digest *id, struct slice in, struct graph_fact *out);

/** The register a fact stands in. */
void graph_fact_register(const struct graph_fact *fact, struct digest *out);

/** Keeps it in the fact, for those who ask more than once. */
void graph_fact_keep_register(struct graph_fact *fact);

/*
 * Rank, the value of a set of `issued`: what quotas let go first sorts first.
 *	 0  rank             16   iat u64, 0; revocations: see graph_merge.h, by the `since` that counts
 *	16  id               32
 */
#define GRAPH_RANK_LEN 48

struct slice graph_rank_encode(const struct graph_fact *fact, uint8_t buf[GRAPH_RANK_LEN]);
NODISCARD int graph_rank_decode(struct slice in, struct digest *id_out);

/*
 * History record, one per key that signed for a register, the earliest of its statements
 * that vouched for anything (level 1 or more):
 *	 0  first seen, s     8
 *	 8  signer           32
 *	40  id               32
 */
#define GRAPH_HISTORY_LEN 72
#define GRAPH_HISTORY_MAX 16

struct graph_history {
	uint64_t first_seen_s;
	struct digest signer;
	struct digest id;
};

struct slice graph_history_encode(
	const struct graph_history *in, uint8_t buf[GRAPH_HISTORY_LEN]);
NODISCARD int graph_history_decode(struct slice in, struct graph_history *out);

/*
 * Certificate record, one per certificate of a device, replaced ones too:
 *	 0  iat, s            8
 *	 8  exp, s            8
 *	16  first seen, s     8
 *	24  id               32
 */
#define GRAPH_CERT_LEN 56
#define GRAPH_CERT_MAX 8

struct graph_cert {
	uint64_t iat_s;
	uint64_t exp_s;
	uint64_t first_seen_s;
	struct digest id;
};

struct slice graph_cert_encode(const struct graph_cert *in, uint8_t buf[GRAPH_CERT_LEN]);
NODISCARD int graph_cert_decode(struct slice in, struct graph_cert *out);

/*
 * Slot record, a vouch that took one of its issuer's places under the fresh rule:
 *	 0  first seen, s     8
 *	 8  register         32
 */
#define GRAPH_SLOT_LEN 40

struct graph_slot {
	uint64_t first_seen_s;
	struct digest reg;
};

struct slice graph_slot_encode(const struct graph_slot *in, uint8_t buf[GRAPH_SLOT_LEN]);
NODISCARD int graph_slot_decode(struct slice in, struct graph_slot *out);

/*
 * Edge record:
 *	 0  order             8   of the peer: the first bytes of its digest, by which sets are sorted
 *	 8  peer              4
 *	12  exp, s            4
 *	16  first seen, s     4
 *	20  level             1   1 to 3
 *	21  flags             1
 *	22  check             2   over table, node and the bytes before
 * Example (peer 5, until 1800000000, seen 1700000000, ordinary, open):
 *	0123456789abcdef 00000005 6b49d200 6553f100 02 01 cccc
 */
#define GRAPH_EDGE_LEN     24
#define GRAPH_EDGE_REF_LEN 12

#define GRAPH_EDGE_AT_FLAGS 21

struct slice graph_edge_encode(enum graph_table table, graph_node node,
	const struct graph_edge *in, uint8_t buf[GRAPH_EDGE_LEN]);

/** The beginning of an edge record, by which sets are searched. */
struct slice graph_edge_key(struct graph_ref ref, uint8_t buf[GRAPH_EDGE_REF_LEN]);

/** The peer of an edge record, by which lists are searched; nothing else is checked. */
static inline struct graph_ref
graph_edge_peer(const uint8_t *record)
{
	uint64_t order;
	uint32_t node;

	memcpy(&order, record, sizeof(order));
	memcpy(&node, record + sizeof(order), sizeof(node));
	return (struct graph_ref){be64toh(order), be32toh(node)};
}

NODISCARD int graph_edge_decode(
	enum graph_table table, graph_node node, struct slice in, struct graph_edge *out);

/*
 * Node record:
 *	 0  node              4
 *	 4  check             4   over digest and node
 */
#define GRAPH_NODE_LEN 8

struct slice graph_node_encode(
	const struct digest *digest, graph_node node, uint8_t buf[GRAPH_NODE_LEN]);
NODISCARD int graph_node_decode(const struct digest *digest, struct slice in, graph_node *out);

/** From when a revocation holds: from its `since`, and no later than from its own arrival. */
static inline uint64_t
graph_effective_since(const struct graph_fact *revoke)
{
	return revoke->since_s < revoke->first_seen_s ? revoke->since_s : revoke->first_seen_s;
}

/*
 * Guardians record, one per `identity` statement that names other guardians than those before:
 *	 0  first seen, s     8
 *	 8  seq               8
 *	16  id               32
 *	48  needed            1   0 without guardians
 *	49  count             1   0 to 7
 *	50  guardians       224   7 thumbprints of 32, those beyond the count zero
 */
#define GRAPH_GUARDIANS_LEN 274

struct graph_guardians {
	uint64_t first_seen_s;
	uint64_t seq;
	struct digest id;
	uint8_t needed;
	uint8_t count;
	struct digest who[STATEMENT_GUARDIANS_MAX];
};

struct slice graph_guardians_encode(
	const struct graph_guardians *in, uint8_t buf[GRAPH_GUARDIANS_LEN]);
NODISCARD int graph_guardians_decode(struct slice in, struct graph_guardians *out);

/*
 * Former record, an identity that the key continues:
 *	 0  node              4
 *	 4  check             4   over both nodes
 */
#define GRAPH_FORMER_LEN 8

struct slice graph_former_encode(
	graph_node current, graph_node former, uint8_t buf[GRAPH_FORMER_LEN]);
NODISCARD int graph_former_decode(graph_node current, struct slice in, graph_node *out);

/*
 * Identity record:
 *	 0  flags             1   1 hosted, 2 signs always, 4 revoked, 8 stopped by guardians
 *	 1  revoked since, s  8
 *	 9  stopped since, s  8
 *	17  successor         4   node; 0 none
 *	21  succeeded, s      8   since when
 *	29  check             4
 */
#define GRAPH_IDENTITY_LEN 33

#define GRAPH_IDENTITY_HOSTED       0x01
#define GRAPH_IDENTITY_SIGNS_ALWAYS 0x02
#define GRAPH_IDENTITY_REVOKED      0x04
#define GRAPH_IDENTITY_GUARDED      0x08

struct graph_identity {
	uint8_t flags;
	uint64_t revoked_since_s;
	uint64_t guarded_since_s;
	graph_node successor;
	uint64_t succeeded_since_s;
};

struct slice graph_identity_encode(
	graph_node node, const struct graph_identity *in, uint8_t buf[GRAPH_IDENTITY_LEN]);
NODISCARD int graph_identity_decode(
	graph_node node, struct slice in, struct graph_identity *out);

#endif
