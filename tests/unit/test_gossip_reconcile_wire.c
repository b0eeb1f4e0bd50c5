/*
 * The message format: known bytes both ways, and what is refused where.
 */
#include <criterion/criterion.h>

#include "common/base/encoding.h"
#include "gossip/reconcile_wire.h"

static const struct {
	uint64_t value;
	const char *hex;
} varints[] = {
	{0, "00"},
	{1, "01"},
	{127, "7f"},
	{128, "8100"},
	{16383, "ff7f"},
	{16384, "818000"},
	{1700000000, "86aacfe200"},
	{UINT64_MAX - 1, "81ffffffffffffffff7e"},
	{UINT64_MAX, "81ffffffffffffffff7f"},
};

Test(reconcile_wire, writes_varints_in_their_shortest_form)
{
	for (size_t i = 0; i < ARRAY_LEN(varints); i++) {
		uint8_t out[RECONCILE_VARINT_MAX];
		char hex[2 * RECONCILE_VARINT_MAX + 1];
		const size_t len = reconcile_varint(varints[i].value, out);

		hex_encode(slice_of(out, len), hex);
		cr_expect_str_eq(hex, varints[i].hex);
	}
}

/* Items next to each other, and the shortest bound between them. */
static const struct {
	const char *label;
	struct item before;
	struct item item;
	unsigned id_len;
} bounds[] = {
	{"another second", {1, {{1, 2, 3}}}, {2, {{1, 2, 3}}}, 0},
	{"another first byte", {1, {{1}}}, {1, {{2}}}, 1},
	{"another third byte", {1, {{1, 2, 3}}}, {1, {{1, 2, 4}}}, 3},
	{"another last byte", {1, {{[31] = 1}}}, {1, {{[31] = 2}}}, 32},
};

Test(reconcile_wire, makes_the_shortest_bound_between_two_items)
{
	for (size_t i = 0; i < ARRAY_LEN(bounds); i++) {
		const struct reconcile_bound bound =
			reconcile_bound_between(&bounds[i].before, &bounds[i].item);

		cr_expect_eq(bound.id_len, bounds[i].id_len, "%s", bounds[i].label);
		cr_expect_gt(
			item_cmp(&bound.item, &bounds[i].before), 0, "%s", bounds[i].label);
		cr_expect_leq(item_cmp(&bound.item, &bounds[i].item), 0, "%s", bounds[i].label);
	}
}

/* from_hex - into a static buffer */
static struct slice
from_hex(const char *hex)
{
	static uint8_t bytes[512];
	size_t len = 0;

	cr_assert_eq(hex_decode(slice_str(hex), bytes, sizeof(bytes), &len), 0, "%s", hex);
	return slice_of(bytes, len);
}

/* read_all - all ranges of a message; the first error, or 0 and how many */
static int
read_all(struct slice message, size_t *n_out, struct err_msg *msg)
{
	struct reconcile_reader r;
	struct reconcile_range range;
	uint8_t version = 0;
	int ret = 0;

	*n_out = 0;
	reconcile_reader_init(&r, message);
	ret = reconcile_read_version(&r, &version, msg);
	while (ret == 0 && reconcile_has_range(&r)) {
		ret = reconcile_read_range(&r, &range, msg);
		*n_out += ret == 0;
	}
	return ret;
}

#define PRINT_16 "00112233445566778899aabbccddeeff"
#define ID_A     PRINT_16 PRINT_16

static const struct {
	const char *label;
	const char *hex;
	size_t ranges;
} valid[] = {
	{"no range", "61", 0},
	{"skip to infinity", "61000000", 1},
	{"an empty list", "6100000200", 1},
	{"one id", "6100000201" ID_A, 1},
	{"a fingerprint", "61000001" PRINT_16, 1},
	{"two ranges", "61050000000001" PRINT_16, 2},
	{"a whole id as bound", "610520" ID_A "00", 1},
	{"the same bound twice",
		"6105010100010101"
		"00",
		2},
	{"infinity twice", "6100000000000200", 2},
	{"beyond infinity by its id",
		"61000000000101"
		"00",
		2},
	{"timestamps that overflow are infinity", "6181ffffffffffffffff7f0000030000", 2},
};

