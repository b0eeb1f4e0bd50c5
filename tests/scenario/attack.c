#include "tests/scenario/attack.h"

#include <stdio.h>

#include "gossip/lines.h"

/* --- answers that are not what the engine said ---------------------------------------------- */

/* rewrite - keeps the lines that `keep` wants; a feed page keeps its end */
static void
rewrite(struct dynbuf *body, bool (*keep)(const struct statement *st))
{
	struct dynbuf out;
	struct slice rest = dynbuf_slice(body);

	dynbuf_init(&out, 2 * NODE_BODY_MAX);
	while (rest.len > 0) {
		size_t end = slice_find_byte(rest, '\n');
		struct slice line = slice_take(rest, end);
		struct statement st;

		if (statement_decode(slice_take(line, slice_find_byte(line, ' ')), &st, NULL) !=
				0 ||
			keep(&st)) {
			(void)dynbuf_add(&out, slice_take(rest, end + 1));
		}
		rest = slice_skip(rest, end + 1);
	}
	dynbuf_reset(body);
	(void)dynbuf_add(body, dynbuf_slice(&out));
	dynbuf_fini(&out);
}

static bool
is_no_revocation(const struct statement *st)
{
	return st->act != STATEMENT_REVOKE;
}

static unsigned int
withhold(struct net *net, struct net_node *node, struct slice target, unsigned int status,
	struct dynbuf *body)
{
	(void)net;
	(void)node;
	if (slice_starts_with(target, SLICE("/v1/feed")) ||
		slice_starts_with(target, SLICE("/v1/fetch"))) {
		rewrite(body, is_no_revocation);
	}
	return status;
}

static unsigned int
garbage(struct net *net, struct net_node *node, struct slice target, unsigned int status,
	struct dynbuf *body)
{
	uint8_t bytes[256];

	(void)node;
	if (!slice_starts_with(target, SLICE("/v1/reconcile"))) {
		return status;
	}
	dynbuf_reset(body);
	if (rng_bytes(&net->rng, bytes, sizeof(bytes)) == 0) {
		bytes[0] = 0x61;
		(void)dynbuf_add(body, slice_of(bytes, rng_below(&net->rng, sizeof(bytes))));
	}
	return status;
}

/* never_content - an endless reconciliation: always something else, well formed */
static unsigned int
never_content(struct net *net, struct net_node *node, struct slice target, unsigned int status,
	struct dynbuf *body)
{
	/* one fingerprint of everything */
	uint8_t message[20] = {0x61, 0x00, 0x00, 0x01};

	(void)node;
	if (slice_starts_with(target, SLICE("/v1/reconcile")) &&
		rng_bytes(&net->rng, message + 4, 16) == 0) {
		dynbuf_reset(body);
		(void)dynbuf_add(body, slice_of(message, sizeof(message)));
	}
	return status;
}

/* phantoms - offers ids that it never gives, the same ones for ever */
static unsigned int
phantoms(struct net *net, struct net_node *node, struct slice target, unsigned int status,
	struct dynbuf *body)
{
	static uint8_t message[3 + 3 + 4000 * DIGEST_LEN];
	struct rng_seeded_state state;
	struct rng same = rng_seeded(&state, 99);
	size_t len = 0;

	(void)net;
	(void)node;
	if (slice_starts_with(target, SLICE("/v1/fetch"))) {
		dynbuf_reset(body);
	}
	if (slice_starts_with(target, SLICE("/v1/reconcile")) &&
		rng_bytes(&same, message + 6, sizeof(message) - 6) == 0) {
		message[len++] = 0x61;
		message[len++] = 0x00; /* to infinity */
		message[len++] = 0x00;
		message[len++] = 0x02; /* ids: 4000 of them */
		message[len++] = 0x80 | 4000 / 128;
		message[len++] = 4000 % 128;
		dynbuf_reset(body);
		(void)dynbuf_add(body, slice_of(message, sizeof(message)));
	}
	return status;
}

