/*
 * Whole messages through all parsers of common/mail: those of tests/golden/mail against what is
 * written beside them (UPDATE_GOLDEN=1 in the environment rewrites that), and, where it is
 * there, a collection of real mail.
 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/base/dynbuf.h"
#include "common/base/log.h"
#include "common/mail/address_list.h"
#include "common/mail/auth_results.h"
#include "common/mail/dkim_signature.h"
#include "common/mail/header.h"
#include "common/mail/received.h"

#define FILE_MAX ((size_t)16 * 1024 * 1024)

static struct arena arena;
static struct dynbuf file;
static struct dynbuf out;

static void
set_up(void)
{
	arena_init(&arena, FILE_MAX);
	dynbuf_init(&file, FILE_MAX);
	dynbuf_init(&out, FILE_MAX);
}

static void
tear_down(void)
{
	dynbuf_fini(&out);
	dynbuf_fini(&file);
	arena_fini(&arena);
}

TestSuite(mail_messages, .init = set_up, .fini = tear_down);

/* load - a whole file; false when there is none */
static bool
load(const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t *room = NULL;
	size_t n = 0;

	dynbuf_reset(&file);
	if (in == NULL) {
		return false;
	}
	do {
		room = dynbuf_reserve(&file, 65536);
		cr_assert_not_null(room, "%s", path);
		n = fread(room, 1, 65536, in);
		dynbuf_commit(&file, n);
	} while (n > 0);
	cr_assert_eq(fclose(in), 0);
	return true;
}

static void
print_escaped(const char *label, struct slice text)
{
	char escaped[512];

	if (text.len > 0) {
		dynbuf_printf(&out, " %s%s", label, log_escape(text, escaped, sizeof(escaped)));
	}
}

static void
print_addresses(const struct header_field *f)
{
	struct address_list list;

	cr_assert_eq(address_list_parse(f->body, true, &arena, &list), 0);
	for (size_t i = 0; i < list.count; i++) {
		print_escaped("address=", list.items[i].address);
	}
	dynbuf_add_str(&out, list.malformed ? " malformed" : "");
}

static void
print_received(const struct header_field *f)
{
	static const char *const kinds[] = {
		[RECEIVED_UNKNOWN] = "unknown",
		[RECEIVED_FROM_PEER] = "peer",
		[RECEIVED_SUBMITTED] = "submitted",
		[RECEIVED_INSIDE] = "inside",
	};
	char peer[NET_ADDRESS_TEXT_MAX];
	struct received r;

	received_parse(f->body, &r);
	dynbuf_printf(&out, " %s", kinds[r.kind]);
	if (r.kind == RECEIVED_FROM_PEER) {
		dynbuf_printf(&out, "=%s", net_address_print(&r.peer, peer));
	}
	print_escaped("helo=", r.helo);
	print_escaped("rdns=", r.rdns);
	print_escaped("by=", r.by);
	print_escaped("with=", r.with);
}

static void
print_auth_results(const struct header_field *f)
{
	struct auth_results results;
	struct err_msg msg;
	int ret = auth_results_parse(f->body, &arena, &results, &msg);

	print_escaped("id=", results.authserv_id);
	if (ret != 0) {
		dynbuf_printf(&out, " error: %s", msg.text);
	}
	for (size_t i = 0; i < results.count; i++) {
		const struct auth_result *r = &results.results[i];

		dynbuf_printf(&out, "\n\t%.*s=%.*s", SLICE_ARG(r->method), SLICE_ARG(r->text));
		for (size_t k = 0; k < r->property_count; k++) {
			const struct auth_property *p = &r->properties[k];

			char value[512];

			dynbuf_printf(&out, " %.*s.%.*s=%s", SLICE_ARG(p->ptype),
				SLICE_ARG(p->name), log_escape(p->value, value, sizeof(value)));
		}
	}
}

static void
print_dkim_signature(const struct header_field *f)
{
	struct dkim_signature sig;

	if (dkim_signature_parse(f->body, &arena, &sig, NULL) != 0) {
		dynbuf_add_str(&out, " broken");
		return;
	}
	print_escaped("d=", sig.domain);
	print_escaped("s=", sig.selector);
	print_escaped("b=", slice_take(sig.signature, 8));
	dynbuf_add_str(&out, sig.has_length ? " l=" : "");
}

static const struct {
	struct slice name;
	void (*print)(const struct header_field *f);
} printers[] = {
	{SLICE("From"), print_addresses},
	{SLICE("Sender"), print_addresses},
	{SLICE("Reply-To"), print_addresses},
	{SLICE("To"), print_addresses},
	{SLICE("Return-Path"), print_addresses},
	{SLICE("Received"), print_received},
	{SLICE("Authentication-Results"), print_auth_results},
	{SLICE("DKIM-Signature"), print_dkim_signature},
};

