#include "common/scan/signatures.h"

#include "common/base/err.h"
#include "common/mail/domain.h"

int
signatures_read(const struct header *h, struct arena *arena, struct signatures *out)
{
	const struct header_field *f = NULL;

	out->count = 0;
	out->is_doubtful = false;
	out->is_plain = true;
	while ((f = header_next(h, SLICE("DKIM-Signature"), f)) != NULL) {
		struct dkim_signature *sig = &out->items[out->count];
		struct domain domain;
		int ret = 0;

		if (out->count == SIGNATURES_MAX) {
			out->is_doubtful = true;
			return 0;
		}
		ret = dkim_signature_parse(f->body, arena, sig, NULL);
		if (ret == ERR_NOMEM) {
			return ret;
		}
		if (ret != 0 || domain_normalise(sig->domain, &domain) != 0) {
			out->is_doubtful = true;
			continue;
		}
		out->is_plain = out->is_plain && dkim_signature_is_plain(sig);
		sig->domain = arena_copy(arena, domain_slice(&domain));
		out->count++;
	}
	return 0;
}

bool
signatures_are_plain(const struct signatures *s)
{
	return s->is_plain && !s->is_doubtful;
}

bool
signatures_agree(struct slice a, struct slice b)
{
	return a.len == 0 || b.len == 0 || slice_eq_nocase(a, b);
}

/* may_mean - could a result be about this signature? */
static bool
may_mean(const struct dkim_signature *sig, const struct signature_name *meant)
{
	return domain_is_same_or_under(meant->domain, sig->domain) &&
	       signatures_agree(sig->selector, meant->selector);
}

/* names - and does it say so by its b=? */
static bool
names(const struct signature_name *meant, const struct dkim_signature *sig)
{
	return meant->b.len > 0 && dkim_signature_is_named(sig, meant->b);
}

bool
signatures_may_be_partial(const struct signatures *s, const struct signature_name *meant)
{
	bool any_partial = false;
	bool is_named = false;
	bool named_partial = false;

	if (s->is_doubtful) {
		return true;
	}
	for (size_t i = 0; i < s->count; i++) {
		const struct dkim_signature *sig = &s->items[i];

		if (!may_mean(sig, meant)) {
			continue;
		}
		any_partial = any_partial || sig->has_length;
		if (names(meant, sig)) {
			is_named = true;
			named_partial = named_partial || sig->has_length;
		}
	}
	return is_named ? named_partial : any_partial;
}

bool
signatures_cover(
	const struct signatures *s, const struct signature_name *meant, struct slice field)
{
	size_t candidates = 0;
	size_t covering = 0;
	size_t named = 0;
	size_t named_covering = 0;

	for (size_t i = 0; i < s->count; i++) {
		const struct dkim_signature *sig = &s->items[i];
		size_t covers = dkim_signature_covers(sig, field) ? 1 : 0;

		if (!may_mean(sig, meant)) {
			continue;
		}
		candidates++;
		covering += covers;
		if (names(meant, sig)) {
			named++;
			named_covering += covers;
		}
	}
	if (s->is_doubtful || candidates == 0) {
		return false;
	}
	return named > 0 ? named == named_covering
			 : meant->b.len == 0 && candidates == covering;
}
