#include "gossip/pairing.h"

#include <stdio.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "common/base/wire_reader.h"
#include "common/base/wire_writer.h"

#define LABEL        SLICE("spamd-trust pairing 1")
#define COMMIT_LABEL SLICE("spamd-trust pairing commit 1")
#define DIGITS_LABEL SLICE("spamd-trust pairing digits 1")
#define VERSION      1
#define MAC_LEN      DIGEST_LEN

/* The messages in their order; the number is in the MAC. */
enum message {
	MESSAGE_HELLO = 1,
	MESSAGE_WELCOME,
	MESSAGE_REVEAL,
	MESSAGE_DONE,
};

/* Everything that a MAC covers beside the message itself. */
struct binding {
	const uint8_t *secret;
	const struct digest *guest;
	const struct digest *host;
	const uint8_t *exporter;
	const struct digest *commit;
	const uint8_t *host_nonce;
};

static int
message_mac(
	const struct binding *b, enum message which, struct slice message, uint8_t out[MAC_LEN])
{
	const uint8_t number = (uint8_t)which;
	const struct slice parts[] = {
		LABEL,
		slice_of(&number, 1),
		digest_slice(b->guest),
		digest_slice(b->host),
		slice_of(b->exporter, TLS_NODE_EXPORTER_LEN),
		digest_slice(b->commit),
		slice_of(b->host_nonce, PAIRING_NONCE_LEN),
		message,
	};
	struct digest whole;
	unsigned int len = 0;

	/* One block for HMAC: its one-shot form takes no pieces. */
	digest_sha256_parts(parts, ARRAY_LEN(parts), &whole);
	if (HMAC(EVP_sha256(), b->secret, INVITATION_SECRET_LEN, whole.bytes, DIGEST_LEN, out,
		    &len) == NULL ||
		len != MAC_LEN) {
		return ERR_CRYPTO;
	}
	return 0;
}

static bool
mac_is_right(
	const struct binding *b, enum message which, struct slice message, struct slice given)
{
	uint8_t mac[MAC_LEN];
	bool right = given.len == MAC_LEN && message_mac(b, which, message, mac) == 0 &&
		     CRYPTO_memcmp(mac, given.data, MAC_LEN) == 0;

	OPENSSL_cleanse(mac, sizeof(mac));
	return right;
}

/* seal - appends the MAC over what is written so far; *len_out the whole */
static int
seal(const struct binding *b, enum message which, struct wire_writer *w, size_t *len_out)
{
	uint8_t mac[MAC_LEN];
	struct slice message;
	int code = wire_writer_finish(w, &message);

	if (code == 0) {
		code = message_mac(b, which, message, mac);
	}
	if (code == 0) {
		wire_write_bytes(w, slice_of(mac, sizeof(mac)));
		code = wire_writer_finish(w, &message);
		*len_out = message.len;
	}
	return code;
}

/* split_mac - a message and the MAC behind it; false when it is too short */
static bool
split_mac(struct slice body, struct slice *message, struct slice *mac)
{
	if (body.len < MAC_LEN || body.len > PAIRING_BODY_MAX) {
		return false;
	}
	*message = slice_take(body, body.len - MAC_LEN);
	*mac = slice_skip(body, body.len - MAC_LEN);
	return true;
}

static void
make_commit(const uint8_t nonce[PAIRING_NONCE_LEN], struct digest *out)
{
	const struct slice parts[] = {COMMIT_LABEL, slice_of(nonce, PAIRING_NONCE_LEN)};

	digest_sha256_parts(parts, ARRAY_LEN(parts), out);
}

static void
make_digits(const struct digest *guest, const struct digest *host, const uint8_t *guest_nonce,
	const uint8_t *host_nonce, char out[PAIRING_DIGITS_LEN])
{
	const struct slice parts[] = {
		DIGITS_LABEL,
		digest_slice(guest),
		digest_slice(host),
		slice_of(guest_nonce, PAIRING_NONCE_LEN),
		slice_of(host_nonce, PAIRING_NONCE_LEN),
	};
	struct digest whole;
	struct wire_reader r;

	digest_sha256_parts(parts, ARRAY_LEN(parts), &whole);
	wire_reader_init(&r, digest_slice(&whole));
	(void)snprintf(
		out, PAIRING_DIGITS_LEN, "%06u", (unsigned int)(wire_read_u64(&r) % 1000000));
}

/* take_text - a printable text of at most cap - 1 bytes */
static bool
take_text(struct slice text, char *out, size_t cap)
{
	if (text.len >= cap) {
		return false;
	}
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] <= ' ' || text.data[i] > '~') {
			return false;
		}
	}
	if (text.len > 0) {
		memcpy(out, text.data, text.len);
	}
	out[text.len] = '\0';
	return true;
}

/* --- host ------------------------------------------------------------------------------------ */

