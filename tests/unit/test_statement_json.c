#include <criterion/criterion.h>

#include "common/statement/small_json.h"

Test(small_json, keeps_every_type_of_value)
{
	static struct small_json json;
	const struct slice in = SLICE(" { \"n\" : -7 , \"s\" : \"text\", \"w\":null,\r\n\t"
				      "\"l\": [1, \"x\", true, false], \"o\": {\"n\": 8} } ");
	struct small_json_object root = small_json_root(&json);
	const struct small_json_member *inner = NULL;

	cr_assert_eq(small_json_parse(&json, in, NULL), 0);
	cr_expect_eq(small_json_find(root, "n")->number, -7);
	cr_expect(slice_eq(small_json_find(root, "s")->text, SLICE("text")));
	cr_expect_eq(small_json_find(root, "w")->type, SMALL_JSON_WORD);
	cr_expect_eq(small_json_find(root, "l")->type, SMALL_JSON_LIST);
	inner = small_json_find(root, "o");
	cr_expect_eq(inner->type, SMALL_JSON_OBJECT);
	cr_expect_eq(small_json_find(small_json_inner(&json, inner), "n")->number, 8);
	cr_expect_null(small_json_find(small_json_inner(&json, inner), "s"));
	cr_expect_null(small_json_find(root, "x"));
}

static const struct {
	const char *label;
	const char *in;
	const char *text;
} strings[] = {
	{"empty", "{\"a\":\"\"}", ""},
	{"short escapes", "{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
	{"escaped ASCII", "{\"a\":\"\\u0041\\u007f\"}", "A\177"},
	{"escaped, two bytes", "{\"a\":\"\\u00FC\\u0080\\u07ff\"}", "\303\274\302\200\337\277"},
	{"escaped, three bytes", "{\"a\":\"\\u0800\\u20ac\\uffff\"}",
		"\340\240\200\342\202\254\357\277\277"},
	{"escaped, four bytes", "{\"a\":\"\\ud800\\udc00\\uDBFF\\uDFFF\"}",
		"\360\220\200\200\364\217\277\277"},
	{"plain UTF-8", "{\"a\":\"\303\274\360\237\230\200\"}", "\303\274\360\237\230\200"},
	{"escaped name", "{\"\\u0061\":\"x\"}", "x"},
};

Test(small_json, strings_are_decoded)
{
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		static struct small_json json;
		const struct small_json_member *member = NULL;
		struct err_msg msg = {0};

		cr_assert_eq(small_json_parse(&json, slice_str(strings[i].in), &msg), 0,
			"%s: %s", strings[i].label, msg.text);
		member = small_json_find(small_json_root(&json), "a");
		cr_assert_not_null(member, "%s", strings[i].label);
		cr_expect(slice_eq(member->text, slice_str(strings[i].text)), "%s: %.*s",
			strings[i].label, SLICE_ARG(member->text));
	}
}

static const struct {
	const char *in;
	int64_t number;
} integers[] = {
	{"{\"a\":0}", 0},
	{"{\"a\":-0}", 0},
	{"{\"a\":10}", 10},
	{"{\"a\":9223372036854775807}", INT64_MAX},
	{"{\"a\":-9223372036854775808}", INT64_MIN},
};

Test(small_json, integers_have_64_bits)
{
	for (size_t i = 0; i < ARRAY_LEN(integers); i++) {
		static struct small_json json;

		cr_assert_eq(small_json_parse(&json, slice_str(integers[i].in), NULL), 0, "%s",
			integers[i].in);
		cr_expect_eq(small_json_find(small_json_root(&json), "a")->number,
			integers[i].number, "%s", integers[i].in);
	}
}

