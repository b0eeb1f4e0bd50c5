#include "gossip/passing.h"

#include <string.h>

bool
passing_may(const struct statement *st)
{
	/* That the key is the revoked one or the root, the statement's own rules say. */
	return st->act == STATEMENT_REVOKE && st->aud == STATEMENT_OPEN &&
	       (st->sub.kind == PRINCIPAL_ID || st->sub.kind == PRINCIPAL_KEY);
}

bool
passing_has_seen(const struct passing *p, const struct digest *id)
{
	for (size_t i = 0; i < p->seen_count; i++) {
		if (digest_eq(&p->seen[i], id)) {
			return true;
		}
	}
	return false;
}

bool
passing_put(struct passing *p, const struct digest *id, struct slice jws, uint64_t now_s)
{
	struct passing_item *item = &p->items[p->next];

	if (jws.len == 0 || jws.len > sizeof(item->jws) || passing_has_seen(p, id)) {
		return false;
	}
	p->next = (p->next + 1) % PASSING_MAX;
	*item = (struct passing_item){.id = *id, .since_s = now_s, .len = jws.len};
	memcpy(item->jws, jws.data, jws.len);
	p->seen[p->seen_next] = *id;
	p->seen_next = (p->seen_next + 1) % PASSING_SEEN_MAX;
	p->seen_count += p->seen_count < PASSING_SEEN_MAX ? 1 : 0;
	return true;
}

const struct passing_item *
passing_find(const struct passing *p, const struct digest *id, uint64_t now_s)
{
	for (size_t i = 0; i < PASSING_MAX; i++) {
		const struct passing_item *item = &p->items[i];

		if (item->len > 0 && digest_eq(&item->id, id)) {
			return now_s < item->since_s + PASSING_LIFE_S ? item : NULL;
		}
	}
	return NULL;
}
