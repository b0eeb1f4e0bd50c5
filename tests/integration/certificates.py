"""Certificates for tests, made with openssl."""

from forge import openssl


def make_certificate(directory, name, issuer=None, names="DNS:localhost"):
    """NAME.key and NAME.pem for localhost; self-signed, or signed by `issuer`."""
    key, cert = directory / f"{name}.key", directory / f"{name}.pem"
    args = ["req", "-x509", "-newkey", "ed25519", "-nodes", "-days", "2", "-subj", f"/CN={name}"]
    args += ["-keyout", key, "-out", cert, "-addext", f"subjectAltName={names}"]
    if issuer:
        args += ["-CA", directory / f"{issuer}.pem", "-CAkey", directory / f"{issuer}.key"]
        args += ["-addext", "basicConstraints=critical,CA:FALSE"]
    openssl(*args)
    key.chmod(0o600)  # root reads it before it becomes another account
    return key, cert
