#include "trustctl/import/contacts.h"

#include <stdlib.h>

#include "common/base/digest.h"
#include "common/mail/address_list.h"
#include "common/mail/header.h"
#include "common/mail/received.h"
#include "common/statement/statement.h"
#include "trustctl/import/mail_date.h"
#include "trustctl/import/robot_address.h"

/** Addresses of CONTACTS_MAX contacts at an average of 300 bytes. */
#define TEXTS_MAX   ((size_t)32 << 20)
/** One header with all its fields and addresses. */
#define SCRATCH_MAX ((size_t)4 << 20)
#define FIRST_SLOTS 1024

void
contacts_init(struct contacts *c, const struct contacts_config *config)
{
	*c = (struct contacts){
		.own = config->own,
		.own_count = config->own_count,
		.fold_local_part = config->fold_local_part,
		.is_sent_folder = config->is_sent_folder,
		.now_s = config->now_s,
	};
	arena_init(&c->texts, TEXTS_MAX);
	arena_init(&c->scratch, SCRATCH_MAX);
}

void
contacts_fini(struct contacts *c)
{
	free(c->items);
	free(c->slots);
	arena_fini(&c->texts);
	arena_fini(&c->scratch);
	*c = (struct contacts){0};
}

static uint64_t
hash_of(struct slice address)
{
	struct digest digest;
	uint64_t hash;

	digest_sha256(address, &digest);
	memcpy(&hash, digest.bytes, sizeof(hash));
	return hash;
}

/* find_slot - where the address is or would be; slot_count is a power of two with room left */
static size_t
find_slot(const struct contacts *c, struct slice address)
{
	size_t slot = (size_t)hash_of(address) & (c->slot_count - 1);

	while (c->slots[slot] != 0 &&
		!slice_eq(c->items[c->slots[slot] - 1].address, address)) {
		slot = (slot + 1) & (c->slot_count - 1);
	}
	return slot;
}

static struct contact *
find(const struct contacts *c, struct slice address)
{
	if (c->slot_count == 0) {
		return NULL;
	}
	size_t slot = find_slot(c, address);

	return c->slots[slot] == 0 ? NULL : &c->items[c->slots[slot] - 1];
}

/* grow - doubles both tables; slots are always at most half full */
static int
grow(struct contacts *c)
{
	size_t slot_count = c->slot_count == 0 ? FIRST_SLOTS : c->slot_count * 2;
	size_t cap = slot_count / 2;
	struct contact *items = reallocarray(c->items, cap, sizeof(*items));

	if (items == NULL) {
		return ERR_NOMEM;
	}
	c->items = items;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (slots == NULL) {
		return ERR_NOMEM;
	}
	free(c->slots);
	c->slots = slots;
	c->slot_count = slot_count;
	c->cap = cap;
	for (size_t i = 0; i < c->count; i++) {
		c->slots[find_slot(c, c->items[i].address)] = (uint32_t)i + 1;
	}
	return 0;
}

/* add - the contact of that address, made when missing; *out is NULL when the bound is reached */
static int
add(struct contacts *c, struct slice address, struct contact **out)
{
	*out = find(c, address);
	if (*out != NULL) {
		return 0;
	}
	if (c->count == CONTACTS_MAX) {
		c->skipped_full++;
		return 0;
	}
	if (c->count == c->cap && grow(c) != 0) {
		return ERR_NOMEM;
	}
	struct slice copy = arena_copy(&c->texts, address);

	if (copy.data == NULL) {
		return ERR_NOMEM;
	}
	c->items[c->count] = (struct contact){.address = copy};
	c->slots[find_slot(c, copy)] = (uint32_t)c->count + 1;
	*out = &c->items[c->count++];
	return 0;
}

static bool
is_own(const struct contacts *c, struct slice address)
{
	for (size_t i = 0; i < c->own_count; i++) {
		if (slice_eq(c->own[i], address)) {
			return true;
		}
	}
	return false;
}

