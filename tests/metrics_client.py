#!/usr/bin/env python3
"""metrics_client.py - a small ACME client for tests/metrics.sh, which can also do wrong.

metrics_client.py DIRECTORY ROOT STATE ACTION [ARGUMENT...]

The actions are the functions do_* below; they print what the server made of it.  STATE is a
folder that keeps the account and the last certificate from one call to the next.
"""
import base64
import hashlib
import http.server
import json
import os
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

SLOW = 2  # seconds that a slow web server takes


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
    """The ACME server, and the account that is used with it."""

    def __init__(self, directory, root, state):
        self.context = ssl.create_default_context(cafile=root)
        self.state = state
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

    def send(self, method, url, body=None, kind="application/jose+json"):
        """Status, headers, and the body: parsed if it is JSON."""
        data = None if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": kind}
        request = urllib.request.Request(url, data, headers, method=method)
        try:
            reply = urllib.request.urlopen(request, context=self.context)
        except urllib.error.HTTPError as error:
            reply = error
        with reply:
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


class Web:
    """Answers http-01 on 127.0.0.1: right, wrong or slowly."""

    def __init__(self, port, thumb, manner):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                token = self.path.rsplit("/", 1)[1]
                if manner == "slow":
                    time.sleep(SLOW)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"nonsense" if manner == "wrong" else f"{token}.{thumb}".encode())

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def stop(self):
        self.http.shutdown()
        self.http.server_close()


def verdict(reply):
    """What a server said, in two words: the status, the problem's type."""
    status, _, body = reply
    problem = body.get("type", "") if isinstance(body, dict) else ""
    return f"{status} {problem.rsplit(':', 1)[-1]}".strip()


# --- Accounts -----------------------------------------------------------------------------


def do_account(server, _):
    server.key = key_new()
    reply = server.post(server.directory["newAccount"], {"termsOfServiceAgreed": True}, by_key=True)
    server.kid = reply[1]["Location"]
    server.save()
    return verdict(reply)


def do_find(server, _):
    payload = {"onlyReturnExisting": True}
    return verdict(server.post(server.directory["newAccount"], payload, by_key=True))


def do_update(server, _):
    return verdict(server.post(server.kid, {"contact": ["mailto:a@example.org"]}))


def do_key_change(server, _):
    url, fresh = server.directory["keyChange"], key_new()
    protected = {"alg": "ES256", "jwk": jwk_of(fresh), "url": url}
    inner = sign(fresh, protected, {"account": server.kid, "oldKey": jwk_of(server.key)})
    reply = server.post(url, inner)
    server.key = fresh
    server.save()
    return verdict(reply)


def do_deactivate(server, _):
    return verdict(server.post(server.kid, {"status": "deactivated"}))


# --- Orders -------------------------------------------------------------------------------


def request_for(name):
    key = key_new()
    return (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def authorize(server, port, name, manner):
    """A new order and its URL, after the only challenge has been decided."""
    payload = {"identifiers": [{"type": "dns", "value": name}]}
    _, headers, order = server.post(server.directory["newOrder"], payload)
    web = None if manner == "closed" else Web(port, thumbprint(server.key), manner)
    authz = server.post(order["authorizations"][0], None)[2]
    challenge = next(c for c in authz["challenges"] if c["type"] == "http-01")
    server.post(challenge["url"], {})
    challenge = server.wait(challenge["url"], "valid", "invalid")
    if web is not None:
        web.stop()
    return headers["Location"], order, challenge


def do_order(server, arguments):
    """order PORT NAME [wrong | closed | slow]: with a certificate if all is well."""
    port, name, manner = int(arguments[0]), arguments[1], (arguments[2:] or ["right"])[0]
    url, order, challenge = authorize(server, port, name, manner)
    if challenge["status"] == "invalid":
        return "invalid " + challenge["error"]["type"].rsplit(":", 1)[-1]
    server.post(order["finalize"], {"csr": b64(request_for(name))})
    order = server.wait(url, "valid", "invalid")
    pem = server.post(order["certificate"], None)[2]
    with open(f"{server.state}/certificate.pem", "wb") as file:
        file.write(pem)
    return order["status"]


def do_new_order(server, arguments):
    """new_order NAME: and nothing else."""
    payload = {"identifiers": [{"type": "dns", "value": arguments[0]}]}
    return verdict(server.post(server.directory["newOrder"], payload))


def do_two_fail(server, _):
    """Both names of an order fail, one after the other."""
    payload = {"identifiers": [{"type": "dns", "value": f"{n}.test"} for n in ("two", "three")]}
    _, headers, order = server.post(server.directory["newOrder"], payload)
    for url in order["authorizations"]:
        authz = server.post(url, None)[2]
        challenge = next(c for c in authz["challenges"] if c["type"] == "http-01")
        server.post(challenge["url"], {})
        server.wait(challenge["url"], "invalid")
    return server.wait(headers["Location"], "valid", "invalid")["status"]




def do_wrong_csr(server, arguments):
    """wrong_csr PORT NAME: the request has another name."""
    _, order, _ = authorize(server, int(arguments[0]), arguments[1], "right")
    return verdict(server.post(order["finalize"], {"csr": b64(request_for("other.test"))}))


def do_revoke(server, _):
    with open(f"{server.state}/certificate.pem", "rb") as file:
        leaf = x509.load_pem_x509_certificate(file.read())
    payload = {"certificate": b64(leaf.public_bytes(serialization.Encoding.DER))}
    return verdict(server.post(server.directory["revokeCert"], payload))


# --- Wrong requests -----------------------------------------------------------------------


def do_nonce(server, arguments):
    """nonce reused | foreign | malformed"""
    nonce = {"foreign": b64(bytes(28)), "malformed": "!"}.get(arguments[0])
    if nonce is None:
        nonce = server.nonce()
        server.post(server.kid, None, nonce)
    return verdict(server.post(server.kid, None, nonce))


def do_signature(server, _):
    """By a key that is not the account's."""
    return verdict(server.post(server.kid, None, key=key_new()))


def do_stranger(server, _):
    where, own = server.kid.rsplit("/", 1)
    server.kid = f"{where}/{'B' if own[0] == 'A' else 'A'}{own[1:]}"
    return verdict(server.post(server.kid, None))


def do_media(server, _):
    body = sign(server.key, {"alg": "ES256"}, {})
    return verdict(server.send("POST", server.directory["newOrder"], body, "text/plain"))


def do_method(server, _):
    return verdict(server.send("DELETE", server.directory["newOrder"]))


def do_path(server, _):
    return verdict(server.send("GET", server.directory["newOrder"] + "/no/such"))


def main(arguments):
    if len(arguments) < 4 or f"do_{arguments[3]}" not in globals():
        sys.exit(__doc__)
    directory, root, state, action = arguments[:4]
    print(globals()[f"do_{action}"](Server(directory, root, state), arguments[4:]))


main(sys.argv[1:])
