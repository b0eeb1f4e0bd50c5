#include "common/graph/private_codec.h"

#include <assert.h>

#include "common/base/utf8.h"
#include "common/mail/address.h"
#include "common/statement/statement.h"
#include "common/store/record.h"

#define FLAG_BLOCKED  0x01
#define FLAG_LEARNED  0x02
#define FLAG_IDENTITY 0x04
#define FLAG_CREDIT   0x08

const struct store_table private_tables[PRIVATE_TABLE_COUNT] = {
	[PRIVATE_SITE] = {"site", STORE_PLAIN},
	[PRIVATE_USERS] = {"users", STORE_PLAIN},
	[PRIVATE_NAMES] = {"names", STORE_PLAIN},
	[PRIVATE_ALIASES] = {"aliases", STORE_PLAIN},
	[PRIVATE_ENTRIES] = {"entries", STORE_PLAIN},
	[PRIVATE_HOLDERS] = {"holders", STORE_SET},
};

void
private_key_make(const struct digest *user, struct slice rest, struct private_key *key_out)
{
	assert(rest.len <= PRIVATE_NAME_MAX);
	memcpy(key_out->bytes, user->bytes, DIGEST_LEN);
	if (rest.len > 0) {
		memcpy(key_out->bytes + DIGEST_LEN, rest.data, rest.len);
	}
	key_out->len = DIGEST_LEN + rest.len;
}

int
private_name_make(struct slice text, struct private_name *out)
{
	struct address address;

	if (text.len == 0 || utf8_has_control(text)) {
		return ERR_INVALID;
	}
	if (slice_find_byte(text, '@') < text.len &&
		address_parse(text, true, &address, NULL) == 0) {
		text = address_slice(&address);
	}
	if (text.len > PRIVATE_NAME_MAX) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < text.len; i++) {
		out->text[i] = (char)ascii_lower(text.data[i]);
	}
	out->len = text.len;
	out->text[out->len] = '\0';
	return 0;
}

/* read_thumbprint - whether the next 43 bytes are one */
static bool
read_thumbprint(struct wire_reader *r, struct thumbprint *out)
{
	return thumbprint_parse(wire_read_bytes(r, IDENTITY_THUMBPRINT_LEN), out) == 0;
}

int
private_site_encode(struct slice key, struct slice domain, uint8_t buf[PRIVATE_SITE_RECORD_MAX],
	struct slice *out)
{
	struct wire_writer w;

	record_begin(&w, buf, PRIVATE_SITE_RECORD_MAX);
	wire_write_string(&w, domain);
	return record_end(&w, key, out);
}

int
private_site_decode(struct slice key, struct slice record, struct slice *domain_out)
{
	struct wire_reader r;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	*domain_out = wire_read_string(&r);
	return wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

int
private_user_encode(struct slice key, const struct private_user *user,
	uint8_t buf[PRIVATE_USER_RECORD_MAX], struct slice *out)
{
	struct wire_writer w;

	record_begin(&w, buf, PRIVATE_USER_RECORD_MAX);
	wire_write_bytes(&w, slice_of(user->identity.text, IDENTITY_THUMBPRINT_LEN));
	wire_write_u64(&w, user->created_s);
	wire_write_string(&w, user->address);
	return record_end(&w, key, out);
}

int
private_user_decode(struct slice key, struct slice record, struct private_user *out)
{
	struct wire_reader r;
	bool ok = false;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	*out = (struct private_user){0};
	ok = private_digest_decode(key, &out->digest) == 0 &&
	     read_thumbprint(&r, &out->identity);
	out->created_s = wire_read_u64(&r);
	out->address = wire_read_string(&r);
	return ok && wire_reader_finish(&r) == 0 ? 0 : ERR_CORRUPT;
}

int
private_entry_encode(struct slice key, const struct private_entry *entry,
	uint8_t buf[PRIVATE_ENTRY_RECORD_MAX], struct slice *out)
{
	struct wire_writer w;
	uint8_t flags = 0;

	flags |= entry->blocked ? FLAG_BLOCKED : 0;
	flags |= entry->origin == PRIVATE_LEARNED ? FLAG_LEARNED : 0;
	flags |= entry->has_identity ? FLAG_IDENTITY : 0;
	flags |= entry->has_credit ? FLAG_CREDIT : 0;
	record_begin(&w, buf, PRIVATE_ENTRY_RECORD_MAX);
	wire_write_u8(&w, entry->level);
	wire_write_u8(&w, flags);
	wire_write_u64(&w, entry->added_s);
	wire_write_u64(&w, entry->last_mail_s);
	if (entry->has_identity) {
		wire_write_bytes(&w, slice_of(entry->identity.text, IDENTITY_THUMBPRINT_LEN));
	}
	wire_write_string(&w, entry->text);
	wire_write_string(&w, entry->note);
	if (entry->has_credit) {
		wire_write_u32(&w, entry->credit);
	}
	return record_end(&w, key, out);
}

int
private_entry_decode(struct slice key, struct slice record, struct private_entry *out)
{
	struct wire_reader r;
	uint8_t flags = 0;
	bool ok = false;
	int ret = record_open(&r, key, record);

	if (ret != 0) {
		return ret;
	}
	*out = (struct private_entry){.level = wire_read_u8(&r)};
	flags = wire_read_u8(&r);
	out->blocked = (flags & FLAG_BLOCKED) != 0;
	out->origin = (flags & FLAG_LEARNED) != 0 ? PRIVATE_LEARNED : PRIVATE_BY_HAND;
	out->has_identity = (flags & FLAG_IDENTITY) != 0;
	out->has_credit = (flags & FLAG_CREDIT) != 0;
	out->added_s = wire_read_u64(&r);
	out->last_mail_s = wire_read_u64(&r);
	ok = private_digest_decode(slice_skip(key, DIGEST_LEN), &out->subject) == 0 &&
	     (!out->has_identity || read_thumbprint(&r, &out->identity));
	out->text = wire_read_string(&r);
	out->note = wire_read_string(&r);
	out->credit = out->has_credit ? wire_read_u32(&r) : 0;
	ok = ok && wire_reader_finish(&r) == 0 && out->level <= TRUST_LEVEL_STRONG;
	return ok ? 0 : ERR_CORRUPT;
}

bool
private_entry_is_notable(struct slice record, bool or_strong)
{
	const size_t at_level = 1;
	const size_t at_flags = 2;
	const size_t at_text = 3 + 8 + 8 + 2; /* without an identity */

	return record.len > at_text &&
	       ((or_strong && record.data[at_level] == TRUST_LEVEL_STRONG) ||
		       (record.data[at_flags] & (FLAG_IDENTITY | FLAG_CREDIT)) != 0 ||
		       slice_starts_with(slice_skip(record, at_text), SLICE("id:")));
}

int
private_digest_decode(struct slice value, struct digest *out)
{
	if (value.len != DIGEST_LEN) {
		return ERR_CORRUPT;
	}
	memcpy(out->bytes, value.data, DIGEST_LEN);
	return 0;
}
