#include "trustctl/subject.h"

#include <string.h>
#include <sysexits.h>

int
subject_parse(const struct ctl *ctl, const struct settings *settings, const char *text,
	struct principal *out)
{
	struct err_msg msg;

	if (principal_parse_human(slice_str(text), settings->fold_local_part, out, &msg) != 0) {
		return command_fail(ctl, EX_USAGE, "\"%s\": %s", text, msg.text);
	}
	switch (out->kind) {
	case PRINCIPAL_ID:
	case PRINCIPAL_ADDR:
	case PRINCIPAL_DOM:
	case PRINCIPAL_LIST:
		return 0;
	case PRINCIPAL_KEY:
	case PRINCIPAL_STMT:
		break;
	}
	return command_fail(ctl, EX_USAGE,
		"\"%s\": trust is about an address, a domain, a list: or an id:", text);
}

bool
subject_is_free_mail(const struct settings *settings, const struct principal *subject)
{
	struct slice domain = principal_value(subject);

	while (subject->kind == PRINCIPAL_DOM && domain.len > 0) {
		if (strlist_has(&settings->free_mail_domains, domain)) {
			return true;
		}
		domain = slice_skip(domain, slice_find_byte(domain, '.') + 1);
	}
	return false;
}

int
subject_refuse_free_mail(const struct ctl *ctl, const struct principal *subject)
{
	return command_fail(ctl, EX_NOPERM,
		"%s: anybody gets an address there, so a vouch for the whole domain is refused "
		"(free_mail_domains in the configuration)",
		subject->text);
}

int
subject_level(const struct ctl *ctl, unsigned int unset, bool allow_none, unsigned int *out)
{
	const char *text = ctl->options->value[OPTION_LEVEL];

	*out = unset;
	if (text == NULL) {
		return 0;
	}
	if (allow_none && (strcmp(text, "none") == 0 || strcmp(text, "0") == 0)) {
		*out = TRUST_LEVEL_NONE;
		return 0;
	}
	if (trust_level_parse(slice_str(text), out) != 0) {
		return command_fail(ctl, EX_USAGE,
			"--level %s: must be %sweak, ordinary or strong", text,
			allow_none ? "none, " : "");
	}
	return 0;
}
