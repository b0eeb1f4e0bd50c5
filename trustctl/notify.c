#include "trustctl/notify.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

/** As many addresses as one identity binds. */
#define ADDRESSES_MAX GRAPH_QUOTA_BINDINGS

/* add_addresses - those that an identity binds, to a list */
static void
add_addresses(struct graph_reader *graph, const struct thumbprint *identity, json_t *list)
{
	graph_node nodes[ADDRESSES_MAX];
	struct principal self;
	struct slice text;
	size_t count;

	if (principal_from_thumbprint(thumbprint_slice(identity), &self) != 0) {
		return;
	}
	count = graph_bound_addresses(graph, graph_find(graph, &self), nodes, ADDRESSES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (graph_text_of(graph, nodes[i], &text)) {
			text = slice_skip(text, strlen("addr:"));
			(void)json_array_append_new(
				list, json_stringn((const char *)text.data, text.len));
		}
	}
}

static void
add_guardians(struct keywork *w, json_t *list)
{
	struct graph_guard_list lists[GRAPH_GUARD_LISTS_MAX];
	size_t count =
		graph_guard_lists(w->site->graph, &w->actor.identity, w->ctl->now_s, lists);

	for (size_t i = 0; count > 0 && i < lists[0].count; i++) {
		add_addresses(w->site->graph, &lists[0].who[i], list);
	}
}

/* text_of - the notice, owned by the caller; NULL without memory */
static char *
text_of(struct keywork *w, const struct notice *notice)
{
	json_t *owner = json_array();
	json_t *guardians = json_array();
	json_t *object = NULL;
	char *text = NULL;
	struct err_msg msg;

	if (site_begin(w->site, &msg) == 0) {
		add_addresses(w->site->graph, &w->actor.identity, owner);
		add_guardians(w, guardians);
		(void)!site_end(w->site, &msg);
	}
	object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:s, s:o, s:o}", "event",
		notice->event, "identity", w->actor.identity.text, "name", w->actor.name,
		"what", notice->what, "label", notice->label, "since",
		(json_int_t)notice->since_s, "why", statement_why_name(notice->why), "owner",
		owner, "guardians", guardians);
	if (object != NULL) {
		text = json_dumps(object, JSON_COMPACT);
	}
	json_decref(object);
	return text;
}

/* become - the command; SIGALRM ends it where it takes too long */
_Noreturn static void
become(const char *command, int input)
{
	char *const argv[] = {strdup(command), NULL};

	if (argv[0] != NULL && dup2(input, STDIN_FILENO) >= 0) {
		(void)alarm(NOTIFY_TIMEOUT_S);
		(void)execv(command, argv);
	}
	_exit(127);
}

static void
write_all(int fd, const char *text)
{
	struct slice rest = slice_str(text);

	while (rest.len > 0) {
		ssize_t n = write(fd, rest.data, rest.len);

		if (n < 0 && errno != EINTR) {
			return;
		}
		rest = slice_skip(rest, n > 0 ? (size_t)n : 0);
	}
}

/* run - the command with that text on its standard input. @return its wait status, -1 */
static int
run(const char *command, const char *text)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	int ends[2];
	int status = -1;
	pid_t pid;

	if (pipe(ends) != 0) {
		return -1;
	}
	pid = fork();
	if (pid == 0) {
		(void)close(ends[1]);
		become(command, ends[0]);
	}
	(void)close(ends[0]);
	/* A command that does not read must not end us. */
	(void)sigaction(SIGPIPE, &ignore, &before);
	if (pid > 0) {
		write_all(ends[1], text);
	}
	(void)close(ends[1]);
	(void)sigaction(SIGPIPE, &before, NULL);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
	}
	return pid > 0 ? status : -1;
}

void
notify(struct keywork *w, const struct notice *notice)
{
	struct slice setting = w->site->settings->notify_command;
	char command[PATH_MAX];
	char *text;
	int status;

	if (setting.len == 0 || setting.len >= sizeof(command)) {
		return;
	}
	memcpy(command, setting.data, setting.len);
	command[setting.len] = '\0';
	text = text_of(w, notice);
	(void)fflush(NULL);
	status = text == NULL ? -1 : run(command, text);
	if (status == -1 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
		command_warn(w->ctl,
			"notify_command %s failed (status %d): tell the owner and the guardians "
			"yourself",
			command, status != -1 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
	}
	free(text);
}