int
pairing_host_open(struct pairing_host *host, uint64_t now_s, const struct rng *rng,
	uint8_t secret_out[INVITATION_SECRET_LEN])
{
	pairing_host_close(host);
	if (rng_bytes(rng, host->secret, INVITATION_SECRET_LEN) != 0) {
		return ERR_CRYPTO;
	}
	memcpy(secret_out, host->secret, INVITATION_SECRET_LEN);
	host->open = true;
	host->until_s = now_s + PAIRING_LIFE_S;
	host->tries = PAIRING_TRIES;
	return 0;
}

void
pairing_host_close(struct pairing_host *host)
{
	OPENSSL_cleanse(host, sizeof(*host));
}

bool
pairing_host_is_open(struct pairing_host *host, uint64_t now_s)
{
	if (host->open && (now_s >= host->until_s || host->tries == 0)) {
		pairing_host_close(host);
	}
	return host->open;
}

static struct binding
host_binding(const struct pairing_host *host, const struct pairing_call *call,
	const struct digest *commit, const uint8_t *host_nonce)
{
	return (struct binding){
		.secret = host->secret,
		.guest = call->peer_pin,
		.host = call->own_pin,
		.exporter = call->exporter,
		.commit = commit,
		.host_nonce = host_nonce,
	};
}

/* count_try - a message whose MAC is wrong */
static void
count_try(struct pairing_host *host, struct pairing_reply *out)
{
	host->tries--;
	out->status = 403;
	if (host->tries == 0) {
		pairing_host_close(host);
	}
}

/* welcome - the answer to the first message, and what has to be remembered of it */
static void
welcome(struct pairing_host *host, const struct pairing_call *call, const struct digest *commit,
	struct pairing_reply *out)
{
	struct wire_writer w;
	struct binding b;

	if (rng_bytes(call->rng, host->nonce, PAIRING_NONCE_LEN) != 0) {
		out->status = 500;
		return;
	}
	host->met = true;
	host->met_s = call->now_s;
	host->guest = *call->peer_pin;
	host->commit = *commit;
	b = host_binding(host, call, &host->commit, host->nonce);
	wire_writer_init(&w, out->body, sizeof(out->body));
	wire_write_u8(&w, VERSION);
	wire_write_u8(&w, 1);
	wire_write_bytes(&w, slice_of(host->nonce, PAIRING_NONCE_LEN));
	wire_write_string(&w, call->own_name);
	out->status = seal(&b, MESSAGE_WELCOME, &w, &out->body_len) == 0 ? 200 : 500;
}

static void
take_hello(struct pairing_host *host, const struct pairing_call *call, struct slice body,
	struct pairing_reply *out)
{
	static const uint8_t no_nonce[PAIRING_NONCE_LEN];
	struct slice message;
	struct slice mac;
	struct slice name;
	struct slice url;
	struct digest commit = {0};
	struct pairing_party party;
	struct binding b = host_binding(host, call, &commit, no_nonce);
	struct wire_reader r;

	if (!split_mac(body, &message, &mac)) {
		return;
	}
	wire_reader_init(&r, slice_skip(message, 2));
	wire_read_copy(&r, commit.bytes, DIGEST_LEN);
	name = wire_read_string(&r);
	url = wire_read_string(&r);
	if (wire_reader_finish(&r) != 0 || !take_text(name, party.name, sizeof(party.name)) ||
		!take_text(url, party.url, sizeof(party.url))) {
		return;
	}
	if (!mac_is_right(&b, MESSAGE_HELLO, message, mac)) {
		count_try(host, out);
		return;
	}
	host->party = party;
	welcome(host, call, &commit, out);
}

static bool
is_the_guest(const struct pairing_host *host, const struct pairing_call *call)
{
	return host->met && call->now_s < host->met_s + PAIRING_ROUND_S &&
	       digest_eq(&host->guest, call->peer_pin);
}

/* conclude - the guest is a peer; the invitation is used up */
static void
conclude(struct pairing_host *host, const struct pairing_call *call, const uint8_t *nonce,
	struct pairing_reply *out)
{
	struct binding b = host_binding(host, call, &host->commit, host->nonce);
	struct wire_writer w;

	wire_writer_init(&w, out->body, sizeof(out->body));
	wire_write_u8(&w, VERSION);
	wire_write_u8(&w, 2);
	if (seal(&b, MESSAGE_DONE, &w, &out->body_len) != 0) {
		out->status = 500;
		return;
	}
	out->status = 200;
	out->paired = true;
	out->party = host->party;
	make_digits(call->peer_pin, call->own_pin, nonce, host->nonce, out->digits);
	pairing_host_close(host);
}

static void
take_reveal(struct pairing_host *host, const struct pairing_call *call, struct slice body,
	struct pairing_reply *out)
{
	struct binding b = host_binding(host, call, &host->commit, host->nonce);
	uint8_t nonce[PAIRING_NONCE_LEN] = {0};
	struct digest commit;
	struct slice message;
	struct slice mac;
	struct wire_reader r;

	if (!is_the_guest(host, call)) {
		out->status = 409;
		return;
	}
	if (!split_mac(body, &message, &mac)) {
		return;
	}
	wire_reader_init(&r, slice_skip(message, 2));
	wire_read_copy(&r, nonce, PAIRING_NONCE_LEN);
	if (wire_reader_finish(&r) != 0) {
		return;
	}
	make_commit(nonce, &commit);
	if (!mac_is_right(&b, MESSAGE_REVEAL, message, mac) ||
		!digest_eq(&commit, &host->commit)) {
		count_try(host, out);
		return;
	}
	conclude(host, call, nonce, out);
}

