"""Scorers behind the daemon: a scripted one that misbehaves in every way the network allows, and
Debian's real spamd."""

import os
import re
import signal
import socket
import subprocess
import threading

import harness
from harness import HAM, read_all, request

REAL_SPAMD = "/usr/sbin/spamd"

TABLE = b"""Content analysis details:   (3.5 points, 5.0 required)

 pts rule name              description
---- ---------------------- --------------------------------------------------
 4.0 FAKE_ONE               BODY: Talks of lunch
-0.5 FAKE_TWO               Polite

"""

FIELDS = b"""X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-25) on scorer.example.net
X-Spam-Status: No, score=3.5 required=5.0 tests=FAKE_ONE,FAKE_TWO
X-Spam-Relay-Country: ZZ
X-Spam-Languages: en
\tde
X-Spam-Trust-Tier: well-trusted
Subject: lunch

"""

TOLD = b"SPAMD/1.1 0 EX_OK\r\nDidSet: local,remote\r\n\r\n\r\n"


def answer(score="3.5", body=TABLE, length=None):
    """A well-formed answer to REPORT or HEADERS."""
    length = len(body) if length is None else length
    head = f"SPAMD/1.1 0 EX_OK\r\nContent-length: {length}\r\nSpam: False ; {score} / 5.0\r\n\r\n"
    return head.encode() + body


class FakeScorer:
    """Listens on loopback and treats every connection as `behave(connection)` does."""

    def __init__(self, behave, path=None, tls=None, queue=64, begins=True):
        self.behave = behave
        self.tls = tls
        self.requests = []
        self.released = threading.Event()
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.bind(str(path) if path else ("127.0.0.1", 0))
        if path:
            path.chmod(0o777)
        self.listener.listen(queue)
        self.port = None if path else self.listener.getsockname()[1]
        self.address = str(path or f"{'ssl:' if tls else ''}127.0.0.1:{self.port}")
        if begins:
            self.begin()

    def begin(self):
        """Starts to accept; until then the kernel's queue fills."""
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                if self.tls:
                    connection = self.tls.wrap_socket(connection, server_side=True)
                self.behave(self, connection)
            except OSError:
                pass  # the daemon has given up on us, as it should
            finally:
                connection.close()

    def close(self):
        self.released.set()
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    # Ways to behave.

    def reads(self, connection):
        """Reads a request to the end of the sending, over TLS by its length."""
        if self.tls:
            wire = b""
            while not (head := re.match(rb"(?s).*?Content-length: (\d+)\r\n\r\n", wire)):
                wire += connection.recv(65536) or self.gone()
            while len(wire) < head.end() + int(head[1]):
                wire += connection.recv(65536) or self.gone()
            self.requests.append(wire)
        else:
            self.requests.append(read_all(connection))
        return self.requests[-1]

    @staticmethod
    def gone():
        raise ConnectionError("the client has ended early")

    def answers(self, connection):
        connection.sendall(self.good_answer(self.reads(connection)))

    @staticmethod
    def good_answer(wire):
        if wire.startswith(b"TELL"):
            return TOLD
        return answer(body=FIELDS if wire.startswith(b"HEADERS") else TABLE)

    def answers_all_but(self, command, reply=b""):
        """A way to behave: to that command these bytes alone."""

        def behave(fake, connection):
            wire = fake.reads(connection)
            connection.sendall(reply if wire.startswith(command) else fake.good_answer(wire))

        return behave

    def says(self, reply):
        """A way to behave: read everything, then these bytes."""

        def behave(fake, connection):
            fake.reads(connection)
            connection.sendall(reply)

        return behave

    def waits(self, connection):
        self.reads(connection)
        self.released.wait(harness.PATIENCE_S)

    def waits_unread(self, connection):
        self.released.wait(harness.PATIENCE_S)

    def closes(self, connection):
        self.requests.append(b"")

    def floods(self, connection):
        self.reads(connection)
        connection.sendall(answer(length=1 << 20, body=b"x" * (1 << 20) + b"more"))

    def drips(self, connection):
        """A byte now and then, for ever: the time limit is absolute."""
        self.reads(connection)
        for byte in answer() * 1000:
            connection.sendall(bytes([byte]))
            if self.released.wait(0.2):
                return


RULES = r"""
header REAL_SUBJECT Subject =~ /lunch/
score REAL_SUBJECT 2.25
describe REAL_SUBJECT The subject talks of food, in words that are long enough to be wrapped somewhere
body REAL_BODY /noon/i
score REAL_BODY -0.5
describe REAL_BODY Noon
clear_report_template
report Content analysis details:   (_SCORE_ points, _REQD_ required)
report " pts rule name              description"
report ---- ---------------------- --------------------------------------------------
report _SUMMARY_
"""


