"""Signs statements with a key file that somebody copied: what a thief can do who has it.

Independent of our own code: the format is that of docs/STATEMENTS.md, the signatures are openssl's.
"""

import base64
import hashlib
import json
import pathlib
import subprocess
import tempfile
import time

from harness import PATIENCE_S

DAY_S = 86400


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def openssl(*args):
    return subprocess.run(
        ["openssl", *map(str, args)], check=True, capture_output=True, timeout=PATIENCE_S
    ).stdout


class Key:
    """A private key in a PEM file."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        der = openssl("pkey", "-in", path, "-pubout", "-outform", "der")
        self.public = base64url(der[-32:])
        jwk = f'{{"crv":"Ed25519","kty":"OKP","x":"{self.public}"}}'
        self.thumbprint = base64url(hashlib.sha256(jwk.encode()).digest())

    @classmethod
    def make(cls, path):
        openssl("genpkey", "-algorithm", "ed25519", "-out", path)
        return cls(path)

    def sign(self, data):
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            return openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", file.name)

    def statement(self, act, issuer, subject, iat=None, lifetime=100 * DAY_S, **more):
        """The JWS; `more` are further claims."""
        iat = int(time.time()) if iat is None else iat
        claims = {
            "ver": 1, "act": act, "iss": issuer, "key": self.public, "sub": subject, "seq": 1,
            "iat": iat, "exp": iat + lifetime, "aud": "open", **more,
        }
        head = base64url(b'{"alg":"Ed25519","typ":"trust+jwt"}')
        text = f"{head}.{base64url(json.dumps(claims, separators=(',', ':')).encode())}"
        return f"{text}.{base64url(self.sign(text.encode()))}"

    def vouch(self, issuer, subject, iat=None):
        return self.statement("vouch", issuer, f"addr:{subject}", iat, lvl=2)
