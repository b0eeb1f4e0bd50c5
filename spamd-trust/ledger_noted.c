#include "spamd-trust/ledger_noted.h"

void
ledger_noted_clear(struct ledger_noted *n)
{
	for (size_t i = 0; i < LEDGER_NOTED_MAX; i++) {
		n->pairs[i].at_s = 0;
	}
}

/* describe - the note as it is compared; false for one too long to keep */
static bool
describe(const struct ledger_note *note, struct ledger_noted_pair *out)
{
	const struct ledger_decision *d = &note->decision;
	const struct slice parts[] = {d->user, d->sender, d->signer};
	size_t len = 0;

	out->at_s = d->at_s;
	out->is_acquaintance = note->is_acquaintance;
	out->is_friend = note->is_friend;
	out->shows_identity = note->shows_identity;
	out->identity = note->shows_identity ? note->identity : (struct digest){{0}};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].len > LEDGER_NOTED_TEXT_MAX - len) {
			return false;
		}
		if (parts[i].len > 0) {
			memcpy(out->text + len, parts[i].data, parts[i].len);
		}
		out->lens[i] = parts[i].len;
		len += parts[i].len;
	}
	return true;
}

static size_t
text_len(const struct ledger_noted_pair *p)
{
	return p->lens[0] + p->lens[1] + p->lens[2];
}

/* place_of - each pair has one place */
static struct ledger_noted_pair *
place_of(struct ledger_noted *n, const struct ledger_noted_pair *p)
{
	return &n->pairs[slice_hash(slice_of(p->text, text_len(p))) % LEDGER_NOTED_MAX];
}

static bool
is_same(const struct ledger_noted_pair *a, const struct ledger_noted_pair *b)
{
	return a->is_acquaintance == b->is_acquaintance && a->is_friend == b->is_friend &&
	       a->shows_identity == b->shows_identity &&
	       digest_eq(&a->identity, &b->identity) &&
	       memcmp(a->lens, b->lens, sizeof(a->lens)) == 0 &&
	       memcmp(a->text, b->text, text_len(a)) == 0;
}

bool
ledger_noted_test_and_set(struct ledger_noted *n, const struct ledger_note *note)
{
	UNINITIALIZED struct ledger_noted_pair fresh;
	struct ledger_noted_pair *place = NULL;

	if (!describe(note, &fresh) || fresh.at_s == 0) {
		return false;
	}
	place = place_of(n, &fresh);
	/* Also a clock that was set back makes it look again. */
	if (place->at_s != 0 && fresh.at_s >= place->at_s &&
		fresh.at_s - place->at_s < LEDGER_NOTED_S && is_same(place, &fresh)) {
		return true;
	}
	*place = fresh;
	return false;
}
