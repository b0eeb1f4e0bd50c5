/*
 * spamd-trust - answers spamc and its kin, and scores mail by who vouches for its sender.
 *
 * Two processes. The supervisor (this file and supervisor.c) reads the configuration, opens
 * the sockets, writes the pid file and then only waits for signals. The worker process
 * (worker_process.c) gives up root's rights and runs one thread with an event loop per core.
 *
 * The life of one request, all of it in one thread:
 *
 *	worker.c          accepts the connection on the shared listening socket
 *	session_accept.c  admits it (netlist, peers.c)
 *	session.c         reads straight into the engine's buffer
 *	spamd_proto.c     takes the protocol apart and says what happened: a user was named, the
 *	                  message is read, the request is complete
 *	request.c         acts on each: user_prefs.c finds the user's settings, scorer.c lends the
 *	                  stores' readers to scan_message() (common/scan), which gives the verdict
 *	session_upstream.c  with a chained spamd: asks it (upstream.c), while the session waits for the event
 *	                  loop; upstream_merge.c adds its score and rules to the verdict
 *	answer.c          writes the reply with report.c and markup.c, by the verdict
 *	logline.c         words the log lines, common/base/log.c writes them
 *	session.c         sends the reply, ends its side, reads off what the client still sends, closes
 *
 * A TELL takes another way from request.c on: tell.c makes a job for ledger_writer.c, whose
 * thread writes it and hands it back to the worker, and only then session.c goes on to the
 * reply. A chained spamd is told meanwhile.
 *
 * Nothing on these paths waits: bytes that are not there yet, or do not fit, send the session
 * back to the event loop. The protocol engine, markup and report do no I/O and are tested
 * against recordings of the original.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/log.h"
#include "spamd-trust/access.h"
#include "spamd-trust/config.h"
#include "spamd-trust/daemonize.h"
#include "spamd-trust/ledger_home.h"
#include "spamd-trust/log_setup.h"
#include "spamd-trust/store_watch.h"
#include "spamd-trust/supervisor.h"
#include "spamd-trust/template.h"
#include "spamd-trust/tls.h"
#include "spamd-trust/upstream_tls.h"
#include "spamd-trust/worker_process.h"

/* Of a word on the command line that is no option, this much is shown in the log. */
#define IGNORED_TEXT_BYTES 64

/* -A lists of the greatest length take less. */
#define ACCESS_ARENA_BYTES ((size_t)1024 * 1024)

#define LISTENERS_TEXT_BYTES 4096

/* Everything the daemon has read and opened. */
struct daemon {
	struct options options;
	struct settings *settings;
	struct arena arena;
	struct netlist allowed;
	struct upstream_targets upstream;
	struct privileges privileges;
	struct listeners listeners;
	struct ssl_ctx_st *tls;
	struct upstream_tls *upstream_tls;
	struct daemonize background;
	struct store_watch watch;
	int start_dir; /* where we were called, for the restart */
};

static bool
wants_tls(const struct options *o)
{
	bool wanted = o->ssl;

	for (size_t i = 0; i < o->listen.count; i++) {
		wanted = wanted ||
			 slice_starts_with_nocase(slice_str(o->listen.items[i]), SLICE("ssl:"));
	}
	return wanted;
}

/* read_all - everything that can be wrong before a socket is opened */
static int
read_all(struct daemon *d, bool check, struct err_msg *msg)
{
	const struct options *o = &d->options;
	const char *site = config_site_dir(o);
	int code = config_load(o, check, &d->settings, msg);

	arena_init(&d->arena, ACCESS_ARENA_BYTES);
	if (code == 0) {
		code = upstream_targets_parse(&d->settings->upstream, &d->upstream, msg);
	}
	if (code == 0 && upstream_targets_want_tls(&d->upstream)) {
		code = upstream_tls_new(d->settings, &d->upstream_tls, msg);
	}
	if (code == 0) {
		code = access_parse(&o->allowed_ips, &d->arena, &d->allowed, msg);
	}
	if (code == 0) {
		code = privileges_resolve(o, &d->privileges, msg);
	}
	if (code == 0 && wants_tls(o)) {
		code = tls_server_new(
			o, site == NULL ? "/etc/spamd-trust" : site, &d->tls, msg);
	}
	return code;
}

