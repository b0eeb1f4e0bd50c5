#!/usr/bin/env python3
"""TLS: certificates, versions, client verification, and answers that no reset overtakes."""

import concurrent.futures
import os
import socket
import ssl
import warnings
from unittest import mock

import harness
from certificates import make_certificate
from harness import HAM, read_all, request

ANSWERS = 200


class TlsTest(harness.DaemonTest):
    def setUp(self):
        super().setUp()
        self.key, self.cert = make_certificate(self.dir, "server")

    def start(self, *options):
        tls = ("--ssl", "--server-key", self.key, "--server-cert", self.cert)
        return self.start_plain(*tls, *options)

    def start_plain(self, *options):
        spamd = self.daemon("-x", *options)
        spamd.start()
        return spamd

    def context(self, version=None, identity=None):
        context = ssl.create_default_context(cafile=self.cert)
        if version:
            context.minimum_version = context.maximum_version = version
        if identity:
            context.load_cert_chain(self.dir / f"{identity}.pem", self.dir / f"{identity}.key")
        return context

    def exchange(self, spamd, sent, context):
        with spamd.connect() as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(sent)
                return read_all(connection)

    def test_every_answer_arrives_with_both_versions(self):
        spamd = self.start()
        message = HAM + b"x" * 20_000 + b"\n"
        sent = request("PROCESS", message) + b"rest that nobody reads" * 1000
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(version)

            def one(_):
                return self.exchange(spamd, sent, context).endswith(message)

            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                good = sum(pool.map(one, range(ANSWERS)))
            self.assertEqual(good, ANSWERS, version)
        spamd.wait_log(r"connection from localhost \[127\.0\.0\.1\]:\d+ to port \d+, fd \d+, TLSv1_2/")
        spamd.wait_log(r"to port \d+, fd \d+, TLSv1_3/TLS_AES_256_GCM_SHA384$")

    def test_big_messages_are_taken_to_the_last_byte(self):
        spamd = self.start()
        for size in (1_000_000, 4_194_304, 20_000_000):
            message = HAM + b"x" * size + b"\n"
            got = self.exchange(spamd, request("PROCESS", message), self.context())
            self.assertTrue(got.endswith(message[-size:]), (size, got[:100]))

    def test_close_notify_comes_before_the_end(self):
        spamd = self.start()
        context = self.context()
        with spamd.connect() as plain:
            with context.wrap_socket(
                plain, server_hostname="localhost", suppress_ragged_eofs=False
            ) as connection:
                connection.sendall(request("PING"))
                self.assertEqual(read_all(connection), b"SPAMD/1.5 0 PONG\r\n")

    def test_spamc_gets_every_answer_with_both_versions(self):
        spamd = self.start()
        where = ("-S", "-d", "localhost", "-p", spamd.port, "--ssl")
        done = harness.spamc(*where, "-K")
        if done.returncode == 64:
            self.skipTest("this spamc was built without TLS")
        message = HAM + b"x" * 100_000 + b"\n"
        for number in (2, 3):
            conf = self.dir / f"openssl{number}.cnf"
            conf.write_text(
                "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\nsystem_default = limits\n"
                f"[limits]\nMinProtocol = TLSv1.{number}\nMaxProtocol = TLSv1.{number}\n"
            )
            with mock.patch.dict(os.environ, OPENSSL_CONF=str(conf)):
                for _ in range(ANSWERS):
                    done = harness.spamc(*where, "-x", message=message)
                    self.assertEqual(done.returncode, 0, spamd.tail())
                    self.assertTrue(done.stdout.endswith(message[-100_000:]), spamd.tail())
            spamd.wait_log_count(f"TLSv1_{number}/", ANSWERS)

    def test_tls_and_plain_side_by_side(self):
        spamd = self.start_plain(
            *("-i", "ssl:127.0.0.1:0", "--server-key", self.key, "--server-cert", self.cert)
        )
        port = int(spamd.wait_log(r"IO::Socket::SSL \[127\.0\.0\.1\]:(\d+)").group(1))
        self.assertEqual(spamd.exchange(request("PING")), b"SPAMD/1.5 0 PONG\r\n")
        with socket.create_connection(("127.0.0.1", port), harness.PATIENCE_S) as plain:
            with self.context().wrap_socket(plain, server_hostname="localhost") as connection:
                connection.sendall(request("PING"))
                self.assertEqual(read_all(connection), b"SPAMD/1.5 0 PONG\r\n")

    def test_client_certificates(self):
        make_certificate(self.dir, "authority")
        make_certificate(self.dir, "client", "authority")
        make_certificate(self.dir, "stranger")
        spamd = self.start("--ssl-verify", "--ssl-ca-file", self.dir / "authority.pem")
        good = self.exchange(spamd, request("PING"), self.context(identity="client"))
        self.assertEqual(good, b"SPAMD/1.5 0 PONG\r\n")
        for identity in (None, "stranger"):
            with self.assertRaises(OSError):  # with TLS 1.3 it shows when reading
                self.exchange(spamd, request("PING"), self.context(identity=identity))

    def test_old_versions_are_refused(self):
        spamd = self.start()
        context = self.context()
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with self.assertRaises(OSError):
            self.exchange(spamd, request("PING"), context)

    def test_plain_text_on_a_tls_port_is_cut_off(self):
        spamd = self.start()
        try:
            self.assertNotIn(b"PONG", spamd.exchange(request("PING")))
        except OSError:
            pass  # reset while we still send, end our side, or read
        self.assertIn(b"PONG", self.exchange(spamd, request("PING"), self.context()))

    def test_handshake_that_never_comes_ends_at_the_tcp_timeout(self):
        spamd = self.start("-T", "1")
        with spamd.connect() as silent:
            self.assertEqual(silent.recv(10), b"")

    def test_missing_or_wrong_files_are_named(self):
        other, _ = make_certificate(self.dir, "other")
        for key, cert, text in (
            (self.dir / "no.key", self.cert, "no.key"),
            (self.key, self.dir / "no.pem", "no.pem"),
            (other, self.cert, "other.key"),
            (self.key, self.key, "server.key"),
        ):
            done = self.daemon("-x", "--ssl", "--server-key", key, "--server-cert", cert).run()
            self.assertEqual(done.returncode, 78, done.stderr)
            self.assertIn(text, done.stderr)


if __name__ == "__main__":
    harness.main()
