#!/usr/bin/env python3
"""Mail servers that ask a spamd themselves: Haraka (npm) and qpsmtpd (Debian)."""

import email
import os
import shutil

import harness
from callers import (
    HERE,
    LETTERS,
    OTHER,
    RECIPIENT,
    SENDER,
    CallerTest,
    MailServer,
    account,
    listening_port,
    needs,
    npm_packages,
    own,
)
from dkim import KeyServer, make_key, sign
from harness import HAM, SPAM
from milter import Message

HARAKA_AUTHRES = HERE.parents[2] / "docs" / "examples" / "haraka" / "authres.js"

HARAKA = """
rcpt_to.in_host_list
resolver
dkim
authres
spamassassin
queue/test
"""


class MailServerTest:
    """What holds for each of them; start() gives our daemon and the server."""

    def test_the_same_as_behind_the_original(self):
        self.compare_with_the_original()

    def test_what_is_larger_than_it_sends_is_delivered(self):
        ours, program = self.start()
        code, mail = program.deliver(LETTERS["large"])
        self.assertEqual((code, b"X-Spam-Status" in mail), (250, False))
        self.assertNotIn("checking message", ours.log_text())


class Haraka(MailServer):
    def __init__(self, directory, packages, place, settings="", resolver="127.0.0.1:1"):
        super().__init__(directory)
        config, self.queue = self.dir / "config", self.dir / "queue"
        for path in (config, self.queue, self.dir / "plugins"):
            path.mkdir()
        modules = packages / "node_modules"
        shutil.copy(modules / "Haraka" / "config" / "connection.ini", config)
        shutil.copy(HERE / "resolver.js", self.dir / "plugins")
        shutil.copy(HARAKA_AUTHRES, self.dir / "plugins")
        files = {
            "me": "mx.example.net\n",
            "smtp.ini": "listen=127.0.0.1:0\npublic_ip=192.0.2.1\nnodes=0\n",
            "log.ini": "[main]\nlevel=info\nformat=default\n",
            "host_list": "example.net\n",
            "plugin_timeout": "180\n",
            "plugins": HARAKA,
            "resolver": resolver,
            "spamassassin.ini": f"spamd_socket={place}\nspamd_user=first-recipient\n{settings}",
        }
        for name, text in files.items():
            (config / name).write_text(text)
        command = ["node", modules / "Haraka" / "bin" / "haraka", "-c", self.dir]
        self.launch(command, env=os.environ | {"TMPDIR": str(self.queue)})
        self.port = self.wait(lambda: listening_port(self.process.pid), "the port of Haraka")

    def delivered(self):
        return list(self.queue.glob("*.eml"))


class HarakaTest(MailServerTest, CallerTest):
    """HEADERS 1.4 without a length; envelope fields come as the first lines of the message."""

    def setUp(self):
        self.packages = npm_packages(self, "haraka")
        super().setUp()

    def begin(self, place, name, settings="reject_threshold=20\nmax_size=10000000\n", **kwargs):
        return Haraka(self.dir / name, self.packages, place, settings, **kwargs)

    def start(self, *commands, config="", settings="reject_threshold=20\n", resolver="127.0.0.1:1"):
        """(our daemon, Haraka)"""
        ours = self.ours(f"report_safe 0\n{config}", *commands)
        haraka = self.begin(f"127.0.0.1:{ours.port}", "haraka", settings, resolver=resolver)
        self.addCleanup(haraka.stop)
        return ours, haraka

    def test_spam_is_refused_and_the_rest_marked(self):
        ours, haraka = self.start()
        code, mail = haraka.deliver(HAM)
        mail = email.message_from_bytes(mail)
        self.assertEqual(code, 250)
        self.assertRegex(mail["X-Spam-Status"], r"^No, score=0\.0 required=5\.0 tests=TRUST_UNKNOWN\s")
        self.assertEqual(mail["X-Spam-Trust-Tier"], "unknown")
        self.assertEqual(haraka.send(SPAM), (550, "spam score exceeded threshold"), ours.tail())
        self.assertRegex(haraka.text(), r'status=Yes, score=1000\.0, required=5\.0, reject=20, tests="GTUBE,TRUST_UNKNOWN"')
        self.assertIn(f"for {RECIPIENT}:", ours.log_text())

    def test_mail_goes_on_without_the_daemon(self):
        ours, haraka = self.start()
        ours.stop()
        code, mail = haraka.deliver(SPAM)
        self.assertEqual((code, b"X-Spam-Status" in mail), (250, False))
        haraka = self.begin(f"127.0.0.1:{ours.port}", "defers", "[defer]\nerror=true\n")
        self.addCleanup(haraka.stop)
        self.assertEqual(haraka.send(SPAM), (450, "spamd scan error"))

    def test_its_dkim_results_prove_a_friend(self):
        """docs/examples/haraka/authres.js, with the real plugin for DKIM in front of it."""
        key = self.dir / "key.pem"
        record = make_key(key)
        names = [f"sel._domainkey.{domain}" for domain in ("example.org", "example.com")]
        server = KeyServer(dict.fromkeys(names, record))
        self.addCleanup(server.close)
        friend = ("friend", "add", "--user", RECIPIENT, "--level", "strong", SENDER)
        ours, haraka = self.start(
            *(("user", "add", RECIPIENT), friend),
            config="authres_trusted_authserv mx.example.net\n",
            resolver=f"127.0.0.1:{server.port}",
        )
        forged = b"Authentication-Results: mx.example.net; dkim=pass header.d=example.org\n"
        injected = b"x(c)header.d=example.org(@example.com"
        for label, domain, identity, more, tier in (
            ("signed by the friend's domain", b"example.org", None, b"", "well-trusted"),
            ("signed by another", b"example.com", None, b"", "unknown"),
            ("with a text that reads as a result", b"example.com", injected, b"", "unknown"),
            ("with a result of the sender's", b"example.com", None, forged, "unknown"),
        ):
            with self.subTest(label):
                message = Message(more + HAM)
                sign(message, key, domain, identity)
                _, mail = haraka.deliver(message.raw())
                self.assertRegex(haraka.text(), rf'domain="{domain.decode()}" .*result=pass')
                tier_now = email.message_from_bytes(mail)["X-Spam-Trust-Tier"]
                self.assertEqual(tier_now, tier, f"{mail.decode()}\n{haraka.text()}\n{ours.tail()}")


