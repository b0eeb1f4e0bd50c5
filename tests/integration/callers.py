"""Real programs that ask a spamd, with Debian's behind them or ours: started on loopback, ended by
their own pid, and messages of every shape to put through them.
"""

import grp
import itertools
import os
import pathlib
import pwd
import re
import shutil
import smtplib
import subprocess

import harness
import shapes
from comparison import OURS_ALONE, comparable
from scorers import REAL_SPAMD, RealSpamd

HERE = pathlib.Path(__file__).resolve().parent / "clients"

SENDER, RECIPIENT, OTHER = "alice@example.org", "bob@example.net", "carol@example.net"

# Both daemons judge by these alone, so that a program must make the same of their answers.
PLAIN = shapes.COMMON + "report_safe 0\n"


def letter(words="", body=b"At noon?\n", more=b"", subject=b"lunch"):
    """A message that hits the rules of shapes.RULES that have one of the words."""
    asked = b"X-Trust-Test: " + words.encode() + b"\n" if words else b""
    return (
        b"From: Alice <alice@example.org>\nTo: bob@example.net\nSubject: " + subject + b"\n"
        b"Date: Mon, 1 Jan 2024 12:00:00 +0000\nMessage-ID: <20240101.1@mail.example.org>\n"
        + asked + more + b"\n" + body
    )  # fmt: skip


OLD_FIELDS = (
    b"X-Spam-Status: Yes, score=99.9 required=5.0 tests=FORGED\n\tautolearn=no\n"
    b"X-Spam-Flag: YES\nX-Spam-Level: *************\nX-Spam-Trust-Tier: well-trusted\n"
    b"X-Spam-Checker-Version: SpamAssassin 9.9 on mail.example.com\n"
)

LETTERS = {
    "ham": letter(),
    "ham with a rule": letter("ham"),
    "spam": letter("spam"),
    "just below": letter("edge"),
    "just spam": letter("five"),
    "rejected": letter("spam ham edge tiny long five", subject=b"free"),
    "no header": b"\nAt noon?\n",
    "no header and no blank line": b"At noon?\nOr at one?\n",
    "no body": b"Subject: lunch\nX-Trust-Test: spam\n\n",
    "8-bit": letter("spam", b"caf\xe9 \xff\xfe gr\xc3\xbc\xc3\x9fe\n", subject=b"caf\xc3\xa9 \xe9"),
    "dots": letter("ham", b".\n..\n.x\nX-Spam-Status: No, score=-9 tests=BODY\n...\n. \n"),
    "old fields": letter("ham", more=OLD_FIELDS),
    "old fields in spam": letter("spam", more=OLD_FIELDS),
    "long lines": letter("ham", b"x" * 900 + b"\n" + b"y" * 2500 + b"\n"),
    "a long field": letter("ham", more=b"X-Long: " + b"a\n\t" * 200 + b"b\n"),
    "control bytes": letter("ham", b"a\x01b\x7fc\x1b[1m\n\ttab\n\n\n"),
    "no line end": letter("ham", b"At noon?"),
    "large": letter("spam", (b"0123456789abcdef" * 4 + b"\n") * 10_000),
}


def needs(*programs):
    """Skips a test class where one of these is not installed, and says so."""
    missing = [name for name in programs if shutil.which(name) is None]

    def decorate(case):
        if missing:
            case.__unittest_skip__ = True
            case.__unittest_skip_why__ = f"not installed: {', '.join(missing)} (scripts/deps test)"
        return case

    return decorate


