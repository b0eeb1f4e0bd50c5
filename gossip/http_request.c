#include "gossip/http_request.h"

#include "common/base/err.h"
#include "common/base/strnum.h"

/* What the fields of one head have said so far. */
struct head {
	struct http_request *request;
	struct http_refusal *refusal;
	size_t body_max;
	size_t field_count;
	bool has_host;
	bool has_length;
};

static bool
refuse(struct http_refusal *refusal, int status, const char *text)
{
	*refusal = (struct http_refusal){status, text};
	return false;
}

/* is_token_byte - tchar of RFC 9110 section 5.6.2 */
static bool
is_token_byte(uint8_t c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!is_token_byte(s.data[i])) {
			return false;
		}
	}
	return s.len > 0;
}

/* is_field_value - visible ASCII, blanks and tabs; obs-text is nothing that a peer sends */
static bool
is_field_value(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] != '\t' && (s.data[i] < ' ' || s.data[i] > '~')) {
			return false;
		}
	}
	return true;
}

static struct slice
trim_wsp(struct slice s)
{
	while (s.len > 0 && ascii_is_wsp(s.data[0])) {
		s = slice_skip(s, 1);
	}
	while (s.len > 0 && ascii_is_wsp(s.data[s.len - 1])) {
		s.len--;
	}
	return s;
}

/* take_host - RFC 9112 section 3.2: exactly one */
static bool
take_host(struct head *h, struct slice value)
{
	if (h->has_host) {
		return refuse(h->refusal, 400, "more than one Host");
	}
	if (value.len == 0 || slice_find_byte(value, ' ') < value.len ||
		slice_find_byte(value, ',') < value.len) {
		return refuse(h->refusal, 400, "not a Host");
	}
	h->has_host = true;
	h->request->host = value;
	return true;
}

static bool
take_length(struct head *h, struct slice value)
{
	size_t length = 0;
	int code = 0;

	if (h->has_length) {
		return refuse(h->refusal, 400, "more than one Content-Length");
	}
	code = strnum_size(value, h->body_max, &length);
	if (code == ERR_RANGE) {
		return refuse(h->refusal, 413, "the body is too large");
	}
	if (code != 0) {
		return refuse(h->refusal, 400, "Content-Length is no number");
	}
	h->has_length = true;
	h->request->body_len = length;
	return true;
}

static bool
take_transfer_encoding(struct head *h, struct slice value)
{
	(void)value;
	return refuse(h->refusal, 501, "Transfer-Encoding is not taken");
}

static bool
take_content_encoding(struct head *h, struct slice value)
{
	(void)value;
	return refuse(h->refusal, 415, "Content-Encoding is not taken");
}

static bool
take_expect(struct head *h, struct slice value)
{
	(void)value;
	return refuse(h->refusal, 417, "Expect is not met");
}

static bool
take_content_type(struct head *h, struct slice value)
{
	if (h->request->content_type.data != NULL) {
		return refuse(h->refusal, 400, "more than one Content-Type");
	}
	h->request->content_type = value;
	return true;
}

/* take_connection - RFC 9110 section 7.6.1; options other than close mean nothing to us */
static bool
take_connection(struct head *h, struct slice value)
{
	struct slice option;

	while (slice_next_token(&value, ", \t", &option)) {
		if (slice_eq_nocase(option, SLICE("close"))) {
			h->request->keep_alive = false;
		}
	}
	return true;
}

static const struct field {
	const char *name;
	bool (*take)(struct head *h, struct slice value);
} fields[] = {
	{"Host", take_host},
	{"Content-Length", take_length},
	{"Content-Type", take_content_type},
	{"Transfer-Encoding", take_transfer_encoding},
	{"Content-Encoding", take_content_encoding},
	{"Expect", take_expect},
	{"Connection", take_connection},
};

static bool
take_field(struct head *h, struct slice line)
{
	size_t colon = slice_find_byte(line, ':');
	struct slice name = slice_take(line, colon);
	struct slice value = trim_wsp(slice_skip(line, colon + 1));

	if (++h->field_count > HTTP_FIELDS_MAX) {
		return refuse(h->refusal, 431, "too many fields");
	}
	if (ascii_is_wsp(line.data[0])) {
		return refuse(h->refusal, 400, "a folded field");
	}
	if (colon == line.len || !is_token(name)) {
		return refuse(h->refusal, 400, "not a field");
	}
	if (!is_field_value(value)) {
		return refuse(h->refusal, 400, "a field holds control or foreign bytes");
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		if (slice_eq_nocase(name, slice_str(fields[i].name))) {
			return fields[i].take(h, value);
		}
	}
	return true;
}

static bool
take_method(struct slice word, struct http_request *out, struct http_refusal *refusal)
{
	if (slice_eq(word, SLICE("GET"))) {
		out->method = HTTP_GET;
		return true;
	}
	if (slice_eq(word, SLICE("POST"))) {
		out->method = HTTP_POST;
		return true;
	}
	return is_token(word) ? refuse(refusal, 405, "only GET and POST")
			      : refuse(refusal, 400, "not a request line");
}

