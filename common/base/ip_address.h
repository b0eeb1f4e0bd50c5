/*
 * ip_address.h - an IPv4 or IPv6 address as a value.
 *
 * Both families share one form, the 16 bytes of IPv6, where IPv4 is the mapped range
 * ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). So "::ffff:192.0.2.1" and "192.0.2.1" are equal,
 * and a network is matched with one comparison of leading bits. No names, no look-ups.
 */
#ifndef COMMON_BASE_IP_ADDRESS_H
#define COMMON_BASE_IP_ADDRESS_H

#include "common/base/attr.h"
#include "common/base/slice.h"

#define IP_ADDRESS_LEN 16

/** Bits that come before an IPv4 address in the common form: /24 of IPv4 is 96 + 24. */
#define IP_ADDRESS_V4_PREFIX_BITS 96

/** Longest text of ip_address_print, with its NUL. */
#define IP_ADDRESS_TEXT_MAX 46

struct ip_address {
	uint8_t bytes[IP_ADDRESS_LEN];
};

/**
 * Reads the usual text of either family, the whole slice, without brackets, port or zone.
 * @return 0 or ERR_INVALID (four decimal parts are wanted for IPv4: "10.1" is not an address).
 */
NODISCARD int ip_address_parse(struct slice text, struct ip_address *out);

/** Writes the canonical text (RFC 5952; IPv4 dotted) and returns out. */
const char *ip_address_print(const struct ip_address *ip, char out[IP_ADDRESS_TEXT_MAX]);

bool ip_address_is_v4(const struct ip_address *ip);
bool ip_address_eq(const struct ip_address *a, const struct ip_address *b);

/** Whether the first `bits` (0 to 128) of both are equal. */
bool ip_address_has_prefix(
	const struct ip_address *ip, const struct ip_address *network, unsigned int bits);

#endif