static void
release_all(struct daemon *d)
{
	upstream_tls_free(d->upstream_tls);
	d->upstream_tls = NULL;
	settings_free(d->settings);
	d->settings = NULL;
	tls_server_free(d->tls);
	d->tls = NULL;
	arena_fini(&d->arena);
}

/* check_again - for SIGHUP: the same reading, into things of its own */
static int
check_again(void *ctx, struct err_msg *msg)
{
	const struct daemon *d = ctx;
	struct daemon fresh = {.options = d->options};
	int code = 0;

	if (fchdir(d->start_dir) != 0) {
		return err_set_errno(msg, "cannot go back to the directory of the start");
	}
	code = read_all(&fresh, false, msg);
	release_all(&fresh);
	if (d->options.daemonize && chdir("/") != 0) {
		log_warn_errno("spamd: cannot change to /");
	}
	return code;
}

static int
work(void *ctx, pid_t parent)
{
	const struct daemon *d = ctx;
	struct worker_process process = {
		.options = &d->options,
		.settings = d->settings,
		.listeners = &d->listeners,
		.allowed = &d->allowed,
		.upstream = &d->upstream,
		.upstream_tls = d->upstream_tls,
		.privileges = &d->privileges,
		.tls = d->tls,
		.watch = &d->watch,
	};

	return worker_process_run(&process, parent);
}

static void
log_start(const struct daemon *d)
{
	char text[LISTENERS_TEXT_BYTES];
	char ignored[IGNORED_TEXT_BYTES];

	if (d->options.stop_at_threshold) {
		log_warn("spamd: the -S option has been deprecated and is no longer supported, "
			 "ignoring");
	}
	if (d->options.ignored != NULL) {
		log_warn("spamd: ignored on the command line, as it is no option: \"%s\"",
			log_escape(slice_str(d->options.ignored), ignored, sizeof(ignored)));
	}
	if (d->options.virtual_config_dir != NULL && d->options.user_config) {
		log_warn("spamd: --virtual-config-dir has no effect without -x");
	}
	log_info("spamd: server started on %s (running version %s)",
		listeners_text(&d->listeners, text, sizeof(text)), COMPAT_VERSION);
	log_info("spamd: server pid: %ld", (long)getpid());
}

/* prepare_reports - where nobody ever made a store; a failure costs reports, not mail */
static void
prepare_reports(const struct daemon *d)
{
	struct err_msg msg = {0};

	if (d->options.allow_tell &&
		ledger_home_make(d->options.store, &d->privileges, &msg) != 0) {
		log_warn("spamd: no place for reports: %s", msg.text);
	}
}

/* serve - from the open sockets to their end */
static int
serve(struct daemon *d, enum supervisor_outcome *outcome, struct err_msg *msg)
{
	struct supervisor supervisor = {
		.work = work,
		.check = check_again,
		.watch = d->privileges.drops ? &d->watch : NULL,
		.ctx = d,
	};
	const char *pidfile = d->options.pidfile;
	struct err_msg pid_msg = {0};
	int code = listeners_open(&d->listeners, &d->options, msg);

	if (code == 0) {
		prepare_reports(d);
		code = store_watch_init(&d->watch, d->options.store, msg);
	}
	if (code == 0 && pidfile != NULL && pidfile_write(pidfile, &pid_msg) != 0) {
		/* As the original: mail goes on without. */
		log_warn("spamd: %s", pid_msg.text);
		pidfile = NULL;
	}
	if (code == 0) {
		log_start(d);
		daemonize_ready(&d->background);
		notify_service_manager("READY=1");
		code = supervisor_run(&supervisor, outcome, msg);
		notify_service_manager(
			*outcome == SUPERVISOR_RESTART ? "RELOADING=1" : "STOPPING=1");
	}
	listeners_close(&d->listeners);
	store_watch_fini(&d->watch);
	if (pidfile != NULL) {
		pidfile_remove(pidfile);
	}
	return code;
}

