#include "common/statement/principal.h"

#include "common/mail/address.h"
#include "common/mail/domain.h"
#include "common/statement/identity.h"

/* Longest List-Id we keep: RFC 2919 section 3 bounds it at 255 octets. */
#define LIST_ID_MAX 255

static const char *const prefixes[] = {
	[PRINCIPAL_ID] = "id:",
	[PRINCIPAL_ADDR] = "addr:",
	[PRINCIPAL_DOM] = "dom:",
	[PRINCIPAL_LIST] = "list:",
	[PRINCIPAL_KEY] = "key:",
	[PRINCIPAL_STMT] = "stmt:",
};

/* find_kind - the kind a text starts with; false when it starts with none */
static bool
find_kind(struct slice text, enum principal_kind *kind_out)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		if (slice_starts_with(text, slice_str(prefixes[i]))) {
			*kind_out = (enum principal_kind)i;
			return true;
		}
	}
	return false;
}

/* start - empties out and writes the prefix; the value is appended behind it */
static void
start(struct principal *out, enum principal_kind kind)
{
	size_t len = strlen(prefixes[kind]);

	*out = (struct principal){.kind = kind, .len = (uint16_t)len};
	memcpy(out->text, prefixes[kind], len);
}

/* append - the value, and the closing NUL */
static int
append(struct principal *out, struct slice value, struct err_msg *msg)
{
	if (value.len >= sizeof(out->text) - out->len) {
		return err_set(msg, ERR_TOOBIG, "longer than %d bytes", PRINCIPAL_TEXT_MAX - 1);
	}
	memcpy(out->text + out->len, value.data, value.len);
	out->len = (uint16_t)(out->len + value.len);
	out->text[out->len] = '\0';
	return 0;
}

static int
put_digest_text(struct principal *out, struct slice value, struct err_msg *msg)
{
	struct thumbprint checked;

	if (thumbprint_parse(value, &checked) != 0) {
		return err_set(msg, ERR_INVALID, "%s needs 43 characters of base64url",
			prefixes[out->kind]);
	}
	return append(out, value, msg);
}

/* is_atext - RFC 5322 section 3.2.3 */
static bool
is_atext(uint8_t c)
{
	struct slice others = SLICE("!#$%&'*+-/=?^_`{|}~");

	return ascii_is_alpha(c) || ascii_is_digit(c) ||
	       slice_find_byte(others, c) < others.len;
}

/*
 * put_list - a List-Id (RFC 2919 section 2: dot-atom-text), compared without case, so in lower
 * case
 */
static int
put_list(struct principal *out, struct slice value, struct err_msg *msg)
{
	char lower[LIST_ID_MAX];
	bool label_empty = true;

	if (value.len > LIST_ID_MAX) {
		return err_set(msg, ERR_TOOBIG, "a List-Id has at most %d bytes", LIST_ID_MAX);
	}
	for (size_t i = 0; i < value.len; i++) {
		uint8_t c = value.data[i];

		if (c == '.' ? label_empty : !is_atext(c)) {
			return err_set_at(msg, ERR_INVALID, i, "not a List-Id (RFC 2919)");
		}
		label_empty = c == '.';
		lower[i] = (char)ascii_lower(c);
	}
	if (label_empty) {
		return err_set(msg, ERR_INVALID, "not a List-Id (RFC 2919)");
	}
	return append(out, slice_of(lower, value.len), msg);
}

/* put_domain - a host name; address literals are not domains anybody can vouch for */
static int
put_domain(struct principal *out, struct slice value, struct err_msg *msg)
{
	struct domain domain;
	int ret = domain_normalise(value, &domain);

	if (ret != 0) {
		return err_set(msg, ret, "not a domain name: %s", err_text(ret));
	}
	return append(out, domain_slice(&domain), msg);
}

static int
put_address(
	struct principal *out, struct slice value, bool fold_local_part, struct err_msg *msg)
{
	struct address address;
	int ret = address_parse(value, fold_local_part, &address, msg);

	return ret == 0 ? append(out, address_slice(&address), msg) : ret;
}

int
principal_parse(
	struct slice text, bool fold_local_part, struct principal *out, struct err_msg *msg)
{
	enum principal_kind kind = PRINCIPAL_ID;
	struct slice value;

	if (slice_starts_with(text, SLICE("seal:"))) {
		return err_set(msg, ERR_UNSUPPORTED, "sealed subjects are not supported yet");
	}
	if (!find_kind(text, &kind)) {
		return err_set(msg, ERR_INVALID,
			"must start with id:, addr:, dom:, list:, key: or stmt:");
	}
	start(out, kind);
	value = slice_skip(text, out->len);
	switch (kind) {
	case PRINCIPAL_ADDR:
		return put_address(out, value, fold_local_part, msg);
	case PRINCIPAL_DOM:
		return put_domain(out, value, msg);
	case PRINCIPAL_LIST:
		return put_list(out, value, msg);
	case PRINCIPAL_ID:
	case PRINCIPAL_KEY:
	case PRINCIPAL_STMT:
		return put_digest_text(out, value, msg);
	}
	return ERR_INVALID;
}

int
principal_parse_human(
	struct slice text, bool fold_local_part, struct principal *out, struct err_msg *msg)
{
	enum principal_kind kind = PRINCIPAL_DOM;
	size_t at = slice_find_byte(text, '@');

	if (find_kind(text, &kind) || slice_starts_with(text, SLICE("seal:"))) {
		return principal_parse(text, fold_local_part, out, msg);
	}
	if (at > 0 && at < text.len) {
		start(out, PRINCIPAL_ADDR);
		return put_address(out, text, fold_local_part, msg);
	}
	start(out, PRINCIPAL_DOM);
	return put_domain(out, at == 0 ? slice_skip(text, 1) : text, msg);
}

struct slice
principal_value(const struct principal *p)
{
	return slice_skip(principal_slice(p), strlen(prefixes[p->kind]));
}

void
principal_digest(const struct principal *p, struct digest *out)
{
	digest_sha256(principal_slice(p), out);
}

int
principal_from_address(struct slice canonical, struct principal *out)
{
	start(out, PRINCIPAL_ADDR);
	return append(out, canonical, NULL);
}

int
principal_from_thumbprint(struct slice thumbprint, struct principal *out)
{
	start(out, PRINCIPAL_ID);
	return put_digest_text(out, thumbprint, NULL);
}
