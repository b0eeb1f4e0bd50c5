#!/usr/bin/env python3
"""Exim by its `spam` condition and by a transport filter, and spamass-milter as Postfix has it."""

import email
import re
import shutil
import subprocess

import harness
from callers import RECIPIENT, SENDER, CallerTest, Program, needs, normal
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


class Exim(Program):
    """Run once for each message: there is nothing to stop."""

    def __init__(self, directory, place, account, spamc=""):
        super().__init__(directory)
        self.dir.chmod(0o777)
        # A run with a configuration of its own keeps no more rights than these.
        transport_filter = f"transport_filter = {spamc}" if spamc else ""
        config = EXIM.format(dir=self.dir, place=place, account=account, filter=transport_filter)
        (self.dir / "exim.conf").write_text(config)
        self.delivered = self.dir / "delivered"
        self.replies = ""

    def deliver(self, message, recipients=(RECIPIENT,)):
        """Hands a message in over SMTP; it as it was delivered, once for all, None where it was not."""
        self.delivered.unlink(missing_ok=True)
        lines = ["EHLO mail.example.org", f"MAIL FROM:<{SENDER}>"]
        lines += [*(f"RCPT TO:<{recipient}>" for recipient in recipients), "DATA", ""]
        message = message if message.endswith(b"\n") else message + b"\n"
        wire = re.sub(rb"(?m)^\.", b"..", message).replace(b"\n", b"\r\n")
        done = subprocess.run(
            ["exim4", "-C", str(self.dir / "exim.conf"), "-odf", "-bs"],
            input="\r\n".join(lines).encode() + wire + b".\r\nQUIT\r\n",
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        self.replies = (done.stdout + done.stderr).decode(errors="replace")
        return self.delivered.read_bytes() if self.delivered.exists() else None

    def text(self):
        return self.replies + "".join(
            path.read_text(errors="replace") for path in self.dir.glob("exim-*log")
        )

    def put(self, message, recipients=(RECIPIENT,)):
        mail = self.deliver(message, recipients)
        assert "spam acl condition" not in self.text(), self.text()  # it complains of the answer
        refused = re.findall("^5.*", self.replies, re.M)
        own = rb"(?m)^From .*\n|(?<=^Message-Id: )<E1.*>"  # what Exim adds
        return refused, mail and re.sub(own, b"", normal(mail))


class EximTest(CallerTest):
    """Exim's `spam` condition, and a transport filter that runs spamc."""

    def setUp(self):
        if shutil.which("exim4") is None:
            self.skipTest("exim4 is not installed (Debian: exim4-daemon-heavy)")
        built = subprocess.run(["exim4", "-bV"], capture_output=True, text=True, check=False)
        if "Content_Scanning" not in built.stdout:
            self.skipTest("this exim4 has no spam condition (Debian: exim4-daemon-heavy)")
        if not harness.is_root():
            self.skipTest("exim4 takes a configuration of its own from root only")
        user = subprocess.run(["exim4", "-bP", "exim_user"], capture_output=True, text=True, check=True)
        self.account = user.stdout.split()[-1]
        super().setUp()

    def begin(self, place, name):
        return Exim(self.dir / name, place, self.account)

    def test_the_same_as_behind_the_original(self):
        self.compare_with_the_original()

    def test_spam_condition(self):
        ours = self.ours("report_safe 0\n")
        for name, place in (("tcp", f"127.0.0.1 {ours.port}"), ("unix", str(ours.socket))):
            with self.subTest(name):
                exim = self.begin(place, name)
                mail = exim.deliver(HAM)
                self.assertIsNotNone(mail, exim.text() + ours.tail())
                mail = email.message_from_bytes(mail)
                self.assertEqual(mail["X-Spam-Score"], "0.0 (/) 0", exim.text())
                self.assertIn("TRUST_UNKNOWN", mail["X-Spam-Report"])
                self.assertNotIn("spam acl condition", exim.text(), "Exim complains of the answer")
                self.assertIsNone(exim.deliver(SPAM))
                self.assertIn("550 spam: 1000.0 of 5", exim.replies)

    def test_transport_filter(self):
        ours = self.ours("report_safe 0\n")
        spamc = f"/usr/bin/spamc -F /dev/null -d 127.0.0.1 -p {ours.port} -u bob"
        exim = Exim(self.dir / "exim", f"127.0.0.1 {ours.port}", self.account, spamc)
        marked = b"X-Filter: yes\n"
        mail = email.message_from_bytes(exim.deliver(marked + HAM))
        self.assertRegex(mail["X-Spam-Status"], r"^No, score=0\.0 required=5\.0", exim.text())
        mail = email.message_from_bytes(exim.deliver(marked + SPAM))
        self.assertEqual(mail["X-Spam-Flag"], "YES", exim.text())


class SpamassMilter(Program):
    def __init__(self, directory, place):
        super().__init__(directory)
        self.place = self.dir / "milter.sock"
        spamc = ("-F", "/dev/null", "-s", "10000000", *place)
        self.launch(["spamass-milter", "-m", "-r", "15", "-p", self.place, "--", *spamc])
        self.wait(lambda: harness.listens(self.place, self.process.pid), "the socket of spamass-milter")

    def stop(self):
        self.process.kill()  # it takes five seconds to end by itself
        super().stop()

    def filter(self, message):
        """The message as the mail server has it after the filter."""
        name, address = client = ("mail.example.org", "192.0.2.10")
        own = f"Received: from {name} ({name} [{address}]) by mx.example.net\n"
        mail = Message(own.encode() + message)
        milter = Milter(str(self.place))
        try:
            milter.filter(mail, client, SENDER, RECIPIENT, "mx.example.net")
        finally:
            milter.close()
        return mail

    def put(self, message, recipients=(RECIPIENT,)):
        try:
            return normal(self.filter(message).raw())
        except MilterError as error:
            return str(error)


@needs("spamass-milter", "spamc")
class MilterTest(CallerTest):
    """spamass-milter, which runs spamc and merges the fields of the marked message."""

    left_out = ("no header", "no header and no blank line")  # no mail server hands these on

    def place(self, daemon):
        return ("-U", super().place(daemon))

    def begin(self, place, name):
        return SpamassMilter(self.dir / name, place)

    def test_the_same_as_behind_the_original(self):
        self.compare_with_the_original()

    def start(self):
        return self.run_program(self.ours("report_safe 0\n"), "milter")

    def test_ham_gets_the_fields_of_the_verdict(self):
        mail = self.start().filter(HAM)
        (status,) = mail.values("X-Spam-Status")
        self.assertRegex(status, r"^No, score=0\.0 required=5\.0 tests=TRUST_UNKNOWN autolearn=")
        self.assertEqual(len(mail.values("X-Spam-Checker-Version")), 1)
        self.assertEqual(mail.body, b"At noon?\n")

    def test_spam_is_rejected(self):
        milter = self.start()
        with self.assertRaisesRegex(MilterError, "b'y'.*550 5.7.1"):
            milter.filter(SPAM)


if __name__ == "__main__":
    harness.main()
