"""Starts the real programs on loopback, in a temporary directory, for the integration tests.

Nothing sleeps for a guessed time: wait_for() looks until a condition holds or a generous
deadline passes. Ports come from the kernel (`-p 0`) and are read from the daemon's log.
Every failure shows the end of the log. Servers are ended by their own pid.
"""

import contextlib
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(
    os.environ.get("BUILD_DIR", pathlib.Path(__file__).resolve().parents[2] / "build" / "debug")
)
SPAMD = BUILD / "spamd-trust" / "spamd-trust"
TRUSTCTL = BUILD / "trustctl" / "trustctl"
GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "spamd"

# How long anything may take before a test gives up on it. Not a measure of speed: machines are slow, and
# busy with other things.
PATIENCE_S = 180

# Root cannot be kept (the daemon gives it up), so tests run by root use this account.
ACCOUNT = "nobody"

GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

HAM = (
    b"From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: lunch\r\n"
    b"Message-ID: <20240101.1@mail.example.org>\r\n\r\nAt noon?\r\n"
).replace(b"\r\n", b"\n")
SPAM = HAM.replace(b"At noon?", GTUBE)


def is_root():
    return os.geteuid() == 0


def account_uid():
    """The uid the workers run with."""
    return pwd.getpwnam(ACCOUNT).pw_uid if is_root() else os.geteuid()


