#include "common/statement/paper.h"

#define PREFIX "trust:"

int
paper_make(const struct issuer *by, struct issued *out, struct err_msg *msg)
{
	const struct issue_reason reason = {STATEMENT_WHY_LOST, PAPER_SINCE_S};
	struct principal self;

	if (principal_from_thumbprint(thumbprint_slice(&by->identity), &self) != 0) {
		return err_set(msg, ERR_INVALID, "the issuer has no valid thumbprint");
	}
	return issue_revoke(by, 1, &self, &reason, out, msg);
}

int
paper_print(const struct issued *paper, struct dynbuf *out)
{
	(void)dynbuf_add(out, SLICE(PREFIX));
	(void)dynbuf_add(out, issued_slice(paper));
	return dynbuf_error(out);
}

/* squeeze - without white space. @return 0 or ERR_TOOBIG */
static int
squeeze(struct slice text, char out[STATEMENT_MAX + sizeof(PREFIX)], size_t *len_out)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			continue;
		}
		if (len == STATEMENT_MAX + strlen(PREFIX)) {
			return ERR_TOOBIG;
		}
		out[len++] = (char)c;
	}
	*len_out = len;
	return 0;
}

int
paper_open(struct slice text, struct issued *out, struct err_msg *msg)
{
	char line[STATEMENT_MAX + sizeof(PREFIX)];
	struct slice jws;
	size_t len = 0;
	int rc;

	if (text.len > PAPER_TEXT_MAX || squeeze(text, line, &len) != 0) {
		return err_set(msg, ERR_TOOBIG, "longer than a paper revocation");
	}
	jws = slice_of(line, len);
	if (slice_starts_with(jws, SLICE(PREFIX))) {
		jws = slice_skip(jws, strlen(PREFIX));
	}
	*out = (struct issued){0};
	rc = statement_open(jws, &out->st, msg);
	if (rc != 0) {
		return rc;
	}
	if (out->st.act != STATEMENT_REVOKE || out->st.sub.kind != PRINCIPAL_ID) {
		return err_set(
			msg, ERR_INVALID, "a statement, but no revocation of an identity");
	}
	memcpy(out->jws, jws.data, jws.len);
	out->jws_len = jws.len;
	return 0;
}
