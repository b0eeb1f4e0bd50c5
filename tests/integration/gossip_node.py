"""Runs gossip on a store, for the integration tests and the demo.

A Node is a store with a gossip process on a loopback port that the kernel chose. Everything
lies in one directory; nothing sleeps for a guessed time.
"""

import json
import pathlib
import re
import signal
import subprocess

import harness

GOSSIP = harness.BUILD / "gossip" / "gossip"

# Peers are asked often, so that a test need not wait for news.
CONFIG = """\
gossip_listen 127.0.0.1:0
gossip_sync_interval 1s
authres_trusted_authserv mx.example.org
"""


class Node:
    """One gossip process. The store is made by init()."""

    def __init__(self, directory, domain, config=""):
        self.dir = pathlib.Path(directory)
        self.dir.mkdir(parents=True, exist_ok=True)
        self.dir.chmod(0o755)
        self.domain = domain
        self.store = self.dir / "store"
        self.config = self.dir / "gossip.cf"
        self.config.write_text(CONFIG + config)
        self.log = self.dir / "gossip.log"
        self.prefix = []  # words before the command: where it runs
        self.address = "127.0.0.1"
        self.process = None
        self.port = None
        self.pin = None

    def init(self, *users):
        """Makes the store, with users of that domain."""
        self.trustctl("init", "--domain", self.domain)
        for user in users:
            self.trustctl("user", "add", f"{user}@{self.domain}")
        return self

    def trustctl(self, *args, check=True):
        return harness.trustctl(self.store, *args, check=check)

    def json(self, *args):
        return json.loads(self.trustctl(*args, "--json").stdout)

    def start(self):
        """Starts it and returns when it listens."""
        before = len(self.starts())
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, str(GOSSIP), "--store", str(self.store), "-C", str(self.config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.wait_start(before)
        return self

    def starts(self):
        """(port, pin) of each start that the log tells of."""
        text = self.log_text()
        ports = re.findall(r"listening on \S+:(\d+)$", text, re.M)
        pins = re.findall(r"started, version \S+, pin (\S+)", text)
        return list(zip(map(int, ports), pins))

    def wait_start(self, before):
        def started():
            if self.process.poll() is not None:
                raise AssertionError(f"ended with {self.process.returncode}\n{self.tail()}")
            return len(self.starts()) > before

        harness.wait_for(started, "gossip to start", self.tail)
        self.port, self.pin = self.starts()[-1]

    @property
    def url(self):
        return f"https://{self.host}"

    @property
    def host(self):
        return f"{self.address}:{self.port}"

    def kill(self):
        """As a power failure would end it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process = None

    def stop(self):
        """Ends it as an administrator would; its exit status, None if it did not run."""
        process, self.process = self.process, None
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            return process.wait(harness.PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError("does not stop\n" + self.tail()) from None

    def log_text(self):
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def tail(self, lines=40):
        return "\n".join(self.log_text().splitlines()[-lines:])

    def wait_log(self, pattern):
        return harness.wait_for(
            lambda: re.search(pattern, self.log_text(), re.M), f"log line {pattern}", self.tail
        )

    # --- peers ---------------------------------------------------------------------------

    def invite(self, *options):
        """The link of a new invitation."""
        done = self.trustctl("peer", "invite", "--host", self.host, *options)
        return done.stdout.splitlines()[0]

    def accept(self, link, *options):
        """Follows it; the digits."""
        return self.json("peer", "accept", link, *options)["digits"]

    def peers(self):
        """What `peer list` shows, by name."""
        return {peer["name"]: peer for peer in self.json("peer", "list")}

    def connect(self, other):
        """Makes the two peers, by their pins."""
        self.trustctl("peer", "add", other.url, "--pin", other.pin, "--name", other.domain)
        other.trustctl("peer", "add", self.url, "--pin", self.pin, "--name", self.domain)

    def statements(self):
        """(act, issuer, subject) of all it holds."""
        return {(s["act"], s["issuer"], s["subject"]) for s in self.json("statement", "list")}

    def identity(self, user):
        """The thumbprint of a local user."""
        return self.json("user", "show", f"{user}@{self.domain}")["identity"]