/* equivocate - tells every second caller of a feed that has nothing in it */
static unsigned int
equivocate(struct net *net, struct net_node *node, struct slice target, unsigned int status,
	struct dynbuf *body)
{
	if (slice_starts_with(target, SLICE("/v1/feed")) && status == 200 &&
		node->requests % 2 == 0) {
		dynbuf_reset(body);
		(void)dynbuf_add_str(body, "4000000000 4000000000\n");
	}
	(void)net;
	return status;
}

static unsigned int
rubbish(struct net *net, struct net_node *node, struct slice target, unsigned int status,
	struct dynbuf *body)
{
	(void)net;
	(void)node;
	(void)target;
	dynbuf_reset(body);
	(void)dynbuf_add_str(body, "<html>nothing of the kind</html>");
	return status;
}

static const struct {
	const char *name;
	net_tamper_fn *tamper;
} tampers[] = {
	{"withhold", withhold},
	{"garbage", garbage},
	{"never-content", never_content},
	{"phantoms", phantoms},
	{"equivocate", equivocate},
	{"rubbish", rubbish},
};

net_tamper_fn *
attack_tamper(struct slice name)
{
	for (size_t i = 0; i < ARRAY_LEN(tampers); i++) {
		if (slice_eq(name, slice_str(tampers[i].name))) {
			return tampers[i].tamper;
		}
	}
	return NULL;
}

/* --- floods ----------------------------------------------------------------------------------- */

/* A flood makes one line after the other; false when it has no more. */
typedef bool line_fn(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out);

/* near - somebody whom the victim node is interested in: one of its own people */
static const struct net_person *
near(const struct net *net, size_t node)
{
	for (size_t i = 0; i < net->person_count; i++) {
		if (net->people[i].home == node) {
			return &net->people[i];
		}
	}
	net_die("nobody lives at n%zu", node);
}

/* in_scope_of - a friend of the victim, so that his statements are let in */
static const struct net_person *
in_scope_of(const struct net *net, size_t node)
{
	struct digest digest;

	for (size_t i = 0; i < net->person_count; i++) {
		principal_digest(&net->people[i].principal, &digest);
		for (size_t j = 0; j < net->nodes[node].interest_count; j++) {
			if (digest_eq(&digest, &net->nodes[node].interest[j])) {
				return &net->people[i];
			}
		}
	}
	return near(net, node);
}

static void
add_made(struct dynbuf *out, const struct issued *made)
{
	(void)dynbuf_add(out, issued_slice(made));
	(void)dynbuf_add_byte(out, '\n');
}

static bool
line_malformed(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	(void)net;
	(void)from;
	(void)to;
	(void)dynbuf_printf(out, "eyJ%zu.nothing.ofthekind\n", i);
	return true;
}

static struct issued
vouch_of(struct net *net, const struct net_person *by, enum person_key key, size_t i,
	uint64_t iat_s)
{
	char subject[64];

	(void)snprintf(subject, sizeof(subject), "addr:stranger%zu@example.net", i);
	(void)net;
	return person_vouch(&by->keys, key, 1, iat_s, subject, TRUST_LEVEL_ORDINARY);
}

static bool
line_forged(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct issued made = vouch_of(net, in_scope_of(net, to), BY_PHONE, i, net_wall_s(net));

	(void)from;
	made.jws[made.jws_len - 20] = made.jws[made.jws_len - 20] == 'A' ? 'B' : 'A';
	add_made(out, &made);
	return true;
}

static bool
line_foreign(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct net_person stranger;
	struct issued made;

	(void)from;
	(void)to;
	person_make(&stranger.keys, (uint8_t)(255 - i % 4));
	made = vouch_of(net, &stranger, BY_ROOT, i, net_wall_s(net));
	add_made(out, &made);
	person_fini(&stranger.keys);
	return true;
}

static bool
line_future(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct issued made =
		vouch_of(net, in_scope_of(net, to), BY_PHONE, i, net_wall_s(net) + 3 * 86400);

	(void)from;
	add_made(out, &made);
	return true;
}

static bool
line_expired(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct issued made = vouch_of(net, in_scope_of(net, to), BY_PHONE, i,
		net_wall_s(net) - STATEMENT_LIFETIME_MAX_S - 3 * 86400);

	(void)from;
	add_made(out, &made);
	return true;
}

