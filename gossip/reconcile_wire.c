#include "gossip/reconcile_wire.h"

#define GROUP_BITS  7
#define GROUP_MASK  0x7f
#define MORE_GROUPS 0x80

size_t
reconcile_varint(uint64_t value, uint8_t *out)
{
	size_t len = 1;

	for (uint64_t rest = value >> GROUP_BITS; rest != 0; rest >>= GROUP_BITS) {
		len++;
	}
	for (size_t i = len; i > 0; i--) {
		out[i - 1] = (uint8_t)((value & GROUP_MASK) | (i < len ? MORE_GROUPS : 0));
		value >>= GROUP_BITS;
	}
	return len;
}

struct reconcile_bound
reconcile_bound_infinity(void)
{
	return (struct reconcile_bound){.item = {.timestamp = ITEM_TIMESTAMP_INFINITY}};
}

struct reconcile_bound
reconcile_bound_at(const struct item *item)
{
	return (struct reconcile_bound){.item = *item, .id_len = DIGEST_LEN};
}

struct reconcile_bound
reconcile_bound_between(const struct item *before, const struct item *item)
{
	struct reconcile_bound bound = {.item = {.timestamp = item->timestamp}};
	size_t same = 0;

	if (before->timestamp != item->timestamp) {
		return bound;
	}
	while (same < DIGEST_LEN - 1 && before->id.bytes[same] == item->id.bytes[same]) {
		same++;
	}
	bound.id_len = (uint8_t)(same + 1);
	memcpy(bound.item.id.bytes, item->id.bytes, bound.id_len);
	return bound;
}

void
reconcile_reader_init(struct reconcile_reader *r, struct slice message)
{
	*r = (struct reconcile_reader){.whole = message, .rest = message};
}

/* offset - how far the reader has come */
static size_t
offset(const struct reconcile_reader *r)
{
	return r->whole.len - r->rest.len;
}

static int
truncated(const struct reconcile_reader *r, const char *what, struct err_msg *msg)
{
	return err_set_at(msg, ERR_TRUNCATED, r->whole.len, "the message ends within %s", what);
}

int
reconcile_read_version(struct reconcile_reader *r, uint8_t *version_out, struct err_msg *msg)
{
	uint8_t version = 0;

	if (slice_is_empty(r->rest)) {
		return err_set_at(msg, ERR_TRUNCATED, 0, "the message is empty");
	}
	version = r->rest.data[0];
	if (version < RECONCILE_VERSION_FIRST || version > RECONCILE_VERSION_LAST) {
		return err_set_at(
			msg, ERR_INVALID, 0, "0x%02x is no version of the protocol", version);
	}
	r->rest = slice_skip(r->rest, 1);
	*version_out = version;
	return 0;
}

bool
reconcile_has_range(const struct reconcile_reader *r)
{
	return !slice_is_empty(r->rest);
}

/* read_varint - `what` names it in the error */
static int
read_varint(
	struct reconcile_reader *r, const char *what, uint64_t *value_out, struct err_msg *msg)
{
	uint64_t value = 0;

	for (size_t i = 0; i < r->rest.len; i++) {
		const uint8_t c = r->rest.data[i];
		if (i == 0 && c == MORE_GROUPS) {
			return err_set_at(msg, ERR_INVALID, offset(r),
				"%s is not in its shortest form", what);
		}
		if (value > UINT64_MAX >> GROUP_BITS) {
			return err_set_at(
				msg, ERR_INVALID, offset(r), "%s is above 64 bits", what);
		}
		value = value << GROUP_BITS | (c & GROUP_MASK);
		if ((c & MORE_GROUPS) == 0) {
			r->rest = slice_skip(r->rest, i + 1);
			*value_out = value;
			return 0;
		}
	}
	return truncated(r, what, msg);
}

/* read_timestamp - infinity is 0; a sum beyond it is infinity too, as in the reference */
static int
read_timestamp(struct reconcile_reader *r, uint64_t *timestamp_out, struct err_msg *msg)
{
	uint64_t encoded = 0;
	const int ret = read_varint(r, "a timestamp", &encoded, msg);

	if (ret != 0) {
		return ret;
	}
	if (encoded == 0 || encoded - 1 > ITEM_TIMESTAMP_INFINITY - r->last.timestamp) {
		*timestamp_out = ITEM_TIMESTAMP_INFINITY;
	} else {
		*timestamp_out = r->last.timestamp + (encoded - 1);
	}
	return 0;
}

