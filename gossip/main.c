/*
 * gossip - swaps signed statements with the nodes of friends' sites.
 *
 * The one network-facing writer of the graph. It sees no mail and no private list; it holds
 * one key, its own, by which peers know it, and none that could sign for anybody.
 *
 * The life of a round, from the view of a node that is behind:
 *
 *	node.c            the peer is due: GET /v1/feed with the position of last time
 *	https_client.c    makes the request; the peer's key is checked in the handshake
 *	node.c            takes the page apart: size, quota, scope, already replaced (admission)
 *	verify_pool.c     checks the signatures that are left, on other threads
 *	node.c            merges what holds into the graph, one transaction for all of a page
 *	                  with the new position; spamd-trust sees it with its next snapshot
 *
 * and of a revocation: trustctl writes it, service.c sees that the store was written, node.c
 * pushes it to every peer at once, and each of them to its own.
 *
 * Which file does what: service.h shows the loop; https_*.h, tls_node.h and http_request.h are the
 * way over the network, pairing.h and invitation.h the way to a first peer, reconcile.h the finding
 * of differences, control.h what trustctl asks.
 */
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/conf/settings_site.h"
#include "common/ctl/ctl_socket.h"
#include "common/graph/private.h"
#include "common/graph/store_layout.h"
#include "gossip/listen.h"
#include "gossip/options.h"
#include "gossip/service.h"
#include "gossip/target.h"
#include "product_version.h"

/* Everything gossip has read and opened. */
struct daemon {
	struct options options;
	struct settings *settings;
	struct store *graph;
	struct tls_node *tls;
	struct ctl_socket control;
	struct listen_sockets sockets;
	char site_name[PAIRING_NAME_MAX + 1];
};

/* check_url - what is told to peers must be something they can call */
static int
check_url(struct slice url, struct err_msg *msg)
{
	if (url.len > 0 &&
		(!slice_starts_with(url, SLICE("https://")) || url.len > PAIRING_URL_MAX ||
			slice_find_byte(slice_skip(url, 8), '/') < url.len - 8)) {
		return err_set(msg, ERR_INVALID, "gossip_url: %.*s is not https://HOST:PORT",
			SLICE_ARG(url));
	}
	return 0;
}

static int
read_settings(struct daemon *d, bool check, struct err_msg *msg)
{
	const struct settings_load_options load = {
		.lang = settings_locale(),
		.local_tests_only = true,
		.check = check,
		.diagnose = check ? settings_print_diagnostic : settings_log_diagnostic,
	};
	const char *path = d->options.config != NULL ? d->options.config : settings_site_dir();
	const struct settings_source source = {.kind = SETTINGS_SOURCE_PATH, .value = path};
	int code = path == NULL ? settings_new(&d->settings)
				: settings_load(&source, 1, &load, &d->settings, msg);

	if (code == 0) {
		code = listen_check(&d->settings->gossip_listen, msg);
	}
	return code == 0 ? check_url(d->settings->gossip_url, msg) : code;
}

/* own_path - ROOT/gossip/NAME, the directory made where it is missing */
static int
own_path(const char *root, const char *name, char out[PATH_MAX], struct err_msg *msg)
{
	char directory[PATH_MAX];
	int code = store_layout_path(root, STORE_LAYOUT_GOSSIP, directory, msg);
	int n = 0;

	if (code != 0) {
		return code;
	}
	if (mkdir(directory, 0700) != 0 && access(directory, W_OK | X_OK) != 0) {
		return err_set_errno(msg, "cannot use %s", directory);
	}
	n = snprintf(out, PATH_MAX, "%s/%s", directory, name);
	return n > 0 && n < PATH_MAX ? 0 : err_set(msg, ERR_TOOBIG, "the path is too long");
}

/*
 * read_site_name - how we call ourselves to peers: the host of gossip_url, else this machine's
 * name. The site's domain is in the private store, which is closed to us.
 */
static void
read_site_name(struct daemon *d)
{
	struct slice host = target_host(d->settings->gossip_url);
	char machine[HOST_NAME_MAX + 1] = "";

	if (host.len == 0 && gethostname(machine, sizeof(machine) - 1) == 0) {
		host = slice_str(machine);
	}
	(void)snprintf(d->site_name, sizeof(d->site_name), "%.*s", SLICE_ARG(host));
}

