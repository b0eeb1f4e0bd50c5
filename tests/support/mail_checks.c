#include "tests/support/mail_checks.h"

#include <assert.h>

#include "common/base/utf8.h"
#include "common/mail/address_list.h"
#include "common/mail/auth_results.h"
#include "common/mail/dkim_signature.h"
#include "common/mail/domain.h"
#include "common/mail/header.h"
#include "common/mail/received.h"

#define ARENA_MAX ((size_t)4 * 1024 * 1024)

static bool
is_within(struct slice part, struct slice whole)
{
	return part.len == 0 ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

void
check_domain(struct slice in)
{
	struct domain d;
	struct domain again;

	if (domain_normalise_or_literal(in, &d) != 0) {
		return;
	}
	assert(d.len > 0 && d.len <= DOMAIN_TEXT_MAX && d.text[d.len] == '\0');
	assert(domain_normalise_or_literal(domain_slice(&d), &again) == 0);
	assert(slice_eq(domain_slice(&d), domain_slice(&again)));
	assert(domain_is_same_or_under(domain_slice(&d), domain_slice(&again)));
}

/* check_canonical - an address that came out goes in as it is */
static void
check_canonical(struct slice text)
{
	struct address a;

	assert(utf8_is_valid(text) && text.len <= ADDRESS_TEXT_MAX);
	for (size_t i = 0; i < text.len; i++) {
		assert(text.data[i] >= ' ' && text.data[i] != 0x7f);
	}
	assert(address_parse(text, false, &a, NULL) == 0);
	assert(slice_eq(address_slice(&a), text));
	assert(a.local_len <= ADDRESS_LOCAL_MAX && a.text[a.local_len] == '@');
}

void
check_address(struct slice in)
{
	struct address a;
	struct address bare;

	if (address_parse(in, true, &a, NULL) == 0) {
		check_canonical(address_slice(&a));
		(void)address_strip_sub_address(&a, "+-", &bare);
		check_canonical(address_slice(&bare));
	}
	if (address_path_parse(in, false, &a) == 0) {
		check_canonical(address_slice(&a));
	}
	check_domain(in);
}

void
check_address_list(struct slice in)
{
	struct address_list list;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	if (address_list_parse(in, true, &arena, &list) == 0) {
		assert(list.count <= ADDRESS_LIST_MAX && list.malformed_at <= in.len);
		for (size_t i = 0; i < list.count; i++) {
			check_canonical(list.items[i].address);
			assert(is_within(list.items[i].display_name, in));
		}
	}
	arena_fini(&arena);
}

static void
check_fields(const struct header *h)
{
	size_t at = h->start;

	for (size_t i = 0; i < h->count; i++) {
		const struct header_field *f = &h->fields[i];

		assert(f->offset >= at && f->end > f->offset && f->end <= h->end);
		assert(f->name.len > 0 && f->name.data == h->message.data + f->offset);
		assert(is_within(f->body, h->message));
		assert(header_count(h, f->name) > 0);
		at = f->end;
	}
}

void
check_header(struct slice in)
{
	struct header_limits small = {.max_fields = 3, .max_bytes = 200};
	struct header h;
	struct header cut;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	if (header_parse(in, &HEADER_LIMITS_DEFAULT, &arena, &h) == 0) {
		assert(h.start <= h.end && h.end <= h.body_offset && h.body_offset <= in.len);
		check_fields(&h);
		assert(header_parse(in, &small, &arena, &cut) == 0);
		assert(cut.count <= h.count && cut.count <= small.max_fields);
		assert(cut.count == h.count || (cut.flags & HEADER_CUT) != 0);
		assert(cut.body_offset == h.body_offset);
		for (size_t i = 0; i < cut.count; i++) {
			struct slice text = header_unfold(cut.fields[i].body, &arena);

			assert(slice_find_byte(text, '\n') == text.len);
		}
	}
	arena_fini(&arena);
}

void
check_received(struct slice in)
{
	struct received r;

	received_parse(in, &r);
	assert(is_within(r.by, in) && is_within(r.with, in));
	assert(is_within(r.helo, in) && is_within(r.rdns, in));
	assert(r.kind == RECEIVED_FROM_PEER || (r.helo.len == 0 && r.rdns.len == 0));
	assert(r.kind != RECEIVED_UNKNOWN || (r.by.len == 0 && r.with.len == 0));
}

void
check_auth_results(struct slice in)
{
	struct auth_results results;
	struct arena arena;
	int ret;

	arena_init(&arena, ARENA_MAX);
	ret = auth_results_parse(in, &arena, &results, NULL);
	assert(ret == 0 ? results.authserv_id.len > 0 : results.count == 0);
	assert(results.count <= AUTH_RESULTS_MAX);
	for (size_t i = 0; i < results.count; i++) {
		const struct auth_result *r = &results.results[i];

		assert(r->method.len > 0 && r->text.len > 0);
		assert(is_within(r->method, in) && is_within(r->text, in));
		assert(r->property_count <= AUTH_PROPERTIES_MAX);
		for (size_t k = 0; k < r->property_count; k++) {
			assert(r->properties[k].name.len > 0);
		}
	}
	arena_fini(&arena);
}

void
check_dkim_signature(struct slice in)
{
	struct dkim_signature sig;
	struct arena arena;

	arena_init(&arena, ARENA_MAX);
	if (dkim_signature_parse(in, &arena, &sig, NULL) == 0) {
		assert(sig.domain.len > 0 && sig.selector.len > 0 && sig.signature.len > 0);
		assert(dkim_signature_is_named(&sig, sig.signature));
		assert(!dkim_signature_is_plain(&sig) ||
			slice_find_byte(sig.identity, '(') == sig.identity.len);
		for (struct slice rest = sig.fields; rest.len > 0;) {
			size_t len = slice_find_byte(rest, ':');

			assert(dkim_signature_covers(&sig, slice_take(rest, len)));
			rest = slice_skip(rest, len + 1);
		}
	}
	arena_fini(&arena);
}