static const struct {
	const char *label;
	struct slice in;
	int code;
	size_t offset;
} invalid[] = {
	{"nothing", {(const uint8_t *)"", 0}, ERR_INVALID, 0},
	{"blanks", {(const uint8_t *)"  ", 2}, ERR_INVALID, 2},
	{"a list", {(const uint8_t *)"[]", 2}, ERR_INVALID, 0},
	{"no name", {(const uint8_t *)"{1:2}", 5}, ERR_INVALID, 1},
	{"no colon", {(const uint8_t *)"{\"a\" 1}", 7}, ERR_INVALID, 5},
	{"no value", {(const uint8_t *)"{\"a\":}", 6}, ERR_INVALID, 5},
	{"half a word", {(const uint8_t *)"{\"a\":nul}", 9}, ERR_INVALID, 5},
	{"a comma too many", {(const uint8_t *)"{\"a\":1,}", 8}, ERR_INVALID, 7},
	{"a comma too few", {(const uint8_t *)"{\"a\":1 \"b\":2}", 13}, ERR_INVALID, 7},
	{"something behind", {(const uint8_t *)"{} x", 4}, ERR_INVALID, 3},
	{"NUL behind", {(const uint8_t *)"{}\0", 3}, ERR_INVALID, 2},
	{"a fraction", {(const uint8_t *)"{\"a\":1.0}", 9}, ERR_INVALID, 6},
	{"an exponent", {(const uint8_t *)"{\"a\":1E3}", 9}, ERR_INVALID, 6},
	{"a leading zero", {(const uint8_t *)"{\"a\":01}", 8}, ERR_INVALID, 7},
	{"only a minus", {(const uint8_t *)"{\"a\":-}", 7}, ERR_INVALID, 6},
	{"too great", {(const uint8_t *)"{\"a\":9223372036854775808}", 25}, ERR_RANGE, 5},
	{"too small", {(const uint8_t *)"{\"a\":-9223372036854775809}", 26}, ERR_RANGE, 5},
	{"a name twice", {(const uint8_t *)"{\"a\":1,\"\\u0061\":2}", 18}, ERR_INVALID, 15},
	{"nested 3 deep", {(const uint8_t *)"{\"a\":[[]]}", 10}, ERR_INVALID, 6},
	{"an unknown escape", {(const uint8_t *)"{\"a\":\"\\x\"}", 10}, ERR_INVALID, 7},
	{"bad hex", {(const uint8_t *)"{\"a\":\"\\u00g0\"}", 14}, ERR_INVALID, 10},
	{"escaped NUL", {(const uint8_t *)"{\"a\":\"\\u0000\"}", 14}, ERR_INVALID, 12},
	{"low half first", {(const uint8_t *)"{\"a\":\"\\udc00\"}", 14}, ERR_INVALID, 12},
	{"only a high half", {(const uint8_t *)"{\"a\":\"\\ud800x\"}", 15}, ERR_INVALID, 12},
	{"two high halves", {(const uint8_t *)"{\"a\":\"\\ud800\\ud800\"}", 20}, ERR_INVALID,
		18},
	{"a line in a string", {(const uint8_t *)"{\"a\":\"\n\"}", 9}, ERR_INVALID, 6},
	{"no end of a string", {(const uint8_t *)"{\"a\":\"x", 7}, ERR_INVALID, 7},
};

Test(small_json, everything_else_is_refused_with_its_place)
{
	for (size_t i = 0; i < ARRAY_LEN(invalid); i++) {
		static struct small_json json;
		struct err_msg msg = {0};

		cr_expect_eq(small_json_parse(&json, invalid[i].in, &msg), invalid[i].code,
			"%s: %s", invalid[i].label, msg.text);
		cr_expect_eq(msg.offset, invalid[i].offset, "%s: offset %zu", invalid[i].label,
			msg.offset);
	}
}

Test(small_json, every_truncation_is_refused)
{
	for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
		static struct small_json json;
		struct slice in = slice_str(strings[i].in);

		for (size_t len = 0; len < in.len; len++) {
			cr_expect_eq(small_json_parse(&json, slice_take(in, len), NULL),
				ERR_INVALID, "%s: length %zu", strings[i].label, len);
		}
	}
}

Test(small_json, takes_as_many_members_as_fit_and_no_byte_more)
{
	static struct small_json json;
	char in[SMALL_JSON_BYTES_MAX + 1];
	size_t len = 0;

	in[len++] = '{';
	for (char c = 0; len + 7 < SMALL_JSON_BYTES_MAX; c++) {
		const char member[] = {
			'"', (char)('a' + c / 26), (char)('a' + c % 26), '"', ':', '1', ','};

		memcpy(in + len, member, sizeof(member));
		len += sizeof(member);
	}
	in[len - 1] = '}';
	memset(in + len, ' ', sizeof(in) - len);
	cr_expect_eq(small_json_parse(&json, slice_of(in, SMALL_JSON_BYTES_MAX), NULL), 0);
	cr_expect_gt(json.count, 90);
	cr_expect_eq(small_json_parse(&json, slice_of(in, SMALL_JSON_BYTES_MAX + 1), NULL),
		ERR_TOOBIG);
}
