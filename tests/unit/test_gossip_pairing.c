#include <criterion/criterion.h>

#include <stdio.h>

#include "common/base/attr.h"
#include "gossip/pairing.h"

/* Two nodes, the session between them, and one invitation. */
struct meeting {
	struct rng_seeded_state state;
	struct rng rng;
	struct pairing_host host;
	struct pairing_guest guest;
	struct invitation link;
	struct digest host_pin;
	struct digest guest_pin;
	uint8_t exporter[TLS_NODE_EXPORTER_LEN];
	uint64_t now_s;
	struct pairing_reply reply;
	char digits[PAIRING_DIGITS_LEN];
};

static void
meet(struct meeting *m)
{
	*m = (struct meeting){.now_s = 1000};
	m->rng = rng_seeded(&m->state, 7);
	memset(m->host_pin.bytes, 1, DIGEST_LEN);
	memset(m->guest_pin.bytes, 2, DIGEST_LEN);
	memset(m->exporter, 3, sizeof(m->exporter));
	(void)snprintf(m->link.host, sizeof(m->link.host), "gossip.example.org:7483");
	m->link.pin = m->host_pin;
	cr_assert_eq(pairing_host_open(&m->host, m->now_s, &m->rng, m->link.secret), 0);
	cr_assert_eq(pairing_guest_init(&m->guest, &m->link, SLICE("example.net"),
			     SLICE("https://gossip.example.net:7483"), &m->rng),
		0);
}

/* say - the guest's next message; what the host makes of it is in m->reply */
static void
say(struct meeting *m, size_t flip)
{
	uint8_t body[PAIRING_BODY_MAX];
	size_t len = pairing_guest_body_len(&m->guest);
	struct pairing_call call = {
		.own_pin = &m->host_pin,
		.peer_pin = &m->guest_pin,
		.exporter = m->exporter,
		.own_name = SLICE("example.org"),
		.now_s = m->now_s,
		.rng = &m->rng,
	};

	cr_assert_eq(pairing_guest_body(&m->guest, &m->guest_pin, m->exporter, body), 0);
	if (flip > 0) {
		body[len - flip] ^= 1;
	}
	pairing_host_take(&m->host, &call, slice_of(body, len), &m->reply);
}

static int
hear(struct meeting *m)
{
	return pairing_guest_take(&m->guest, &m->guest_pin,
		slice_of(m->reply.body, m->reply.body_len), m->digits);
}

Test(pairing, two_rounds_make_peers_with_the_same_digits)
{
	struct meeting m;

	meet(&m);
	say(&m, 0);
	cr_assert_eq(m.reply.status, 200);
	cr_expect_not(m.reply.paired);
	cr_assert_eq(hear(&m), 1);
	cr_expect_str_eq(m.guest.host_name, "example.org");
	say(&m, 0);
	cr_assert_eq(m.reply.status, 200);
	cr_assert(m.reply.paired);
	cr_expect_str_eq(m.reply.party.name, "example.net");
	cr_expect_str_eq(m.reply.party.url, "https://gossip.example.net:7483");
	cr_assert_eq(hear(&m), 0);
	cr_expect_str_eq(m.digits, m.reply.digits);
	cr_expect_eq(strlen(m.digits), 6);
	cr_expect_not(pairing_host_is_open(&m.host, m.now_s), "good once");
}

Test(pairing, another_secret_key_or_session_is_refused)
{
	for (int what = 0; what < 4; what++) {
		struct meeting m;

		meet(&m);
		switch (what) {
		case 0:
			m.guest.link.secret[0] ^= 1;
			break;
		case 1:
			m.guest.link.pin.bytes[0] ^= 1;
			break;
		case 2:
			m.host.secret[11] ^= 1;
			break;
		default:
			break;
		}
		say(&m, what == 3 ? 1 : 0);
		cr_expect_eq(m.reply.status, 403, "case %d", what);
		cr_expect_eq(m.reply.body_len, 0);
		cr_expect_not(m.reply.paired);
	}
}

Test(pairing, a_message_carried_into_another_session_is_worth_nothing)
{
	uint8_t body[PAIRING_BODY_MAX];
	struct meeting m;
	struct pairing_call call = {.own_name = SLICE("example.org")};
	uint8_t other[TLS_NODE_EXPORTER_LEN] = {9};

	meet(&m);
	cr_assert_eq(pairing_guest_body(&m.guest, &m.guest_pin, m.exporter, body), 0);
	call.own_pin = &m.host_pin;
	call.peer_pin = &m.guest_pin;
	call.exporter = other;
	call.now_s = m.now_s;
	call.rng = &m.rng;
	pairing_host_take(
		&m.host, &call, slice_of(body, pairing_guest_body_len(&m.guest)), &m.reply);
	cr_expect_eq(m.reply.status, 403);
}

Test(pairing, five_tries_close_the_invitation)
{
	struct meeting m;

	meet(&m);
	for (int i = 0; i < PAIRING_TRIES; i++) {
		cr_expect(pairing_host_is_open(&m.host, m.now_s));
		say(&m, 1);
		cr_expect_eq(m.reply.status, 403);
	}
	cr_expect_not(pairing_host_is_open(&m.host, m.now_s));
	say(&m, 0);
	cr_expect_eq(m.reply.status, 403, "the right secret comes too late");
}

