#include "common/scan/arc.h"

#include "common/base/strnum.h"
#include "common/mail/dkim_signature.h"
#include "common/mail/domain.h"

/* Instances of an ARC set (RFC 8617 section 4.2.1). */
#define ARC_INSTANCE_MAX 50

/* instance_of - the i= of a seal or a message signature; 0 when it cannot be read */
static unsigned int
instance_of(const struct header_field *f, struct arena *arena, struct slice *domain_out)
{
	struct dkim_signature seal;
	uint32_t instance = 0;

	if (dkim_signature_parse(f->body, arena, &seal, NULL) != 0 ||
		strnum_u32(seal.identity, ARC_INSTANCE_MAX, &instance) != 0) {
		return 0;
	}
	*domain_out = seal.domain;
	return instance;
}

unsigned int
arc_results_instance(struct slice *body)
{
	size_t end = slice_find_byte(*body, ';');
	struct slice tag = slice_trim(slice_take(*body, end));
	uint32_t instance = 0;

	if (end == body->len || !slice_starts_with_nocase(tag, SLICE("i="))) {
		return 0;
	}
	*body = slice_skip(*body, end + 1);
	return strnum_u32(slice_skip(tag, 2), ARC_INSTANCE_MAX, &instance) == 0 ? instance : 0;
}

/*
 * has_later - does a field of the set other than a seal claim an instance above that, or none
 * we can read?
 */
static bool
has_later(const struct header *h, struct arena *arena, unsigned int newest)
{
	const struct header_field *f = NULL;
	struct slice unused;

	while ((f = header_next(h, SLICE("ARC-Message-Signature"), f)) != NULL) {
		unsigned int instance = instance_of(f, arena, &unused);

		if (instance == 0 || instance > newest) {
			return true;
		}
	}
	while ((f = header_next(h, SLICE("ARC-Authentication-Results"), f)) != NULL) {
		struct slice body = f->body;
		unsigned int instance = arc_results_instance(&body);

		if (instance == 0 || instance > newest) {
			return true;
		}
	}
	return false;
}

unsigned int
arc_newest(const struct header *h, struct arena *arena)
{
	const struct header_field *f = NULL;
	uint64_t seen = 0; /* one bit an instance */
	unsigned int newest = 0;
	struct slice unused;

	while ((f = header_next(h, SLICE("ARC-Seal"), f)) != NULL) {
		unsigned int instance = instance_of(f, arena, &unused);

		if (instance == 0 || (seen >> instance & 1) != 0) {
			return 0;
		}
		seen |= UINT64_C(1) << instance;
		newest = instance > newest ? instance : newest;
	}
	return has_later(h, arena, newest) ? 0 : newest;
}

struct slice
arc_sealer(const struct header *h, unsigned int instance, struct arena *arena)
{
	const struct header_field *f = NULL;
	struct slice text = {0};
	struct domain domain;

	while (instance > 0 && (f = header_next(h, SLICE("ARC-Seal"), f)) != NULL) {
		if (instance_of(f, arena, &text) == instance &&
			domain_normalise(text, &domain) == 0) {
			return arena_copy(arena, domain_slice(&domain));
		}
	}
	return (struct slice){0};
}
