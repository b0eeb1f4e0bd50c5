#!/usr/bin/env python3
"""Debian's OpenDKIM and OpenDMARC write the evidence, trustctl and the daemon read it.

A message is signed by one OpenDKIM and verified by another, then OpenDMARC adds its field,
all through their milter sockets, in the order and at the place that Postfix gives them. Public
keys and DMARC records come from a file instead of the DNS.
"""

import json
import pathlib
import re
import shutil
import subprocess
import unittest

import harness
from dkim import sign
from milter import Message, Milter
from trust_site import Site

SENDER = "bob@example.net"
USER = "alice@example.org"
CLIENT = ("mail.example.net", "192.0.2.10")

SKIPPED = 77  # tells meson so
PROGRAMS = ["opendkim", "opendkim-genkey", "opendmarc", "spamc"]

MAIL = b"""\
Received: from laptop (localhost [127.0.0.1])
\tby mail.example.net (Postfix) with ESMTPSA id 4XbC1M1xQz2f
\tfor <alice@example.org>; Mon, 23 Nov 2026 10:00:00 +0000 (UTC)
From: Bob <bob@example.net>
To: alice@example.org
Subject: lunch
Date: Mon, 23 Nov 2026 10:00:00 +0000
Message-ID: <1@example.net>

Hello,

lunch?
"""

OWN_RECEIVED = (
    b"Received",
    b" from mail.example.net (mail.example.net [192.0.2.10])\n"
    b"\tby mx.example.org (Postfix) with ESMTPS id 4XbC1P4Wzz9s\n"
    b"\tfor <alice@example.org>; Mon, 23 Nov 2026 10:00:01 +0000 (UTC)",
)

SETTINGS = """\
authres_trusted_authserv mx.example.org
authres_position {position}
"""


