#include "common/conf/cf_feature.h"

#include "common/base/attr.h"

#define CORE_PREFIX   "Mail::SpamAssassin::Conf::"
#define PLUGIN_PREFIX "Mail::SpamAssassin::Plugin::"

static const char *const core_features[] = {
	"feature_bayes_auto_learn_on_error",
	"feature_bayes_stopwords",
	"feature_blocklist_welcomelist",
	"feature_bug6558_free",
	"feature_capture_rules",
	"feature_compile_regexp",
	"feature_dns_block_rule",
	"feature_dns_local_ports_permit_avoid",
	"feature_dns_query_restriction",
	"feature_edns",
	"feature_geodb",
	"feature_get_host",
	"feature_header_address_parser",
	"feature_header_first_last",
	"feature_header_match_many",
	"feature_local_tests_only",
	"feature_meta_rules_matching",
	"feature_originating_ip_headers",
	"feature_registryboundaries",
	"feature_subjprefix",
	"feature_uri_host_listed",
	"feature_welcomelist_blocklist",
	"feature_yesno_takes_args",
	"has_tflags_nolog",
	"has_tflags_nosubject",
};

bool
cf_feature_is_known(struct slice name)
{
	const struct slice prefix = SLICE(CORE_PREFIX);

	if (!slice_starts_with(name, prefix)) {
		return false;
	}
	name = slice_skip(name, prefix.len);
	for (size_t i = 0; i < ARRAY_LEN(core_features); i++) {
		if (slice_eq(name, slice_str(core_features[i]))) {
			return true;
		}
	}
	return false;
}

struct slice
cf_feature_plugin(struct slice name)
{
	const struct slice prefix = SLICE(PLUGIN_PREFIX);
	size_t plugin_len = 0;

	if (slice_starts_with(name, prefix)) {
		plugin_len = prefix.len + slice_find(slice_skip(name, prefix.len), SLICE("::"));
	}
	return slice_take(name, plugin_len);
}
