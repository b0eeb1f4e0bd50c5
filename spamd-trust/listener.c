#include "spamd-trust/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/strnum.h"

/* Connections the kernel holds while all workers are busy; it cuts this to somaxconn. */
#define BACKLOG 4096

#define BIND_TRIES    10
#define BIND_PAUSE_MS 1000

static struct listener *
add_listener(struct listeners *ls, struct err_msg *msg)
{
	if (ls->count == LISTENERS_MAX) {
		(void)err_set(msg, ERR_TOOBIG, "more than %d listening sockets", LISTENERS_MAX);
		return NULL;
	}
	ls->items[ls->count] = (struct listener){.fd = -1};
	return &ls->items[ls->count];
}

/* bind_patiently - waits a little for an address that a predecessor is giving up */
static int
bind_patiently(int fd, const struct sockaddr *addr, socklen_t len)
{
	for (int try = 1;; try++) {
		if (bind(fd, addr, len) == 0) {
			return 0;
		}
		if (errno != EADDRINUSE || try == BIND_TRIES) {
			return -1;
		}
		(void)poll(NULL, 0, BIND_PAUSE_MS);
	}
}

/* describe_inet - the text and number of the port that was really bound */
static void
describe_inet(struct listener *l)
{
	struct sockaddr_storage addr = {0};
	socklen_t len = sizeof(addr);
	char host[NI_MAXHOST] = "?";
	char port[NI_MAXSERV] = "0";
	uint32_t number = 0;

	if (getsockname(l->fd, (struct sockaddr *)&addr, &len) == 0) {
		(void)getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV);
	}
	if (strnum_u32(slice_str(port), UINT16_MAX, &number) == 0) {
		l->port = (uint16_t)number;
	}
	(void)snprintf(l->text, sizeof(l->text), "IO::Socket::%s [%.100s]:%s",
		l->tls ? "SSL" : "IP", host, port);
}

static int
open_address(struct listener *l, const struct addrinfo *ai)
{
	int on = 1;

	l->fd = socket(ai->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0) {
		return -1;
	}
	if (setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
		return -1;
	}
	if (ai->ai_family == AF_INET6 &&
		setsockopt(l->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) {
		return -1;
	}
	if (bind_patiently(l->fd, ai->ai_addr, ai->ai_addrlen) != 0) {
		return -1;
	}
	return listen(l->fd, BACKLOG);
}

/* family_is_missing - the name has an address of a family this host does not run */
static bool
family_is_missing(int errnum)
{
	return errnum == EAFNOSUPPORT || errnum == EADDRNOTAVAIL;
}

static int
open_addresses(struct listeners *ls, const struct listen_spec *spec,
	const struct addrinfo *list, struct err_msg *msg)
{
	size_t before = ls->count;
	int missing = 0;

	for (const struct addrinfo *ai = list; ai != NULL; ai = ai->ai_next) {
		struct listener *l = add_listener(ls, msg);

		if (l == NULL) {
			return ERR_TOOBIG;
		}
		l->tls = spec->tls;
		if (open_address(l, ai) == 0) {
			describe_inet(l);
			ls->count++;
			continue;
		}
		missing = errno;
		if (l->fd >= 0) {
			(void)close(l->fd);
		}
		if (!family_is_missing(missing)) {
			errno = missing;
			return err_set_errno(
				msg, "cannot listen on %s port %s", spec->host, spec->port);
		}
	}
	if (ls->count > before) {
		return 0;
	}
	errno = missing;
	return err_set_errno(msg, "cannot listen on %s port %s", spec->host, spec->port);
}

static int
open_inet(struct listeners *ls, const struct listen_spec *spec, const struct options *options,
	struct err_msg *msg)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *list = NULL;
	const char *host = strcmp(spec->host, "*") == 0 ? NULL : spec->host;
	int code = 0;

	hints.ai_family = AF_UNSPEC;
	if (options->ipv4_only) {
		hints.ai_family = AF_INET;
	} else if (options->ipv6_only) {
		hints.ai_family = AF_INET6;
	}
	code = getaddrinfo(host, spec->port, &hints, &list);
	if (code != 0) {
		return err_set(msg, ERR_INVALID, "cannot listen on %s port %s: %s", spec->host,
			spec->port, gai_strerror(code));
	}
	code = open_addresses(ls, spec, list, msg);
	freeaddrinfo(list);
	return code;
}

/* remove_stale - clears the way for a socket file: only a dead socket may go */
static int
remove_stale(const struct sockaddr_un *addr, struct err_msg *msg)
{
	struct stat st = {0};
	int fd = -1;
	int answer = 0;

	if (lstat(addr->sun_path, &st) != 0) {
		return errno == ENOENT
			       ? 0
			       : err_set_errno(msg, "cannot look at socket %s", addr->sun_path);
	}
	if (!S_ISSOCK(st.st_mode)) {
		return err_set(msg, ERR_EXISTS,
			"%s exists and is not a socket: remove it or choose another path",
			addr->sun_path);
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return err_set_errno(msg, "cannot make a socket");
	}
	answer = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 ? 0 : errno;
	(void)close(fd);
	if (answer != ECONNREFUSED) {
		return err_set(msg, ERR_BUSY, "socket %s is in use by another process",
			addr->sun_path);
	}
	if (unlink(addr->sun_path) != 0) {
		return err_set_errno(msg, "cannot remove stale socket %s", addr->sun_path);
	}
	log_info("spamd: removed stale socket %s", addr->sun_path);
	return 0;
}

