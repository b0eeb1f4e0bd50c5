#include "tests/scenario/oracle.h"

#include <stdio.h>
#include <stdlib.h>

/* Principals are numbered: 2 p is a person's identity, 2 p + 1 his address. */
#define PRINCIPALS_MAX ((size_t)2 * NET_PEOPLE_MAX)
#define FAR            99

/* A statement as the oracle sees it. */
struct fact {
	size_t issuer;  /* person */
	size_t subject; /* principal, PRINCIPALS_MAX for others */
	bool is_vouch;
	bool is_bind;
	bool is_open;    /* passed on by who hears it, and not by its home alone */
	bool is_current; /* nothing newer in its register */
	bool is_revoked; /* its issuer, who may have been believed before */
};

struct oracle {
	struct net *net;
	bool is_wide; /* what may be anywhere: liars tell the truth at times, and the revoked were believed once */
	struct fact *facts;
	bool *has; /* node x statement */
	unsigned int distance[NET_NODES_MAX][PRINCIPALS_MAX];
};

static size_t
person_of(const struct net *net, const struct thumbprint *identity)
{
	for (size_t i = 0; i < net->person_count; i++) {
		if (thumbprint_eq(&net->people[i].keys.identity, identity)) {
			return i;
		}
	}
	return NET_PEOPLE_MAX;
}

static size_t
principal_number(const struct net *net, const struct principal *p)
{
	for (size_t i = 0; i < net->person_count; i++) {
		if (slice_eq(principal_slice(p), principal_slice(&net->people[i].keys.self))) {
			return 2 * i;
		}
		if (slice_eq(principal_slice(p), principal_slice(&net->people[i].principal))) {
			return 2 * i + 1;
		}
	}
	return PRINCIPALS_MAX;
}

/* replaces - whether b is of a's register and newer */
static bool
replaces(const struct statement *a, const struct statement *b)
{
	return a->act == b->act && a->act != STATEMENT_REVOKE &&
	       thumbprint_eq(&a->iss, &b->iss) &&
	       slice_eq(principal_slice(&a->sub), principal_slice(&b->sub)) &&
	       (b->seq > a->seq || (b->seq == a->seq && digest_cmp(&b->id, &a->id) > 0));
}

static void
read_facts(struct oracle *o)
{
	const struct net *net = o->net;

	for (size_t i = 0; i < net->made_count; i++) {
		const struct statement *st = &net->made[i].made.st;

		o->facts[i] = (struct fact){
			.issuer = person_of(net, &st->iss),
			.subject = principal_number(net, &st->sub),
			.is_vouch = st->act == STATEMENT_VOUCH && st->lvl > 0,
			.is_bind = st->act == STATEMENT_BIND,
			.is_open = st->aud == STATEMENT_OPEN,
			.is_current = true,
		};
		for (size_t j = 0; j < net->made_count; j++) {
			const struct statement *other = &net->made[j].made.st;

			o->facts[i].is_current &= !replaces(st, other);
			o->facts[i].is_revoked |= other->act == STATEMENT_REVOKE &&
						  thumbprint_eq(&other->iss, &st->iss);
		}
	}
}

/* hears - an honest node, that takes what it is given */
static bool
hears(const struct oracle *o, size_t x)
{
	return o->is_wide || (o->net->nodes[x].node != NULL && o->net->nodes[x].tamper == NULL);
}

/* tells - one whose answers also arrive */
static bool
tells(const struct oracle *o, size_t x)
{
	return o->is_wide || (hears(o, x) && !o->net->nodes[x].is_slow);
}

static bool
nearer(unsigned int *distance, unsigned int d)
{
	if (d >= *distance) {
		return false;
	}
	*distance = d;
	return true;
}

/* measure - distances at a node by the statements it has */
static void
measure(struct oracle *o, size_t x)
{
	const struct net *net = o->net;
	unsigned int *distance = o->distance[x];
	bool changed = true;
	struct digest digest;

	for (size_t p = 0; p < net->person_count; p++) {
		distance[2 * p] = net->people[p].home == x ? 0 : FAR;
		distance[2 * p + 1] = FAR;
		for (size_t i = 0; i < net->nodes[x].interest_count; i++) {
			principal_digest(&net->people[p].keys.self, &digest);
			if (digest_eq(&digest, &net->nodes[x].interest[i])) {
				(void)nearer(&distance[2 * p], 1);
			}
			principal_digest(&net->people[p].principal, &digest);
			if (digest_eq(&digest, &net->nodes[x].interest[i])) {
				(void)nearer(&distance[2 * p + 1], 1);
			}
		}
	}
	while (changed) {
		changed = false;
		for (size_t i = 0; i < net->made_count; i++) {
			const struct fact *f = &o->facts[i];

			if (!o->has[x * net->made_count + i] || f->subject == PRINCIPALS_MAX ||
				f->issuer == NET_PEOPLE_MAX || (f->is_revoked && !o->is_wide)) {
				continue;
			}
			if (f->is_bind) {
				changed |=
					nearer(&distance[2 * f->issuer], distance[f->subject]);
			}
			if (f->is_vouch && distance[2 * f->issuer] < net->limits.hops) {
				changed |= nearer(
					&distance[f->subject], distance[2 * f->issuer] + 1);
			}
		}
	}
}

