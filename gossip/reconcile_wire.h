/*
 * reconcile_wire.h - the message format of Negentropy protocol V1, read and written.
 *
 *     message  = version(1 byte, 0x61) range*
 *     range    = bound mode payload
 *     bound    = timestamp(varint) length(varint, 0..32) id-prefix(length bytes)
 *     mode 0   = skip:         nothing
 *     mode 1   = fingerprint:  16 bytes
 *     mode 2   = id list:      count(varint) id(32 bytes)*
 *     varint   = base 128, most significant group first, bit 8 set on all bytes but the last,
 *                in its shortest form
 *
 * A range begins where the one before ended, the first at (0, zeros), and ends below its bound;
 * what no range covers is skipped. A bound's timestamp is 0 for infinity, else 1 plus the
 * difference to the bound before in this message. Bytes missing from its id are zero. Example:
 * 61 00 00 02 00 is a whole message of one range to infinity with an empty list.
 *
 * Stricter than the reference in three points, which no honest message meets: a varint must be
 * in its shortest form and fit 64 bits, and bounds must not descend. Equal bounds are right: a
 * full frame may end with a second range to infinity.
 */
#ifndef GOSSIP_RECONCILE_WIRE_H
#define GOSSIP_RECONCILE_WIRE_H

#include "common/base/dynbuf.h"
#include "common/base/err.h"
#include "gossip/id_sum.h"
#include "gossip/item.h"

#define RECONCILE_VERSION 0x61

/** Version bytes of this family: what we do not speak is answered with what we do. */
#define RECONCILE_VERSION_FIRST 0x60
#define RECONCILE_VERSION_LAST  0x6f

/** Bytes of the longest varint: 64 bits in groups of 7. */
#define RECONCILE_VARINT_MAX 10

enum reconcile_mode {
	RECONCILE_SKIP = 0,
	RECONCILE_FINGERPRINT = 1,
	RECONCILE_ID_LIST = 2,
};

/** As many bytes of item.id as id_len are on the wire, the others are zero. */
struct reconcile_bound {
	struct item item;
	uint8_t id_len;
};

struct reconcile_range {
	struct reconcile_bound upper;
	enum reconcile_mode mode;
	struct slice payload; /**< the fingerprint, or the ids alone; borrowed */
};

/** Fields are private. Borrows the message. */
struct reconcile_reader {
	struct slice whole;
	struct slice rest;
	struct item last;
};

/** Fields are private. Borrows the buffer. */
struct reconcile_writer {
	struct dynbuf *out;
	uint64_t last_timestamp;
};

/** Writes the varint to out, which has room for RECONCILE_VARINT_MAX; returns its length. */
size_t reconcile_varint(uint64_t value, uint8_t *out);

struct reconcile_bound reconcile_bound_infinity(void);

/** The bound that is this item, all bytes of its id. */
struct reconcile_bound reconcile_bound_at(const struct item *item);

/** The shortest bound above `before` and not above `item`, its neighbour. */
struct reconcile_bound reconcile_bound_between(
	const struct item *before, const struct item *item);

/** Begins with the whole message; reconcile_read_version comes first. */
void reconcile_reader_init(struct reconcile_reader *r, struct slice message);

/**
 * @return 0 and any byte of the family; ERR_TRUNCATED for an empty message, ERR_INVALID for
 * another byte.
 */
NODISCARD int reconcile_read_version(
	struct reconcile_reader *r, uint8_t *version_out, struct err_msg *msg);

/** Whether the message has another range. */
bool reconcile_has_range(const struct reconcile_reader *r);

/** @return 0; ERR_TRUNCATED, or ERR_INVALID with the offset in the message. */
NODISCARD int reconcile_read_range(
	struct reconcile_reader *r, struct reconcile_range *range, struct err_msg *msg);

/** Begins a message: writes the version. Errors are those of `out`, sticky. */
void reconcile_writer_init(struct reconcile_writer *w, struct dynbuf *out);

void reconcile_write_skip(struct reconcile_writer *w, const struct reconcile_bound *upper);
void reconcile_write_fingerprint(struct reconcile_writer *w,
	const struct reconcile_bound *upper, const uint8_t fingerprint[ID_SUM_FINGERPRINT_LEN]);

/** Writes all of a list but its ids: `count` of them follow by reconcile_write_id. */
void reconcile_write_list(
	struct reconcile_writer *w, const struct reconcile_bound *upper, uint64_t count);
void reconcile_write_id(struct reconcile_writer *w, const struct digest *id);

#endif
