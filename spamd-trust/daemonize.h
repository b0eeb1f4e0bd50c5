/*
 * daemonize.h - going to the background, and the pid file.
 *
 * With -d the process that was called waits until the one in the background says that it
 * listens and has written its pid file, and returns 0 only then; what goes wrong before is
 * seen on its standard error and in its exit status.
 */
#ifndef SPAMD_TRUST_DAEMONIZE_H
#define SPAMD_TRUST_DAEMONIZE_H

#include "common/base/err.h"

/** The background process' end of the line to the one that was called. */
struct daemonize {
	int ready_fd; /**< -1 in the foreground */
};

/**
 * Forks; returns in the background process only, in a session of its own and in "/". The
 * other one ends with 0 after daemonize_ready(), else with the status of the background process.
 */
NODISCARD int daemonize_start(struct daemonize *d, struct err_msg *msg);

/**
 * All is up: lets the process that was called go, and leaves its terminal (but for a log
 * there).
 */
void daemonize_ready(struct daemonize *d);

/** Writes "PID\n", replacing what is there. */
NODISCARD int pidfile_write(const char *path, struct err_msg *msg);

/** Removes the pid file if it still holds our pid. */
void pidfile_remove(const char *path);

/** Tells systemd, where it asks for it (NOTIFY_SOCKET, sd_notify(3)), e.g. "READY=1". */
void notify_service_manager(const char *state);

#endif
