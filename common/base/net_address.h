/*
 * net_address.h - one IP address as a value.
 *
 * Everything is kept as IPv6; an IPv4 address and its v4-mapped form (::ffff:192.0.2.7, RFC
 * 4291 section 2.5.5.2) are the same address. Pure: no name is ever resolved.
 */
#ifndef COMMON_BASE_NET_ADDRESS_H
#define COMMON_BASE_NET_ADDRESS_H

#include "common/base/attr.h"
#include "common/base/slice.h"

struct sockaddr;

/** An IPv6 address in network byte order; IPv4 as ::ffff:a.b.c.d. */
struct net_address {
	uint8_t bytes[16];
};

/** Longest text of net_address_print, NUL included (INET6_ADDRSTRLEN). */
#define NET_ADDRESS_TEXT_MAX 46

/**
 * Reads one address: dotted quad, or IPv6 with or without [brackets], an "IPv6:" prefix
 * (RFC 5321 section 4.1.3) and a %scope. No prefixes, no names.
 * @return 0 or ERR_INVALID.
 */
NODISCARD int net_address_parse(struct slice text, struct net_address *out);

/**
 * Reads a dotted quad or the beginning of one (10, 192.168, 192.0.2.), whose missing numbers
 * become 0; brackets and a %scope as above, leading zeros are decimal. Gives how many numbers
 * there were. @return 0 or ERR_INVALID.
 */
NODISCARD int net_address_parse_v4_short(
	struct slice text, struct net_address *out, size_t *numbers_out);

/** From AF_INET or AF_INET6. @return 0, or ERR_UNSUPPORTED for other families. */
NODISCARD int net_address_from_sockaddr(const struct sockaddr *sa, struct net_address *out);

/** Writes it as people do, v4-mapped ones as dotted quads; returns `out`. */
const char *net_address_print(const struct net_address *a, char out[NET_ADDRESS_TEXT_MAX]);

/** Numeric order: <0, 0, >0 as memcmp. */
int net_address_cmp(const struct net_address *a, const struct net_address *b);
bool net_address_eq(const struct net_address *a, const struct net_address *b);

/** Is it a v4-mapped address? */
bool net_address_is_v4(const struct net_address *a);

/** Bits before the four bytes of IPv4. */
#define NET_ADDRESS_V4_PREFIX_LEN 96

/** 127.0.0.0/8 or ::1. */
bool net_address_is_loopback(const struct net_address *a);

#endif
