/*
 * The vectors of tests/golden/statement, which make.mjs wrote without our code: valid.txt must
 * be accepted and, where canonical, be what we write ourselves; refused.txt must be refused
 * with the code it names.
 */
#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/encoding.h"
#include "common/statement/statement.h"

#define LINE_BYTES 8192

/* Fields of a line, separated by tabs. */
enum {
	VALID_LABEL,
	VALID_SPELLING,
	VALID_SEED,
	VALID_ID,
	VALID_JWS,
	VALID_FIELDS,
};

enum {
	REFUSED_LABEL,
	REFUSED_CODE,
	REFUSED_JWS,
	REFUSED_FIELDS,
};

typedef void case_fn(struct slice *fields, const char *label);

/* each_case - calls check for every line of a file */
static void
each_case(const char *name, size_t field_count, case_fn *check)
{
	char path[1024];
	char line[LINE_BYTES];
	FILE *file = NULL;
	size_t count = 0;

	(void)snprintf(path, sizeof(path), "%s/golden/statement/%s", TESTS_DIR, name);
	file = fopen(path, "r");
	cr_assert_not_null(file, "%s", path);
	while (fgets(line, sizeof(line), file) != NULL) {
		struct slice rest = slice_str(line);
		struct slice fields[8];

		for (size_t i = 0; i < field_count; i++) {
			size_t end = slice_find_byte(rest, '\t');

			cr_assert_lt(end, rest.len, "%s: too few fields: %s", name, line);
			line[(size_t)(rest.data - (uint8_t *)line) + end] = '\0';
			fields[i] = slice_take(rest, end);
			rest = slice_skip(rest, end + 1);
		}
		check(fields, line);
		count++;
	}
	cr_assert_eq(fclose(file), 0);
	cr_assert_gt(count, 50, "%s: only %zu cases", name, count);
}

static struct keypair *
pair_from_seed(struct slice hex)
{
	uint8_t seed[IDENTITY_KEY_LEN];
	struct keypair *pair = NULL;
	size_t len = 0;

	cr_assert_eq(hex_decode(hex, seed, sizeof(seed), &len), 0);
	cr_assert_eq(keypair_from_seed(seed, &pair), 0);
	return pair;
}

static void
is_accepted(struct slice *fields, const char *label)
{
	struct statement st;
	struct err_msg msg = {0};
	char id[2 * DIGEST_LEN + 1];

	cr_expect_eq(
		statement_open(fields[VALID_JWS], &st, &msg), 0, "%s: %s", label, msg.text);
	hex_encode(digest_slice(&st.id), id);
	cr_expect(slice_eq(slice_str(id), fields[VALID_ID]), "%s: id %s", label, id);
}

Test(statement_golden, valid_statements_are_accepted_with_their_id)
{
	each_case("valid.txt", VALID_FIELDS, is_accepted);
}

static void
is_written_alike(struct slice *fields, const char *label)
{
	struct keypair *signer = pair_from_seed(fields[VALID_SEED]);
	struct statement st;
	struct err_msg msg = {0};
	struct dynbuf jws;
	bool same = false;

	dynbuf_init(&jws, STATEMENT_MAX);
	cr_assert_eq(
		statement_decode(fields[VALID_JWS], &st, &msg), 0, "%s: %s", label, msg.text);
	/* The longest foreign one has no room for the header we write. */
	if (statement_encode(&st, signer, &jws, &msg) == 0) {
		same = slice_eq(dynbuf_slice(&jws), fields[VALID_JWS]);
	}
	cr_expect_eq(same, slice_eq(fields[VALID_SPELLING], SLICE("canonical")), "%s: %s",
		label, msg.text);
	dynbuf_fini(&jws);
	keypair_free(signer);
}

Test(statement_golden, canonical_statements_are_what_we_write)
{
	each_case("valid.txt", VALID_FIELDS, is_written_alike);
}

static const struct {
	const char *name;
	int code;
} codes[] = {
	{"ERR_INVALID", ERR_INVALID},
	{"ERR_RANGE", ERR_RANGE},
	{"ERR_TOOBIG", ERR_TOOBIG},
	{"ERR_VERSION", ERR_VERSION},
	{"ERR_UNSUPPORTED", ERR_UNSUPPORTED},
	{"ERR_SIGNATURE", ERR_SIGNATURE},
};

static int
code_of(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		if (slice_eq(name, slice_str(codes[i].name))) {
			return codes[i].code;
		}
	}
	cr_assert_fail("unknown code in refused.txt");
	return 0;
}

static void
is_refused(struct slice *fields, const char *label)
{
	struct statement st;
	struct err_msg msg = {0};
	int ret = statement_open(fields[REFUSED_JWS], &st, &msg);

	cr_expect_eq(ret, code_of(fields[REFUSED_CODE]), "%s: %d %s", label, ret, msg.text);
	cr_expect_eq(ret, msg.code, "%s: the message has another code", label);
	cr_expect_neq(msg.text[0], '\0', "%s: nothing is said", label);
	cr_expect_leq(msg.offset, fields[REFUSED_JWS].len, "%s: offset %zu", label, msg.offset);
}

Test(statement_golden, broken_statements_are_refused_with_their_code)
{
	each_case("refused.txt", REFUSED_FIELDS, is_refused);
}
