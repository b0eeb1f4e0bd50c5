#include "trustctl/import/robot_address.h"

#include "common/base/attr.h"

/** Local parts without the marks "-", "_" and "." that no person reads. */
static const char *const robots[] = {
	"noreply",
	"donotreply",
	"dontreply",
	"neverreply",
	"nepasrepondre",
	"mailerdaemon",
	"bounce",
	"bounces",
	"majordomo",
	"listserv",
	"listproc",
	"sympa",
};

/** Words that make an address a command of a list when they end its local part. */
static const char *const list_commands[] = {
	"-request",
	"-owner",
	"-bounce",
	"-bounces",
	"-subscribe",
	"-unsubscribe",
	"-confirm",
	"-noreply",
	"-no-reply",
};

/* local_letters - the local part in lower case without its marks; true when it fits */
static bool
local_letters(struct slice local, char *out, size_t cap)
{
	size_t len = 0;

	for (size_t i = 0; i < local.len; i++) {
		uint8_t c = ascii_lower(local.data[i]);

		if (c == '-' || c == '_' || c == '.') {
			continue;
		}
		if (len + 1 >= cap) {
			return false;
		}
		out[len++] = (char)c;
	}
	out[len] = '\0';
	return true;
}

static bool
is_list_command(struct slice local)
{
	for (size_t i = 0; i < ARRAY_LEN(list_commands); i++) {
		size_t len = strlen(list_commands[i]);

		if (local.len >= len && slice_eq_nocase(slice_skip(local, local.len - len),
						slice_str(list_commands[i]))) {
			return true;
		}
	}
	return slice_starts_with_nocase(local, SLICE("owner-"));
}

bool
robot_address(struct slice address)
{
	size_t at = slice_find_byte(address, '@');
	struct slice local = slice_take(address, at);
	struct slice domain = slice_skip(address, at + 1);
	char letters[32];

	if (is_list_command(local) || slice_starts_with_nocase(domain, SLICE("lists."))) {
		return true;
	}
	/* VERP: bounces+user=example.org@, noreply+token@ */
	local = slice_take(local, slice_find_byte(local, '+'));
	if (!local_letters(local, letters, sizeof(letters))) {
		return false;
	}
	for (size_t i = 0; i < ARRAY_LEN(robots); i++) {
		if (strcmp(letters, robots[i]) == 0) {
			return true;
		}
	}
	return false;
}