/* restart - the same command line again, where it was given: the pid stays, unless -d forks anew */
static int
restart(const struct daemon *d, char *argv[])
{
	if (fchdir(d->start_dir) != 0) {
		log_error_errno("spamd: cannot restart");
		return EX_OSERR;
	}
	supervisor_unblock_signals();
	(void)execvp(argv[0], argv);
	log_error_errno("spamd: cannot restart %s", argv[0]);
	return EX_OSERR;
}

/* status_for - the sysexits code of a failed start */
static int
status_for(int code)
{
	switch (code) {
	case ERR_NOMEM:
		return EX_OSERR;
	case ERR_NOTFOUND:
	case ERR_INVALID:
	case ERR_DENIED:
		return EX_CONFIG;
	default:
		return EX_UNAVAILABLE;
	}
}

static int
fail(int code, const struct err_msg *msg)
{
	(void)fprintf(stderr, "spamd: %s\n", msg->text[0] == '\0' ? err_text(code) : msg->text);
	return status_for(code);
}

/* check_config - reads everything, says what is wrong, starts nothing */
static int
check_config(struct daemon *d)
{
	struct err_msg msg = {0};
	int code = read_all(d, true, &msg);

	release_all(d);
	if (code != 0) {
		return fail(code, &msg);
	}
	(void)printf("configuration ok\n");
	return EX_OK;
}

/* make_absolute - a path that is used after the change to "/" */
static int
make_absolute(struct daemon *d, const char **path, struct err_msg *msg)
{
	char directory[PATH_MAX];
	const char *whole = NULL;

	if (*path == NULL || (*path)[0] == '/') {
		return 0;
	}
	if (getcwd(directory, sizeof(directory)) == NULL) {
		return err_set_errno(msg, "cannot tell the present directory");
	}
	whole = arena_printf(&d->arena, "%s/%s", directory, *path);
	if (whole == NULL) {
		return err_set(msg, ERR_NOMEM, "out of memory");
	}
	*path = whole;
	return 0;
}

/* go_to_background - paths of the command line keep their meaning there */
static int
go_to_background(struct daemon *d, struct err_msg *msg)
{
	struct options *o = &d->options;
	int code = make_absolute(d, &o->pidfile, msg);

	code = code == 0 ? make_absolute(d, &o->store, msg) : code;
	code = code == 0 ? make_absolute(d, &o->virtual_config_dir, msg) : code;
	return code == 0 ? daemonize_start(&d->background, msg) : code;
}

static int
run(struct daemon *d, char *argv[])
{
	enum supervisor_outcome outcome = SUPERVISOR_STOPPED;
	struct err_msg msg = {0};
	int code = log_setup_open(&d->options, &msg);

	d->start_dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (code == 0) {
		code = read_all(d, false, &msg);
	}
	if (code == 0 && d->options.daemonize) {
		code = go_to_background(d, &msg);
	}
	if (code == 0) {
		supervisor_block_signals();
		code = serve(d, &outcome, &msg);
	}
	if (code != 0) {
		log_error("spamd: %s", msg.text);
	}
	release_all(d);
	if (code == 0 && outcome == SUPERVISOR_RESTART) {
		return restart(d, argv);
	}
	return code == 0 ? EX_OK : fail(code, &msg);
}

int
main(int argc, char *argv[])
{
	struct daemon d = {.background = {.ready_fd = -1}, .start_dir = -1};
	struct err_msg msg = {0};
	int status = EX_USAGE;

	if (options_parse(argc, argv, &d.options, &msg, &status) != 0) {
		(void)fprintf(stderr, "spamd: %s\n", msg.text);
		return status;
	}
	if (d.options.show_help || d.options.show_version) {
		(void)fputs(options_version_text(), stdout);
		(void)fputs(d.options.show_help ? options_help_text() : "", stdout);
		return EX_OK;
	}
	if (listen_specs_check(&d.options, &msg) != 0) {
		(void)fprintf(stderr, "spamd: %s\n", msg.text);
		return EX_USAGE;
	}
	return d.options.check_config ? check_config(&d) : run(&d, argv);
}
