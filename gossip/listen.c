#include "gossip/listen.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/net_address.h"
#include "common/base/strnum.h"

#define BACKLOG 128

#define LISTEN_DEFAULT SLICE("*:7483")

/* An item taken apart. */
struct listen_item {
	struct net_address address;
	bool is_any; /* "*": both families */
	uint32_t port;
};

static int
parse_item(struct slice text, struct listen_item *out, struct err_msg *msg)
{
	struct slice port = slice_behind_last(text, ':');
	struct slice host = slice_take(text, text.len - port.len);

	*out = (struct listen_item){0};
	if (host.len < 2 || strnum_u32(port, 65535, &out->port) != 0) {
		return err_set(msg, ERR_INVALID,
			"%.*s is not ADDRESS:PORT, [V6]:PORT or *:PORT", SLICE_ARG(text));
	}
	host.len--;
	out->is_any = slice_eq(host, SLICE("*"));
	if (!out->is_any && net_address_parse(host, &out->address) != 0) {
		return err_set(msg, ERR_INVALID, "%.*s is no address", SLICE_ARG(host));
	}
	return 0;
}

int
listen_check(const struct strlist *items, struct err_msg *msg)
{
	struct listen_item item;

	if (items->count > LISTEN_MAX) {
		return err_set(msg, ERR_INVALID, "gossip_listen takes at most %d addresses",
			LISTEN_MAX);
	}
	for (size_t i = 0; i < items->count; i++) {
		struct err_msg why = {0};
		int code = parse_item(items->items[i], &item, &why);

		if (code != 0) {
			return err_set(msg, code, "gossip_listen: %s", why.text);
		}
	}
	return 0;
}

/* fill - the address as bind(2) wants it; true for IPv6 */
static bool
fill(const struct listen_item *item, struct sockaddr_storage *out, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

	*out = (struct sockaddr_storage){0};
	if (!item->is_any && net_address_is_v4(&item->address)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)item->port);
		memcpy(&v4->sin_addr, item->address.bytes + 12, 4);
		*len = sizeof(*v4);
		return false;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons((uint16_t)item->port);
	memcpy(&v6->sin6_addr, item->address.bytes, 16);
	*len = sizeof(*v6);
	return true;
}

static int
open_one(const struct listen_item *item, struct err_msg *msg)
{
	struct sockaddr_storage sa;
	socklen_t len = 0;
	bool is_v6 = fill(item, &sa, &len);
	int v6_only = item->is_any ? 0 : 1;
	int on = 1;
	int fd = socket(
		is_v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		(is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only,
				  sizeof(v6_only)) != 0) ||
		bind(fd, (struct sockaddr *)&sa, len) != 0 || listen(fd, BACKLOG) != 0) {
		int code = err_set_errno(msg, "cannot listen");

		if (fd >= 0) {
			(void)close(fd);
		}
		return code;
	}
	return fd;
}

/* open_any - both families, or IPv4 alone where the kernel has no other */
static int
open_any(struct listen_item *item, struct err_msg *msg)
{
	int fd = open_one(item, msg);

	if (fd < 0) {
		item->is_any = false;
		item->address = (struct net_address){.bytes = {[10] = 0xff, [11] = 0xff}};
		fd = open_one(item, msg);
	}
	return fd;
}

static void
print_bound(int fd, char out[LISTEN_TEXT_MAX])
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} sa;
	socklen_t len = sizeof(sa);
	char address[NET_ADDRESS_TEXT_MAX];
	struct net_address a = {0};
	bool is_v6 = false;
	unsigned int port = 0;

	memset(&sa, 0, sizeof(sa));
	if (getsockname(fd, &sa.any, &len) == 0 &&
		net_address_from_sockaddr(&sa.any, &a) == 0) {
		is_v6 = sa.any.sa_family == AF_INET6;
		port = ntohs(is_v6 ? sa.v6.sin6_port : sa.v4.sin_port);
	}
	(void)snprintf(out, LISTEN_TEXT_MAX, is_v6 ? "[%s]:%u" : "%s:%u",
		net_address_print(&a, address), port);
}

static int
add_socket(struct slice text, struct listen_sockets *out, struct err_msg *msg)
{
	struct err_msg why = {0};
	struct listen_item item;
	int fd = parse_item(text, &item, &why);

	if (fd == 0) {
		fd = item.is_any ? open_any(&item, &why) : open_one(&item, &why);
	}
	if (fd < 0) {
		return err_set(msg, fd, "gossip_listen %.*s: %s", SLICE_ARG(text), why.text);
	}
	print_bound(fd, out->texts[out->count]);
	out->fds[out->count++] = fd;
	return 0;
}

int
listen_open(const struct strlist *items, struct listen_sockets *out, struct err_msg *msg)
{
	int code = listen_check(items, msg);

	*out = (struct listen_sockets){0};
	if (code == 0 && items->count == 0) {
		code = add_socket(LISTEN_DEFAULT, out, msg);
	}
	for (size_t i = 0; code == 0 && i < items->count; i++) {
		code = add_socket(items->items[i], out, msg);
	}
	for (size_t i = 0; code != 0 && i < out->count; i++) {
		(void)close(out->fds[i]);
	}
	return code;
}
