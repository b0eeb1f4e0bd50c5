/*
 * Whole scans without stores, under settings that use every list: whatever the message, nothing
 * gives a bonus but proof, a relay that handed over, or the recipient.
 */
#include <assert.h>
#include <math.h>

#include "common/scan/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_MAX ((size_t)64 * 1024 * 1024)

static const char site[] = "authres_trusted_authserv mx.example.org\n"
			   "dmarc_spf yes\n"
			   "authres_position below\n"
			   "trusted_networks 192.0.2.0/24\n"
			   "recipient_headers X-Original-To\n"
			   "welcomelist_from *@example.net\n"
			   "welcomelist_auth *@example.net\n"
			   "def_welcomelist_auth *@example.com\n"
			   "def_welcomelist_from_rcvd * [198.51.100.0/24]\n"
			   "def_welcomelist_from_rcvd * example.net\n"
			   "welcomelist_to alice@*\n"
			   "blocklist_from *mallory*\n"
			   "blocklist_to *trap*\n";

static bool
is_any(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_eq(name, slice_str(names[i]))) {
			return true;
		}
	}
	return false;
}

static void
check_rule(const struct verdict *v, const struct rule_hit *rule)
{
	static const char *const proven[] = {"USER_IN_WELCOMELIST", "USER_IN_DKIM_WELCOMELIST",
		"USER_IN_SPF_WELCOMELIST", "USER_IN_DEF_DKIM_WL", "USER_IN_DEF_SPF_WL"};
	static const char *const named[] = {
		"USER_IN_DEF_WELCOMELIST", "USER_IN_WELCOMELIST_TO"};

	assert(isfinite(rule->score));
	assert(rule->name.len > 0);
	if (is_any(rule->name, proven, ARRAY_LEN(proven))) {
		assert(v->evidence >= EVIDENCE_DKIM && v->sender.len > 0);
	} else {
		assert(rule->score >= 0 || is_any(rule->name, named, ARRAY_LEN(named)));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct settings_source source = {SETTINGS_SOURCE_TEXT, site, "site"};
	const struct settings_load_options options = {0};
	const struct scanner scanner = {0};
	const struct scan_request request = {.message = {data, size}, .now_s = 1};
	struct settings *settings = NULL;
	struct arena arena;
	struct verdict v;
	double sum = 0;
	int ret = settings_load(&source, 1, &options, &settings, NULL);

	assert(ret == 0);
	arena_init(&arena, ARENA_MAX);
	ret = scan_message(&scanner, settings, &request, &arena, &v);
	assert(ret == 0 || ret == ERR_NOMEM);
	for (size_t i = 0; ret == 0 && i < v.rule_count; i++) {
		check_rule(&v, &v.rules[i]);
		sum += v.rules[i].score;
	}
	if (ret == 0 && v.details->evidence.has_identity) {
		/* Only what DKIM proves shows an identity, and none of ours claims anything. */
		assert(v.evidence == EVIDENCE_DKIM && v.details->evidence.signer.len > 0);
		assert(v.details->evidence.shown.len > 0 && !v.details->shows_identity);
	}
	if (ret == 0) {
		assert(v.tier == TIER_UNKNOWN);
		assert(fabs(v.score - sum) < 1e-6);
		assert(v.is_spam == (v.score >= v.required));
	}
	arena_fini(&arena);
	settings_free(settings);
	return 0;
}