class Qpsmtpd(MailServer):
    def __init__(self, directory, place, settings):
        super().__init__(directory)
        own(self.dir)
        config, spool, self.queue = (self.dir / name for name in ("config", "spool", "queue"))
        config.mkdir()
        spool.mkdir(mode=0o700)
        own(spool)
        plugins = (
            "rcpt_ok\n"
            f"spamassassin spamd_socket {place} spamd_user vpopmail {settings}\n"
            f"queue/maildir {self.queue}\n"
        )
        files = {
            "me": "mx.example.net\n",
            "rcpthosts": "example.net\n",
            "plugin_dirs": "/usr/share/qpsmtpd/plugins\n",
            "loglevel": "6\n",
            "logging": "",
            "spool_dir": f"{spool}\n",
            "plugins": plugins,
        }
        for name, text in files.items():
            (config / name).write_text(text)
        command = ["qpsmtpd-forkserver", "--no-rdns", "-l", "127.0.0.1", "-p", "0"]
        command += ["-c", "100", "-m", "100", "-u", account()[0]]
        # The plugin adds fields in the order of a hash.
        env = {"PATH": "/usr/bin:/bin", "PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
        self.launch(command, env=env | {"QPSMTPD_CONFIG": str(config)})
        self.wait(lambda: "Running as user" in self.text(), "the start of qpsmtpd")
        self.port = self.wait(lambda: listening_port(self.process.pid), "the port of qpsmtpd")

    def delivered(self):
        return list(self.queue.glob("new/*"))


@needs("qpsmtpd-forkserver")
class QpsmtpdTest(MailServerTest, CallerTest):
    """HEADERS 1.4 with a length, from which it takes all X-Spam fields."""

    def begin(self, place, name, settings="reject 20"):
        return Qpsmtpd(self.dir / name, place, settings)

    def start(self, *commands, config="", settings="reject 20"):
        """(our daemon, qpsmtpd)"""
        ours = self.ours(f"report_safe 0\n{config}", *commands)
        program = self.begin(f"127.0.0.1:{ours.port}", "qpsmtpd", settings)
        self.addCleanup(program.stop)
        return ours, program

    def test_spam_is_refused_and_the_rest_marked(self):
        ours, program = self.start()
        code, mail = program.deliver(LETTERS["old fields"])
        mail = email.message_from_bytes(mail)
        self.assertEqual(code, 250)
        self.assertRegex(mail["X-Spam-Status"], r"^No, score=0\.0 required=5\.0 tests=TRUST_UNKNOWN\s")
        self.assertEqual(mail["X-Spam-Trust-Tier"], "unknown")
        self.assertEqual(mail["X-Old-Spam-Trust-Tier"], "well-trusted")
        self.assertEqual(program.send(SPAM), (552, "spam score exceeded threshold"), ours.tail())
        self.assertIn("spamassassin: fail, Spam, 1000.0, > 20", program.text())
        self.assertIn(f"for {RECIPIENT}:", ours.log_text())

    def test_its_results_prove_nothing(self):
        """It leaves what the sender wrote as if it were its own."""
        friend = ("friend", "add", "--user", RECIPIENT, "--level", "strong", SENDER)
        config = "authres_trusted_authserv mx.example.net\n"
        _, program = self.start(("user", "add", RECIPIENT), friend, config=config)
        forged = b"Authentication-Results: mx.example.net; dkim=pass header.d=example.org\n"
        _, mail = program.deliver(forged + HAM)
        mail = email.message_from_bytes(mail)
        self.assertIn("dkim=pass", "".join(mail.get_all("Authentication-Results")))
        self.assertEqual(mail["X-Spam-Trust-Tier"], "unknown")
        self.assertIn("TRUST_AR_FORGED", mail["X-Spam-Status"])


if __name__ == "__main__":
    harness.main()
