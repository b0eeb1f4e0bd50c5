#include "spamd-trust/listen_spec.h"

#include <netdb.h>

#include "common/base/strnum.h"

static int
copy_slice(char *to, size_t cap, struct slice from, const char *what, struct err_msg *msg)
{
	if (from.len >= cap) {
		return err_set(msg, ERR_INVALID, "%s is longer than %zu bytes", what, cap - 1);
	}
	memcpy(to, from.data, from.len);
	to[from.len] = '\0';
	return 0;
}

/* split_port - cuts ":PORT" off a host; brackets protect the colons of IPv6, as do two of them */
static int
split_port(struct slice text, struct slice *host, struct slice *port)
{
	size_t colon = 0;

	*port = (struct slice){0};
	if (text.len > 0 && text.data[0] == '[') {
		size_t end = slice_find_byte(text, ']');

		if (end == text.len) {
			return ERR_INVALID;
		}
		*host = slice_of(text.data + 1, end - 1);
		text = slice_skip(text, end + 1);
		if (text.len > 0 && text.data[0] != ':') {
			return ERR_INVALID;
		}
		*port = slice_skip(text, 1);
		return 0;
	}
	colon = slice_find_byte(text, ':');
	*host = slice_take(text, colon);
	*port = slice_skip(text, colon + 1);
	if (slice_find_byte(*port, ':') < port->len) {
		*host = text;
		*port = (struct slice){0};
	}
	return 0;
}

static bool
is_service_name(struct slice s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_alpha(s.data[i]) && !ascii_is_digit(s.data[i]) &&
			s.data[i] != '-') {
			return false;
		}
	}
	return true;
}

/*
 * is_port - a name, or a number that is a port; getaddrinfo takes others, signs too, modulo
 * 65536
 */
static bool
is_port(struct slice text)
{
	uint32_t number = 0;

	return ascii_is_alpha(text.data[0]) || strnum_u32(text, UINT16_MAX, &number) == 0;
}

static int
bad_port(struct slice port, struct err_msg *msg)
{
	return err_set(msg, ERR_INVALID,
		"port %.*s: expected a number from 0 to 65535, or the name of a service",
		SLICE_ARG(slice_take(port, 40)));
}

int
listen_spec_parse(const char *text, const struct options *options, struct listen_spec *out,
	struct err_msg *msg)
{
	struct slice rest = slice_str(text);
	struct slice host = {0};
	struct slice port = {0};
	int code = 0;

	*out = (struct listen_spec){0};
	if (slice_starts_with_nocase(rest, SLICE("ssl:"))) {
		out->tls = true;
		rest = slice_skip(rest, 4);
	}
	if (rest.len > 0 && rest.data[0] == '/') {
		out->is_unix = true;
		return copy_slice(out->path, sizeof(out->path), rest, "socket path", msg);
	}
	out->tls = out->tls || options->ssl;
	if (split_port(rest, &host, &port) != 0 || !is_service_name(port)) {
		return err_set(msg, ERR_INVALID,
			"invalid socket specification \"%.100s\": expected "
			"[ssl:]HOST[:PORT], [V6]:PORT or /PATH",
			text);
	}
	if (host.len == 0) {
		host = rest.len == 0 && !out->tls ? SLICE("*") : SLICE("localhost");
	}
	if (port.len == 0) {
		port = slice_str(out->tls && options->ssl_port != NULL ? options->ssl_port
								       : options->port);
	}
	if (port.len == 0) {
		port = SLICE(OPTIONS_PORT_DEFAULT);
	}
	if (!is_port(port)) {
		return bad_port(port, msg);
	}
	code = copy_slice(out->host, sizeof(out->host), host, "host name", msg);
	return code != 0 ? code : copy_slice(out->port, sizeof(out->port), port, "port", msg);
}

/* check_service - a port by name must be the name of one */
static int
check_service(const char *port, struct err_msg *msg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *list = NULL;
	int code = getaddrinfo(NULL, port, &hints, &list);

	if (code == 0) {
		freeaddrinfo(list);
	}
	return code == EAI_SERVICE || code == EAI_NONAME ? bad_port(slice_str(port), msg) : 0;
}

static int
check_one(const char *text, const struct options *options, struct err_msg *msg)
{
	struct listen_spec spec;
	int code = listen_spec_parse(text, options, &spec, msg);

	return code == 0 && !spec.is_unix ? check_service(spec.port, msg) : code;
}

/* check_port - of an option that no address may use */
static int
check_port(const char *port, struct err_msg *msg)
{
	if (port == NULL || port[0] == '\0') {
		return 0;
	}
	return is_service_name(slice_str(port)) && is_port(slice_str(port))
		       ? check_service(port, msg)
		       : bad_port(slice_str(port), msg);
}

int
listen_specs_check(const struct options *options, struct err_msg *msg)
{
	int code = check_port(options->port, msg);

	if (code == 0) {
		code = check_port(options->ssl_port, msg);
	}
	for (size_t i = 0; code == 0 && i < options->listen.count; i++) {
		code = check_one(options->listen.items[i], options, msg);
	}
	if (code == 0 && options->socket_path != NULL) {
		code = options->socket_path[0] == '/'
			       ? check_one(options->socket_path, options, msg)
			       : err_set(msg, ERR_INVALID,
					 "--socketpath: %s is not an absolute path",
					 options->socket_path);
	}
	return code;
}
