#!/usr/bin/env python3
"""Exim by its `spam` condition and by a transport filter, and spamass-milter as Postfix has it."""

import email
import pathlib
import shutil
import subprocess

import harness
from callers import ClientTest
from harness import HAM, PATIENCE_S, SPAM
from milter import Message, Milter, MilterError

EXIM = """
primary_hostname = mx.example.net
spool_directory = {dir}/spool
log_file_path = {dir}/exim-%slog
pid_file_path = {dir}/exim.pid
deliver_drop_privilege
keep_environment =
add_environment = PATH=/usr/bin:/bin
qualify_domain = example.net
spamd_address = {place}
acl_smtp_rcpt = accept
acl_smtp_data = check_data
disable_ipv6
begin acl
check_data:
  deny  condition  = ${{if eq{{$h_X-Filter:}}{{}}}}
        spam       = bob
        message    = spam: $spam_score of 5
  warn  condition  = ${{if eq{{$h_X-Filter:}}{{}}}}
        spam       = bob:true
        add_header = X-Spam-Score: $spam_score ($spam_bar) $spam_score_int\\nX-Action: $spam_action
        add_header = X-Spam-Report: $spam_report
  accept
begin routers
all:
  driver = accept
  transport = file
begin transports
file:
  driver = appendfile
  file = {dir}/delivered
  user = {account}
  {filter}
begin retry
"""


class RealEximTest(ClientTest):
    """Exim itself, by its `spam` condition and by a transport filter that runs spamc."""

    def setUp(self):
        if shutil.which("exim4") is None:
            self.skipTest("exim4 is not installed (Debian: exim4-daemon-heavy)")
        built = subprocess.run(["exim4", "-bV"], capture_output=True, text=True, check=False)
        if "Content_Scanning" not in built.stdout:
            self.skipTest("this exim4 has no spam condition (Debian: exim4-daemon-heavy)")
        if not harness.is_root():
            self.skipTest("exim4 takes a configuration of its own from root only")
        # A run with a configuration of its own keeps no more rights than these.
        user = subprocess.run(["exim4", "-bP", "exim_user"], capture_output=True, text=True, check=True)
        self.account = user.stdout.split()[-1]
        super().setUp()
        self.dir.chmod(0o777)

    def send(self, message, place, filtered=False):
        """Hands a message in over SMTP; (replies, the message as it was delivered)."""
        spamc = f"/usr/bin/spamc -F /dev/null -d 127.0.0.1 -p {self.spamd.port} -u bob"
        config = self.dir / "exim.conf"
        config.write_text(
            EXIM.format(
                dir=self.dir,
                place=place,
                account=self.account,
                filter=f"transport_filter = {spamc}" if filtered else "",
            )
        )
        (self.dir / "delivered").unlink(missing_ok=True)
        if filtered:
            message = b"X-Filter: yes\n" + message
        lines = ["EHLO mail.example.org", "MAIL FROM:<alice@example.org>"]
        lines += ["RCPT TO:<bob@example.net>", "DATA"]
        wire = "".join(line + "\r\n" for line in lines).encode()
        wire += message.replace(b"\n", b"\r\n") + b".\r\nQUIT\r\n"
        done = subprocess.run(
            ["exim4", "-C", str(config), "-odf", "-bs"],
            input=wire,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        log = "".join(path.read_text() for path in self.dir.glob("exim-*log"))
        shown = f"{done.stdout.decode()}\n{done.stderr.decode()}\n{log}\n{self.spamd.tail()}"
        delivered = self.dir / "delivered"
        return shown, email.message_from_bytes(delivered.read_bytes()) if delivered.exists() else None

    def test_spam_condition(self):
        for place in (f"127.0.0.1 {self.spamd.port}", str(self.spamd.socket)):
            with self.subTest(place):
                shown, mail = self.send(HAM, place)
                self.assertIsNotNone(mail, shown)
                self.assertEqual(mail["X-Spam-Score"], "0.0 (/) 0", shown)
                self.assertIn("TRUST_UNKNOWN", mail["X-Spam-Report"])
                self.assertNotIn("spam acl condition", shown, "Exim complains of the answer")
                shown, mail = self.send(SPAM, place)
                self.assertIn("550 spam: 1000.0 of 5", shown)
                self.assertIsNone(mail)

    def test_transport_filter(self):
        shown, mail = self.send(HAM, f"127.0.0.1 {self.spamd.port}", filtered=True)
        self.assertIsNotNone(mail, shown)
        self.assertRegex(mail["X-Spam-Status"], r"^No, score=0\.0 required=5\.0", shown)
        shown, mail = self.send(SPAM, f"127.0.0.1 {self.spamd.port}", filtered=True)
        self.assertEqual(mail["X-Spam-Flag"], "YES", shown)


class MilterTest(ClientTest):
    """spamass-milter, which runs spamc and merges the fields of the marked message."""

    def setUp(self):
        for program in ("spamass-milter", "spamc"):
            if shutil.which(program) is None:
                self.skipTest(f"{program} is not installed")
        super().setUp()
        self.place = str(self.dir / "milter.sock")
        spamc = ("-F", "/dev/null", "-d", "127.0.0.1", "-p", str(self.spamd.port))
        with (self.dir / "milter.log").open("wb") as log:
            milter = subprocess.Popen(
                ["spamass-milter", "-m", "-r", "15", "-p", self.place, "--", *spamc],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.addCleanup(milter.wait, PATIENCE_S)
        self.addCleanup(milter.kill)  # it takes five seconds to end by itself
        harness.wait_for(
            lambda: pathlib.Path(self.place).exists(),
            "the socket of spamass-milter",
            (self.dir / "milter.log").read_text,
        )

    def filter(self, message):
        """The message as the mail server has it after the filter."""
        name, address = client = ("mail.example.org", "192.0.2.10")
        own = f"Received: from {name} ({name} [{address}]) by mx.example.net\n"
        mail = Message(own.encode() + message)
        milter = Milter(self.place)
        try:
            milter.filter(mail, client, "alice@example.org", "bob@example.net", "mx.example.net")
        finally:
            milter.close()
        return mail

    def test_ham_gets_the_fields_of_the_verdict(self):
        mail = self.filter(HAM)
        (status,) = mail.values("X-Spam-Status")
        self.assertRegex(status, r"^No, score=0\.0 required=5\.0 tests=TRUST_UNKNOWN autolearn=")
        self.assertEqual(len(mail.values("X-Spam-Checker-Version")), 1)
        self.assertEqual(mail.body, b"At noon?\n")

    def test_spam_is_rejected(self):
        with self.assertRaisesRegex(MilterError, "b'y'.*550 5.7.1"):
            self.filter(SPAM)


if __name__ == "__main__":
    harness.main()
