"""acme_client.py - a small ACME client, for the tests that have one in Python."""
import base64
import hashlib
import http.client
import json
import os
import ssl
import sys
import threading
import time
import urllib.parse

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def key_new():
    return ec.generate_private_key(ec.SECP256R1())


def jwk_of(key):
    numbers = key.public_key().public_numbers()
    return {
        "crv": "P-256",
        "kty": "EC",
        "x": b64(numbers.x.to_bytes(32, "big")),
        "y": b64(numbers.y.to_bytes(32, "big")),
    }


def thumbprint(key):
    text = json.dumps(jwk_of(key), sort_keys=True, separators=(",", ":"))
    return b64(hashlib.sha256(text.encode()).digest())


def sign(key, protected, payload):
    """A flattened JWS with ES256."""
    head = b64(json.dumps(protected).encode())
    body = "" if payload is None else b64(json.dumps(payload).encode())
    r, s = utils.decode_dss_signature(
        key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    )
    signature = b64(r.to_bytes(32, "big") + s.to_bytes(32, "big"))
    return {"protected": head, "payload": body, "signature": signature}


class Server:
    """The ACME server, and the account that is used with it.  For any number of threads; each
    has a connection of its own, which is kept."""

    def __init__(self, directory, root, state):
        self.context = ssl.create_default_context(cafile=root)
        self.state = state
        self.here = threading.local()
        self.directory = self.send("GET", directory)[2]
        self.key, self.kid = None, None
        if os.path.exists(f"{state}/account.json"):
            with open(f"{state}/account.json", encoding="utf-8") as file:
                saved = json.load(file)
            self.kid = saved["kid"]
            self.key = serialization.load_pem_private_key(saved["key"].encode(), None)

    def save(self):
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        with open(f"{self.state}/account.json", "w", encoding="utf-8") as file:
            json.dump({"kid": self.kid, "key": pem.decode()}, file)

    def register(self):
        """An account for a new key, which is saved; the reply."""
        self.key = key_new()
        payload = {"termsOfServiceAgreed": True}
        reply = self.post(self.directory["newAccount"], payload, by_key=True)
        self.kid = reply[1]["Location"]
        self.save()
        return reply

    def connection(self, authority):
        if getattr(self.here, "authority", None) != authority:
            self.here.connection = http.client.HTTPSConnection(authority, context=self.context)
            self.here.authority = authority
        return self.here.connection

    def send(self, method, url, body=None, kind="application/jose+json"):
        """Status, headers, and the body: parsed if it is JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": kind}
        where = urllib.parse.urlsplit(url)
        connection = self.connection(where.netloc)
        connection.request(method, where.path, data, headers)
        reply = connection.getresponse()
        content = reply.read()
        is_json = "json" in reply.headers.get("Content-Type", "")
        return reply.status, reply.headers, json.loads(content) if is_json else content

    def nonce(self):
        return self.send("HEAD", self.directory["newNonce"])[1]["Replay-Nonce"]

    def post(self, url, payload, nonce=None, by_key=False, key=None):
        protected = {"alg": "ES256", "nonce": nonce or self.nonce(), "url": url}
        if by_key:
            protected["jwk"] = jwk_of(key or self.key)
        else:
            protected["kid"] = self.kid
        return self.send("POST", url, sign(key or self.key, protected, payload))

    def wait(self, url, *until):
        for _ in range(200):
            reply = self.post(url, None)[2]
            if reply["status"] in until:
                return reply
            time.sleep(0.1)
        sys.exit(f"{url} stays {reply['status']}")


def verdict(reply):
    """What a server said, in two words: the status, the problem's type."""
    status, _, body = reply
    problem = body.get("type", "") if isinstance(body, dict) else ""
    return f"{status} {problem.rsplit(':', 1)[-1]}".strip()


def request_for(name):
    key = key_new()
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )
