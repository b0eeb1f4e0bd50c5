#include "common/base/net_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "common/base/err.h"

#define V4_OFFSET (NET_ADDRESS_V4_PREFIX_LEN / 8) /* where the four bytes of IPv4 begin */

static const uint8_t v4_mapped[V4_OFFSET] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static const struct net_address loopback_v6 = {{[15] = 1}};

bool
net_address_is_v4(const struct net_address *a)
{
	return memcmp(a->bytes, v4_mapped, sizeof(v4_mapped)) == 0;
}

int
net_address_cmp(const struct net_address *a, const struct net_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool
net_address_eq(const struct net_address *a, const struct net_address *b)
{
	return net_address_cmp(a, b) == 0;
}

bool
net_address_is_loopback(const struct net_address *a)
{
	return (net_address_is_v4(a) && a->bytes[V4_OFFSET] == 127) ||
	       net_address_eq(a, &loopback_v6);
}

/* without_dress - takes off [brackets] and a %scope */
static struct slice
without_dress(struct slice text)
{
	if (text.len >= 2 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
		text = slice_of(text.data + 1, text.len - 2);
	}
	return slice_take(text, slice_find_byte(text, '%'));
}

/* parse_v4 - reads one to four numbers with points between, and unless all are there behind */
static int
parse_v4(struct slice text, struct net_address *out, size_t *numbers_out)
{
	struct net_address a = {{0}};
	size_t count = 0;
	size_t at = 0;

	memcpy(a.bytes, v4_mapped, sizeof(v4_mapped));
	while (at < text.len) {
		unsigned int part = 0;
		size_t start = at;

		for (; at < text.len && ascii_is_digit(text.data[at]) && part <= 255; at++) {
			part = part * 10 + (text.data[at] - '0');
		}
		if (at == start || part > 255 || count == 4) {
			return ERR_INVALID;
		}
		a.bytes[V4_OFFSET + count++] = (uint8_t)part;
		if (at < text.len && (text.data[at++] != '.' || count == 4)) {
			return ERR_INVALID;
		}
	}
	if (count == 0) {
		return ERR_INVALID;
	}
	*out = a;
	*numbers_out = count;
	return 0;
}

int
net_address_parse_v4_short(struct slice text, struct net_address *out, size_t *numbers_out)
{
	return parse_v4(without_dress(text), out, numbers_out);
}

static int
parse_v6(struct slice text, struct net_address *out)
{
	char copy[NET_ADDRESS_TEXT_MAX];

	if (text.len >= sizeof(copy) || slice_find_byte(text, '\0') < text.len) {
		return ERR_INVALID;
	}
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	return inet_pton(AF_INET6, copy, out->bytes) == 1 ? 0 : ERR_INVALID;
}

int
net_address_parse(struct slice text, struct net_address *out)
{
	const struct slice tag = SLICE("IPv6:");
	struct net_address a = {{0}};
	size_t count = 0;

	text = without_dress(text);
	if (slice_starts_with_nocase(text, tag)) {
		text = slice_skip(text, tag.len);
	}
	if (slice_is_empty(text)) {
		return ERR_INVALID;
	}
	if (slice_find_byte(text, ':') < text.len) {
		if (parse_v6(text, &a) != 0) {
			return ERR_INVALID;
		}
	} else if (parse_v4(text, &a, &count) != 0 || count != 4) {
		return ERR_INVALID;
	}
	*out = a;
	return 0;
}

int
net_address_from_sockaddr(const struct sockaddr *sa, struct net_address *out)
{
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in = {0};

		memcpy(&in, sa, sizeof(in));
		memcpy(out->bytes, v4_mapped, sizeof(v4_mapped));
		memcpy(out->bytes + V4_OFFSET, &in.sin_addr, 4);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6 = {0};

		memcpy(&in6, sa, sizeof(in6));
		memcpy(out->bytes, &in6.sin6_addr, sizeof(out->bytes));
		return 0;
	}
	return ERR_UNSUPPORTED;
}

const char *
net_address_print(const struct net_address *a, char out[NET_ADDRESS_TEXT_MAX])
{
	const char *text =
		net_address_is_v4(a)
			? inet_ntop(AF_INET, a->bytes + V4_OFFSET, out, NET_ADDRESS_TEXT_MAX)
			: inet_ntop(AF_INET6, a->bytes, out, NET_ADDRESS_TEXT_MAX);

	if (text == NULL) {
		out[0] = '\0';
	}
	return out;
}
