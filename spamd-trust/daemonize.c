#include "spamd-trust/daemonize.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/base/log.h"
#include "common/base/strnum.h"

/* wait_for - the process that was called: ends as the background process tells or ends */
static _Noreturn void
wait_for(pid_t pid, int fd)
{
	char byte = 0;
	int status = 0;
	ssize_t n = 0;

	do {
		n = read(fd, &byte, 1);
	} while (n < 0 && errno == EINTR);
	if (n == 1) {
		_exit(EX_OK);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status)
							    : EX_SOFTWARE);
}

int
daemonize_start(struct daemonize *d, struct err_msg *msg)
{
	int line[2] = {-1, -1};
	pid_t pid = 0;

	if (pipe2(line, O_CLOEXEC) != 0) {
		return err_set_errno(msg, "cannot go to the background");
	}
	pid = fork();
	if (pid < 0) {
		return err_set_errno(msg, "cannot go to the background");
	}
	if (pid > 0) {
		(void)close(line[1]);
		wait_for(pid, line[0]);
	}
	(void)close(line[0]);
	d->ready_fd = line[1];
	if (setsid() < 0 || chdir("/") != 0) {
		return err_set_errno(msg, "cannot go to the background");
	}
	return 0;
}

void
daemonize_ready(struct daemonize *d)
{
	int null = -1;

	if (d->ready_fd < 0) {
		return;
	}
	if (write(d->ready_fd, "", 1) != 1) {
		log_warn_errno("spamd: the process that started the daemon is gone");
	}
	(void)close(d->ready_fd);
	d->ready_fd = -1;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0) {
		return;
	}
	(void)dup2(null, STDIN_FILENO);
	(void)dup2(null, STDOUT_FILENO);
	if (!log_uses_stderr()) {
		(void)dup2(null, STDERR_FILENO);
	}
	if (null > STDERR_FILENO) {
		(void)close(null);
	}
}

int
pidfile_write(const char *path, struct err_msg *msg)
{
	char text[24];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	int code = 0;

	if (fd < 0) {
		return err_set_errno(msg, "cannot write pid file %s", path);
	}
	if (write(fd, text, (size_t)n) != n) {
		code = err_set_errno(msg, "cannot write pid file %s", path);
	}
	if (close(fd) != 0 && code == 0) {
		code = err_set_errno(msg, "cannot write pid file %s", path);
	}
	return code;
}

void
pidfile_remove(const char *path)
{
	char text[24];
	uint64_t pid = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (fd >= 0) {
		(void)close(fd);
	}
	if (n <= 0 || strnum_u64(slice_trim(slice_of(text, (size_t)n)), INT32_MAX, &pid) != 0 ||
		pid != (uint64_t)getpid()) {
		return;
	}
	if (unlink(path) != 0) {
		log_warn_errno("spamd: cannot remove pid file %s", path);
	}
}

void
notify_service_manager(const char *state)
{
	/* Only read at start, before there are threads. NOLINTNEXTLINE(concurrency-mt-unsafe) */
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = path == NULL ? 0 : strlen(path);
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int fd = -1;

	if (len < 2 || len >= sizeof(addr.sun_path)) {
		return;
	}
	memcpy(addr.sun_path, path, len);
	if (path[0] == '@') {
		addr.sun_path[0] = '\0'; /* an abstract socket */
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		return;
	}
	if (sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&addr, size) <
		0) {
		log_warn_errno("spamd: cannot tell the service manager");
	}
	(void)close(fd);
}
