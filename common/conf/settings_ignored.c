/*
 * What SpamAssassin 4.0.1 and its plugins know and we do not act on. Spelt as since version
 * 4 (welcomelist, blocklist); groups with the commonest names stand first.
 */
#include "common/conf/settings_ignored.h"

#include "common/base/attr.h"
#include "common/conf/settings_table.h"

const struct setting_ignored settings_ignored[] = {
	{SETTING_IGNORED_RULES, SETTING_PRIVILEGED,
		"body rawbody full uri priority reuse "
		"redirector_pattern mimeheader uri_detail askdns rbl_headers replace_tag "
		"replace_start replace_end replace_rules replace_pre replace_inter "
		"replace_post"},
	{SETTING_IGNORED_RULES, SETTING_ADMIN,
		"test ignore_always_matching_regexps body_part_scan_size "
		"rawbody_part_scan_size"},
	{SETTING_IGNORED_RULES, 0,
		"subjprefix normalize_charset ok_locales mbox_format_from_regex "
		"parse_dkim_uris enlist_addrlist enlist_uri_host delist_uri_host "
		"blocklist_uri_host welcomelist_uri_host welcomelist_allows_relays "
		"shortcircuit shortcircuit_ham_score shortcircuit_spam_score "
		"shortcircuit_max_spam_score shortcircuit_min_ham_score "
		"run_reuse_tests_only"},
	{SETTING_IGNORED_PLUGINS, SETTING_ADMIN,
		"loadplugin tryplugin enable_compat util_rb_tld util_rb_2tld util_rb_3tld "
		"geodb_module geodb_options geodb_search_path country_db_path "
		"country_db_type uri_country_db_path uri_country_db_isp_path "
		"asn_prefer_geodb asn_use_dns asn_use_geodb dmarc_save_reports "
		"extracttext_maxparts extracttext_timeout max_short_url_redirections "
		"max_short_urls url_shortener_cache_autoclean url_shortener_cache_dsn "
		"url_shortener_cache_ttl url_shortener_loginfo url_shortener_timeout "
		"url_shortener_user_agent trigger_config trigger_ratio trigger_target "
		"phishing_openphish_feed phishing_phishstats_feed "
		"phishing_phishstats_minscore phishing_phishtank_feed "
		"phishing_uri_noparam resource_limit_cpu resource_limit_mem"},
	{SETTING_IGNORED_PLUGINS, SETTING_PRIVILEGED,
		"asn_lookup asn_lookup_ipv6 url_shortener_cache_password "
		"url_shortener_cache_type url_shortener_cache_username uri_block_cc "
		"uri_block_cidr uri_block_cont uri_block_exclude uri_block_isp"},
	{SETTING_IGNORED_PLUGINS, 0,
		"clear_util_rb asn_prefix clear_asn_lookups clear_url_shortener "
		"url_shortener url_shortener_get freemail_domains freemail_welcomelist "
		"freemail_add_describe_email freemail_import_def_welcomelist_auth "
		"freemail_import_welcomelist_auth freemail_max_body_emails "
		"freemail_max_body_freemails freemail_skip_bulk_envfrom "
		"freemail_skip_when_over_max fns_add_addrlist fns_check fns_extrachars "
		"fns_ignore_dkim fns_ignore_headers fns_remove_addrlist "
		"olemacro_download_marker olemacro_extended_scan olemacro_exts "
		"olemacro_macro_exts olemacro_max_file olemacro_num_mime olemacro_num_zip "
		"olemacro_prefer_contentdisposition olemacro_skip_ctypes "
		"olemacro_skip_exts olemacro_zip_depth olemacro_zips extracttext_external "
		"extracttext_use inactive_languages ok_languages textcat_acceptable_score "
		"textcat_max_languages textcat_max_ngrams textcat_optimal_ngrams "
		"welcomelist_bounce_relays blocklist_subject welcomelist_subject"},
	{SETTING_IGNORED_NETWORK, SETTING_ADMIN,
		"dns_local_ports_permit dns_local_ports_avoid dns_local_ports_none "
		"dns_block_rule dns_block_time rbl_timeout dkim_timeout spf_timeout "
		"do_not_use_mail_spf do_not_use_mail_spf_query ignore_received_spf_header "
		"use_newest_received_spf_header uridnsbl_max_domains uridnsbl_skip_mailto "
		"dcc_dccifd_path dcc_home dcc_learn_score dcc_options dcc_path "
		"dcc_timeout dccifd_options pyzor_fork pyzor_options pyzor_path "
		"pyzor_perl pyzor_server_file pyzor_timeout razor_config razor_fork "
		"razor_timeout"},
	{SETTING_IGNORED_NETWORK, SETTING_PRIVILEGED,
		"uridnsbl uridnssub urifullnsrhsbl urifullnsrhssub urinsrhsbl urinsrhssub "
		"urirhsbl urirhssub"},
	{SETTING_IGNORED_NETWORK, 0,
		"skip_rbl_checks skip_uribl_checks dns_available dns_server "
		"clear_dns_servers dns_test_interval dns_options dns_query_restriction "
		"clear_dns_query_restriction clear_dns_query_restrictions adsp_override "
		"dkim_minimum_key_bits welcomelist_from_dkim unwelcomelist_from_dkim "
		"def_welcomelist_from_dkim welcomelist_from_spf unwelcomelist_from_spf "
		"def_welcomelist_from_spf clear_uridnsbl_skip_domain uridnsbl_skip_domain "
		"uridnsbl_timeout use_dcc use_dcc_rep dcc_body_max "
		"dcc_fuz1_max dcc_fuz2_max dcc_rep_percent use_pyzor "
		"pyzor_count_min pyzor_max pyzor_welcomelist_factor pyzor_welcomelist_min "
		"use_razor2 hashbl_email_domain_alias hashbl_email_regex "
		"hashbl_email_welcomelist hashbl_ignore spamcop_from_address "
		"spamcop_max_report_size spamcop_relayhost spamcop_to_address"},
	{SETTING_IGNORED_LEARNER, SETTING_ADMIN,
		"bayes_path bayes_file_mode bayes_store_module bayes_sql_dsn "
		"bayes_sql_username bayes_sql_password bayes_sql_username_authorized "
		"lock_method auto_welcomelist_db_modules auto_welcomelist_factory "
		"auto_welcomelist_file_mode auto_welcomelist_path user_awl_dsn "
		"user_awl_sql_password user_awl_sql_table user_awl_sql_username "
		"txrep_factory"},
	{SETTING_IGNORED_LEARNER, 0,
		"use_bayes_rules bayes_auto_learn bayes_token_sources bayes_ignore_header "
		"bayes_ignore_from bayes_ignore_to bayes_min_ham_num bayes_min_spam_num "
		"bayes_learn_during_report bayes_sql_override_username bayes_use_hapaxes "
		"bayes_journal_max_size bayes_expiry_max_db_size bayes_auto_expire "
		"bayes_token_ttl bayes_seen_ttl bayes_learn_to_journal "
		"bayes_max_token_length bayes_stopword_languages "
		"bayes_auto_learn_on_error bayes_auto_learn_threshold_nonspam "
		"bayes_auto_learn_threshold_spam use_auto_welcomelist "
		"auto_welcomelist_distinguish_signed auto_welcomelist_factor "
		"auto_welcomelist_ipv4_mask_len auto_welcomelist_ipv6_mask_len "
		"user_awl_sql_override_username use_txrep txrep_autolearn "
		"txrep_dilution_factor txrep_expiry_days txrep_factor txrep_ipv4_mask_len "
		"txrep_ipv6_mask_len txrep_learn_bonus txrep_learn_penalty "
		"txrep_report_details txrep_spf txrep_track_messages "
		"txrep_user2global_ratio txrep_weight_domain txrep_weight_email "
		"txrep_weight_email_ip txrep_weight_helo txrep_weight_ip "
		"txrep_welcomelist_out"},
	{SETTING_IGNORED_DATABASE, SETTING_ADMIN,
		"user_scores_dsn user_scores_sql_username user_scores_sql_password "
		"user_scores_sql_custom_query user_scores_ldap_username "
		"user_scores_ldap_password user_scores_fallback_to_global"},
};