Test(pairing, ten_minutes_close_the_invitation)
{
	struct meeting m;

	meet(&m);
	m.now_s += PAIRING_LIFE_S - 1;
	cr_expect(pairing_host_is_open(&m.host, m.now_s));
	m.now_s += 1;
	say(&m, 0);
	cr_expect_eq(m.reply.status, 403);
}

Test(pairing, a_second_guest_cannot_finish_what_the_first_began)
{
	struct meeting m;

	meet(&m);
	say(&m, 0);
	cr_assert_eq(hear(&m), 1);
	m.guest_pin.bytes[0] ^= 1;
	say(&m, 0);
	cr_expect_eq(m.reply.status, 409);
}

Test(pairing, the_second_round_does_not_wait_for_ever)
{
	struct meeting m;

	meet(&m);
	say(&m, 0);
	cr_assert_eq(hear(&m), 1);
	m.now_s += PAIRING_ROUND_S;
	say(&m, 0);
	cr_expect_eq(m.reply.status, 409);
}

Test(pairing, another_nonce_than_the_committed_one_is_a_failed_try)
{
	struct meeting m;

	meet(&m);
	say(&m, 0);
	cr_assert_eq(hear(&m), 1);
	m.guest.nonce[0] ^= 1;
	say(&m, 0);
	cr_expect_eq(m.reply.status, 403);
	cr_expect_not(m.reply.paired);
}

Test(pairing, a_host_that_does_not_know_the_secret_is_found_out)
{
	struct meeting m;

	meet(&m);
	say(&m, 0);
	m.reply.body[m.reply.body_len - 1] ^= 1;
	cr_expect_eq(hear(&m), ERR_SIGNATURE);
	meet(&m);
	say(&m, 0);
	m.reply.body[2] ^= 1; /* its nonce */
	cr_expect_eq(hear(&m), ERR_SIGNATURE);
}

Test(pairing, every_truncation_is_refused_and_counts_as_no_pairing)
{
	uint8_t body[PAIRING_BODY_MAX];
	struct meeting m;

	meet(&m);
	cr_assert_eq(pairing_guest_body(&m.guest, &m.guest_pin, m.exporter, body), 0);
	for (size_t n = 0; n < pairing_guest_body_len(&m.guest); n++) {
		struct pairing_call call = {
			.own_pin = &m.host_pin,
			.peer_pin = &m.guest_pin,
			.exporter = m.exporter,
			.own_name = SLICE("example.org"),
			.now_s = m.now_s,
			.rng = &m.rng,
		};

		pairing_host_take(&m.host, &call, slice_of(body, n), &m.reply);
		cr_expect(m.reply.status == 400 || m.reply.status == 403, "%zu bytes", n);
		cr_expect_not(m.reply.paired);
	}
}

Test(pairing, names_that_could_forge_a_line_of_a_listing_are_refused)
{
	struct meeting m;

	meet(&m);
	cr_expect_eq(pairing_guest_init(&m.guest, &m.link, SLICE("a\nb"), SLICE(""), &m.rng),
		ERR_INVALID);
	meet(&m);
	m.guest.own.name[0] = '\x1b';
	say(&m, 0);
	cr_expect_eq(m.reply.status, 400);
}

static const struct {
	const char *label;
	const char *text;
} bad_links[] = {
	{"empty", ""},
	{"other scheme", "https://a/x/y"},
	{"no host", "gossip:///AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAA"},
	{"user in the host",
		"gossip://u@a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAA"},
	{"short pin", "gossip://a/AAAA/AAAAAAAAAAAAAAAA"},
	{"no secret", "gossip://a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
	{"short secret", "gossip://a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAA"},
	{"more behind",
		"gossip://a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA/AAAAAAAAAAAAAAAA/b"},
	{"spare bits in the pin",
		"gossip://a/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB/AAAAAAAAAAAAAAAA"},
};

Test(invitation, says_what_is_wrong_with_a_link)
{
	for (size_t i = 0; i < ARRAY_LEN(bad_links); i++) {
		struct err_msg msg = {0};
		struct invitation link;

		cr_expect_eq(invitation_parse(slice_str(bad_links[i].text), &link, &msg),
			ERR_INVALID, "%s", bad_links[i].label);
		cr_expect_gt(strlen(msg.text), 0, "%s", bad_links[i].label);
	}
}

Test(invitation, is_read_as_it_was_written)
{
	struct invitation link = {.host = "[2001:db8::1]:7483"};
	struct invitation again;
	char text[INVITATION_LINK_MAX];

	for (size_t i = 0; i < DIGEST_LEN; i++) {
		link.pin.bytes[i] = (uint8_t)(i * 9);
	}
	memset(link.secret, 0xfb, sizeof(link.secret));
	cr_assert_eq(invitation_print(&link, text), 0);
	cr_assert_eq(invitation_parse(slice_str(text), &again, NULL), 0);
	cr_expect_str_eq(again.host, link.host);
	cr_expect(digest_eq(&again.pin, &link.pin));
	cr_expect_arr_eq(again.secret, link.secret, sizeof(link.secret));
}