/* field_is - the first word of that field is one of `values` */
static bool
field_is(const struct header *h, struct slice name, const char *const *values, size_t count)
{
	const struct header_field *field = header_find(h, name, 0);
	struct slice rest = field == NULL ? (struct slice){0} : field->body;
	struct slice word;

	if (!slice_next_token(&rest, " \t\r\n;", &word)) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (slice_eq_nocase(word, slice_str(values[i]))) {
			return true;
		}
	}
	return false;
}

static bool
is_list_mail(const struct header *h)
{
	static const struct slice fields[] = {
		{(const uint8_t *)"List-Id", 7},
		{(const uint8_t *)"List-Post", 9},
		{(const uint8_t *)"List-Unsubscribe", 16},
		{(const uint8_t *)"Mailing-List", 12},
	};
	static const char *const bulk[] = {"bulk", "list", "junk"};

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (header_find(h, fields[i], 0) != NULL) {
			return true;
		}
	}
	return field_is(h, SLICE("Precedence"), bulk, ARRAY_LEN(bulk));
}

static bool
is_automatic(const struct header *h)
{
	static const char *const by_hand[] = {"no"};
	static const char *const replies[] = {"auto_reply", "auto-reply"};
	static const char *const null_path[] = {"<>"};

	if (header_find(h, SLICE("Auto-Submitted"), 0) != NULL &&
		!field_is(h, SLICE("Auto-Submitted"), by_hand, ARRAY_LEN(by_hand))) {
		return true;
	}
	return header_find(h, SLICE("X-Autoreply"), 0) != NULL ||
	       field_is(h, SLICE("Precedence"), replies, ARRAY_LEN(replies)) ||
	       field_is(h, SLICE("Return-Path"), null_path, ARRAY_LEN(null_path));
}

/*
 * came_from_outside - delivered here, or handed over by another host; copies of sent mail were
 * not
 */
static bool
came_from_outside(const struct header *h)
{
	const struct header_field *field = NULL;
	struct received hop;

	if (header_find(h, SLICE("Delivered-To"), 0) != NULL ||
		header_find(h, SLICE("X-Original-To"), 0) != NULL ||
		header_find(h, SLICE("Return-Path"), 0) != NULL) {
		return true;
	}
	while ((field = header_next(h, SLICE("Received"), field)) != NULL) {
		received_parse(field->body, &hop);
		if (hop.kind == RECEIVED_FROM_PEER || hop.kind == RECEIVED_UNKNOWN) {
			return true;
		}
	}
	return false;
}

/* author - the only address of the only From; empty otherwise. @return 0 or ERR_NOMEM */
static int
author(struct contacts *c, const struct header *h, struct slice *out)
{
	const struct header_field *from = header_find(h, SLICE("From"), 0);
	struct address_list list;

	*out = (struct slice){0};
	if (from == NULL || header_count(h, SLICE("From")) != 1) {
		return 0;
	}
	int rc = address_list_parse(from->body, c->fold_local_part, &c->scratch, &list);

	if (rc == 0 && address_list_is_single(&list)) {
		*out = list.items[0].address;
	}
	return rc;
}

static uint64_t
sent_at(struct contacts *c, const struct header *h)
{
	const struct header_field *date = header_find(h, SLICE("Date"), 0);
	uint64_t wall_s;

	if (date == NULL) {
		return 0;
	}
	struct slice body = header_unfold(date->body, &c->scratch);

	if (body.data == NULL || mail_date_parse(body, &wall_s) != 0) {
		return 0;
	}
	return wall_s < c->now_s ? wall_s : c->now_s;
}

/* take_recipient - *taken is set when the address counts */
static int
take_recipient(struct contacts *c, struct slice address, uint64_t wall_s, bool *taken)
{
	struct contact *contact;

	if (is_own(c, address)) {
		return 0;
	}
	if (robot_address(address)) {
		c->skipped_noreply++;
		return 0;
	}
	int rc = add(c, address, &contact);

	if (rc == 0 && contact != NULL) {
		contact->sent++;
		contact->last_mail_s =
			wall_s > contact->last_mail_s ? wall_s : contact->last_mail_s;
		*taken = true;
	}
	return rc;
}