/* is_in_scope - a bind whose address is in scope brings its issuer in */
static bool
is_in_scope(const struct oracle *o, size_t x, const struct fact *f)
{
	return o->net->class == GRAPH_PEER_SITE || o->distance[x][2 * f->issuer] != FAR ||
	       (f->is_bind && f->subject != PRINCIPALS_MAX &&
		       o->distance[x][f->subject] != FAR);
}

static bool
take_from(struct oracle *o, size_t x, size_t y)
{
	const struct net *net = o->net;
	bool changed = false;

	for (size_t i = 0; i < net->made_count; i++) {
		const struct fact *f = &o->facts[i];

		if (f->is_current && f->issuer != NET_PEOPLE_MAX &&
			(f->is_open || net->made[i].home == y ||
				net->class == GRAPH_PEER_SITE) &&
			o->has[y * net->made_count + i] && !o->has[x * net->made_count + i] &&
			is_in_scope(o, x, f)) {
			o->has[x * net->made_count + i] = true;
			changed = true;
		}
	}
	return changed;
}

static bool
round_of(struct oracle *o)
{
	const struct net *net = o->net;
	bool changed = false;

	for (size_t x = 0; x < net->node_count; x++) {
		measure(o, x);
		for (size_t y = 0; y < net->node_count; y++) {
			if (net->nodes[x].linked[y] && hears(o, x) && tells(o, y)) {
				changed |= take_from(o, x, y);
			}
		}
	}
	return changed;
}

static void
oracle_make(struct oracle *o, struct net *net, bool is_wide)
{
	o->net = net;
	o->is_wide = is_wide;
	o->facts = calloc(net->made_count + 1, sizeof(*o->facts));
	o->has = calloc(net->node_count * net->made_count + 1, sizeof(*o->has));
	if (o->facts == NULL || o->has == NULL) {
		net_die("out of memory");
	}
	read_facts(o);
	for (size_t i = 0; i < net->made_count; i++) {
		o->has[net->made[i].home * net->made_count + i] = o->facts[i].is_current;
	}
	while (round_of(o)) {
	}
}

static void
oracle_free(struct oracle *o)
{
	free(o->facts);
	free(o->has);
	free(o);
}

struct oracle_count
oracle_look(struct net *net)
{
	struct oracle *o = calloc(1, sizeof(*o));
	struct oracle_count count = {0};

	if (o == NULL) {
		net_die("out of memory");
	}
	oracle_make(o, net, false);
	for (size_t x = 0; x < net->node_count; x++) {
		for (size_t i = 0; hears(o, x) && i < net->made_count; i++) {
			if (o->has[x * net->made_count + i]) {
				count.expected++;
				count.foreign += net->made[i].home != x;
				bool is_there = net_has(net, x, &net->made[i].made.st.id);

				count.missing += !is_there;
				if (!is_there && count.missing <= 20 && net->is_verbose) {
					(void)printf("n%zu lacks a %s of p%zu\n", x,
						statement_act_name(net->made[i].made.st.act),
						o->facts[i].issuer);
				}
			}
		}
	}
	oracle_free(o);
	return count;
}

struct scope_check {
	const struct oracle *o;
	size_t node;
	size_t out;
};

static int
check_record(void *ctx, const struct graph_record *record)
{
	struct scope_check *check = ctx;
	const struct oracle *o = check->o;
	struct statement st;
	size_t issuer;

	if (statement_open(record->jws, &st, NULL) != 0) {
		net_die("n%zu stores what does not verify", check->node);
	}
	issuer = person_of(o->net, &st.iss);
	if (issuer == NET_PEOPLE_MAX || o->distance[check->node][2 * issuer] == FAR) {
		check->out++;
		(void)printf("n%zu stores a %s of %s\n", check->node,
			statement_act_name(st.act), st.iss.text);
	}
	return 0;
}

size_t
oracle_out_of_scope(struct net *net)
{
	struct oracle *o = calloc(1, sizeof(*o));
	size_t out = 0;

	if (o == NULL) {
		net_die("out of memory");
	}
	oracle_make(o, net, true);
	for (size_t x = 0; x < net->node_count; x++) {
		struct scope_check check = {o, x, 0};
		struct graph_reader *r = NULL;
		struct err_msg msg = {0};

		if (net->nodes[x].tamper != NULL) {
			continue;
		}
		if (graph_reader_new(net->nodes[x].store, &r, &msg) != 0 ||
			graph_begin(r) != 0 || graph_visit(r, 0, check_record, &check) != 0) {
			net_die("n%zu cannot be read", x);
		}
		graph_end(r);
		graph_reader_free(r);
		out += check.out;
	}
	oracle_free(o);
	return out;
}
