/*
 * auth_results.h - Authentication-Results (RFC 8601) as mail servers and filters write it.
 *
 * Reads one field body: who checked (authserv-id), and per method a result, its reason and
 * properties. More liberal than the RFC's grammar only where a known writer is and no
 * second reading exists: unquoted values with any visible character, a semicolon at the
 * end, `action=`, `from=` and `x-...=` without a property type. A body that cannot be read
 * to its end gives no result at all: half a field is what an injected comment or quote
 * leaves behind. Stricter in one point: a comment with an odd number of double quotes is
 * refused. Filters put the sender's address into comments, and where they do not escape it
 * `"a) dkim=pass ..."@example.com` ends the comment and goes on with results of its own.
 *
 * Whether the field is to be believed (its place, its authserv-id) is decided elsewhere.
 */
#ifndef COMMON_MAIL_AUTH_RESULTS_H
#define COMMON_MAIL_AUTH_RESULTS_H

#include "common/base/arena.h"
#include "common/base/err.h"

/** Results of one field, and properties of one result; real ones stay below 20. */
#define AUTH_RESULTS_MAX    64
#define AUTH_PROPERTIES_MAX 32

/** RFC 8601 section 2.7; "hardfail" of old writers is FAIL, any other word is OTHER. */
enum auth_result_code {
	AUTH_RESULT_OTHER,
	AUTH_RESULT_NONE,
	AUTH_RESULT_PASS,
	AUTH_RESULT_FAIL,
	AUTH_RESULT_SOFTFAIL,
	AUTH_RESULT_NEUTRAL,
	AUTH_RESULT_POLICY,
	AUTH_RESULT_TEMPERROR,
	AUTH_RESULT_PERMERROR,
};

/** ptype.name=value; slices are unquoted and borrowed from the body or the arena. */
struct auth_property {
	struct slice ptype; /**< empty for the tolerated ones without */
	struct slice name;
	struct slice value; /**< may be empty */
};

struct auth_result {
	struct slice method; /**< compare with slice_eq_nocase */
	enum auth_result_code code;
	struct slice text; /**< the result as written */
	struct slice reason;
	struct auth_property *properties;
	size_t property_count;
};

struct auth_results {
	struct slice authserv_id;
	struct auth_result *results; /**< empty for "none" */
	size_t count;
};

/**
 * Parses a raw field body, folds included; it must outlive *out. Results with a method
 * version other than 1 are left out (RFC 8601 section 2.5).
 *
 * @return 0; ERR_INVALID (msg has the byte offset; may be NULL); ERR_UNSUPPORTED for a
 * field version other than 1; ERR_TOOBIG above the bounds; ERR_NOMEM. On failure there are
 * no results, but authserv_id is set where it could be read.
 */
NODISCARD int auth_results_parse(
	struct slice body, struct arena *arena, struct auth_results *out, struct err_msg *msg);

/** Whether the result is of that method. */
bool auth_result_is(const struct auth_result *r, struct slice method);

/**
 * The value of ptype.name (case-insensitive). @return false when it is absent or given more
 * than once with different values: no choice between them would be safe.
 */
bool auth_result_property(const struct auth_result *r, struct slice ptype, struct slice name,
	struct slice *value_out);

#endif
