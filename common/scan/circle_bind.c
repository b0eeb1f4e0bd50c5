/* Which binding of an address has effect (DESIGN 3): a claim alone has none, for or against. */
#include "common/scan/circle.h"

/* speaker_of - the identity that the recipient, or the site, confirmed to speak for a domain */
static bool
speaker_of(const struct circle *c, const struct party *address, struct thumbprint *out)
{
	char text[PRINCIPAL_TEXT_MAX] = "dom:";
	struct principal domain;
	struct private_entry e;
	struct digest digest;
	struct slice name;

	if (!graph_text_of(c->graph, address->node, &name)) {
		return false;
	}
	name = slice_behind_last(name, '@');
	if (name.len == 0 || name.len > sizeof(text) - 4) {
		return false;
	}
	memcpy(text + 4, name.data, name.len);
	if (principal_parse(slice_of(text, 4 + name.len), false, &domain, NULL) != 0) {
		return false;
	}
	principal_digest(&domain, &digest);
	if ((private_get(c->private_store, &c->self.digest, &digest, &e) && e.has_identity) ||
		(private_get(c->private_store, &c->site.digest, &digest, &e) &&
			e.has_identity)) {
		*out = e.identity;
		return true;
	}
	return false;
}

graph_node
circle_bound_identity(const struct circle *c, const struct party *address)
{
	struct graph_binding bindings[GRAPH_BINDINGS_MAX];
	struct thumbprint speaker;
	size_t count = graph_bindings(c->graph, address->node, bindings);
	bool has_speaker = count > 0 && speaker_of(c, address, &speaker);
	graph_node found = GRAPH_NONE;

	for (size_t i = 0; i < count; i++) {
		graph_node claimed = bindings[i].identity;
		graph_node current = graph_current(c->graph, claimed);
		bool has_effect = bindings[i].hosted ||
				  (has_speaker && graph_is_countersigned(c->graph, claimed,
							  address->node, &speaker));

		if (!has_effect || c->now_s >= bindings[i].exp_s) {
			continue;
		}
		if (found != GRAPH_NONE && found != current) {
			return GRAPH_NONE; /* two claim it: neither, until confirmed */
		}
		found = current;
	}
	return found;
}
