#!/usr/bin/env python3
"""metrics_client.py - a small ACME client for tests/metrics.sh, which can also do wrong.

metrics_client.py DIRECTORY ROOT STATE ACTION [ARGUMENT...]

The actions are the functions do_* below; they print what the server made of it.  STATE is a
folder that keeps the account and the last certificate from one call to the next.
"""
import http.server
import sys
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import serialization

sys.dont_write_bytecode = True  # the sources may be read-only
from acme_client import Server, b64, jwk_of, key_new, request_for, sign, thumbprint, verdict

SLOW = 2  # seconds that a slow web server takes


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


# --- Accounts -----------------------------------------------------------------------------


def do_account(server, _):
    return verdict(server.register())


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


def authorize(server, port, name, manner, **more):
    """A new order and its URL, after the only challenge has been decided."""
    payload = {"identifiers": [{"type": "dns", "value": name}], **more}
    _, headers, order = server.post(server.directory["newOrder"], payload)
    web = None if manner == "closed" else Web(port, thumbprint(server.key), manner)
    authz = server.post(order["authorizations"][0], None)[2]
    challenge = next(c for c in authz["challenges"] if c["type"] == "http-01")
    server.post(challenge["url"], {})
    challenge = server.wait(challenge["url"], "valid", "invalid")
    if web is not None:
        web.stop()
    return headers["Location"], order, challenge


def do_order(server, arguments, **more):
    """order PORT NAME [wrong | closed | slow]: with a certificate if all is well."""
    port, name, manner = int(arguments[0]), arguments[1], (arguments[2:] or ["right"])[0]
    url, order, challenge = authorize(server, port, name, manner, **more)
    if challenge["status"] == "invalid":
        return "invalid " + challenge["error"]["type"].rsplit(":", 1)[-1]
    server.post(order["finalize"], {"csr": b64(request_for(name))})
    order = server.wait(url, "valid", "invalid")
    pem = server.post(order["certificate"], None)[2]
    with open(f"{server.state}/certificate.pem", "wb") as file:
        file.write(pem)
    return order["status"]


def do_renew(server, arguments):
    """renew PORT NAME: an order that replaces the last certificate (RFC 9773)."""
    with open(f"{server.state}/certificate.pem", "rb") as file:
        leaf = x509.load_pem_x509_certificate(file.read())
    key = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    serial = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1, "big")
    return do_order(server, arguments, replaces=f"{b64(key.key_identifier)}.{b64(serial)}")


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