void
pairing_host_take(struct pairing_host *host, const struct pairing_call *call, struct slice body,
	struct pairing_reply *out)
{
	*out = (struct pairing_reply){.status = 400};
	if (!pairing_host_is_open(host, call->now_s)) {
		out->status = 403;
	} else if (body.len >= 2 && body.data[0] == VERSION && body.data[1] == 1) {
		take_hello(host, call, body, out);
	} else if (body.len >= 2 && body.data[0] == VERSION && body.data[1] == 2) {
		take_reveal(host, call, body, out);
	}
}

/* --- guest ----------------------------------------------------------------------------------- */

int
pairing_guest_init(struct pairing_guest *guest, const struct invitation *link,
	struct slice own_name, struct slice own_url, const struct rng *rng)
{
	*guest = (struct pairing_guest){.link = *link, .round = 1};
	if (!take_text(own_name, guest->own.name, sizeof(guest->own.name)) ||
		!take_text(own_url, guest->own.url, sizeof(guest->own.url))) {
		return ERR_INVALID;
	}
	if (rng_bytes(rng, guest->nonce, PAIRING_NONCE_LEN) != 0) {
		return ERR_CRYPTO;
	}
	make_commit(guest->nonce, &guest->commit);
	return 0;
}

void
pairing_guest_fini(struct pairing_guest *guest)
{
	OPENSSL_cleanse(guest, sizeof(*guest));
}

size_t
pairing_guest_body_len(const struct pairing_guest *guest)
{
	return guest->round == 1 ? 2 + DIGEST_LEN + 2 + strlen(guest->own.name) + 2 +
					   strlen(guest->own.url) + MAC_LEN
				 : 2 + PAIRING_NONCE_LEN + MAC_LEN;
}

static struct binding
guest_binding(const struct pairing_guest *guest, const struct digest *own_pin)
{
	return (struct binding){
		.secret = guest->link.secret,
		.guest = own_pin,
		.host = &guest->link.pin,
		.exporter = guest->exporter,
		.commit = &guest->commit,
		.host_nonce = guest->host_nonce,
	};
}

int
pairing_guest_body(struct pairing_guest *guest, const struct digest *own_pin,
	const uint8_t exporter[TLS_NODE_EXPORTER_LEN], uint8_t *out)
{
	struct binding b = guest_binding(guest, own_pin);
	struct wire_writer w;
	size_t len = 0;

	memcpy(guest->exporter, exporter, TLS_NODE_EXPORTER_LEN);
	wire_writer_init(&w, out, pairing_guest_body_len(guest));
	wire_write_u8(&w, VERSION);
	wire_write_u8(&w, (uint8_t)guest->round);
	if (guest->round == 1) {
		wire_write_bytes(&w, digest_slice(&guest->commit));
		wire_write_string(&w, slice_str(guest->own.name));
		wire_write_string(&w, slice_str(guest->own.url));
		return seal(&b, MESSAGE_HELLO, &w, &len);
	}
	wire_write_bytes(&w, slice_of(guest->nonce, PAIRING_NONCE_LEN));
	return seal(&b, MESSAGE_REVEAL, &w, &len);
}

/* take_welcome - the host's nonce, which the MAC over it covers too */
static int
take_welcome(struct pairing_guest *guest, const struct digest *own_pin, struct slice message,
	struct slice mac)
{
	struct binding b = guest_binding(guest, own_pin);
	struct wire_reader r;
	struct slice name;

	wire_reader_init(&r, slice_skip(message, 2));
	wire_read_copy(&r, guest->host_nonce, PAIRING_NONCE_LEN);
	name = wire_read_string(&r);
	if (wire_reader_finish(&r) != 0 ||
		!take_text(name, guest->host_name, sizeof(guest->host_name))) {
		return ERR_INVALID;
	}
	if (!mac_is_right(&b, MESSAGE_WELCOME, message, mac)) {
		return ERR_SIGNATURE;
	}
	guest->round = 2;
	return 1;
}

int
pairing_guest_take(struct pairing_guest *guest, const struct digest *own_pin, struct slice body,
	char digits_out[PAIRING_DIGITS_LEN])
{
	struct binding b = guest_binding(guest, own_pin);
	struct slice message;
	struct slice mac;

	if (!split_mac(body, &message, &mac) || message.len < 2 || message.data[0] != VERSION ||
		message.data[1] != guest->round) {
		return ERR_INVALID;
	}
	if (guest->round == 1) {
		return take_welcome(guest, own_pin, message, mac);
	}
	if (message.len != 2 || !mac_is_right(&b, MESSAGE_DONE, message, mac)) {
		return ERR_SIGNATURE;
	}
	make_digits(own_pin, &guest->link.pin, guest->nonce, guest->host_nonce, digits_out);
	return 0;
}
