/* The directory that --virtual-config-dir gives for a user (SPEC 7). */
#include <criterion/criterion.h>

#include "spamd-trust/prefs_path.h"

static const struct {
	const char *label;
	const char *pattern;
	struct slice user;
	bool x_is_domain;
	const char *expected;
} rows[] = {
	{"whole name", "/v/%u", {(const uint8_t *)"alice@example.org", 17}, false,
		"/v/alice@example.org"},
	{"parts", "/v/%d/%l", {(const uint8_t *)"alice@example.org", 17}, false,
		"/v/example.org/alice"},
	{"the last @ counts", "/v/%d/%l", {(const uint8_t *)"a@b@c.org", 9}, false,
		"/v/c.org/a@b"},
	{"no @", "/v/%d/%l/%u", {(const uint8_t *)"alice", 5}, false, "/v///alice"},
	{"percent", "/v%%/%u%", {(const uint8_t *)"alice", 5}, false, "/v%/alice%"},
	{"unknown escape stays", "/v/%q", {(const uint8_t *)"alice", 5}, false, "/v/%q"},
	{"x as name", "/v/%x", {(const uint8_t *)"alice@example.org", 17}, false,
		"/v/alice@example.org"},
	{"x as domain", "/v/%x", {(const uint8_t *)"alice@example.org", 17}, true,
		"/v/example.org"},
	{"x leaves other escapes alone", "/%u/%x", {(const uint8_t *)"alice@example.org", 17},
		true, "/%u/example.org"},
	{"traversal", "/v/%u", {(const uint8_t *)"../alice@example.org", 20}, false,
		"/v/.._alice@example.org"},
	{"two dots", "/v/%u", {(const uint8_t *)"..", 2}, false, "/v/_"},
	{"one dot", "/v/%u", {(const uint8_t *)".", 1}, false, "/v/_"},
	{"dots as domain", "/v/%d", {(const uint8_t *)"alice@..", 8}, false, "/v/_"},
	{"dots as local part", "/v/%l", {(const uint8_t *)"..@example.org", 14}, false, "/v/_"},
	{"NUL, blank, 8 bit, backslash", "/v/%u", {(const uint8_t *)"a\0b \xc3\\", 6}, false,
		"/v/a_b___"},
	{"allowed bytes", "/v/%u", {(const uint8_t *)"-A1+_.,@=z", 10}, false, "/v/-A1+_.,@=z"},
};

Test(spamd_prefs_path, expands_the_escapes_and_defuses_the_name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char out[128];

		cr_expect_eq(prefs_path_expand(rows[i].pattern, rows[i].user,
				     rows[i].x_is_domain, out, sizeof(out)),
			0, "%s", rows[i].label);
		cr_expect_str_eq(out, rows[i].expected, "%s: %s", rows[i].label, out);
	}
}

Test(spamd_prefs_path, refuses_what_does_not_fit)
{
	char out[8];
	char name[2000];

	memset(name, 'a', sizeof(name));
	cr_expect_eq(prefs_path_expand("/v/%u", SLICE("alice"), false, out, sizeof(out)),
		ERR_TOOBIG);
	cr_expect_eq(prefs_path_expand("/%u", SLICE("alice1"), false, out, sizeof(out)), 0);
	cr_expect_eq(prefs_path_expand("/%u", SLICE("alice12"), false, out, sizeof(out)),
		ERR_TOOBIG);
	cr_expect_eq(
		prefs_path_expand("/%u", slice_of(name, sizeof(name)), false, out, sizeof(out)),
		ERR_TOOBIG);
}
