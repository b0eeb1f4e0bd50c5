"""The MTA's side of the milter protocol, as far as filters of arriving mail need it.

One message over one connection: every event gets its reply, nothing is skipped. What the
filter changes at the end of the message is applied the way Postfix does it: inserted fields
count from below the Received field that the MTA itself put on top, so they land between it
and the next field.
"""

import socket
import struct

from harness import PATIENCE_S

VERSION = 6
CHUNK_MAX = 65535  # of a body, as libmilter has it
ACTIONS = 0x3F  # add header, change body, add and delete recipient, change header, quarantine
# Events to which a filter may say that it never answers (SMFIP_NR_*).
UNANSWERED = {
    b"L": 0x80, b"C": 0x1000, b"H": 0x2000, b"M": 0x4000, b"R": 0x8000, b"T": 0x10000, b"N": 0x40000,
    b"B": 0x80000,
}  # fmt: skip
PASSING = (b"c", b"a", b"p")  # continue, accept, progress


class MilterError(Exception):
    """The filter refused the message or broke the protocol."""


class Message:
    """A message as a list of fields (name, body with its leading blank) and the rest."""

    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\n\n")
        self.fields = []
        for line in head.split(b"\n"):
            if line[:1] in (b" ", b"\t"):
                name, value = self.fields[-1]
                self.fields[-1] = (name, value + b"\n" + line)
            else:
                name, _, value = line.partition(b":")
                self.fields.append((name, value))

    def raw(self):
        head = b"".join(name + b":" + value + b"\n" for name, value in self.fields)
        return head + b"\n" + self.body

    def values(self, name):
        """All bodies of the named field, unfolded, from the top."""
        return [
            b" ".join(value.split()).decode()
            for found, value in self.fields
            if found.lower() == name.lower().encode()
        ]


class Milter:
    """One connection to a filter."""

    def __init__(self, address):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE_S)
        self.sock.connect(address)
        self.sock_file = self.sock.makefile("rb")
        self._send(b"O", struct.pack(">III", VERSION, ACTIONS, sum(UNANSWERED.values())))
        reply, data = self._receive()
        if reply != b"O":
            raise MilterError("no agreement on the protocol")
        self.protocol = struct.unpack(">I", data[8:12])[0]

    def close(self):
        self._send(b"Q", b"")
        self.sock_file.close()
        self.sock.close()

    def _send(self, command, data):
        self.sock.sendall(struct.pack(">I", len(data) + 1) + command + data)

    def _receive(self):
        head = self.sock_file.read(5)
        if len(head) < 5:
            raise MilterError("the filter closed the connection")
        size, command = struct.unpack(">Ic", head)
        return command, self.sock_file.read(size - 1)

    def _event(self, command, data=b""):
        self._send(command, data)
        if self.protocol & UNANSWERED[command]:
            return
        reply, text = self._receive()
        if reply not in PASSING:
            raise MilterError(f"{command!r} was answered with {reply!r} {text!r}")

    def _macros(self, command, **macros):
        pairs = b"".join(
            name.encode() + b"\0" + value.encode() + b"\0" for name, value in macros.items()
        )
        self._send(b"D", command + pairs)

    def filter(self, message, client, mail_from, rcpt_to, host="mx.example.org", helo=None):
        """Passes `message` from `client` (name, address) and applies what the filter wants."""
        own_received, fields = message.fields[0], message.fields[1:]
        if own_received[0].lower() != b"received":
            raise MilterError("the MTA's own Received field must be on top")
        name, address = client
        self._macros(b"C", j=host, daemon_name="smtpd", v="Postfix")
        where = name.encode() + b"\0" + b"4" + struct.pack(">H", 2525) + address.encode() + b"\0"
        self._event(b"C", where)
        self._event(b"H", (helo or name).encode() + b"\0")
        self._macros(b"M", i="4XTEST0000", mail_addr=mail_from)
        self._event(b"M", f"<{mail_from}>".encode() + b"\0")
        self._event(b"R", f"<{rcpt_to}>".encode() + b"\0")
        self._event(b"T")
        for field, value in fields:
            self._event(b"L", field + b"\0" + value.removeprefix(b" ") + b"\0")
        self._event(b"N")
        body = message.body.replace(b"\n", b"\r\n")
        for at in range(0, len(body), CHUNK_MAX):
            self._event(b"B", body[at : at + CHUNK_MAX])
        self._send(b"E", b"")
        self._apply(fields)
        message.fields = [own_received] + fields

    def _apply(self, fields):
        """Takes modifications until the final verdict."""
        while True:
            reply, data = self._receive()
            if reply == b"i":
                (index,) = struct.unpack(">I", data[:4])
                name, value = data[4:].split(b"\0")[:2]
                fields.insert(max(index - 1, 0), (name, b" " + value))
            elif reply == b"h":
                name, value = data.split(b"\0")[:2]
                fields.append((name, b" " + value))
            elif reply == b"m":
                self._change(fields, data)
            elif reply in (b"c", b"a"):
                return
            elif reply != b"p":
                raise MilterError(f"the message was answered with {reply!r} {data!r}")

    @staticmethod
    def _change(fields, data):
        """Replaces the n-th field of a name; an empty body removes it."""
        (index,) = struct.unpack(">I", data[:4])
        name, value = data[4:].split(b"\0")[:2]
        at = [i for i, field in enumerate(fields) if field[0].lower() == name.lower()]
        if index > len(at):
            return
        if value:
            fields[at[index - 1]] = (name, b" " + value)
        else:
            del fields[at[index - 1]]
