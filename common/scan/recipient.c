#include "common/scan/recipient.h"

#include "common/mail/address_list.h"
#include "common/scan/trace.h"

bool
recipient_find_user(struct private_reader *r, const struct settings *settings,
	struct slice name, struct private_user *out)
{
	struct address address;
	struct address bare;
	char delimiters[32] = "";

	if (private_user_find(r, name, out)) {
		return true;
	}
	if (settings->subaddress_delimiter.len == 0 ||
		settings->subaddress_delimiter.len >= sizeof(delimiters) ||
		address_parse(name, settings->fold_local_part, &address, NULL) != 0) {
		return false;
	}
	memcpy(delimiters, settings->subaddress_delimiter.data,
		settings->subaddress_delimiter.len);
	return address_strip_sub_address(&address, delimiters, &bare) &&
	       private_user_find(r, address_slice(&bare), out);
}

/* add_user - notes a local user once; false when there are too many */
static bool
add_user(struct recipients *out, const struct private_user *user)
{
	for (size_t i = 0; i < out->count; i++) {
		if (digest_eq(&out->users[i].digest, &user->digest)) {
			return true;
		}
	}
	if (out->count == RECIPIENTS_MAX) {
		return false;
	}
	out->users[out->count++] = *user;
	return true;
}

size_t
recipients_fields_end(const struct header *h)
{
	const struct header_field *f = header_find(h, SLICE("Received"), 0);

	return f == NULL ? trace_envelope_end(h) : (size_t)(f - h->fields);
}

/* What one search for recipients works on. */
struct search {
	struct private_reader *private_store;
	const struct settings *settings;
	const struct header *header;
	size_t end; /* of the fields that are ours */
	struct arena *arena;
};

/* from_field - the local users that our own fields of one name speak of */
static int
from_field(const struct search *s, struct slice name, struct recipients *out)
{
	const struct header_field *f = NULL;

	while ((f = header_next(s->header, name, f)) != NULL &&
		(size_t)(f - s->header->fields) < s->end) {
		struct address_list list;
		int ret = address_list_parse(
			f->body, s->settings->fold_local_part, s->arena, &list);

		if (ret != 0) {
			return ret;
		}
		for (size_t i = 0; i < list.count; i++) {
			struct private_user user;

			if (recipient_find_user(s->private_store, s->settings,
				    list.items[i].address, &user) &&
				!add_user(out, &user)) {
				out->count = 0;
				out->too_many = true;
				return 0;
			}
		}
	}
	return 0;
}

int
recipients_find(struct private_reader *r, const struct settings *settings,
	const struct header *h, struct slice user, struct arena *arena, struct recipients *out)
{
	const struct search search = {
		.private_store = r,
		.settings = settings,
		.header = h,
		.end = recipients_fields_end(h),
		.arena = arena,
	};
	struct private_user found;

	out->count = 0;
	out->source = SLICE("");
	out->too_many = false;
	if (user.len > 0 && recipient_find_user(r, settings, user, &found)) {
		(void)add_user(out, &found);
		out->source = SLICE("User");
		return 0;
	}
	for (size_t i = 0; i < settings->recipient_headers.count; i++) {
		struct slice name = settings->recipient_headers.items[i];
		int ret = from_field(&search, name, out);

		if (ret != 0) {
			return ret;
		}
		if (out->count > 0 || out->too_many) {
			out->source = name;
			return 0;
		}
	}
	return 0;
}