static int
take_recipients(struct contacts *c, const struct header *h, struct slice name, uint64_t wall_s,
	bool *taken)
{
	const struct header_field *field = NULL;
	struct address_list list;

	while ((field = header_next(h, name, field)) != NULL) {
		int rc =
			address_list_parse(field->body, c->fold_local_part, &c->scratch, &list);

		for (size_t i = 0; rc == 0 && i < list.count; i++) {
			rc = take_recipient(c, list.items[i].address, wall_s, taken);
		}
		if (rc != 0) {
			return rc;
		}
	}
	return 0;
}

/* judge - the common first part of both passes: who wrote it, and is it mail between people */
static int
judge(struct contacts *c, struct slice message, struct header *h, struct slice *from,
	enum contacts_result *result)
{
	arena_reset(&c->scratch);
	int rc = header_parse(message, &HEADER_LIMITS_DEFAULT, &c->scratch, h);

	if (rc == 0) {
		rc = author(c, h, from);
	}
	if (rc != 0) {
		return rc;
	}
	if (from->len == 0) {
		*result = CONTACTS_MALFORMED;
	} else if (is_automatic(h)) {
		*result = CONTACTS_AUTOMATIC;
	} else if (is_list_mail(h)) {
		*result = CONTACTS_LIST_MAIL;
	} else if (!is_own(c, *from)) {
		*result = CONTACTS_FOREIGN;
	} else {
		bool forged = !c->is_sent_folder && came_from_outside(h);

		*result = forged ? CONTACTS_FORGED : CONTACTS_TAKEN;
	}
	return 0;
}

int
contacts_collect(struct contacts *c, struct slice header, enum contacts_result *result)
{
	static const struct slice fields[] = {{(const uint8_t *)"To", 2},
		{(const uint8_t *)"Cc", 2}, {(const uint8_t *)"Bcc", 3}};
	struct header h;
	struct slice from;
	bool taken = false;
	int rc = judge(c, header, &h, &from, result);

	if (rc != 0 || *result != CONTACTS_TAKEN) {
		return rc;
	}
	uint64_t wall_s = sent_at(c, &h);

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(fields); i++) {
		rc = take_recipients(c, &h, fields[i], wall_s, &taken);
	}
	if (!taken) {
		*result = CONTACTS_NO_RECIPIENTS;
	}
	return rc;
}

/* mark_list - "List-Post: <mailto:list@example.org>" tells that a contact is a list */
static void
mark_list(struct contacts *c, const struct header *h)
{
	const struct header_field *post = header_find(h, SLICE("List-Post"), 0);
	struct slice prefix = SLICE("<mailto:");
	struct address address;

	if (post == NULL) {
		return;
	}
	size_t start = slice_find(post->body, prefix);
	struct slice rest = slice_skip(post->body, start + prefix.len);

	rest = slice_take(rest, slice_find_byte(rest, '>'));
	rest = slice_take(rest, slice_find_byte(rest, '?'));
	if (address_parse(rest, c->fold_local_part, &address, NULL) != 0) {
		return;
	}
	struct contact *contact = find(c, address_slice(&address));

	if (contact != NULL) {
		contact->is_list = true;
	}
}

int
contacts_reply(struct contacts *c, struct slice header, enum contacts_result *result)
{
	struct header h;
	struct slice from;
	int rc = judge(c, header, &h, &from, result);

	if (rc != 0) {
		return rc;
	}
	mark_list(c, &h);
	if (*result != CONTACTS_FOREIGN) {
		return 0;
	}
	struct contact *contact = find(c, from);

	if (contact != NULL) {
		contact->received++;
		*result = CONTACTS_TAKEN;
	}
	return 0;
}

unsigned int
contact_level(const struct contact *contact)
{
	if (contact->is_list || contact->sent == 0) {
		return TRUST_LEVEL_NONE;
	}
	return contact->received > 0 ? TRUST_LEVEL_ORDINARY : TRUST_LEVEL_WEAK;
}

static int
compare(const void *a, const void *b)
{
	const struct contact *left = a;
	const struct contact *right = b;

	return slice_cmp(left->address, right->address);
}

void
contacts_sort(struct contacts *c)
{
	if (c->count > 1) {
		qsort(c->items, c->count, sizeof(*c->items), compare);
	}
	free(c->slots);
	c->slots = NULL;
	c->slot_count = 0;
}
