"""DKIM signatures of any kind (RFC 6376), and a name server that knows their keys."""

import base64
import hashlib
import socket
import struct
import subprocess
import threading


def make_key(path):
    """Makes an RSA key in that file; the TXT record for it."""
    subprocess.run(["openssl", "genrsa", "-out", path, "1024"], capture_output=True, check=True)
    command = ["openssl", "rsa", "-in", path, "-pubout", "-outform", "DER"]
    public = subprocess.run(command, capture_output=True, check=True).stdout
    return "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


def sign(message, key, domain, identity=None):
    """Signs From and Subject of a milter.Message, which must end in a single line end, for the selector `sel`.
    No signer would write every i= that goes."""

    def relaxed(name, value):
        return name.lower() + b":" + b" ".join(value.split())

    body = hashlib.sha256(message.body.replace(b"\n", b"\r\n")).digest()
    tags = (
        b"v=1; a=rsa-sha256; c=relaxed/simple; s=sel; d=%s; i=%s; h=from:subject; bh=%s; b="
        % (domain, identity or b"@" + domain, base64.b64encode(body))
    )
    fields = {name.lower(): relaxed(name, value) for name, value in message.fields}
    covered = (fields[b"from"], fields[b"subject"], relaxed(b"DKIM-Signature", tags))
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-sign", key],
        input=b"\r\n".join(covered),
        capture_output=True,
        check=True,
    )
    message.fields.insert(0, (b"DKIM-Signature", b" " + tags + base64.b64encode(done.stdout)))


class KeyServer:
    """Answers questions for TXT over UDP on self.port: the text of `records` (name: text), else no such
    name."""

    def __init__(self, records):
        self.records = records
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            if not query:
                return
            self.socket.sendto(self.answer(query), client)

    def answer(self, query):
        end, labels = 12, []
        while length := query[end]:
            labels.append(query[end + 1 : end + 1 + length].decode().lower())
            end += 1 + length
        question = query[12 : end + 5]
        text = self.records.get(".".join(labels), "").encode()
        if not text or question[-4:] != b"\0\x10\0\1":
            return query[:2] + b"\x84\x03\0\1\0\0\0\0\0\0" + question
        parts = [text[at : at + 255] for at in range(0, len(text), 255)]
        data = b"".join(bytes([len(part)]) + part for part in parts)
        record = b"\xc0\x0c" + question[-4:] + struct.pack(">IH", 60, len(data)) + data
        return query[:2] + b"\x84\0\0\1\0\1\0\0\0\0" + question + record

    def close(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join()
        self.socket.close()
