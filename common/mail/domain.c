#include "common/mail/domain.h"

#include <idn2.h>
#include <stdio.h>

#include "common/base/err.h"
#include "common/conf/netlist.h"

/* A name of U-labels in UTF-8 is at most four times as long as it has characters. */
#define UTF8_TEXT_MAX (4 * DOMAIN_TEXT_MAX)

static bool
is_label_byte(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '-' || c == '_';
}

/* check_label - the label that ends before text[end] and is len bytes long */
static int
check_label(struct slice text, size_t end, size_t len)
{
	if (len == 0 || text.data[end - len] == '-' || text.data[end - 1] == '-') {
		return ERR_INVALID;
	}
	return len > DOMAIN_LABEL_MAX ? ERR_TOOBIG : 0;
}

static int
normalise_ascii(struct slice text, struct domain *out)
{
	size_t label = 0;

	if (text.len > 0 && text.data[text.len - 1] == '.') {
		text.len--;
	}
	if (text.len > DOMAIN_TEXT_MAX) {
		return ERR_TOOBIG;
	}
	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		out->text[i] = (char)ascii_lower(c);
		if (c == '.') {
			int ret = check_label(text, i, label);

			if (ret != 0) {
				return ret;
			}
			label = 0;
		} else if (is_label_byte(c)) {
			label++;
		} else {
			return ERR_INVALID;
		}
	}
	out->text[text.len] = '\0';
	out->len = (uint16_t)text.len;
	return check_label(text, text.len, label);
}

static int
err_from_idn2(int ret)
{
	switch (ret) {
	case IDN2_MALLOC:
		return ERR_NOMEM;
	case IDN2_TOO_BIG_LABEL:
	case IDN2_TOO_BIG_DOMAIN:
		return ERR_TOOBIG;
	default:
		return ERR_INVALID;
	}
}

/* normalise_utf8 - mapping may make dots and other ASCII, so the result is checked anew */
static int
normalise_utf8(struct slice text, struct domain *out)
{
	uint8_t copy[UTF8_TEXT_MAX + 1];
	uint8_t *ascii = NULL;
	int ret;

	if (text.len > UTF8_TEXT_MAX) {
		return ERR_TOOBIG;
	}
	if (slice_find_byte(text, '\0') < text.len) {
		return ERR_INVALID;
	}
	memcpy(copy, text.data, text.len);
	copy[text.len] = '\0';
	ret = idn2_lookup_u8(copy, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (ret != IDN2_OK) {
		return err_from_idn2(ret);
	}
	ret = normalise_ascii(slice_str((const char *)ascii), out);
	idn2_free(ascii);
	return ret;
}

static bool
is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] >= 0x80) {
			return false;
		}
	}
	return true;
}

int
domain_normalise(struct slice text, struct domain *out)
{
	return is_ascii(text) ? normalise_ascii(text, out) : normalise_utf8(text, out);
}

static int
normalise_literal(struct slice inner, struct domain *out)
{
	const struct slice tag = SLICE("IPv6:");
	bool is_tagged = slice_starts_with_nocase(inner, tag);
	char text[NET_ADDRESS_TEXT_MAX];
	struct net_address address;
	int len;

	inner = slice_skip(inner, is_tagged ? tag.len : 0);
	/* net_address_parse knows forms that have no place here: more brackets, a scope. */
	if (is_tagged != (slice_find_byte(inner, ':') < inner.len) ||
		slice_find_byte(inner, '[') < inner.len ||
		slice_find_byte(inner, '%') < inner.len ||
		net_address_parse(inner, &address) != 0) {
		return ERR_INVALID;
	}
	net_address_print(&address, text);
	is_tagged = strchr(text, ':') != NULL; /* mapped addresses come out as IPv4 */
	len = snprintf(out->text, sizeof(out->text), "[%s%s]", is_tagged ? "ipv6:" : "", text);
	out->len = (uint16_t)len;
	return 0;
}

int
domain_normalise_or_literal(struct slice text, struct domain *out)
{
	if (text.len >= 2 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
		return normalise_literal(slice_of(text.data + 1, text.len - 2), out);
	}
	return domain_normalise(text, out);
}

bool
domain_is_same_or_under(struct slice d, struct slice ancestor)
{
	if (ancestor.len == 0 || !slice_ends_with(d, ancestor)) {
		return false;
	}
	return d.len == ancestor.len || d.data[d.len - ancestor.len - 1] == '.';
}
