"""Hosts with addresses of their own on one machine: network namespaces on a cable that can be cut.

	main(...)      goes on inside a namespace of its own, as root or through a user namespace,
	               or prints why that cannot be and tells meson that the test was skipped
	Network        the hub between the hosts: it loses, delays, separates
	Host           one namespace, with an interface and an /etc/hosts that all hosts share

Nothing has a name outside: a namespace lives as long as a process that holds it, which reads
from a pipe and ends with us, whatever ends us. The hub is a thread that copies frames between
packet sockets, so loss and delay come from a seed and need no module of the kernel (netem is often
not there).
"""

import contextlib
import heapq
import os
import pathlib
import random
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

import harness

SKIPPED = 77  # tells meson so
INSIDE = "SPAMD_TRUST_TEST_NETNS"

# linux/if_packet.h: frames come and go with what the kernel has not computed yet (checksums).
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING, VNET_HDR_LEN = 263, 15, 23, 10
ETH_P_ALL = 3
FRAME_MAX = VNET_HDR_LEN + 65536 + 64

# A connection that nobody answers is given up after seconds, where a host of today takes minutes.
IMPATIENT = {"tcp_syn_retries": 1, "tcp_retries2": 3}


def run(*command):
    """Runs a command that must succeed; what it printed."""
    done = subprocess.run(
        [str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=harness.PATIENCE_S, check=False,
    )
    if done.returncode != 0:
        raise OSError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def skip(reason):
    print(f"skipped: {reason}", file=sys.stderr)
    sys.exit(SKIPPED)


def enter():
    """Goes on in a namespace of its own, or ends with the reason why not."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for program in ("ip", "unshare", "nsenter", "setpriv"):
        if not shutil.which(program):
            skip(f"{program} is not installed (Debian: iproute2, util-linux)")
    reasons = []
    for how in (["--net"], ["--user", "--map-root-user", "--net"]):
        command = ["unshare", *how, "--mount"]
        try:
            run(*command, "true")
        except OSError as error:
            reasons.append(str(error))
            continue
        os.environ[INSIDE] = "1"
        os.execvp(command[0], [*command, sys.executable, *sys.argv])
    skip("no network namespaces here: " + "; ".join(reasons))


def probe():
    """Tries what the tests need of the kernel, once."""
    try:
        with Network() as network:
            network.host("192.0.2.1")
    except OSError as error:
        skip(f"this kernel or container lacks something: {error}")


def main():
    """harness.main() inside a namespace."""
    if INSIDE not in os.environ:
        enter()
    probe()
    harness.main()


class Host:
    """A network namespace with one interface, eth0, and its end at the hub."""

    def __init__(self, network, number, address):
        self.address = address
        self.end = f"port{number}"
        self.holder = subprocess.Popen(
            ["unshare", "--net", "--mount", "sh", "-c",
             f"mount --bind {network.names} /etc/hosts && echo ready && exec cat"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        try:
            if self.holder.stdout.readline() != "ready\n":
                raise OSError("no namespace: " + self.holder.stderr.read().strip())
            self.make_interface()
        except BaseException:
            self.close()
            raise

    def make_interface(self):
        pid = self.holder.pid
        run("ip", "link", "add", self.end, "type", "veth", "peer", "name", "eth0", "netns", pid)
        run("ip", "link", "set", self.end, "up")
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", "eth0", "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        for name, value in IMPATIENT.items():
            with contextlib.suppress(OSError):  # read-only in some containers: then it takes longer
                self.run("sh", "-c", f"echo {value} >/proc/sys/net/ipv4/{name}")

    def inside(self, *command):
        """The words that run a command in there, which ends when we do."""
        pid = self.holder.pid
        return [
            *("setpriv", "--pdeathsig", "KILL", "nsenter"),
            *(f"--net=/proc/{pid}/ns/net", f"--mount=/proc/{pid}/ns/mnt", *command),
        ]

    def run(self, *command):
        return run(*self.inside(*map(str, command)))

    def cut(self):
        """Pulls the cable: the interface has no carrier."""
        run("ip", "link", "set", self.end, "down")

    def heal(self):
        run("ip", "link", "set", self.end, "up")

    def move(self, address):
        """Another address, at once."""
        self.run("ip", "address", "del", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "address", "add", f"{address}/24", "dev", "eth0")
        self.address = address

    def close(self):
        """The namespace ends with its last process; its cable goes with it."""
        with contextlib.suppress(OSError):
            run("ip", "link", "del", self.end)
        self.holder.kill()
        self.holder.wait()
        for pipe in (self.holder.stdin, self.holder.stdout, self.holder.stderr):
            pipe.close()


class Network:
    """The hub. Use as a context manager; hosts come with host()."""

    def __init__(self, seed=1):
        self.rng = random.Random(seed)
        self.loss = 0.0  # of all frames
        self.delay_s = (0.0, 0.0)  # between; so frames overtake each other
        self.carried = self.lost = 0
        self.hosts = []
        self.sockets = []
        self.part = []  # the part of the network where each host is
        self.waiting = []  # heap of (due, number, host, frame)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="netns-"))
        self.names = self.directory / "hosts"
        self.names.write_text("127.0.0.1 localhost\n")
        self.wake = socket.socketpair()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def host(self, address):
        host = Host(self, len(self.hosts), address)
        self.hosts.append(host)
        packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        packets.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
        packets.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        packets.bind((host.end, ETH_P_ALL))
        packets.setblocking(False)
        self.part.append(0)
        self.sockets.append(packets)
        self.wake[0].send(b"!")
        return host

    def call(self, names):
        """The name service of all hosts: {name: host}."""
        lines = [f"{host.address} {name}\n" for name, host in names.items()]
        self.names.write_text("127.0.0.1 localhost\n" + "".join(lines))

    def separate(self, *parts):
        """Hosts of different parts do not hear each other; without parts, all do."""
        for number, hosts in enumerate(parts):
            for host in hosts:
                self.part[self.hosts.index(host)] = number
        if not parts:
            self.part = [0] * len(self.hosts)

    def impair(self, loss, delay_s):
        """From now on loses that share of all frames, and holds others back between these times."""
        self.carried = self.lost = 0
        self.loss, self.delay_s = loss, delay_s

    # --- the thread --------------------------------------------------------------------------

    def carry(self):
        while True:
            due = self.waiting[0][0] - time.monotonic() if self.waiting else None
            ready, _, _ = select.select(
                [self.wake[1], *self.sockets], [], [], None if due is None else max(due, 0)
            )
            for which in ready:
                if which is self.wake[1]:
                    if which.recv(1) != b"!":
                        return
                else:
                    self.take(self.sockets.index(which))
            self.deliver()

    def take(self, source):
        """One frame from a host: lost, or on its way to all others that hear it."""
        try:
            frame = self.sockets[source].recv(FRAME_MAX)
        except OSError:  # the cable was cut
            return
        for target in range(len(self.sockets)):
            if target == source or self.part[target] != self.part[source]:
                continue
            if self.rng.random() < self.loss:
                self.lost += 1
                continue
            self.carried += 1
            due = time.monotonic() + self.rng.uniform(*self.delay_s)
            heapq.heappush(self.waiting, (due, self.carried, target, frame))

    def deliver(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, target, frame = heapq.heappop(self.waiting)
            with contextlib.suppress(OSError):  # cut, or its queue is full: lost, as on a line
                self.sockets[target].send(frame)

    def close(self):
        self.wake[0].send(b".")
        self.thread.join()
        for each in [*self.wake, *self.sockets, *self.hosts]:
            each.close()
        shutil.rmtree(self.directory, ignore_errors=True)
