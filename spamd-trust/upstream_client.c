#include "spamd-trust/upstream_client.h"

#include <assert.h>
#include <math.h>

#include "common/base/strnum.h"
#include "spamd-trust/message_split.h"
#include "spamd-trust/upstream_report.h"

/* Our own head: command, user, length. */
#define REQUEST_HEAD_MAX 1024

/* Longest user name that is passed on. */
#define USER_MAX 512

/* What the headers of an answer must have, each once. */
struct reply_head {
	bool has_length;
	bool has_spam;
	size_t length;
	double score;
	double required;
};

static bool
fits_header(struct slice user)
{
	for (size_t i = 0; i < user.len; i++) {
		if (user.data[i] < ' ' || user.data[i] == 0x7f) {
			return false;
		}
	}
	return user.len > 0 && user.len <= USER_MAX;
}

void
upstream_client_init(struct upstream_client *c, struct slice user, struct slice message)
{
	*c = (struct upstream_client){.message = message};
	dynbuf_init(&c->head, REQUEST_HEAD_MAX);
	dynbuf_init(&c->in, UPSTREAM_REPLY_MAX_BYTES);
	(void)dynbuf_add_str(&c->head, "REPORT SPAMC/1.5\r\n");
	if (fits_header(user)) {
		(void)dynbuf_add_str(&c->head, "User: ");
		(void)dynbuf_add(&c->head, user);
		(void)dynbuf_add_str(&c->head, "\r\n");
	}
	(void)dynbuf_printf(&c->head, "Content-length: %zu\r\n\r\n", message.len);
	if (dynbuf_error(&c->head) != 0) {
		c->error = "out of memory";
	}
}

void
upstream_client_fini(struct upstream_client *c)
{
	dynbuf_fini(&c->head);
	dynbuf_fini(&c->in);
}

struct slice
upstream_client_output(const struct upstream_client *c)
{
	struct slice head = dynbuf_slice(&c->head);

	if (c->sent < head.len) {
		return slice_skip(head, c->sent);
	}
	return slice_skip(c->message, c->sent - head.len);
}

void
upstream_client_sent(struct upstream_client *c, size_t n)
{
	assert(n <= upstream_client_output(c).len);
	c->sent += n;
}

/* is_good_status - "SPAMD/V 0 ..." */
static bool
is_good_status(struct slice line)
{
	struct slice version = {0};
	struct slice code = {0};

	return slice_starts_with(line, SLICE("SPAMD/")) &&
	       slice_next_token(&line, " \r\n", &version) &&
	       slice_next_token(&line, " \r\n", &code) && slice_eq(code, SLICE("0"));
}

static bool
read_number(struct slice text, double *out)
{
	return strnum_decimal(text, out) == 0 && fabs(*out) <= UPSTREAM_SCORE_MAX;
}

/* read_spam - "True ; 15.0 / 5.0" */
static bool
read_spam(struct slice value, struct reply_head *head)
{
	static const char *const words[] = {"True", "False", "Yes", "No"};
	size_t semicolon = slice_find_byte(value, ';');
	size_t stroke = slice_find_byte(value, '/');
	struct slice word = slice_trim(slice_take(value, semicolon));
	bool is_known = false;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		is_known = is_known || slice_eq(word, slice_str(words[i]));
	}
	if (!is_known || semicolon == value.len || stroke < semicolon || head->has_spam) {
		return false;
	}
	head->has_spam = true;
	return read_number(slice_trim(slice_skip(slice_take(value, stroke), semicolon + 1)),
		       &head->score) &&
	       read_number(slice_trim(slice_skip(value, stroke + 1)), &head->required);
}

/* read_header - one header line; those that mean nothing to us are passed over */
static bool
read_header(struct slice line, struct reply_head *head)
{
	size_t colon = slice_find_byte(line, ':');
	struct slice name = slice_take(line, colon);
	struct slice value = slice_trim(slice_skip(line, colon + 1));

	if (colon == line.len || colon == 0) {
		return false;
	}
	if (slice_eq_nocase(name, SLICE("Content-length"))) {
		bool is_first = !head->has_length;

		head->has_length = true;
		return is_first &&
		       strnum_size(value, UPSTREAM_REPLY_MAX_BYTES, &head->length) == 0;
	}
	return slice_eq_nocase(name, SLICE("Spam")) ? read_spam(value, head) : true;
}

static enum upstream_status
fail(struct upstream_client *c, const char *why)
{
	c->error = why;
	return UPSTREAM_ERROR;
}

/* take_head - parts the answer at its first empty line; false where that is not there yet */
static bool
take_head(struct slice all, struct slice *head_out, struct slice *body_out)
{
	struct slice rest = all;
	struct slice line = {0};

	while (message_next_line(&rest, &line) && slice_ends_with(line, SLICE("\n"))) {
		if (slice_is_empty(slice_trim(line))) {
			*head_out = slice_take(all, all.len - rest.len - line.len);
			*body_out = rest;
			return true;
		}
	}
	return false;
}

/* read_head - status line and headers, once they are whole */
static enum upstream_status
read_head(struct upstream_client *c)
{
	struct slice all = dynbuf_slice(&c->in);
	struct reply_head head = {0};
	struct slice lines = {0};
	struct slice body = {0};
	struct slice line = {0};

	if (!take_head(all, &lines, &body)) {
		return all.len > UPSTREAM_HEAD_MAX_BYTES ? fail(c, "the answer has no end")
							 : UPSTREAM_NEED_MORE;
	}
	if (!message_next_line(&lines, &line) || !is_good_status(line)) {
		return fail(c, "the answer is no success");
	}
	while (message_next_line(&lines, &line)) {
		if (!read_header(line, &head)) {
			return fail(c, "the answer has a bad header");
		}
	}
	if (!head.has_length || !head.has_spam) {
		return fail(c, "the answer lacks its score or its length");
	}
	c->has_head = true;
	c->body_at = all.len - body.len;
	c->body_len = head.length;
	c->score = head.score;
	c->required = head.required;
	return UPSTREAM_NEED_MORE;
}

static enum upstream_status
judge(struct upstream_client *c)
{
	size_t body = 0;

	if (!c->has_head && read_head(c) == UPSTREAM_ERROR) {
		return UPSTREAM_ERROR;
	}
	if (!c->has_head) {
		return UPSTREAM_NEED_MORE;
	}
	body = dynbuf_slice(&c->in).len - c->body_at;
	if (body > c->body_len) {
		return fail(c, "the answer is longer than announced");
	}
	return body == c->body_len ? UPSTREAM_DONE : UPSTREAM_NEED_MORE;
}

enum upstream_status
upstream_client_feed(struct upstream_client *c, struct slice bytes)
{
	if (c->error != NULL) {
		return UPSTREAM_ERROR;
	}
	if (dynbuf_add(&c->in, bytes) != 0) {
		return fail(c, "the answer is too long");
	}
	return judge(c);
}

enum upstream_status
upstream_client_eof(struct upstream_client *c)
{
	enum upstream_status status = upstream_client_feed(c, SLICE(""));

	return status == UPSTREAM_NEED_MORE ? fail(c, "the answer ends early") : status;
}

const char *
upstream_client_error(const struct upstream_client *c)
{
	return c->error == NULL ? "" : c->error;
}

int
upstream_client_reply(
	const struct upstream_client *c, struct arena *arena, struct upstream_reply *out)
{
	struct slice body = slice_skip(dynbuf_slice(&c->in), c->body_at);

	*out = (struct upstream_reply){.score = c->score, .required = c->required};
	return upstream_report_read(body, arena, &out->rules, &out->rule_count);
}