static int
read_bound(struct reconcile_reader *r, struct reconcile_bound *bound, struct err_msg *msg)
{
	const size_t start = offset(r);
	uint64_t len = 0;
	int ret = read_timestamp(r, &bound->item.timestamp, msg);

	if (ret == 0) {
		ret = read_varint(r, "the length of a bound", &len, msg);
	}
	if (ret != 0) {
		return ret;
	}
	if (len > DIGEST_LEN) {
		return err_set_at(msg, ERR_INVALID, start,
			"a bound has more than the %d bytes of an id", DIGEST_LEN);
	}
	if (len > r->rest.len) {
		return truncated(r, "a bound", msg);
	}
	bound->id_len = (uint8_t)len;
	memcpy(bound->item.id.bytes, r->rest.data, len);
	r->rest = slice_skip(r->rest, len);
	if (item_cmp(&bound->item, &r->last) < 0) {
		return err_set_at(
			msg, ERR_INVALID, start, "a bound is below the one before it");
	}
	r->last = bound->item;
	return 0;
}

/* read_ids - the count, and ids of which all must be there */
static int
read_ids(struct reconcile_reader *r, size_t *len_out, struct err_msg *msg)
{
	uint64_t count = 0;
	const int ret = read_varint(r, "the length of a list", &count, msg);

	if (ret != 0) {
		return ret;
	}
	if (count > r->rest.len / DIGEST_LEN) {
		return truncated(r, "a list of ids", msg);
	}
	*len_out = count * DIGEST_LEN;
	return 0;
}

int
reconcile_read_range(
	struct reconcile_reader *r, struct reconcile_range *range, struct err_msg *msg)
{
	uint64_t mode = 0;
	size_t len = 0;
	int ret = 0;

	*range = (struct reconcile_range){0};
	ret = read_bound(r, &range->upper, msg);
	if (ret == 0) {
		ret = read_varint(r, "a mode", &mode, msg);
	}
	if (ret == 0 && mode > RECONCILE_ID_LIST) {
		return err_set_at(msg, ERR_INVALID, offset(r), "there is no such mode");
	}
	if (ret == 0 && mode == RECONCILE_FINGERPRINT) {
		len = ID_SUM_FINGERPRINT_LEN;
	}
	if (ret == 0 && mode == RECONCILE_ID_LIST) {
		ret = read_ids(r, &len, msg);
	}
	if (ret != 0) {
		return ret;
	}
	if (len > r->rest.len) {
		return truncated(r, "a fingerprint", msg);
	}
	range->mode = (enum reconcile_mode)mode;
	range->payload = slice_take(r->rest, len);
	r->rest = slice_skip(r->rest, len);
	return 0;
}

void
reconcile_writer_init(struct reconcile_writer *w, struct dynbuf *out)
{
	*w = (struct reconcile_writer){.out = out};
	dynbuf_add_byte(out, RECONCILE_VERSION);
}

static void
write_varint(struct reconcile_writer *w, uint64_t value)
{
	uint8_t text[RECONCILE_VARINT_MAX];

	dynbuf_add(w->out, slice_of(text, reconcile_varint(value, text)));
}

/* write_head - a bound and a mode */
static void
write_head(struct reconcile_writer *w, const struct reconcile_bound *upper,
	enum reconcile_mode mode)
{
	const uint64_t timestamp = upper->item.timestamp;

	if (timestamp == ITEM_TIMESTAMP_INFINITY) {
		write_varint(w, 0);
	} else {
		write_varint(w, timestamp - w->last_timestamp + 1);
	}
	w->last_timestamp = timestamp;
	write_varint(w, upper->id_len);
	dynbuf_add(w->out, slice_of(upper->item.id.bytes, upper->id_len));
	write_varint(w, mode);
}

void
reconcile_write_skip(struct reconcile_writer *w, const struct reconcile_bound *upper)
{
	write_head(w, upper, RECONCILE_SKIP);
}

void
reconcile_write_fingerprint(struct reconcile_writer *w, const struct reconcile_bound *upper,
	const uint8_t fingerprint[ID_SUM_FINGERPRINT_LEN])
{
	write_head(w, upper, RECONCILE_FINGERPRINT);
	dynbuf_add(w->out, slice_of(fingerprint, ID_SUM_FINGERPRINT_LEN));
}

void
reconcile_write_list(
	struct reconcile_writer *w, const struct reconcile_bound *upper, uint64_t count)
{
	write_head(w, upper, RECONCILE_ID_LIST);
	write_varint(w, count);
}

void
reconcile_write_id(struct reconcile_writer *w, const struct digest *id)
{
	dynbuf_add(w->out, digest_slice(id));
}