Test(reconcile_wire, reads_what_is_right)
{
	for (size_t i = 0; i < ARRAY_LEN(valid); i++) {
		struct err_msg msg = {0};
		size_t n = 0;

		cr_expect_eq(read_all(from_hex(valid[i].hex), &n, &msg), 0, "%s: %s",
			valid[i].label, msg.text);
		cr_expect_eq(n, valid[i].ranges, "%s", valid[i].label);
	}
}

static const struct {
	const char *label;
	const char *hex;
	int code;
	size_t offset;
	const char *text;
} invalid[] = {
	{"nothing", "", ERR_TRUNCATED, 0, "empty"},
	{"below the versions", "5f", ERR_INVALID, 0, "0x5f"},
	{"above the versions", "7000", ERR_INVALID, 0, "0x70"},
	{"no length", "6105", ERR_TRUNCATED, 2, "length of a bound"},
	{"a varint without end", "6185", ERR_TRUNCATED, 2, "a timestamp"},
	{"a padded varint", "6180050000", ERR_INVALID, 1, "shortest"},
	{"a padded zero", "61800000", ERR_INVALID, 1, "shortest"},
	{"65 bits", "6183ffffffffffffffff7f0000", ERR_INVALID, 1, "64 bits"},
	{"eleven groups", "6181ffffffffffffffffff7f0000", ERR_INVALID, 1, "64 bits"},
	{"33 bytes of an id", "610021" ID_A "0000", ERR_INVALID, 1, "more than the 32"},
	{"half a bound", "61050301", ERR_TRUNCATED, 4, "a bound"},
	{"no mode", "610000", ERR_TRUNCATED, 3, "a mode"},
	{"mode 3", "61000003", ERR_INVALID, 4, "no such mode"},
	{"a mode of two bytes", "61000081000000", ERR_INVALID, 5, "no such mode"},
	{"half a fingerprint", "610000010011223344", ERR_TRUNCATED, 9, "a fingerprint"},
	{"no count", "61000002", ERR_TRUNCATED, 4, "length of a list"},
	{"no ids", "6100000201", ERR_TRUNCATED, 5, "a list of ids"},
	{"one id of two", "6100000202" ID_A, ERR_TRUNCATED, 37, "a list of ids"},
	{"2^64-1 ids", "6100000281ffffffffffffffff7f" ID_A, ERR_TRUNCATED, 46, "a list of ids"},
	{"2^59 ids, whose bytes overflow",
		"610000028880808080808080"
		"00" ID_A,
		ERR_TRUNCATED, 45, "a list of ids"},
	{"bounds that descend",
		"6105010200010101"
		"00",
		ERR_INVALID, 5, "below"},
	{"back from infinity",
		"61000101000000"
		"00",
		ERR_INVALID, 5, "below"},
};

Test(reconcile_wire, refuses_what_is_wrong_and_says_where)
{
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		const char *label = invalid[i].label;
		struct err_msg msg = {0};
		size_t n = 0;

		cr_expect_eq(read_all(from_hex(invalid[i].hex), &n, &msg), invalid[i].code,
			"%s: %s", label, msg.text);
		cr_expect_eq(msg.offset, invalid[i].offset, "%s: at %zu", label, msg.offset);
		cr_expect_not_null(
			strstr(msg.text, invalid[i].text), "%s: %s", label, msg.text);
	}
}

Test(reconcile_wire, writes_what_it_reads)
{
	const struct item item = {.timestamp = 4, .id = {{0xaa, 0xbb}}};
	const struct reconcile_bound at = reconcile_bound_at(&item);
	const struct reconcile_bound infinity = reconcile_bound_infinity();
	const struct reconcile_bound first = {.item = {.timestamp = 4}, .id_len = 2};
	const uint8_t print[ID_SUM_FINGERPRINT_LEN] = {1, 2, 3};
	struct reconcile_writer w;
	struct dynbuf out;

	dynbuf_init(&out, 1000);
	reconcile_writer_init(&w, &out);
	reconcile_write_skip(&w, &first);
	reconcile_write_list(&w, &at, 1);
	reconcile_write_id(&w, &item.id);
	reconcile_write_fingerprint(&w, &infinity, print);
	cr_assert_eq(dynbuf_error(&out), 0);

#define ID                                 \
	"aabb"                             \
	"00000000000000000000000000000000" \
	"0000000000000000000000000000"
	const struct slice expected = from_hex("61"
					       "0502000000"
					       "0120" ID "0201" ID "000001"
					       "01020300000000000000000000000000");
	cr_expect(slice_eq(dynbuf_slice(&out), expected));
	dynbuf_fini(&out);
}
