#!/usr/bin/env python3
"""What needs a socket to be seen: half-close, pieces, the unread rest, timeouts, refusal.

The replies are those recorded from the original (SPEC 4 to 6).
"""

import socket
import struct
import time

import harness
from harness import HAM, read_all, request

OK = b"SPAMD/1.1 0 EX_OK\r\nSpam: False ; 0.0 / 5.0\r\n\r\n"
PONG = b"SPAMD/1.5 0 PONG\r\n"


def error(code, text):
    return f"SPAMD/1.0 {code} {text}\r\n".encode()


class FramingTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.spamd = self.daemon("-x").start()

    def test_clients_that_half_close_and_clients_that_do_not(self):
        table = [
            ("ping", request("PING"), PONG),
            ("check", request("CHECK", HAM), OK),
            ("check 1.2", request("CHECK", HAM, version="1.2"), OK),
            ("uncounted line end, as the Perl client", request("CHECK", HAM) + b"\r\n", OK),
            ("two requests, the second is ignored", request("CHECK", HAM) * 2, OK),
            ("skip", request("SKIP"), b""),
            ("unknown command", b"BOO SPAMC/1.5\r\n", error(76, "Bad header line: BOO SPAMC/1.5")),
            (
                "tell",
                request("TELL", HAM, headers=("Message-class: spam", "Set: local")),
                error(
                    69,
                    "Service Unavailable: TELL commands are not enabled, "
                    "set the --allow-tell switch.",
                ),
            ),
        ]
        for label, sent, expected in table:
            for half_close in (True, False):
                with self.subTest(label=label, half_close=half_close):
                    self.assertEqual(self.spamd.exchange(sent, half_close), expected)

    def test_message_ends_with_the_stream(self):
        for version in ("1.5", "1.0"):
            sent = request("CHECK", HAM, version=version, length=False)
            self.assertEqual(self.spamd.exchange(sent), OK, version)
        self.assertEqual(
            self.spamd.exchange(b"PING SPAMC/1.5\r\n"),
            error(76, "Bad header line: (EOF during headers)"),
        )
        self.assertEqual(
            self.spamd.exchange(b""), error(76, "Bad header line: (closed before headers)")
        )

    def test_message_without_final_newline_is_taken_without_half_close(self):
        message = HAM.rstrip(b"\n")
        self.assertEqual(self.spamd.exchange(request("CHECK", message), False), OK)

    def test_request_in_single_bytes(self):
        sent = request("CHECK", HAM, user="alice@example.org")
        with self.spamd.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for at in range(len(sent)):
                connection.sendall(sent[at : at + 1])
            self.assertEqual(read_all(connection), OK)

    def test_rest_that_nobody_reads_does_not_reset_the_answer(self):
        rest = b"x" * (8 * 1024 * 1024)
        answer = error(76, "Bad header line: (header not in 'Name: value' format)")
        sent = b"CHECK SPAMC/1.5\r\nno colon here\r\n" + rest
        for half_close in (True, False):
            with self.subTest(half_close=half_close):
                self.assertEqual(self.spamd.exchange(sent, half_close), answer)
        self.assertEqual(self.spamd.exchange(request("CHECK", HAM) + rest), OK)

    def test_ten_megabytes_of_header(self):
        line = b"X-Long: " + b"y" * 992 + b"\n"
        message = line * 10_000 + HAM
        got = self.spamd.exchange(request("CHECK", message))
        self.assertEqual(got, OK)
        got = self.spamd.exchange(request("PROCESS", message, version="1.3"))
        self.assertTrue(got.endswith(message[-len(HAM) - 1000 :]), got[-2000:])

    def test_eight_bit_and_binary_messages(self):
        messages = [
            bytes(range(256)) * 64 + b"\n",
            "From: Älice <älice@example.org>\nSubject: Grüße\n\nHallo\n".encode("latin-1"),
            b"\x00\n\x00\n\n\x00\n",
            b"\n\n\n",
        ]
        for message in messages:
            got = self.spamd.exchange(request("PROCESS", message))
            self.assertTrue(got.startswith(b"SPAMD/1.1 0 EX_OK\r\nContent-length: "), got[:80])
            body = got.partition(b"\r\n\r\n")[2]
            length = int(got.partition(b"Content-length: ")[2].partition(b"\r\n")[0])
            self.assertEqual(len(body), length)

    def test_forged_log_fields_stay_on_their_line(self):
        message = HAM.replace(b"<20240101.1@mail.example.org>", b"<a b\xff,user=root\x01>")
        self.spamd.exchange(request("CHECK", message, user="a\\b" + "\x7f" + "ü"))
        line = self.spamd.wait_log(r"result: .*$").group(0)
        self.assertIn("user=a\\\\b\\x{7F}\\x{C3}\\x{BC},uid=", line)
        self.assertIn("mid=<a?b?_user=root?>", line)

    def test_message_over_the_bound_is_refused_and_drained(self):
        small = self.daemon("-x", config="max_message_size 1M\n").start()
        got = small.exchange(request("CHECK", HAM + b"z" * (4 * 1024 * 1024)))
        self.assertTrue(got.startswith(b"SPAMD/1.0 76 Bad header line: "), got)
        self.assertEqual(small.exchange(request("CHECK", HAM)), OK)