def npm_packages(test, name):
    """The directory with what clients/NAME.json wants, installed once for a build directory."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            test.skipTest(f"{program} is not installed")
    packages = harness.BUILD / "clients" / name
    packages.mkdir(parents=True, exist_ok=True)
    done = packages / "installed.json"
    wanted = (HERE / f"{name}.json").read_bytes()
    if not done.exists() or done.read_bytes() != wanted:
        (packages / "package.json").write_bytes(wanted)
        command = ["npm", "install", "--prefix", str(packages), "--ignore-scripts", "--omit=optional"]
        command += ["--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=0"]
        if subprocess.run(command, timeout=2 * harness.PATIENCE_S, check=False).returncode != 0:
            test.skipTest(f"npm cannot install what clients/{name}.json wants (no network?)")
        done.write_bytes(wanted)
    return packages


def own(path):
    """Gives a path to the account that programs get when root starts them."""
    if harness.is_root():
        entry = pwd.getpwnam(harness.ACCOUNT)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def account():
    """(user, group) that a program is to run with."""
    entry = pwd.getpwuid(harness.account_uid())
    return entry.pw_name, grp.getgrgid(entry.pw_gid).gr_name


def listening_port(pid):
    """The port of 127.0.0.1 on which that process listens, None while there is none."""
    sockets = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").glob("*"):
        try:
            sockets.add(os.readlink(link))
        except FileNotFoundError:
            pass
    for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        place, state, inode = (line.split()[column] for column in (1, 3, 9))
        if state == "0A" and f"socket:[{inode}]" in sockets:
            return int(place.partition(":")[2], 16)
    return None


def normal(mail):
    """A delivered message without what differs between two runs of the same."""
    mail = re.sub(rb"(?m)^(Received|X-Haraka-UUID):.*\n(\s.*\n)*", b"", mail)
    return comparable(mail)


def first_differences(expected, found):
    """Lines about them, for people."""
    lines = [repr(outcome).split(r"\n") for outcome in (expected, found)]
    pairs = enumerate(itertools.zip_longest(*lines, fillvalue=""))
    return [f"line {n}: {a[:300]}\n  but now: {b[:300]}" for n, (a, b) in pairs if a != b][:8]


class Program:
    """One program with its directory and its log. Subclasses say how to start it, and put() a
    message through it."""

    def __init__(self, directory):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir()
        self.dir.chmod(0o755)
        self.log = self.dir / "log"
        self.process = None

    def launch(self, command, **popen):
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.dir,
                **popen,
            )

    def text(self):
        return self.log.read_text(errors="replace")

    def wait(self, condition, what):
        """Waits until condition() holds and returns its value, as long as the program runs."""

        def looked():
            if self.process.poll() is not None:
                raise AssertionError(f"the program ended\n{self.text()}")
            return condition()

        return harness.wait_for(looked, what, self.text)

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process is not None:
            self.process.wait()


class MailServer(Program):
    """A program that takes mail over SMTP on self.port and delivers into files: delivered()."""

    port = None

    def send(self, message, recipients=(RECIPIENT,)):
        """(code of the answer to the message, its text)"""
        name = "mail.example.org"
        with smtplib.SMTP("127.0.0.1", self.port, name, harness.PATIENCE_S) as smtp:
            smtp.ehlo()
            smtp.mail(SENDER)
            for recipient in recipients:
                code, text = smtp.rcpt(recipient)
                assert code == 250, (code, text)
            try:
                code, text = smtp.data(message.replace(b"\n", b"\r\n"))
            except smtplib.SMTPDataError as error:
                code, text = error.smtp_code, error.smtp_error
        return code, text.decode(errors="replace")

    def deliver(self, message, recipients=(RECIPIENT,)):
        """(code, the message as it was delivered, with LF; None where it was not)"""
        for path in self.delivered():
            path.unlink()
        code, _ = self.send(message, recipients)
        found = [path.read_bytes().replace(b"\r\n", b"\n") for path in self.delivered()]
        assert len(found) == (code == 250), (code, found, self.text())
        return code, found[0] if found else None

    def put(self, message, recipients=(RECIPIENT,)):
        code, mail = self.deliver(message, recipients)
        return code, mail and normal(mail)


class CallerTest(harness.DaemonTest):
    """compare_with_the_original() puts LETTERS through a program, and what becomes of them must be the same
    behind Debian's spamd, behind ours, and behind ours with Debian's as its upstream."""

    left_out = ()
    prefix = ()  # of the command lines of both daemons
    real_options = ours_options = ()

    def begin(self, place, name):
        """Starts the program with the daemon at that place; a Program."""
        raise NotImplementedError

    def place(self, daemon):
        """Where the program finds it: our Daemon or a RealSpamd."""
        return str(daemon.socket if isinstance(daemon, harness.Daemon) else daemon.address)

    def ours(self, config, *commands, options=()):
        """Ours, over a store made with the commands of trustctl."""
        store = self.make_store(*commands)
        daemon = self.daemon("-x", *self.ours_options, *options, config=config, store=store)
        daemon.command[:0] = self.prefix
        return daemon.start()

    def real(self, name, *options, config=PLAIN + shapes.RULES, prefix=()):
        directory = self.dir / name
        directory.mkdir()
        daemon = RealSpamd(directory, *options, config=config, rules="", prefix=prefix)
        self.addCleanup(daemon.stop)
        return daemon

    def run_program(self, daemon, name):
        program = self.begin(self.place(daemon), name)
        self.addCleanup(program.stop)
        return program

    def outcomes(self, daemon, name):
        """What becomes of each letter, and of one with two recipients."""
        program = self.run_program(daemon, name)
        found = {
            name: program.put(message)
            for name, message in LETTERS.items()
            if name not in self.left_out
        }
        found["two recipients"] = program.put(LETTERS["spam"], (RECIPIENT, OTHER))
        program.stop()
        daemon.stop()
        return found

    def compare_with_the_original(self):
        if not pathlib.Path(REAL_SPAMD).exists():
            self.skipTest(f"{REAL_SPAMD} is missing (scripts/deps test)")
        real = self.real("real", *self.real_options, prefix=self.prefix)
        expected = self.outcomes(real, "behind-real")
        ours = self.ours(PLAIN + shapes.RULES + OURS_ALONE)
        self.compare(expected, self.outcomes(ours, "behind-ours"), ours)
        shutil.rmtree(ours.store)
        chained = self.real("chained")
        config = f"upstream {chained.address}\nupstream_max_size 10000000\nscore TRUST_NO_UPSTREAM 1\n"
        config += "upstream_timeout 120\n"
        ours = self.ours(PLAIN + OURS_ALONE + config)
        self.compare(expected, self.outcomes(ours, "behind-both"), ours)

    def compare(self, expected, found, daemon):
        self.assertEqual(expected.keys(), found.keys())
        for name, outcome in expected.items():
            with self.subTest(name):
                if outcome != found[name]:  # assertEqual() would take ages for a large message
                    self.fail("\n".join([*first_differences(outcome, found[name]), daemon.tail(5)]))
