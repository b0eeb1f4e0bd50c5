/* Names: of sections, and of settings, past and present. */
#include "common/conf/settings_table.h"

static const char *const section_titles[] = {
	[SETTING_SECTION_VERDICT] = "Verdict",
	[SETTING_SECTION_TRUST] = "Trust",
	[SETTING_SECTION_METRIC] = "Trust metric",
	[SETTING_SECTION_EVIDENCE] = "Evidence: who sent a message",
	[SETTING_SECTION_ADDRESSES] = "Addresses and recipients",
	[SETTING_SECTION_LISTS] = "Welcome and block lists",
	[SETTING_SECTION_MARKUP] = "Marking messages",
	[SETTING_SECTION_REPORT] = "Report",
	[SETTING_SECTION_LEARNER] = "Learner",
	[SETTING_SECTION_DAEMON] = "Daemon",
	[SETTING_SECTION_UPSTREAM] = "Chained scorers",
	[SETTING_SECTION_KEYS] = "Keys",
	[SETTING_SECTION_GOSSIP] = "Gossip",
};

const char *
setting_section_title(enum setting_section section)
{
	return section_titles[section];
}

/* Spellings of SpamAssassin before version 4, wherever they stand in a name. */
static const struct {
	const char *old_word;
	const char *word;
} renamed[] = {
	{"whitelist", "welcomelist"},
	{"blacklist", "blocklist"},
};

struct slice
setting_present_name(struct slice key, char out[SETTING_NAME_MAX])
{
	for (size_t i = 0; i < ARRAY_LEN(renamed); i++) {
		struct slice old_word = slice_str(renamed[i].old_word);
		struct slice word = slice_str(renamed[i].word);
		size_t at = slice_find(key, old_word);
		struct slice tail;

		if (at == key.len) {
			continue;
		}
		tail = slice_skip(key, at + old_word.len);
		if (at + word.len + tail.len < SETTING_NAME_MAX) {
			memcpy(out, key.data, at);
			memcpy(out + at, word.data, word.len);
			memcpy(out + at + word.len, tail.data, tail.len);
			return slice_of(out, at + word.len + tail.len);
		}
	}
	return key;
}

const struct setting_row *
setting_row_find(struct slice key)
{
	for (size_t i = 0; i < settings_row_count; i++) {
		const struct setting_row *row = &settings_rows[i];

		if (slice_eq(key, slice_str(row->name)) ||
			(row->alias != NULL && slice_eq(key, slice_str(row->alias)))) {
			return row;
		}
	}
	return NULL;
}
