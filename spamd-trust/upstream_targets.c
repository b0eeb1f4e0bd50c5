#include "spamd-trust/upstream_targets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>

#include "common/base/net_address.h"
#include "common/base/strnum.h"

#define EXPECTED "expected [ssl:]ADDRESS:PORT, [ssl:]localhost:PORT, [ssl:][V6]:PORT or /PATH"

static int
set_unix(struct upstream_target *t, struct slice path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (path.len >= sizeof(address.sun_path)) {
		return ERR_INVALID;
	}
	memcpy(address.sun_path, path.data, path.len);
	memcpy(&t->address, &address, sizeof(address));
	t->address_len = sizeof(address);
	return 0;
}

static void
set_inet(struct upstream_target *t, const struct net_address *ip, uint32_t port)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};

	if (net_address_is_v4(ip)) {
		memcpy(&v4.sin_addr, ip->bytes + NET_ADDRESS_V4_PREFIX_LEN / 8,
			sizeof(v4.sin_addr));
		memcpy(&t->address, &v4, sizeof(v4));
		t->address_len = sizeof(v4);
	} else {
		memcpy(&v6.sin6_addr, ip->bytes, sizeof(v6.sin6_addr));
		memcpy(&t->address, &v6, sizeof(v6));
		t->address_len = sizeof(v6);
	}
}

/* parse_inet - what is behind the last colon is the port; IPv6 needs its brackets */
static int
parse_inet(struct slice value, struct upstream_target *out)
{
	struct slice host = value;
	struct slice port = {0};
	struct net_address ip = {0};
	uint32_t number = 0;

	while (host.len > 0 && host.data[host.len - 1] != ':') {
		host.len--;
	}
	port = slice_skip(value, host.len);
	host.len -= host.len > 0;
	if (strnum_u32(port, UINT16_MAX, &number) != 0 || number == 0) {
		return ERR_INVALID;
	}
	if (slice_eq_nocase(host, SLICE("localhost"))) {
		out->is_localhost = true;
		host = SLICE("127.0.0.1");
	}
	if (net_address_parse(host, &ip) != 0 ||
		(!net_address_is_v4(&ip) && host.data[0] != '[')) {
		return ERR_INVALID;
	}
	set_inet(out, &ip, number);
	return 0;
}

static int
parse_target(struct slice value, struct upstream_target *out, struct err_msg *msg)
{
	int code = ERR_INVALID;
	struct slice place = value;

	*out = (struct upstream_target){0};
	if (slice_starts_with_nocase(value, SLICE("ssl:"))) {
		out->tls = true;
		place = slice_skip(value, 4);
	}
	if (value.len < sizeof(out->text)) {
		memcpy(out->text, value.data, value.len);
		code = !out->tls && value.len > 0 && value.data[0] == '/'
			       ? set_unix(out, value)
			       : parse_inet(place, out);
	}
	if (code != 0) {
		return err_set(
			msg, code, "upstream \"%.100s\": " EXPECTED, (const char *)value.data);
	}
	return 0;
}

int
upstream_targets_parse(
	const struct strlist *values, struct upstream_targets *out, struct err_msg *msg)
{
	int code = 0;

	*out = (struct upstream_targets){0};
	if (values->count > UPSTREAM_TARGETS_MAX) {
		return err_set(msg, ERR_INVALID, "upstream: more than %d addresses",
			UPSTREAM_TARGETS_MAX);
	}
	for (size_t i = 0; code == 0 && i < values->count; i++) {
		/* The copies of a strlist end in a NUL. */
		code = parse_target(values->items[i], &out->items[i], msg);
	}
	out->count = code == 0 ? values->count : 0;
	return code;
}

bool
upstream_targets_want_tls(const struct upstream_targets *targets)
{
	for (size_t i = 0; i < targets->count; i++) {
		if (targets->items[i].tls) {
			return true;
		}
	}
	return false;
}

bool
upstream_health_is_due(const struct upstream_health *h, uint64_t now_ms)
{
	return h->failures < UPSTREAM_FAILURES_MAX || now_ms >= h->rests_until_ms;
}

bool
upstream_health_failed(struct upstream_health *h, uint64_t now_ms)
{
	uint64_t pause_ms = UPSTREAM_PAUSE_FIRST_MS;

	/* Questions that were under way when it was given up say nothing new. */
	if (!upstream_health_is_due(h, now_ms)) {
		return false;
	}
	h->failures++;
	for (unsigned int i = UPSTREAM_FAILURES_MAX;
		i < h->failures && pause_ms < UPSTREAM_PAUSE_MAX_MS; i++) {
		pause_ms *= 2;
	}
	h->rests_until_ms =
		now_ms + (pause_ms < UPSTREAM_PAUSE_MAX_MS ? pause_ms : UPSTREAM_PAUSE_MAX_MS);
	return h->failures >= UPSTREAM_FAILURES_MAX;
}

void
upstream_health_answered(struct upstream_health *h)
{
	*h = (struct upstream_health){0};
}
