#include "spamd-trust/access.h"

static int
add_entry(struct netlist *out, struct arena *arena, struct slice entry, struct err_msg *msg)
{
	struct err_msg why = {0};
	int code = netlist_add_text(out, arena, entry, &why);

	if (code != 0) {
		return err_set(msg, code, "-A %.*s: %s", (int)(entry.len > 64 ? 64 : entry.len),
			(const char *)entry.data, why.text);
	}
	return 0;
}

int
access_parse(const struct option_list *allowed, struct arena *arena, struct netlist *out,
	struct err_msg *msg)
{
	const struct slice loopback[] = {SLICE("127.0.0.1"), SLICE("::1")};
	struct slice entry = {0};
	int code = 0;

	*out = (struct netlist){0};
	for (size_t i = 0; code == 0 && i < allowed->count; i++) {
		struct slice rest = slice_str(allowed->items[i]);

		while (code == 0 && slice_next_token(&rest, ", \t", &entry)) {
			code = add_entry(out, arena, entry, msg);
		}
	}
	for (size_t i = 0; code == 0 && allowed->count == 0 && i < ARRAY_LEN(loopback); i++) {
		code = add_entry(out, arena, loopback[i], msg);
	}
	return code;
}