class TimeoutTest(harness.DaemonTest):
    """With -T 2 -t 4, as recorded."""

    def setUp(self):
        super().setUp()
        self.spamd = self.daemon("-x", "-T", "2", "-t", "4").start()

    def expect(self, sent, answer, at_least_s):
        start = time.monotonic()
        self.assertEqual(self.spamd.exchange(sent, False), answer, self.spamd.tail())
        self.assertGreaterEqual(time.monotonic() - start, at_least_s)

    def test_silence_ends_at_the_tcp_timeout(self):
        text = "(2 second socket timeout reading input from client)"
        self.expect(b"", error(79, "Timeout: " + text), 2)
        self.spamd.wait_log(r"warn: spamd: timeout: \(2 second socket timeout")

    def test_half_a_command_line_ends_at_the_tcp_timeout(self):
        text = "(2 second socket timeout reading input from client)"
        self.expect(b"CHECK SPA", error(79, "Timeout: " + text), 2)

    def test_header_and_body_end_at_the_child_timeout(self):
        text = "(4 second timeout while trying to CHECK)"
        self.expect(b"CHECK SPAMC/1.5\r\nUser: alice\r\n", error(79, "Timeout: " + text), 4)
        too_long = request("CHECK", HAM).replace(b"Content-length: ", b"Content-length: 9")
        self.expect(too_long, error(79, "Timeout: " + text), 4)
        self.spamd.wait_log(r"warn: spamd: timeout: \(4 second timeout while trying to CHECK\)")

    def test_deadline_is_absolute_for_a_client_that_dribbles(self):
        sent = b"CHECK SPAMC/1.5\r\n"
        start = time.monotonic()
        with self.spamd.connect() as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.setblocking(False)
            answer = b""
            while not answer:
                try:
                    connection.sendall(sent + b"X-More: yes\r\n")
                    sent = b""
                    answer = connection.recv(1000)
                except BlockingIOError:
                    pass
                self.assertLess(time.monotonic() - start, harness.PATIENCE_S)
                time.sleep(0.1)
        self.assertIn(b"(4 second timeout while trying to CHECK)", answer)


class AccessTest(harness.DaemonTest):
    def test_client_that_is_not_allowed_gets_a_reset_and_no_byte(self):
        spamd = self.daemon("-x", "-A", "192.0.2.7").start()
        with self.assertRaises(ConnectionResetError):
            with spamd.connect() as connection:
                connection.recv(100)
        spamd.wait_log(
            rf"warn: spamd: unauthorized connection from localhost \[127\.0\.0\.1\]:\d+ "
            rf"to port {spamd.port}, fd \d+"
        )
        self.assertEqual(spamd.spamc_unix("-K").returncode, 0, "a UNIX socket has its mode")

    def test_networks_and_lists(self):
        spamd = self.daemon("-x", "-A", "192.0.2.7,127.", "-A", "::1").start()
        self.assertEqual(spamd.exchange(request("PING")), PONG)

    def test_client_that_resets_does_no_harm(self):
        spamd = self.daemon("-x").start()
        for sent in (b"", b"CHECK SPAMC/1.5\r\n", request("PROCESS", HAM * 1000)):
            connection = spamd.connect()
            connection.sendall(sent)
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            connection.close()
        self.assertEqual(spamd.exchange(request("PING")), PONG)
        self.assertEqual(len(spamd.starts()), 1)
        self.assertNotIn("handled cleanup", spamd.log_text())


class LogTest(harness.DaemonTest):
    def test_lines_of_one_request_over_tcp(self):
        spamd = self.daemon("-x", "--log-timestamp-fmt=").start()
        spamd.exchange(request("CHECK", HAM, user="bob"))
        spamd.wait_log("result: ")
        uid = harness.account_uid()
        pid = spamd.worker_pid()
        port = spamd.port
        message_id = "<20240101.1@mail.example.org>"
        lines = [
            rf"spamd: connection from localhost \[127\.0\.0\.1\]:(\d+) to port {port}, fd \d+",
            rf"spamd: checking message {message_id} for bob:{uid}",
            rf"spamd: clean message \(0\.0/5\.0\) for bob:{uid} in \d+\.\d seconds, {len(HAM)} bytes\.",
            rf"spamd: result: \.  0 - \S* scantime=\d+\.\d,size={len(HAM)},user=bob,uid={uid},"
            rf"required_score=5\.0,rhost=localhost,raddr=127\.0\.0\.1,rport=\d+,"
            rf"mid={message_id},autolearn=disabled",
        ]
        text = "\n".join(rf"\[{pid}\] info: {line}" for line in lines)
        spamd.wait_log("^" + text + "$")

    def test_lines_over_a_unix_socket(self):
        spamd = self.daemon("-x").start()
        self.assertEqual(spamd.spamc_unix("-c", "-u", "bob").returncode, 0)
        spamd.wait_log(rf"info: spamd: got connection over {spamd.socket}$")
        spamd.wait_log(rf"rhost=localhost,raddr=127\.0\.0\.1,rport={spamd.socket},mid=")

    def test_stamp_in_a_file_is_that_of_ctime(self):
        spamd = self.daemon("-x").start()
        spamd.wait_log(
            r"^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4} \[\d+\] info: "
            r"spamd: server pid: \d+$"
        )

    def test_unix_socket_alone_opens_no_port(self):
        spamd = self.daemon("-x", tcp=False).start()
        self.assertIsNone(spamd.port)
        self.assertEqual(spamd.spamc_unix("-K").stdout, b"SPAMD/1.5 0\n")


if __name__ == "__main__":
    harness.main()