/* find_owner - numbers of --socketowner and --socketgroup; -1 leaves one as it is */
static int
find_owner(const struct options *options, uid_t *uid, gid_t *gid, struct err_msg *msg)
{
	*uid = (uid_t)-1;
	*gid = (gid_t)-1;
	if (options->socket_owner != NULL) {
		/* Start-up is single-threaded. NOLINTNEXTLINE(concurrency-mt-unsafe) */
		const struct passwd *pw = getpwnam(options->socket_owner);

		if (pw == NULL) {
			return err_set(msg, ERR_NOTFOUND, "--socketowner: no user %s",
				options->socket_owner);
		}
		*uid = pw->pw_uid;
		*gid = pw->pw_gid;
	}
	if (options->socket_group != NULL) {
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): as above */
		const struct group *gr = getgrnam(options->socket_group);

		if (gr == NULL) {
			return err_set(msg, ERR_NOTFOUND, "--socketgroup: no group %s",
				options->socket_group);
		}
		*gid = gr->gr_gid;
	}
	return 0;
}

/* dress_socket - owner, group and mode of the fresh socket file, and which file it is */
static int
dress_socket(struct listener *l, const struct options *options, struct err_msg *msg)
{
	struct stat st = {0};
	uid_t uid = 0;
	gid_t gid = 0;
	int code = find_owner(options, &uid, &gid, msg);

	if (code != 0) {
		return code;
	}
	if (chown(l->path, uid, gid) != 0) {
		return err_set_errno(msg, "cannot change the owner of socket %s", l->path);
	}
	if (chmod(l->path, (mode_t)options->socket_mode) != 0 || lstat(l->path, &st) != 0) {
		return err_set_errno(msg, "cannot set the mode of socket %s", l->path);
	}
	l->dev = st.st_dev;
	l->ino = st.st_ino;
	return 0;
}

static int
open_unix(struct listeners *ls, const struct listen_spec *spec, const struct options *options,
	struct err_msg *msg)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct listener *l = add_listener(ls, msg);
	mode_t mask = 0;
	int code = 0;

	if (l == NULL) {
		return ERR_TOOBIG;
	}
	l->is_unix = true;
	l->tls = spec->tls;
	(void)snprintf(l->path, sizeof(l->path), "%s", spec->path);
	(void)snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", spec->path);
	(void)snprintf(l->text, sizeof(l->text), "UNIX domain socket %s", spec->path);
	code = remove_stale(&addr, msg);
	if (code != 0) {
		return code;
	}
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0) {
		return err_set_errno(msg, "cannot make a socket");
	}
	ls->count++; /* from here on listeners_close() cleans up */
	mask = umask(0777);
	code = bind(l->fd, (const struct sockaddr *)&addr, sizeof(addr));
	(void)umask(mask);
	if (code != 0) {
		return err_set_errno(msg, "cannot listen on socket %s", spec->path);
	}
	code = dress_socket(l, options, msg);
	if (code == 0 && listen(l->fd, BACKLOG) != 0) {
		code = err_set_errno(msg, "cannot listen on socket %s", spec->path);
	}
	return code;
}

static int
open_one(struct listeners *ls, const char *text, const struct options *options,
	struct err_msg *msg)
{
	struct listen_spec spec;
	int code = listen_spec_parse(text, options, &spec, msg);

	if (code != 0) {
		return code;
	}
	return spec.is_unix ? open_unix(ls, &spec, options, msg)
			    : open_inet(ls, &spec, options, msg);
}

int
listeners_open(struct listeners *ls, const struct options *options, struct err_msg *msg)
{
	int code = 0;

	ls->count = 0;
	for (size_t i = 0; code == 0 && i < options->listen.count; i++) {
		code = open_one(ls, options->listen.items[i], options, msg);
	}
	if (code == 0 && options->socket_path != NULL) {
		code = open_one(ls, options->socket_path, options, msg);
	} else if (code == 0 && options->listen.count == 0) {
		code = open_one(ls, "localhost", options, msg);
	}
	if (code != 0) {
		listeners_close(ls);
	}
	return code;
}

/* remove_file - unlinks a socket file, unless somebody has put another one there */
static void
remove_file(const struct listener *l)
{
	struct stat st = {0};

	if (l->ino != 0 && lstat(l->path, &st) == 0 && st.st_dev == l->dev &&
		st.st_ino == l->ino && unlink(l->path) != 0) {
		log_warn_errno("spamd: cannot remove socket %s", l->path);
	}
}

void
listeners_close(struct listeners *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		if (ls->items[i].is_unix) {
			remove_file(&ls->items[i]);
		}
	}
	listeners_abandon(ls);
}

void
listeners_abandon(struct listeners *ls)
{
	for (size_t i = 0; i < ls->count; i++) {
		(void)close(ls->items[i].fd);
	}
	ls->count = 0;
}

const char *
listeners_text(const struct listeners *ls, char *out, size_t cap)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < ls->count && used < cap; i++) {
		int n = snprintf(
			out + used, cap - used, "%s%s", i == 0 ? "" : ", ", ls->items[i].text);

		used += n > 0 ? (size_t)n : 0;
	}
	return out;
}