const size_t settings_ignored_count = ARRAY_LEN(settings_ignored);

static const char *const reasons[] = {
	[SETTING_IGNORED_RULES] = "there is no rule engine here",
	[SETTING_IGNORED_PLUGINS] = "there are no plugins here",
	[SETTING_IGNORED_NETWORK] = "no network tests are made here",
	[SETTING_IGNORED_LEARNER] = "there is no statistical learner here",
	[SETTING_IGNORED_DATABASE] = "settings are not read from databases",
};

/* Families of settings whose names end in one of the administrator's own. */
static const struct {
	const char *prefix;
	enum setting_ignored_group group;
} families[] = {
	{"bayes_stopword_", SETTING_IGNORED_LEARNER},
	{"hashbl_acl_", SETTING_IGNORED_NETWORK},
};

const char *
setting_ignored_reason(enum setting_ignored_group group)
{
	return reasons[group];
}

bool
setting_ignored_find(
	struct slice key, enum setting_ignored_group *group_out, unsigned int *flags_out)
{
	for (size_t i = 0; i < settings_ignored_count; i++) {
		struct slice rest = slice_str(settings_ignored[i].names);
		struct slice name = {0};

		while (slice_next_token(&rest, " ", &name)) {
			if (slice_eq(name, key)) {
				*group_out = settings_ignored[i].group;
				*flags_out = settings_ignored[i].flags;
				return true;
			}
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (slice_starts_with(key, slice_str(families[i].prefix))) {
			*group_out = families[i].group;
			*flags_out = 0;
			return true;
		}
	}
	return false;
}