def wait_for(condition, what, tail=lambda: ""):
    """Calls condition() until it is true and returns its value."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}\n{tail()}")
        time.sleep(0.01)


def listens(path, pid):
    """Whether somebody in the network of that process listens at a UNIX socket: between bind()
    and listen() its file is there, and refuses."""
    accepts = 0x10000  # __SO_ACCEPTCON of the kernel
    table = pathlib.Path(f"/proc/{pid}/net/unix").read_text(errors="replace")
    rows = (row.split(maxsplit=7) for row in table.splitlines()[1:])
    return any(row[7:] == [str(path)] and int(row[3], 16) & accepts for row in rows)


def next_second():
    """Statements are dated in seconds: waits for the next one, and says which it is."""
    second = int(time.time()) + 1
    wait_for(lambda: time.time() >= second, "the next second")
    return second


def process_exists(pid):
    """False also for a process that has ended and was not collected yet."""
    try:
        state = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Daemon:
    """One spamd-trust. `options` go behind the harness' own, so the last one counts."""

    def __init__(self, directory, *options, config="", tcp=True, unix=True, user=True, store=None):
        self.dir = pathlib.Path(directory)
        self.log = self.dir / "spamd.log"
        self.errors = self.dir / "stderr"
        self.pidfile = self.dir / "spamd.pid"
        self.socket = self.dir / "spamd.sock"
        self.config = self.dir / "local.cf"
        self.config.write_text(config)
        self.store = pathlib.Path(store) if store else self.dir / "store"
        self.command = [
            str(SPAMD),
            *("--store", str(self.store), "-C", str(self.config)),
            *("-s", str(self.log), "-r", str(self.pidfile)),
        ]
        if tcp:
            self.command += ["-i", "127.0.0.1:0"]
        if unix:
            self.command += ["--socketpath", str(self.socket)]
        if user and is_root():
            self.command += ["-u", ACCOUNT]
        self.command += [str(option) for option in options]
        self.process = None
        self.port = None
        self.pid = None

    def start(self, **popen):
        """Starts it in the foreground and returns when it listens."""
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                **popen,
            )
        self.wait_started()
        return self

    def run(self, **kwargs):
        """Runs it to its end (-d, or a start that must fail)."""
        return subprocess.run(
            self.command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
            **kwargs,
        )

    def starts(self):
        """(port or None, pid) of each start that the log tells of."""
        found = []
        for line in self.log_text().splitlines():
            if "server started on " in line:
                match = re.search(r"\[127\.0\.0\.1\]:(\d+)", line)
                port = int(match.group(1)) if match else None
            if match_pid := re.search(r"server pid: (\d+)$", line):
                found.append((port, int(match_pid.group(1))))
        return found

    def wait_started(self, number=1):
        """Waits for the `number`-th start (SIGHUP makes more of them)."""

        def started():
            if self.process and self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}\n{self.tail()}")
            return len(self.starts()) >= number

        wait_for(started, f"start number {number}", self.tail)
        self.port, self.pid = self.starts()[number - 1]

    def wait_log(self, pattern):
        """Waits for a line that matches and returns the match."""
        return wait_for(
            lambda: re.search(pattern, self.log_text(), re.M), f"log line {pattern}", self.tail
        )

    def wait_log_count(self, text, count):
        """Waits until the log holds the text that often."""
        wait_for(
            lambda: self.log_text().count(text) >= count, f"{count} times {text!r}", self.tail
        )

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines=30):
        """The last lines of what it wrote, for failure messages."""
        text = self.errors.read_text(errors="replace") if self.errors.exists() else ""
        return "\n".join((text + self.log_text()).splitlines()[-lines:])

    def worker_pid(self):
        """The process that handles mail."""
        self.wait_log("spawned child process")
        match = re.findall(r"spawned child process, pid (\d+)", self.log_text())
        return int(match[-1])

    def stop(self):
        """Ends it as an administrator would; its exit status, None if it did not run."""
        process, self.process = self.process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("does not stop\n" + self.tail()) from None

    def kill(self):
        """Ends both processes at once, as a power failure would: the supervisor first stands still, since a
        worker that outlives it stops in good order."""
        worker = self.worker_pid()
        self.process.send_signal(signal.SIGSTOP)
        os.kill(worker, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def connect(self, timeout=PATIENCE_S):
        """A TCP connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def connect_unix(self):
        """A UNIX connection; waits while the queue of the socket is full."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.socket))
        connection.settimeout(PATIENCE_S)
        return connection

    def exchange(self, request, half_close=True):
        """Sends the bytes, reads to the end of the reply, returns it."""
        with self.connect() as connection:
            connection.sendall(request)
            if half_close:
                with contextlib.suppress(OSError):  # the daemon may have cut it already
                    connection.shutdown(socket.SHUT_WR)
            return read_all(connection)

    def spamc(self, *options, message=HAM):
        """Runs the real spamc over TCP."""
        return spamc("-d", "127.0.0.1", "-p", self.port, *options, message=message)

    def spamc_unix(self, *options, message=HAM):
        return spamc("-U", self.socket, *options, message=message)


def read_all(connection):
    """Everything to the end of the stream."""
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def spamc(*options, message=HAM):
    """Runs spamc with an empty personal configuration."""
    return subprocess.run(
        ["spamc", "-F", "/dev/null", *map(str, options)],
        input=message,
        capture_output=True,
        timeout=PATIENCE_S,
        check=False,
    )


def request(command, message=None, version="1.5", user=None, length=True, headers=()):
    """The bytes of a request; the message may be None for PING."""
    lines = [f"{command} SPAMC/{version}", *headers]
    if user is not None:
        lines.append(f"User: {user}")
    if message is not None and length:
        lines.append(f"Content-length: {len(message)}")
    return "\r\n".join([*lines, "", ""]).encode() + (message or b"")


def trustctl(store, *args, check=True):
    """Runs trustctl on a store."""
    done = subprocess.run(
        [str(TRUSTCTL), "--store", str(store), *map(str, args)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    if check and done.returncode != 0:
        raise AssertionError(f"trustctl {args}: {done.returncode}\n{done.stderr}")
    return done


def share_store(store):
    """Gives a store made by root to the account that the daemon runs as."""
    if not is_root():
        return
    entry = pwd.getpwnam(ACCOUNT)
    for path in [pathlib.Path(store), *pathlib.Path(store).rglob("*")]:
        os.chown(path, entry.pw_uid, entry.pw_gid)


class DaemonTest(unittest.TestCase):
    """Each test has a directory of its own and stops what it started."""

    maxDiff = None

    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="spamd-trust-test-"))
        self.dir.chmod(0o755)  # the account of the workers looks in here
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.daemons = []

    def tearDown(self):
        for daemon in self.daemons:
            daemon.stop()
            if daemon.errors.exists():  # a build with sanitizers reports there
                text = daemon.errors.read_text(errors="replace")
                self.assertNotRegex(text, "Sanitizer|runtime error", text)

    def daemon(self, *options, **kwargs):
        """A daemon that is stopped at the end; not started yet."""
        directory = self.dir / f"daemon{len(self.daemons)}"
        directory.mkdir()
        daemon = Daemon(directory, *options, **kwargs)
        self.daemons.append(daemon)
        return daemon

    def make_store(self, *commands, domain="example.org"):
        """A store of its own, after `trustctl init` and the commands given."""
        store = self.dir / "store"
        trustctl(store, "init", "--domain", domain)
        for command in commands:
            trustctl(store, *command)
        share_store(store)
        return store


def main():
    """Runs the tests of the calling file; missing programs are a failure, not a skip."""
    if not SPAMD.exists():
        raise SystemExit(f"{SPAMD} is missing: build first, or set BUILD_DIR")
    unittest.main(verbosity=2)
