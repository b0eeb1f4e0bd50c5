/* Where to listen: the address syntax of -i, and UNIX sockets left behind. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "spamd-trust/listener.h"

static const struct {
	const char *label;
	const char *text;
	bool ssl; /* --ssl given */
	bool is_unix;
	bool tls;
	const char *host; /* or path */
	const char *port;
} good[] = {
	{"nothing is all addresses", "", false, false, false, "*", "783"},
	{"star", "*", false, false, false, "*", "783"},
	{"star with port", "*:1783", false, false, false, "*", "1783"},
	{"IPv4", "192.0.2.1", false, false, false, "192.0.2.1", "783"},
	{"IPv4 with port", "192.0.2.1:1", false, false, false, "192.0.2.1", "1"},
	{"IPv4 in brackets", "[192.0.2.1]:1", false, false, false, "192.0.2.1", "1"},
	{"IPv6 in brackets", "[::1]", false, false, false, "::1", "783"},
	{"IPv6 with port", "[2001:db8::1]:99", false, false, false, "2001:db8::1", "99"},
	{"bare IPv6", "2001:db8::1", false, false, false, "2001:db8::1", "783"},
	{"name", "mail.example.org:spamd", false, false, false, "mail.example.org", "spamd"},
	{"port only", ":1783", false, false, false, "localhost", "1783"},
	{"empty port", "127.0.0.1:", false, false, false, "127.0.0.1", "783"},
	{"port 0", "127.0.0.1:0", false, false, false, "127.0.0.1", "0"},
	{"tls", "ssl:127.0.0.1:1", false, false, true, "127.0.0.1", "1"},
	{"tls in capitals", "SSL:127.0.0.1", false, false, true, "127.0.0.1", "784"},
	{"--ssl", "127.0.0.1", true, false, true, "127.0.0.1", "784"},
	{"path", "/run/spamd.sock", false, true, false, "/run/spamd.sock", ""},
	{"path with --ssl stays plain", "/run/s", true, true, false, "/run/s", ""},
	{"path with ssl:", "ssl:/run/s", false, true, true, "/run/s", ""},
};

Test(spamd_listener, reads_every_form_of_address)
{
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct options o = {.port = "783", .ssl_port = "784", .ssl = good[i].ssl};
		struct listen_spec spec;
		struct err_msg msg = {0};

		cr_expect_eq(listen_spec_parse(good[i].text, &o, &spec, &msg), 0, "%s: %s",
			good[i].label, msg.text);
		cr_expect_eq(spec.is_unix, good[i].is_unix, "%s", good[i].label);
		cr_expect_eq(spec.tls, good[i].tls, "%s", good[i].label);
		cr_expect_str_eq(spec.is_unix ? spec.path : spec.host, good[i].host, "%s",
			good[i].label);
		cr_expect_str_eq(spec.port, good[i].port, "%s", good[i].label);
	}
}

Test(spamd_listener, refuses_what_is_no_address)
{
	static const char *const bad[] = {"127.0.0.1:65536", "127.0.0.1:99999999",
		"127.0.0.1:78x", "[::1", "[::1]783", "127.0.0.1:7 83", "127.0.0.1:1_2",
		"host:port/tcp"};
	char long_path[200];

	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct options o = {.port = "783"};
		struct listen_spec spec;
		struct err_msg msg = {0};

		cr_expect_eq(
			listen_spec_parse(bad[i], &o, &spec, &msg), ERR_INVALID, "%s", bad[i]);
		cr_expect_neq(msg.text[0], '\0', "%s", bad[i]);
		cr_expect_eq(listen_spec_parse(long_path, &o, &spec, &msg), ERR_INVALID);
	}
}

