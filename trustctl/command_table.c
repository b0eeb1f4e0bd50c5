#include "trustctl/command_rows.h"

/* In the order of the manual. */
static const struct command_chapter *const chapters[] = {
	&command_people,
	&command_keys,
	&command_mail,
	&command_peer,
	&command_site,
};

size_t
command_count(void)
{
	size_t count = 0;

	for (size_t c = 0; c < ARRAY_LEN(chapters); c++) {
		count += chapters[c]->count;
	}
	return count;
}

const struct command *
command_at(size_t i)
{
	for (size_t c = 0; c < ARRAY_LEN(chapters); c++) {
		if (i < chapters[c]->count) {
			return &chapters[c]->rows[i];
		}
		i -= chapters[c]->count;
	}
	return NULL;
}