/* become - gives up root's rights for good */
static int
become(const char *name, struct err_msg *msg)
{
	/* Start-up is single-threaded. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const struct passwd *pw = getpwnam(name);

	if (pw == NULL || pw->pw_uid == 0) {
		return err_set(
			msg, ERR_NOTFOUND, "-u: %s", pw == NULL ? "no such user" : "root");
	}
	if (pw->pw_uid == geteuid()) {
		return 0;
	}
	if (initgroups(pw->pw_name, pw->pw_gid) != 0 ||
		setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0 || setuid(0) == 0) {
		return err_set_errno(msg, "cannot become %s", name);
	}
	return 0;
}

/* open_all - sockets first, while rights for low ports are there; files as who we are then */
static int
open_all(struct daemon *d, struct err_msg *msg)
{
	const struct rng rng = rng_system();
	char path[PATH_MAX];
	int code = listen_open(&d->settings->gossip_listen, &d->sockets, msg);

	if (code == 0 && d->options.username != NULL) {
		code = become(d->options.username, msg);
	}
	if (code == 0) {
		code = store_layout_open(
			STORE_LAYOUT_GRAPH, d->options.store, STORE_WRITE, &d->graph, msg);
	}
	if (code == 0) {
		code = own_path(d->options.store, "node.pem", path, msg);
	}
	if (code == 0) {
		code = tls_node_open(path, &rng, &d->tls, msg);
	}
	if (code == 0) {
		code = own_path(d->options.store, "control", path, msg);
	}
	if (code == 0) {
		code = ctl_socket_listen(&d->control, path, msg);
	}
	read_site_name(d);
	return code;
}

static void
close_all(struct daemon *d)
{
	ctl_socket_close(&d->control);
	tls_node_free(d->tls);
	d->tls = NULL;
	store_close(d->graph);
	d->graph = NULL;
	settings_free(d->settings);
	d->settings = NULL;
}

static void
log_start(const struct daemon *d)
{
	char pin[TLS_NODE_PIN_TEXT_LEN + 1];

	tls_pin_print(tls_node_pin(d->tls), pin);
	for (size_t i = 0; i < d->sockets.count; i++) {
		log_info("gossip: listening on %s", d->sockets.texts[i]);
	}
	if (geteuid() == 0) {
		log_warn("gossip: running as root; -u NAME makes it somebody who can do less");
	}
	log_info("gossip: started, version %s, pin %s", PRODUCT_VERSION, pin);
}

/* may_reload - reads the settings as a start would, and drops them again */
static bool
may_reload(void *ctx)
{
	const struct daemon *d = ctx;
	struct daemon fresh = {.options = d->options};
	struct err_msg msg = {0};
	int code = read_settings(&fresh, false, &msg);

	if (code != 0) {
		log_error("gossip: %s", msg.text[0] == '\0' ? err_text(code) : msg.text);
	}
	settings_free(fresh.settings);
	return code == 0;
}

static int
serve(struct daemon *d, enum service_end *end, struct err_msg *msg)
{
	const struct service_config config = {
		.settings = d->settings,
		.tls = d->tls,
		.graph = d->graph,
		.site_name = slice_str(d->site_name),
		.listeners = d->sockets.fds,
		.listener_count = d->sockets.count,
		.control = d->control.fd,
		.may_reload = may_reload,
		.ctx = d,
	};
	struct service service;
	int code = service_init(&service, &config, msg);

	if (code == 0) {
		log_start(d);
		*end = service_run(&service);
		service_fini(&service);
	}
	return code;
}

/* status_for - the sysexits code of a failed start */
static int
status_for(int code)
{
	switch (code) {
	case ERR_INVALID:
	case ERR_DENIED:
	case ERR_NOTFOUND:
	case ERR_VERSION:
		return EX_CONFIG;
	case ERR_NOMEM:
		return EX_OSERR;
	default:
		return EX_UNAVAILABLE;
	}
}

static int
check_config(struct daemon *d)
{
	struct err_msg msg = {0};
	int code = read_settings(d, true, &msg);

	close_all(d);
	if (code != 0) {
		(void)fprintf(stderr, "gossip: %s\n",
			msg.text[0] == '\0' ? err_text(code) : msg.text);
		return status_for(code);
	}
	(void)printf("configuration ok\n");
	return EX_OK;
}

/* restart - the same command line again, when the settings on disk are good */
static int
restart(char **argv)
{
	(void)execvp(argv[0], argv);
	log_error_errno("gossip: cannot start %s again", argv[0]);
	return EX_OSERR;
}

static int
run(struct daemon *d, char **argv)
{
	const struct log_config log = {
		.sink = LOG_SINK_STDERR,
		.ident = "gossip",
		.max_level = d->options.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO,
	};
	enum service_end end = SERVICE_STOPPED;
	struct err_msg msg = {0};
	int code = log_open(&log);

	(void)signal(SIGPIPE, SIG_IGN);
	d->control.fd = -1;
	if (code == 0) {
		code = read_settings(d, false, &msg);
	}
	if (code == 0) {
		code = open_all(d, &msg);
	}
	if (code == 0) {
		code = serve(d, &end, &msg);
	}
	close_all(d);
	if (code != 0) {
		log_error("gossip: %s", msg.text[0] == '\0' ? err_text(code) : msg.text);
		return status_for(code);
	}
	return end == SERVICE_RELOAD ? restart(argv) : EX_OK;
}

int
main(int argc, char *argv[])
{
	struct daemon d = {0};
	struct err_msg msg = {0};

	if (options_parse(argc, argv, &d.options, &msg) != 0) {
		(void)fprintf(stderr, "gossip: %s\n", msg.text);
		return EX_USAGE;
	}
	if (d.options.show_help || d.options.show_version) {
		(void)printf("%s", d.options.show_help ? options_help_text()
						       : "gossip " PRODUCT_VERSION "\n");
		return EX_OK;
	}
	return d.options.check_config ? check_config(&d) : run(&d, argv);
}