static bool
line_replay(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	(void)from;
	(void)to;
	add_made(out, &net->made[i % net->made_count].made);
	return true;
}

static bool
line_quota(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct issued made =
		vouch_of(net, in_scope_of(net, to), BY_PHONE, i, net_wall_s(net) - 86400 + i);

	(void)from;
	add_made(out, &made);
	return true;
}

static bool
line_waiting(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct net_person mixed = *in_scope_of(net, to);
	uint8_t seed[IDENTITY_KEY_LEN] = {(uint8_t)i, (uint8_t)(i >> 8), 77};
	struct keypair *key = NULL;
	struct issued made;

	(void)from;
	if (keypair_from_seed(seed, &key) != 0) {
		return false;
	}
	mixed.keys.keys[BY_LAPTOP] = key;
	made = vouch_of(net, &mixed, BY_LAPTOP, i, net_wall_s(net));
	add_made(out, &made);
	keypair_free(key);
	return true;
}

/* line_revokes - keys that nobody knows, invented to revoke themselves */
static bool
line_revokes(struct net *net, size_t from, size_t to, size_t i, struct dynbuf *out)
{
	struct net_person stranger;
	uint8_t seed[IDENTITY_KEY_LEN] = {(uint8_t)i, (uint8_t)(i >> 8), 78};
	struct principal what;
	struct keypair *key = NULL;
	struct keypair *own;
	struct issued made;

	(void)from;
	(void)to;
	person_make(&stranger.keys, 254);
	if (keypair_from_seed(seed, &key) != 0) {
		return false;
	}
	own = stranger.keys.keys[BY_LAPTOP];
	stranger.keys.keys[BY_LAPTOP] = key;
	person_key_principal(&stranger.keys, BY_LAPTOP, &what);
	made = person_revoke(
		&stranger.keys, BY_LAPTOP, 1, net_wall_s(net), &what, net_wall_s(net));
	add_made(out, &made);
	keypair_free(key);
	stranger.keys.keys[BY_LAPTOP] = own;
	person_fini(&stranger.keys);
	return true;
}

static const struct {
	const char *name;
	line_fn *line;
} floods[] = {
	{"revokes", line_revokes},
	{"malformed", line_malformed},
	{"forged", line_forged},
	{"foreign", line_foreign},
	{"future", line_future},
	{"expired", line_expired},
	{"replay", line_replay},
	{"quota", line_quota},
	{"waiting", line_waiting},
};

static void
flood_lines(struct net *net, size_t from, size_t to, line_fn *line, size_t count)
{
	struct dynbuf body;

	dynbuf_init(&body, NODE_BODY_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!line(net, from, to, i, &body) || i % 200 == 199 || i + 1 == count) {
			net_inject(net, from, to, NODE_POST, "/v1/statements",
				dynbuf_slice(&body));
			dynbuf_reset(&body);
		}
	}
	dynbuf_fini(&body);
}

bool
attack_flood(struct net *net, size_t from, size_t to, struct slice kind, size_t count)
{
	for (size_t i = 0; i < ARRAY_LEN(floods); i++) {
		if (slice_eq(kind, slice_str(floods[i].name))) {
			flood_lines(net, from, to, floods[i].line, count);
			return true;
		}
	}
	for (size_t i = 0; i < count && slice_eq(kind, SLICE("requests")); i++) {
		net_inject(net, from, to, NODE_GET, "/v1/node", (struct slice){0});
	}
	for (size_t i = 0; i < count && slice_eq(kind, SLICE("garbage")); i++) {
		net_inject(
			net, from, to, NODE_POST, "/v1/reconcile", SLICE("\x61\x01\xff\x07"));
	}
	return slice_eq(kind, SLICE("requests")) || slice_eq(kind, SLICE("garbage"));
}

void
attack_thief(struct net *net, const struct net_person *victim, size_t node, size_t count,
	int64_t ahead_s)
{
	for (size_t i = 0; i < count; i++) {
		struct issued made = vouch_of(net, victim, BY_PHONE, 1000 + i,
			(uint64_t)((int64_t)net_wall_s(net) + ahead_s));

		net_publish(net, node, &made);
	}
}