/* print_message - what the parsers make of the loaded file */
static void
print_message(void)
{
	struct header h;

	arena_reset(&arena);
	dynbuf_reset(&out);
	cr_assert_eq(header_parse(dynbuf_slice(&file), &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	dynbuf_printf(&out, "flags %#x, header %zu to %zu, body from %zu\n", h.flags, h.start,
		h.end, h.body_offset);
	for (size_t i = 0; i < h.count; i++) {
		const struct header_field *f = &h.fields[i];

		dynbuf_printf(&out, "%zu-%zu", f->offset, f->end);
		print_escaped("", f->name);
		for (size_t k = 0; k < ARRAY_LEN(printers); k++) {
			if (header_field_is(f, printers[k].name)) {
				printers[k].print(f);
			}
		}
		dynbuf_add_byte(&out, '\n');
	}
	cr_assert_eq(dynbuf_error(&out), 0);
}

static void
rewrite(const char *path)
{
	FILE *ref = fopen(path, "wb");
	struct slice text = dynbuf_slice(&out);

	cr_assert_not_null(ref, "%s", path);
	cr_assert_eq(fwrite(text.data, 1, text.len, ref), text.len);
	cr_assert_eq(fclose(ref), 0);
}

Test(mail_messages, come_apart_as_written_beside_them)
{
	static const char *const names[] = {
		"exim-mbox",
		"hidden-from",
		"latin1-broken-off",
		"postfix-opendkim",
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[1024];

		(void)snprintf(
			path, sizeof(path), "%s/golden/mail/%s.eml", TESTS_DIR, names[i]);
		cr_assert(load(path), "%s", path);
		print_message();
		(void)snprintf(
			path, sizeof(path), "%s/golden/mail/%s.ref", TESTS_DIR, names[i]);
		if (getenv("UPDATE_GOLDEN") != NULL) {
			rewrite(path);
		}
		cr_assert(load(path), "%s", path);
		cr_expect(slice_eq(dynbuf_slice(&file), dynbuf_slice(&out)), "%s is now:\n%s",
			path, dynbuf_cstr(&out));
	}
}

/* What a collection of real mail looks like. */
struct tally {
	size_t messages;
	size_t doubtful;
	size_t single_from;
	size_t received;
	size_t received_unknown;
};

static void
count_message(struct tally *tally)
{
	const struct header_field *f = NULL;
	struct address_list from = {.count = 0};
	struct header h;

	arena_reset(&arena);
	cr_assert_eq(header_parse(dynbuf_slice(&file), &HEADER_LIMITS_DEFAULT, &arena, &h), 0);
	tally->messages++;
	tally->doubtful += (h.flags & HEADER_DOUBTFUL) != 0;
	f = header_find(&h, SLICE("From"), 0);
	if (f != NULL) {
		cr_assert_eq(address_list_parse(f->body, true, &arena, &from), 0);
		tally->single_from += address_list_is_single(&from);
	}
	f = NULL;
	while ((f = header_next(&h, SLICE("Received"), f)) != NULL) {
		struct received r;

		received_parse(f->body, &r);
		tally->received++;
		tally->received_unknown += r.kind == RECEIVED_UNKNOWN;
	}
}

static void
count_directory(const char *path, struct tally *tally)
{
	DIR *dir = opendir(path);

	if (dir == NULL) {
		return;
	}
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		char name[2048];

		(void)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (slice_ends_with(slice_str(name), SLICE(".eml")) && load(name)) {
			count_message(tally);
		}
	}
	closedir(dir);
}

Test(mail_messages, of_real_mail_nearly_all_are_understood)
{
	struct tally tally = {.messages = 0};

	count_directory(TESTS_DIR "/../../shared/data/mail/ham", &tally);
	count_directory(TESTS_DIR "/../../shared/data/mail/spam", &tally);
	if (tally.messages == 0) {
		cr_skip_test("no collection of real mail in ../shared/data/mail");
	}
	cr_expect_leq(tally.doubtful, tally.messages / 50, "%zu of %zu messages are doubtful",
		tally.doubtful, tally.messages);
	cr_expect_geq(tally.single_from, tally.messages - tally.messages / 20,
		"%zu of %zu have one From address", tally.single_from, tally.messages);
	cr_expect_leq(tally.received_unknown, tally.received / 20,
		"%zu of %zu Received are unknown", tally.received_unknown, tally.received);
}