/* take_target - origin-form (RFC 9112 section 3.2.1) in visible ASCII */
static bool
take_target(struct slice target, struct http_request *out, struct http_refusal *refusal)
{
	size_t mark = slice_find_byte(target, '?');

	if (target.len > HTTP_TARGET_MAX) {
		return refuse(refusal, 414, "the target is too long");
	}
	if (target.len == 0 || target.data[0] != '/') {
		return refuse(refusal, 400, "not an origin-form target");
	}
	for (size_t i = 0; i < target.len; i++) {
		if (target.data[i] <= ' ' || target.data[i] > '~' || target.data[i] == '#') {
			return refuse(refusal, 400, "the target holds foreign bytes");
		}
	}
	out->target = target;
	out->path = slice_take(target, mark);
	return true;
}

/* take_version - 1.1 alone; 505 for what looks like another one */
static bool
take_version(struct slice word, struct http_refusal *refusal)
{
	if (slice_eq(word, SLICE("HTTP/1.1"))) {
		return true;
	}
	return slice_starts_with(word, SLICE("HTTP/"))
		       ? refuse(refusal, 505, "only HTTP/1.1")
		       : refuse(refusal, 400, "not a request line");
}

static bool
take_request_line(struct slice line, struct http_request *out, struct http_refusal *refusal)
{
	size_t first = slice_find_byte(line, ' ');
	struct slice rest = slice_skip(line, first + 1);
	size_t second = slice_find_byte(rest, ' ');

	if (first == line.len || second == rest.len) {
		return refuse(refusal, 400, "not a request line");
	}
	return take_method(slice_take(line, first), out, refusal) &&
	       take_target(slice_take(rest, second), out, refusal) &&
	       take_version(slice_skip(rest, second + 1), refusal);
}

/* next_line - up to CRLF; a line end of another kind stays in the line and is refused there */
static struct slice
next_line(struct slice *rest)
{
	size_t end = slice_find(*rest, SLICE("\r\n"));
	struct slice line = slice_take(*rest, end);

	*rest = slice_skip(*rest, end + 2);
	return line;
}

/* has_stray - CR, LF or NUL inside a line */
static bool
has_stray(struct slice line)
{
	return slice_find_byte(line, '\r') < line.len ||
	       slice_find_byte(line, '\n') < line.len || slice_find_byte(line, '\0') < line.len;
}

/* check_framing - what only the whole head can tell */
static bool
check_framing(const struct head *h)
{
	if (!h->has_host) {
		return refuse(h->refusal, 400, "no Host");
	}
	if (h->request->method == HTTP_POST && !h->has_length) {
		return refuse(h->refusal, 411, "no Content-Length");
	}
	if (h->request->method == HTTP_GET && h->request->body_len > 0) {
		return refuse(h->refusal, 400, "a body behind GET");
	}
	return true;
}

/* parse_head - `lines` without the empty line */
static bool
parse_head(struct slice lines, struct head *h)
{
	struct slice line = next_line(&lines);

	if (has_stray(line)) {
		return refuse(h->refusal, 400, "a line end that is not CRLF");
	}
	if (!take_request_line(line, h->request, h->refusal)) {
		return false;
	}
	while (lines.len > 0) {
		line = next_line(&lines);
		if (has_stray(line)) {
			return refuse(h->refusal, 400, "a line end that is not CRLF");
		}
		if (!take_field(h, line)) {
			return false;
		}
	}
	return check_framing(h);
}

/* refuse_early - what can be said of a head before its end has come */
static bool
refuse_early(struct slice in, struct http_refusal *refusal)
{
	size_t lf = slice_find_byte(in, '\n');

	if (in.len >= HTTP_HEAD_MAX) {
		return !refuse(refusal, 431, "the head is too long");
	}
	if (in.len > 0 && !ascii_is_alpha(in.data[0])) {
		return !refuse(refusal, 400, "not a request line");
	}
	if (lf < in.len && (lf == 0 || in.data[lf - 1] != '\r')) {
		return !refuse(refusal, 400, "a line end that is not CRLF");
	}
	if (lf == in.len && in.len > HTTP_TARGET_MAX + sizeof("POST  HTTP/1.1\r")) {
		return !refuse(refusal, 414, "the request line is too long");
	}
	return false;
}

enum http_parse_status
http_request_parse(struct slice in, size_t body_max, struct http_request *out, size_t *used,
	struct http_refusal *refusal)
{
	struct slice start = slice_take(in, HTTP_HEAD_MAX);
	size_t end = slice_find(start, SLICE("\r\n\r\n"));
	struct head h = {.request = out, .refusal = refusal, .body_max = body_max};

	*out = (struct http_request){.keep_alive = true};
	*used = 0;
	if (end == start.len) {
		return refuse_early(start, refusal) ? HTTP_PARSE_REFUSED : HTTP_PARSE_MORE;
	}
	if (!parse_head(slice_take(start, end + 2), &h)) {
		return HTTP_PARSE_REFUSED;
	}
	if (in.len - (end + 4) < out->body_len) {
		return HTTP_PARSE_HEAD;
	}
	out->body = slice_take(slice_skip(in, end + 4), out->body_len);
	*used = end + 4 + out->body_len;
	return HTTP_PARSE_DONE;
}

const char *
http_reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{200, "OK"},
		{202, "Accepted"},
		{204, "No Content"},
		{400, "Bad Request"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{409, "Conflict"},
		{410, "Gone"},
		{411, "Length Required"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{415, "Unsupported Media Type"},
		{417, "Expectation Failed"},
		{429, "Too Many Requests"},
		{431, "Request Header Fields Too Large"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		if (reasons[i].status == status) {
			return reasons[i].text;
		}
	}
	return "Error";
}