LEARNER = """
loadplugin Mail::SpamAssassin::Plugin::Bayes
loadplugin ReporterForTests {directory}/reporter.pm
"""

# Takes every report and every revocation, as a reporting network would.
REPORTER = """
package ReporterForTests;
use strict;
use Mail::SpamAssassin::Plugin;
our @ISA = ("Mail::SpamAssassin::Plugin");
sub new {
  my ($class, $main) = @_;
  my $self = bless $class->SUPER::new($main), $class;
  return $self;
}
sub plugin_report {
  my ($self, $options) = @_;
  $options->{report}->{report_available} = $options->{report}->{report_return} = 1;
}
sub plugin_revoke {
  my ($self, $options) = @_;
  $options->{revoke}->{revoke_available} = $options->{revoke}->{revoke_return} = 1;
}
1;
"""


class OwnPort:
    """A port of loopback for a program that cannot tell which one it got. Until close() the kernel gives it to
    nobody who asks for any; who names it, and sets SO_REUSEADDR as servers do, gets it."""

    def __init__(self):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.number = self.socket.getsockname()[1]

    def close(self):
        self.socket.close()


class RealSpamd:
    """Debian's, with rules of its own, so that it starts at once and asks no network.

    `identity` is (key, certificate) for TLS; with `learns` it takes TELL and has a learner. `rules` are
    the contents of its rule directory, `prefix` what stands in front of the command line.
    """

    def __init__(
        self, directory, *options, config="", identity=None, learns=False, rules=RULES, prefix=()
    ):
        base, site = directory / "rules", directory / "site"
        for path in (base, site):
            path.mkdir(parents=True)
        plugins = "loadplugin Mail::SpamAssassin::Plugin::Check\n"
        (directory / "reporter.pm").write_text(REPORTER)
        learner = LEARNER.format(directory=directory) if learns else ""
        (base / "init.pre").write_text(plugins + learner)
        (base / "10_test.cf").write_text(rules)
        (directory / "bayes").mkdir()
        (directory / "bayes").chmod(0o777)
        if learns:
            config += f"use_bayes 1\nbayes_path {directory}/bayes/db\nbayes_auto_learn 0\n"
            options += ("--allow-tell",)
        (site / "local.cf").write_text(config)
        (directory / "home").mkdir()
        (directory / "home").chmod(0o777)
        self.errors = directory / "stderr"
        command = [*prefix, REAL_SPAMD, "-L", "-x", "-C", base, "--siteconfigpath", site, "-s", "stderr"]
        self.port = OwnPort() if identity else None
        if identity:
            self.address = f"ssl:127.0.0.1:{self.port.number}"
            command += ["--ssl", "--server-key", identity[0], "--server-cert", identity[1]]
            command += ["-i", self.address]
        else:
            self.address = str(directory / "spamd.sock")
            command += ["--socketpath", self.address, "--socketmode", "0777"]
        command += ["-m", "2", "--min-children", "1", "-H", directory / "home"]
        if harness.is_root():
            command += ["-u", harness.ACCOUNT]
        command += options
        with self.errors.open("wb") as errors:
            # In a group of its own, so that its children can be stopped with it.
            self.process = subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
            )
        harness.wait_for(self.is_up, "the real spamd", self.text)

    def text(self):
        return self.errors.read_text(errors="replace")

    def is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the real spamd ended\n{self.text()}")
        return "spawned child process" in self.text()

    def pause(self):
        os.killpg(self.process.pid, signal.SIGSTOP)

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.port is not None:
            self.port.close()


class UpstreamTest(harness.DaemonTest):
    def fake(self, behave, path=None, **kwargs):
        fake = FakeScorer(behave, path, **kwargs)
        self.addCleanup(fake.close)
        return fake

    def start(self, *fakes, config="upstream_timeout 60\n", **kwargs):
        lines = "".join(f"upstream {fake.address}\n" for fake in fakes)
        return self.daemon("-x", config=lines + config, **kwargs).start()

    def symbols(self, spamd, message=HAM, **kwargs):
        """(score, rules) of a SYMBOLS reply."""
        head, _, body = spamd.exchange(request("SYMBOLS", message, **kwargs)).partition(b"\r\n\r\n")
        score = float(head.partition(b"; ")[2].partition(b" /")[0])
        return score, body.decode().strip().split(",")

    def expect_own_verdict(self, spamd):
        score, rules = self.symbols(spamd)
        self.assertEqual(score, 0.0)
        self.assertIn("TRUST_NO_UPSTREAM", rules, spamd.tail())
        self.assertNotIn("FAKE_ONE", rules)
