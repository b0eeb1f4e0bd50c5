#include "common/conf/rules_default.h"

#include "common/base/err.h"

const struct rule_default rules_default[] = {
	/* Tiers and evidence. Scores: DESIGN 7. */
	{"TRUST_WELL", NULL, false, -100, "Sender is well trusted by the recipient"},
	{"TRUST_DIRECT", NULL, false, -6, "Sender is known to the recipient"},
	{"TRUST_DIRECT_WEAK", NULL, false, -3, "Sender is slightly known to the recipient"},
	{"TRUST_FOF", NULL, true, 0, "Sender is vouched for by contacts of the recipient"},
	{"TRUST_TOKEN", NULL, false, -3, "Sent to a one-time address of the recipient"},
	{"TRUST_INTRODUCED", NULL, false, -3, "Sender brings a signed introduction"},
	{"TRUST_LIST", NULL, false, -3, "Mailing list the recipient subscribed to"},
	{"TRUST_UNKNOWN", NULL, false, 0, "Nobody the recipient knows vouches for the sender"},
	{"TRUST_UNPROVEN", NULL, false, 0, "From names a contact, but nothing proves it"},
	{"TRUST_FORGED", NULL, false, 2, "From names a contact who always signs; not signed"},
	{"TRUST_NEWKEY", NULL, false, 0.1, "Signing domain or key of a known contact changed"},
	{"TRUST_REPORTED", NULL, false, 3, "The recipient reported this sender before"},
	{"TRUST_SUSPECT", NULL, false, 0, "The sender was reported within a week"},
	{"TRUST_BLOCKED", NULL, false, 100, "Sender is blocked by the recipient or the site"},
	{"TRUST_REVOKED", NULL, false, 25, "Key or identity of the sender is revoked"},
	{"TRUST_AR_FORGED", NULL, false, 0.5,
		"Authentication-Results of ours in a wrong place"},
	{"TRUST_BOUNCE", NULL, false, 0, "Null sender (bounce): trust does not apply"},
	{"TRUST_NO_STORE", NULL, false, 0, "The trust store could not be read"},
	{"TRUST_NO_UPSTREAM", NULL, false, 0, "The chained scorer did not answer"},

	/* SpamAssassin's, with its scores. */
	{"GTUBE", NULL, false, 1000, "Generic Test for Unsolicited Bulk Email"},
	{"USER_IN_WELCOMELIST", "USER_IN_WHITELIST", false, -100,
		"Sender is on the welcomelist_from of the recipient"},
	{"USER_IN_DEF_WELCOMELIST", "USER_IN_DEF_WHITELIST", false, -15,
		"Sender is on the default welcomelist"},
	{"USER_IN_DKIM_WELCOMELIST", "USER_IN_DKIM_WHITELIST", false, -100,
		"Sender is on welcomelist_auth and signed (DKIM)"},
	{"USER_IN_DEF_DKIM_WL", NULL, false, -7.5,
		"Sender is on the default welcomelist_auth and signed (DKIM)"},
	{"USER_IN_SPF_WELCOMELIST", "USER_IN_SPF_WHITELIST", false, -100,
		"Sender is on welcomelist_auth and passes SPF"},
	{"USER_IN_DEF_SPF_WL", NULL, false, -7.5,
		"Sender is on the default welcomelist_auth and passes SPF"},
	{"USER_IN_WELCOMELIST_TO", "USER_IN_WHITELIST_TO", false, -6,
		"Recipient is on welcomelist_to"},
	{"USER_IN_MORE_SPAM_TO", NULL, false, -20, "Recipient is on more_spam_to"},
	{"USER_IN_ALL_SPAM_TO", NULL, false, -100, "Recipient is on all_spam_to"},
	{"USER_IN_BLOCKLIST", "USER_IN_BLACKLIST", false, 100, "Sender is on blocklist_from"},
	{"USER_IN_BLOCKLIST_TO", "USER_IN_BLACKLIST_TO", false, 10,
		"Recipient is on blocklist_to"},
};

const size_t rules_default_count = ARRAY_LEN(rules_default);

int
rules_default_fill(struct rule_table *table, struct arena *arena)
{
	for (size_t i = 0; i < rules_default_count; i++) {
		const struct rule_default *row = &rules_default[i];
		struct rule_settings *rule =
			rule_table_edit(table, arena, slice_str(row->name));

		if (rule == NULL) {
			return ERR_NOMEM;
		}
		*rule = (struct rule_settings){
			.score = row->score,
			.has_score = !row->is_computed,
			.describe = slice_str(row->describe),
		};
	}
	return 0;
}

bool
rules_default_is_ours(struct slice name)
{
	for (size_t i = 0; i < rules_default_count; i++) {
		if (slice_eq(name, slice_str(rules_default[i].name))) {
			return true;
		}
	}
	return false;
}

struct slice
rules_default_name(struct slice name)
{
	for (size_t i = 0; i < rules_default_count; i++) {
		const char *old_name = rules_default[i].old_name;

		if (old_name != NULL && slice_eq(name, slice_str(old_name))) {
			return slice_str(rules_default[i].name);
		}
	}
	return name;
}
