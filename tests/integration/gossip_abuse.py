#!/usr/bin/env python3
"""What strangers and bad peers do to a node, while good peers go on being served."""

import contextlib
import socket
import ssl
import subprocess
import threading
import warnings

import harness
from gossip_peers import GossipTest


def make_key(directory, name):
    """An Ed25519 key with a self-signed certificate, as somebody else's tool makes it."""
    key, cert = directory / f"{name}.key", directory / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", f"/CN={name}",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True, timeout=harness.PATIENCE_S,
    )
    return key, cert


def pin_of(cert):
    """The pin of a certificate, as trustctl writes it."""
    der = subprocess.run(
        f"openssl x509 -in {cert} -pubkey -noout | openssl pkey -pubin -outform der"
        " | openssl dgst -sha256 -binary | openssl base64",
        shell=True, check=True, capture_output=True, text=True, timeout=harness.PATIENCE_S,
    ).stdout.strip()
    return der.rstrip("=").replace("+", "-").replace("/", "_")


def context(identity=None, version=None):
    """TLS that does not look at the server's certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    if version:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            made.minimum_version = made.maximum_version = version
    if identity:
        made.load_cert_chain(identity[1], identity[0])
    return made


class AbuseTest(GossipTest):
    """A node with one good peer, which is a key that the test itself holds."""

    def setUp(self):
        super().setUp()
        self.a = self.node("example.org", "alice")
        self.good = make_key(self.dir, "good")
        self.a.trustctl(
            "peer", "add", "--pin", pin_of(self.good[1]), "--name", "good"
        )
        self.stranger = make_key(self.dir, "stranger")

    def plain(self):
        return socket.create_connection(("127.0.0.1", self.a.port), harness.PATIENCE_S)

    def tls(self, identity=None, version=None):
        return context(identity, version).wrap_socket(self.plain())

    def ask(self, request, identity=None):
        """Sends bytes over TLS as the good peer, reads to the end of the answer."""
        with self.tls(identity or self.good) as connection:
            connection.sendall(request)
            return self.read_answer(connection)

    @staticmethod
    def read_answer(connection):
        """One answer: status, and the rest of the stream if the server closes it."""
        parts = b""
        while b"\r\n\r\n" not in parts:
            part = connection.recv(65536)
            if not part:
                return parts
            parts += part
        head, _, body = parts.partition(b"\r\n\r\n")
        length = int(dict(
            line.lower().split(b": ") for line in head.split(b"\r\n")[1:]
        ).get(b"content-length", 0))
        while len(body) < length:
            part = connection.recv(65536)
            if not part:
                break
            body += part
        return head + b"\r\n\r\n" + body

    def assert_served(self):
        """The good peer gets an answer."""
        answer = self.ask(b"GET /v1/node HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 "), answer)


class Handshake(AbuseTest):
    def refused(self, make):
        """The server lets nobody in that comes like this: no byte of an answer."""
        try:
            with make() as connection:
                connection.sendall(b"GET /v1/node HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertEqual(connection.recv(100), b"")
        except OSError:
            pass  # the alert may come at any step

    def test_unknown_keys_and_no_keys_are_refused_in_the_handshake(self):
        self.refused(lambda: self.tls(self.stranger))
        self.refused(self.tls)
        self.assertEqual(self.a.json("peer", "status")["requests"], 0)
        self.assert_served()

    def test_old_versions_are_refused(self):
        self.refused(lambda: self.tls(self.good, ssl.TLSVersion.TLSv1_2))
        self.assert_served()

    def test_keys_of_other_kinds_are_refused(self):
        key, cert = self.dir / "rsa.key", self.dir / "rsa.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=rsa",
             "-keyout", str(key), "-out", str(cert)],
            check=True, capture_output=True, timeout=harness.PATIENCE_S,
        )
        self.refused(lambda: self.tls((key, cert)))
        self.assert_served()

    def test_plain_http_gets_nothing(self):
        with contextlib.suppress(OSError), self.plain() as connection:
            connection.sendall(b"GET /v1/node HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertNotIn(b"HTTP", connection.recv(100))
        self.assert_served()

    def test_the_log_says_it_once(self):
        for _ in range(20):
            self.refused(lambda: self.tls(self.stranger))
        self.assertEqual(self.a.log_text().count("in the handshake"), 1, self.a.tail())
        self.assertGreaterEqual(self.a.json("peer", "status")["refused_handshake"], 20)

    def test_silent_connections_lose_their_place(self):
        silent = [self.plain() for _ in range(10)]
        self.assert_served()
        for connection in silent:
            self.assertEqual(connection.recv(10), b"")  # at the deadline of the handshake
            connection.close()

    def test_a_flood_from_one_address_leaves_others_alone(self):
        """The good peer comes from an address of its own, as peers do."""
        flood = [self.plain() for _ in range(60)]
        with socket.socket() as raw:
            raw.bind(("127.0.0.2", 0))
            raw.settimeout(harness.PATIENCE_S)
            raw.connect(("127.0.0.1", self.a.port))
            with context(self.good).wrap_socket(raw) as connection:
                connection.sendall(b"GET /v1/node HTTP/1.1\r\nHost: a\r\n\r\n")
                self.assertTrue(self.read_answer(connection).startswith(b"HTTP/1.1 200 "))
        for connection in flood:
            connection.close()


class Full(AbuseTest):
    def setUp(self):
        super().setUp()
        self.a.stop()
        self.a.config.write_text(self.a.config.read_text() + "gossip_connections_max 16\n")
        self.a.start()

    def test_strangers_cannot_keep_a_peer_out_when_all_places_are_taken(self):
        flood = []
        for i in range(40):
            raw = socket.socket()
            raw.bind((f"127.0.0.{10 + i}", 0))
            raw.settimeout(harness.PATIENCE_S)
            raw.connect(("127.0.0.1", self.a.port))
            flood.append(raw)
        self.assert_served()
        self.assertGreaterEqual(self.a.json("peer", "status")["refused_full"], 20)
        for raw in flood:
            raw.close()


HOST = b"Host: a\r\n"


class Requests(AbuseTest):
    def status(self, request):
        answer = self.ask(request)
        return int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else None

    def test_ambiguous_framing_is_refused_and_the_connection_closed(self):
        post = b"POST /v1/statements HTTP/1.1\r\n" + HOST
        for request, status in (
            (post + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
            (post + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
            (post + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
            (post + b"Content-Length: +1\r\n\r\na", 400),
            (post + b"Content-Length : 1\r\n\r\na", 400),
            (b"GET /v1/node HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
            (b"GET /v1/node HTTP/1.1\r\n\r\n", 400),
            (b"GET /v1/node HTTP/1.1\nHost: a\n\n", 400),
            (b"GET /v1/node HTTP/1.0\r\n" + HOST + b"\r\n", 505),
            (b"PUT /v1/node HTTP/1.1\r\n" + HOST + b"\r\n", 405),
        ):
            self.assertEqual(self.status(request), status, request)
        self.assert_served()

    def test_large_bodies_and_heads_are_refused_before_they_are_read(self):
        self.assertEqual(self.status(
            b"POST /v1/statements HTTP/1.1\r\n" + HOST + b"Content-Length: 999999999\r\n\r\n"
        ), 413)
        self.assertEqual(self.status(
            b"GET /v1/node HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 9000 + b"\r\n\r\n"
        ), 431)
        self.assert_served()

    def test_an_answer_is_not_lost_to_a_reset(self):
        """A refused body is still on its way when the answer comes."""
        with self.tls(self.good) as connection:
            connection.sendall(
                b"POST /v1/statements HTTP/1.1\r\n" + HOST + b"Content-Length: 400000\r\n\r\n"
                + b"a" * 300000
            )
            self.assertTrue(self.read_answer(connection).startswith(b"HTTP/1.1 413 "))

    def test_a_request_in_drips_ends_at_its_deadline(self):
        """Bytes now and then gain no time: the deadline is from the first one on."""
        dripping = self.tls(self.good)
        dripping.sendall(b"GET /v1/node HTTP/1.1\r\n")
        ended = threading.Event()

        def drip():
            with contextlib.suppress(OSError):
                while not ended.wait(1):
                    dripping.sendall(b"X: y\r\n")

        thread = threading.Thread(target=drip)
        thread.start()
        try:
            self.assert_served()
            with contextlib.suppress(OSError):
                self.assertEqual(dripping.recv(100), b"")
            self.assertEqual(self.a.json("peer", "status")["late"], 1)
        finally:
            ended.set()
            thread.join()
            dripping.close()

    def test_garbage_where_statements_should_be_closes_the_peer_for_an_hour(self):
        body = b"not.a.statement\n" * 3
        request = (
            b"POST /v1/statements HTTP/1.1\r\n" + HOST + b"Content-Type: text/plain\r\n"
            + b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        self.ask(request)
        harness.wait_for(
            lambda: "closed" in self.a.peers()["good"]["state"], "the closing", self.a.tail
        )
        with self.assertRaises((OSError, AssertionError)):
            self.assert_served()

    def test_garbage_to_reconcile_is_an_error_and_no_more(self):
        for body in (b"\x61" + b"\xff" * 100, b"a" * 100000, b"\x00"):
            answer = self.ask(
                b"POST /v1/reconcile HTTP/1.1\r\n" + HOST
                + b"Content-Type: application/octet-stream\r\n"
                + b"Content-Length: %d\r\n\r\n" % len(body) + body
            )
            self.assertTrue(answer.startswith(b"HTTP/1.1 4"), answer[:100])

    def test_keep_alive_serves_one_request_after_the_other(self):
        with self.tls(self.good) as connection:
            request = b"GET /v1/node HTTP/1.1\r\n" + HOST + b"\r\n"
            connection.sendall(request * 3)
            answers = b""
            while answers.count(b"HTTP/1.1 200 ") < 3:
                part = connection.recv(65536)
                self.assertTrue(part, "closed after " + repr(answers))
                answers += part


if __name__ == "__main__":
    harness.main()