class Filters:
    """The three filter processes and their files in one directory."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory) / "filters"
        self.dir.mkdir()
        self.processes = []
        self._make_key()
        self._start(
            "sign",
            ["opendkim", "-f", "-x"],
            Mode="s",
            Domain="example.net",
            Selector="sel",
            KeyFile=self.dir / "sel.private",
            RequireSafeKeys="no",
            InternalHosts="127.0.0.1",
            SignHeaders="*,+Trust-Identity",
        )
        self._start(
            "verify",
            ["opendkim", "-f", "-x"],
            Mode="v",
            AuthservID="mx.example.org",
            TestDNSData=f"file:{self.dir}/dns",
        )
        self._start(
            "dmarc",
            ["opendmarc", "-f", "-c"],
            AuthservID="mx.example.org",
            TestDNSData=self.dir / "dns",
        )
        self._start(
            "spf",
            ["opendmarc", "-f", "-c"],
            AuthservID="mx.example.org",
            TestDNSData=self.dir / "dns",
            SPFIgnoreResults="true",
            SPFSelfValidate="true",
        )

    def _make_key(self):
        subprocess.run(
            ["opendkim-genkey", "-b", "1024", "-d", "example.net", "-s", "sel", "-D", self.dir],
            check=True,
        )
        record = (self.dir / "sel.txt").read_text()
        strings = "".join(record.split('"')[1::2])
        (self.dir / "dns").write_text(
            f"sel._domainkey.example.net {strings}\n_dmarc.example.net v=DMARC1; p=reject\n"
            f"sel._domainkey.example.com {strings}\n"
        )

    def _start(self, name, command, **settings):
        path = self.dir / f"{name}.sock"
        settings.update(Socket=f"local:{path}", Syslog="no", UMask="077")
        config = self.dir / f"{name}.conf"
        config.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
        log = self.dir / f"{name}.log"
        with log.open("wb") as out:
            process = subprocess.Popen([*command, config], stdout=out, stderr=out)
        self.processes.append(process)

        def listens():
            if process.poll() is not None:
                raise AssertionError(f"{command[0]} ended\n{log.read_text()}")
            return harness.listens(path, process.pid)

        harness.wait_for(listens, f"the socket of {command[0]}", log.read_text)

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(harness.PATIENCE_S)

    def apply(self, name, message, client, host, sender=SENDER, helo=None):
        milter = Milter(str(self.dir / f"{name}.sock"))
        try:
            milter.filter(message, client, sender, USER, host, helo)
        finally:
            milter.close()

    def deliver(self, tamper=lambda message: None, prepare=lambda message: None):
        """A signed message as it lies at the border of example.org.

        `prepare` changes it before it is signed, `tamper` afterwards.
        """
        message = Message(MAIL)
        prepare(message)
        self.apply("sign", message, ("localhost", "127.0.0.1"), "mail.example.net")
        tamper(message)
        message.fields.insert(0, OWN_RECEIVED)
        self.apply("verify", message, CLIENT, "mx.example.org")
        self.apply("dmarc", message, CLIENT, "mx.example.org")
        return message


class RealAuthenticationResults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.site.trustctl("init", "--domain", "example.org")
        cls.site.trustctl("user", "add", USER)
        cls.site.trustctl("friend", "add", "--user", USER, "--level", "strong", SENDER)
        cls.bob, cls.thief = cls.import_identities()
        cls.filters = Filters(cls.site.dir)
        cls.addClassCleanup(cls.filters.stop)

    @classmethod
    def import_identities(cls):
        """Bob's identity, from his own site, and a thief's: both bind bob's address."""
        found = []
        for name, user in (("there", SENDER), ("thief", "mallory@example.com")):
            store = cls.site.dir / name
            harness.trustctl(store, "init", "--domain", user.partition("@")[2])
            harness.trustctl(store, "user", "add", user)
            if user != SENDER:
                harness.trustctl(store, "bind", "--user", user, SENDER)
            shown = harness.trustctl(store, "user", "show", user, "--json").stdout
            found.append(json.loads(shown)["identity"])
            statements = cls.site.dir / f"{name}.jws"
            statements.write_text(harness.trustctl(store, "statement", "export").stdout)
            cls.site.trustctl("statement", "import", str(statements))
        return found

    def effect(self, identity):
        """The addresses that the identity has here, in effect and merely claimed."""
        shown = json.loads(self.site.trustctl("identity", "show", "--as", identity, "--json"))
        return shown["addresses"], shown["claims"]

    def scan(self, message, position):
        """What the daemon answers where results stand at `position`."""
        self.site.restart(SETTINGS.format(position=position))
        answer = self.site.score(message.raw(), USER)
        self.assertNotIn(" error: ", self.site.daemon.log_text())
        return answer

    def test_filters_write_both_results_below_received(self):
        message = self.filters.deliver()
        names = [name for name, _ in message.fields[:4]]
        self.assertEqual(
            names, [b"Received", b"Authentication-Results", b"Authentication-Results", b"Received"]
        )
        results = message.values("Authentication-Results")
        self.assertIn("dmarc=pass", results[0])
        self.assertIn("dkim=pass", results[1])

    def test_result_below_received_proves_the_friend_where_the_site_says_so(self):
        answer = self.scan(self.filters.deliver(), "below")
        self.assertEqual((answer.tier, answer.evidence), ("well-trusted", "E3"), answer)
        self.assertIn("TRUST_WELL", answer.rules)

    def test_result_below_received_proves_nothing_by_default(self):
        answer = self.scan(self.filters.deliver(), "above")
        self.assertEqual((answer.tier, answer.evidence), ("unknown", "E0"), answer)
        self.assertIn("TRUST_AR_FORGED", answer.rules)

    def test_mail_shows_an_identity_where_the_signature_covers_it(self):
        def shows(identity):
            field = (b"Trust-Identity", f" id:{identity}".encode())
            return lambda message: message.fields.insert(1, field)

        # What the thief adds to bob's mail is not signed, or breaks what is.
        for prepare in (lambda message: None, shows(self.bob)):
            answer = self.scan(self.filters.deliver(shows(self.thief), prepare), "below")
            self.assertEqual(self.effect(self.bob), ([], [SENDER]), answer)
        answer = self.scan(self.filters.deliver(prepare=shows(self.bob)), "below")
        self.assertEqual((answer.tier, answer.evidence), ("well-trusted", "E3"), answer)
        harness.wait_for(
            lambda: self.effect(self.bob) == ([SENDER], []),
            "bob's identity", self.site.daemon.tail,
        )
        self.assertIn(SENDER, self.effect(self.thief)[1])

    def test_changed_body_is_a_failed_signature(self):
        def tamper(message):
            message.body = message.body.replace(b"lunch", b"money")

        answer = self.scan(self.filters.deliver(tamper), "below")
        self.assertEqual((answer.tier, answer.evidence), ("unknown", "E0"), answer)
        self.assertIn("TRUST_UNPROVEN", answer.rules)

    def test_a_signature_writes_no_result_of_its_own(self):
        """OpenDKIM decodes i= and writes it out as it is, semicolons and all."""
        key = self.filters.dir / "sel.private"
        for identity, written in (
            (b"@example.com", "header.i=@example.com"),
            (b"a=3B=20dkim=3Dpass=20header.d=3Dexample.net=20header.i=3D@example.com",
             "header.i=a; dkim=pass header.d=example.net header.i=@example.com"),
            (b"a=40b.example.com=3B=20dkim=3Dpass=20header.d=3Dexample.net=20header.i=3D=40example.net"
             b"=20header.x=3D.example.com",
             "header.i=a@b.example.com; dkim=pass header.d=example.net header.i=@example.net "),
        ):
            with self.subTest(identity=identity):
                message = Message(MAIL)
                sign(message, key, b"example.com", identity)
                message.fields.insert(0, OWN_RECEIVED)
                self.filters.apply("verify", message, CLIENT, "mx.example.org")
                (result,) = message.values("Authentication-Results")
                self.assertRegex(result, r"dkim=pass \([^)]*\) header\.d=example\.com ")
                self.assertIn(written, result)
                answer = self.scan(message, "below")
                self.assertEqual((answer.tier, answer.evidence), ("unknown", "E0"), answer)

    def test_an_envelope_writes_no_result_of_its_own(self):
        """OpenDMARC, where it checks SPF, writes the name of the client or the domain of the sender as they
        were sent."""
        result = "dkim=pass header.d=example.net"
        literal = f"[192.0.2.1; {result} header.x=]"
        for sender, helo, written in (
            ("", f"a; {result}", f"smtp.helo=a; {result}"),
            (f"a@{literal}", None, f"smtp.mailfrom={literal}"),
        ):
            with self.subTest(written):
                message = Message(MAIL)
                message.fields.insert(0, OWN_RECEIVED)
                self.filters.apply("spf", message, CLIENT, "mx.example.org", sender, helo)
                fields = message.values("Authentication-Results")
                self.assertRegex(fields[-1], f"spf=[a-z]+ {re.escape(written)}$")
                message.fields = [
                    field for field in message.fields if b"dmarc=" not in field[1]
                ]  # as where the friend's domain has no policy
                answer = self.scan(message, "below")
                self.assertEqual((answer.tier, answer.evidence), ("unknown", "E0"), answer)


if __name__ == "__main__":
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        print(f"skipped, not installed: {', '.join(missing)}; scripts/deps installs them")
        raise SystemExit(SKIPPED)
    harness.main()
