#include "spamd-trust/upstream_client.h"

#include <assert.h>
#include <math.h>

#include "common/base/strnum.h"
#include "common/mail/message_split.h"
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
	struct spamd_told told;
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

/* add_places - "Set: local,remote" and the like, or nothing */
static void
add_places(struct dynbuf *head, const char *name, bool local, bool remote)
{
	if (local || remote) {
		(void)dynbuf_printf(head, "%s: %s%s%s\r\n", name, local ? "local" : "",
			local && remote ? ", " : "", remote ? "remote" : "");
	}
}

/* add_tell - the headers of a TELL, in the order in which spamc has them */
static void
add_tell(struct dynbuf *head, const struct spamd_tell *tell)
{
	(void)dynbuf_printf(head, "Message-class: %s\r\n", tell->is_spam ? "spam" : "ham");
	add_places(head, "Set", tell->set_local, tell->set_remote);
	add_places(head, "Remove", tell->remove_local, tell->remove_remote);
}

void
upstream_client_init(struct upstream_client *c, const struct upstream_request *request)
{
	static const char *const commands[] = {
		[UPSTREAM_REPORT] = "REPORT",
		[UPSTREAM_HEADERS] = "HEADERS",
		[UPSTREAM_TELL] = "TELL",
	};

	*c = (struct upstream_client){.kind = request->kind, .message = request->message};
	if (request->ends_line && !slice_ends_with(request->message, SLICE("\n"))) {
		c->tail = SLICE("\n");
	}
	dynbuf_init(&c->head, REQUEST_HEAD_MAX);
	dynbuf_init(&c->in, UPSTREAM_REPLY_MAX_BYTES);
	(void)dynbuf_printf(&c->head, "%s SPAMC/1.5\r\n", commands[request->kind]);
	if (request->kind == UPSTREAM_TELL) {
		add_tell(&c->head, &request->tell);
	}
	if (fits_header(request->user)) {
		(void)dynbuf_add_str(&c->head, "User: ");
		(void)dynbuf_add(&c->head, request->user);
		(void)dynbuf_add_str(&c->head, "\r\n");
	}
	(void)dynbuf_printf(
		&c->head, "Content-length: %zu\r\n\r\n", request->message.len + c->tail.len);
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
	if (c->sent < head.len + c->message.len) {
		return slice_skip(c->message, c->sent - head.len);
	}
	return slice_skip(c->tail, c->sent - head.len - c->message.len);
}

void
upstream_client_sent(struct upstream_client *c, size_t n)
{
	assert(n <= upstream_client_output(c).len);
	c->sent += n;
}

/* read_status - the code of "SPAMD/V CODE ..."; false where the line is no such thing */
static bool
read_status(struct slice line, struct slice *code_out)
{
	struct slice version = {0};

	return slice_starts_with(line, SLICE("SPAMD/")) &&
	       slice_next_token(&line, " \r\n", &version) &&
	       slice_next_token(&line, " \r\n", code_out);
}

static bool
is_good_status(struct slice line)
{
	struct slice code = {0};

	return read_status(line, &code) && slice_eq(code, SLICE("0"));
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

/* read_places - "local,remote" */
static void
read_places(struct slice value, bool *local, bool *remote)
{
	*local = slice_find_nocase(value, SLICE("local")) < value.len;
	*remote = slice_find_nocase(value, SLICE("remote")) < value.len;
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
	if (slice_eq_nocase(name, SLICE("DidSet"))) {
		read_places(value, &head->told.set_local, &head->told.set_remote);
	} else if (slice_eq_nocase(name, SLICE("DidRemove"))) {
		read_places(value, &head->told.removed_local, &head->told.removed_remote);
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
	if (c->kind != UPSTREAM_TELL && (!head.has_length || !head.has_spam)) {
		return fail(c, "the answer lacks its score or its length");
	}
	c->has_head = true;
	c->body_at = all.len - body.len;
	c->body_len = head.length;
	c->score = head.score;
	c->required = head.required;
	c->told = head.told;
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
	if (c->kind == UPSTREAM_TELL) {
		return UPSTREAM_DONE; /* no length, and an empty line too many may follow */
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

/* note_refusal - an error is one line and no more (SPEC 3) */
static enum upstream_status
note_refusal(struct upstream_client *c)
{
	struct slice rest = dynbuf_slice(&c->in);
	struct slice line = {0};
	struct slice code = {0};

	c->is_refused = message_next_line(&rest, &line) && slice_is_empty(rest) &&
			slice_ends_with(line, SLICE("\n")) && read_status(line, &code) &&
			!slice_eq(code, SLICE("0"));
	return fail(c, c->is_refused ? "the answer is a refusal" : "the answer ends early");
}

enum upstream_status
upstream_client_eof(struct upstream_client *c)
{
	enum upstream_status status = upstream_client_feed(c, SLICE(""));

	return status == UPSTREAM_NEED_MORE ? note_refusal(c) : status;
}

const char *
upstream_client_error(const struct upstream_client *c)
{
	return c->error == NULL ? "" : c->error;
}

bool
upstream_client_is_refused(const struct upstream_client *c)
{
	return c->is_refused;
}

int
upstream_client_reply(
	const struct upstream_client *c, struct arena *arena, struct upstream_reply *out)
{
	*out = (struct upstream_reply){.score = c->score, .required = c->required};
	return upstream_report_read(
		upstream_client_body(c), arena, &out->rules, &out->rule_count);
}

struct slice
upstream_client_body(const struct upstream_client *c)
{
	return slice_skip(dynbuf_slice(&c->in), c->body_at);
}

struct spamd_told
upstream_client_told(const struct upstream_client *c)
{
	return c->told;
}