Test(spamd_listener, refuses_ports_that_are_none)
{
	static const char *const bad[] = {
		"65536", "99999999", "+99999999", " 783", "-1", "-4294867296", "78x"};
	static const char *const fine[] = {"0", "783", "65535", "spamd"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct options o = {.port = bad[i]};
		struct listen_spec spec;
		struct err_msg msg = {0};

		cr_expect_eq(listen_spec_parse("127.0.0.1", &o, &spec, &msg), ERR_INVALID,
			"'%s'", bad[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(fine); i++) {
		struct options o = {.port = fine[i]};
		struct listen_spec spec;
		struct err_msg msg = {0};

		cr_expect_eq(listen_spec_parse("127.0.0.1", &o, &spec, &msg), 0, "'%s': %s",
			fine[i], msg.text);
		cr_expect_str_eq(spec.port, fine[i]);
	}
}

Test(spamd_listener, looks_at_all_places_without_opening_any)
{
	static const struct {
		const char *label;
		struct options options;
		int code;
	} cases[] = {
		{"nothing said", {.port = "783"}, 0},
		{"no number", {.port = "78x"}, ERR_INVALID},
		{"of no address", {.port = "-1", .listen = {{"127.0.0.1:783"}, 1}},
			ERR_INVALID},
		{"TLS", {.port = "783", .ssl_port = "65536"}, ERR_INVALID},
		{"second address", {.port = "0", .listen = {{"*", "[::1"}, 2}}, ERR_INVALID},
		{"no such service", {.port = "no-such-service"}, ERR_INVALID},
		{"UNIX", {.port = "0", .socket_path = "/run/spamd.sock"}, 0},
		{"relative", {.port = "0", .socket_path = "spamd.sock"}, ERR_INVALID},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct err_msg msg = {0};

		cr_expect_eq(listen_specs_check(&cases[i].options, &msg), cases[i].code,
			"%s: %s", cases[i].label, msg.text);
	}
}

/* A directory of its own, and options that listen on a UNIX socket in it. */
struct place {
	char dir[64];
	char path[96];
	struct options options;
};

static void
place_make(struct place *p)
{
	(void)snprintf(p->dir, sizeof(p->dir), "/tmp/test_listener.XXXXXX");
	cr_assert_not_null(mkdtemp(p->dir));
	(void)snprintf(p->path, sizeof(p->path), "%s/socket", p->dir);
	p->options = (struct options){.port = "0", .socket_path = p->path, .socket_mode = 0640};
}

static void
place_remove(struct place *p)
{
	(void)unlink(p->path);
	cr_expect_eq(rmdir(p->dir), 0);
}

Test(spamd_listener, makes_a_socket_with_the_mode_asked_for_and_removes_it)
{
	struct place p;
	struct listeners ls;
	struct err_msg msg = {0};
	struct stat st;

	place_make(&p);
	cr_assert_eq(listeners_open(&ls, &p.options, &msg), 0, "%s", msg.text);
	cr_assert_eq(ls.count, 1);
	cr_assert_eq(lstat(p.path, &st), 0);
	cr_expect(S_ISSOCK(st.st_mode));
	cr_expect_eq(st.st_mode & 07777, 0640);
	listeners_close(&ls);
	cr_expect_neq(lstat(p.path, &st), 0);
	place_remove(&p);
}

Test(spamd_listener, replaces_the_socket_of_a_dead_daemon)
{
	struct place p;
	struct listeners ls;
	struct err_msg msg = {0};

	place_make(&p);
	cr_assert_eq(listeners_open(&ls, &p.options, &msg), 0, "%s", msg.text);
	listeners_abandon(&ls);
	cr_expect_eq(access(p.path, F_OK), 0);
	cr_expect_eq(listeners_open(&ls, &p.options, &msg), 0, "%s", msg.text);
	listeners_close(&ls);
	place_remove(&p);
}

Test(spamd_listener, leaves_a_live_socket_alone)
{
	struct place p;
	struct listeners first;
	struct listeners second;
	struct err_msg msg = {0};

	place_make(&p);
	cr_assert_eq(listeners_open(&first, &p.options, &msg), 0, "%s", msg.text);
	cr_expect_eq(listeners_open(&second, &p.options, &msg), ERR_BUSY);
	cr_expect_not_null(strstr(msg.text, "in use"), "%s", msg.text);
	cr_expect_eq(access(p.path, F_OK), 0, "the live socket is still there");
	listeners_close(&first);
	place_remove(&p);
}

Test(spamd_listener, leaves_a_file_that_is_no_socket_alone)
{
	struct place p;
	struct listeners ls;
	struct err_msg msg = {0};
	int fd = -1;

	place_make(&p);
	fd = open(p.path, O_CREAT | O_WRONLY, 0600);
	cr_assert_geq(fd, 0);
	(void)close(fd);
	cr_expect_eq(listeners_open(&ls, &p.options, &msg), ERR_EXISTS);
	cr_expect_not_null(strstr(msg.text, "not a socket"), "%s", msg.text);
	cr_expect_eq(access(p.path, F_OK), 0);
	place_remove(&p);
}

Test(spamd_listener, does_not_remove_a_socket_that_another_daemon_put_in_its_place)
{
	struct place p;
	struct listeners first;
	struct listeners second;
	struct err_msg msg = {0};

	place_make(&p);
	cr_assert_eq(listeners_open(&first, &p.options, &msg), 0, "%s", msg.text);
	cr_assert_eq(unlink(p.path), 0);
	cr_assert_eq(listeners_open(&second, &p.options, &msg), 0, "%s", msg.text);
	listeners_close(&first);
	cr_expect_eq(access(p.path, F_OK), 0);
	listeners_close(&second);
	place_remove(&p);
}

Test(spamd_listener, reports_the_port_that_the_kernel_chose)
{
	struct options o = {.port = "0", .listen = {{"127.0.0.1"}, 1}};
	struct listeners ls;
	struct err_msg msg = {0};
	char text[LISTENER_TEXT_MAX];
	char expected[LISTENER_TEXT_MAX];

	cr_assert_eq(listeners_open(&ls, &o, &msg), 0, "%s", msg.text);
	cr_expect_gt(ls.items[0].port, 0);
	(void)snprintf(
		expected, sizeof(expected), "IO::Socket::IP [127.0.0.1]:%u", ls.items[0].port);
	cr_expect_str_eq(listeners_text(&ls, text, sizeof(text)), expected);
	listeners_close(&ls);
}
