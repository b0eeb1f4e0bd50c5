/* Address books, read as vCard and as mutt aliases: whatever comes stays inside its bounds. */
#include <assert.h>
#include <stdlib.h>

#include "trustctl/import/mutt_alias.h"
#include "trustctl/import/vcard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct run {
	struct lines lines;
	struct vcard vcard;
	struct mutt_alias mutt;
};

static void
check_vcard(const struct vcard *v, enum vcard_status status)
{
	assert(v->email_count <= VCARD_EMAILS_MAX);
	assert(v->name.len <= VCARD_PROPERTY_MAX);
	for (size_t i = 0; i < v->email_count; i++) {
		assert(v->emails[i].len <= VCARD_PROPERTY_MAX && v->email_lines[i] >= 1);
	}
	assert(status != VCARD_ERROR || (v->error != NULL && v->error_line >= 1));
}

static void
check_mutt(const struct mutt_alias *m, enum mutt_alias_status status)
{
	assert(m->len <= MUTT_ALIAS_LINE_MAX);
	assert(status != MUTT_ALIAS_ERROR || m->error != NULL);
	assert(status != MUTT_ALIAS_ENTRY || (m->key.len > 0 && m->addresses.len > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *run = malloc(sizeof(*run));
	struct slice in = slice_of(data, size);
	struct line line;

	assert(run != NULL);
	lines_init(&run->lines);
	vcard_init(&run->vcard);
	mutt_alias_init(&run->mutt);
	while (in.len > 0) {
		size_t used = 0;

		if (lines_feed(&run->lines, in, &used, &line)) {
			check_vcard(&run->vcard, vcard_feed(&run->vcard, &line));
			check_mutt(&run->mutt, mutt_alias_feed(&run->mutt, &line));
		}
		assert(used > 0);
		in = slice_skip(in, used);
	}
	if (lines_finish(&run->lines, &line)) {
		check_vcard(&run->vcard, vcard_feed(&run->vcard, &line));
		check_mutt(&run->mutt, mutt_alias_feed(&run->mutt, &line));
	}
	check_vcard(&run->vcard, vcard_finish(&run->vcard));
	check_mutt(&run->mutt, mutt_alias_finish(&run->mutt));
	free(run);
	return 0;
}
