#!/usr/bin/env python3
"""lab_web.py - web servers, good and bad, for tests/lab.sh: ports 80 and 443 of every address.

lab_web.py STATE

The first label of the Host says what happens: the tables below.  Any other gets the key
authorization that STATE/tokens has for the last part of the path, so whoever asks here is
proved; by tls-alpn-01 too, with the one for the host.  Each request is a line "HOST PORT PATH"
in STATE/web.log, each end of an endless answer a line "HOST sent N".
"""
import datetime
import hashlib
import os
import re
import socket
import ssl
import sys
import threading
import time
import zlib

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

WELL = "/.well-known/acme-challenge/"
STALL = 40  # seconds of silence

# Location by the name; {} is the path that was asked for.
REDIRECTS = {
    "to-good": "http://right.web.lab{}",
    "to-loopback": "http://127.0.0.1{}",
    "to-loopback2": "http://127.8.9.10{}",
    "to-six": "http://[::1]{}",
    "to-hex": "http://0x7f000001{}",
    "to-decimal": "http://2130706433{}",
    "to-octal": "http://0177.0.0.1{}",
    "to-short": "http://127.1{}",
    "to-zero": "http://0.0.0.0{}",
    "to-nothing": "http://0{}",
    "to-mapped": "http://[::ffff:127.0.0.1]{}",
    "to-mapped-good": "http://[::ffff:93.184.216.34]{}",
    "to-nat64": "http://[64:ff9b::7f00:1]{}",
    "to-zone": "http://[fe80::1%25wire]{}",
    "to-linklocal": "http://[fe80::1]{}",
    "to-metadata": "http://169.254.169.254{}",
    "to-metadata6": "http://[fd00:ec2::254]{}",
    "to-ten": "http://10.9.9.9{}",
    "to-multicast": "http://224.0.0.1{}",
    "to-fullwidth": "http://１２７.0.0.1{}",
    "to-private": "http://private.web.lab{}",
    "to-own": "http://5.6.7.2{}",
    "to-localhost": "http://localhost{}",
    "to-address": "http://93.184.216.35{}",
    "to-address6": "http://[2606:2800:220:1::35]{}",
    "to-rebound": "http://rebind.naughty.lab{}",
    "to-22": "http://right.web.lab:22{}",
    "to-8080": "http://right.web.lab:8080{}",
    "to-0": "http://right.web.lab:0{}",
    "to-65536": "http://right.web.lab:65536{}",
    "to-65616": "http://right.web.lab:65616{}",
    "to-minus": "http://right.web.lab:-80{}",
    "to-80": "http://right.web.lab:80{}",
    "to-tls80": "https://right.web.lab:80{}",
    "to-ftp": "ftp://right.web.lab{}",
    "to-file": "file:///etc/passwd",
    "to-gopher": "gopher://right.web.lab{}",
    "to-dict": "dict://right.web.lab{}",
    "to-data": "data:text/plain,hello",
    "to-upper": "HTTP://RIGHT.WEB.LAB{}",
    "to-relative": "/elsewhere{}",
    "to-dots": "../../elsewhere{}",
    "to-slashes": "//right.web.lab{}",
    "to-query": "?{}",
    "to-user": "http://user@right.web.lab{}",
    "to-password": "http://a:b@right.web.lab{}",
    "to-disguise": "http://right.web.lab@127.0.0.1{}",
    "to-backslash": "http://right.web.lab\\@127.0.0.1{}",
    "to-fragment": "http://right.web.lab{}#here",
    "to-fragmented": "http://right.web.lab#@127.0.0.1{}",
    "to-empty": "",
    "to-space": "http://right.web.lab /{}",
    "to-nohost": "http://{}",
    "to-underscore": "http://a_b.web.lab{}",
    "to-long": "http://right.web.lab/" + "x" * 3000 + "{}",
    "to-known": "http://right.web.lab.well-known{}",
    "to-tls": "https://right.web.lab{}",
    "to-tls443": "https://right.web.lab:443{}",
    "to-tlsaddress": "https://93.184.216.35{}",
    "to-expired": "https://expired.web.lab{}",
    "to-othername": "https://othername.web.lab{}",
    "to-tls10": "https://tls10.web.lab{}",
    "to-tls11": "https://tls11.web.lab{}",
    "to-tls12": "https://tls12.web.lab{}",
    "to-stalled": "https://stalled.web.lab{}",
    "to-plain": "https://plain.web.lab{}",
    "to-back": "https://to-good.web.lab{}",
    "ping": "http://pong.web.lab{}",
    "pong": "http://ping.web.lab{}",
    "self": "http://self.web.lab{}",
}


class Request:
    """One connection: what was asked, and how to answer it."""

    def __init__(self, stream, port, state):
        self.stream, self.port, self.state = stream, port, state
        head = b""
        while b"\r\n\r\n" not in head:
            more = stream.recv(4096)
            if not more:
                raise ConnectionError
            head += more
        lines = head.decode("latin-1").split("\r\n")
        self.path = lines[0].split(" ")[1]
        self.host = next(h[6:] for h in lines if h.lower().startswith("host: "))
        self.manner = self.host.split(".")[0].lower()
        self.log(f"{port} {self.path}")

    def log(self, text):
        with open(f"{self.state}/web.log", "a", encoding="utf-8") as file:
            file.write(f"{self.host} {text}\n")

    def right(self):
        """The key authorization; the token alone if the client has not told it."""
        token = re.split("[/?]", self.path)[-1]
        try:
            with open(f"{self.state}/tokens/{token}", encoding="utf-8") as file:
                return file.read().encode()
        except OSError:
            return token.encode()

    def send(self, *parts):
        for part in parts:
            octets = part if isinstance(part, bytes) else part.encode("latin-1", "replace")
            self.stream.sendall(octets)

    def answer(self, body, status="200 OK", fields=""):
        if isinstance(body, str):
            body = body.encode()
        self.send(f"HTTP/1.1 {status}\r\n{fields}Content-Length: {len(body)}\r\n\r\n", body)

    def redirect(self, location, status="302 Found"):
        self.send(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: ".encode(),
                  location.encode(), b"\r\n\r\n")

    def for_ever(self, part, seconds=0.0):
        """Until the peer has enough of it, or nearly so: 64 MB."""
        sent = 0
        try:
            while sent < 64 << 20:
                self.send(part)
                sent += len(part)
                time.sleep(seconds)
        finally:
            self.log(f"sent {sent}")


HEAD = "HTTP/1.1 200 OK\r\n"
HTML = "<html><script>alert(1)</script></html>"

MANNERS = {
    "wrong": lambda r: r.answer("wrong"),
    "html": lambda r: r.answer(HTML),
    "nothing": lambda r: r.answer(""),
    "control": lambda r: r.answer("a\x1b[31m\x00\r\nb\x7f\"\\"),
    "binary": lambda r: r.answer(bytes(range(128, 228))),
    "utf8": lambda r: r.answer("grüße €"),
    "fit128": lambda r: r.answer(r.right().ljust(128)),
    "long129": lambda r: r.answer(r.right().ljust(129)),
    "mega": lambda r: r.answer(b"x" * (1 << 20)),
    "endless": lambda r: (r.send(HEAD + "\r\n"), r.for_ever(b"x" * 65536)),
    "chunks": lambda r: (
        r.send(HEAD + "Transfer-Encoding: chunked\r\n\r\n"),
        r.for_ever(b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    ),
    "chunked": lambda r: r.send(
        HEAD + "Transfer-Encoding: chunked\r\n\r\n",
        *(b"1\r\n%c\r\n" % c for c in r.right()), "0\r\n\r\n",
    ),
    "chunkhuge": lambda r: r.send(
        HEAD + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"
    ),
    "gzip": lambda r: r.answer(
        zlib.compress(bytes(10 << 20), wbits=31), fields="Content-Encoding: gzip\r\n"
    ),
    "lying": lambda r: r.send(HEAD + "Content-Length: 999999999999\r\n\r\n", r.right()),
    "nobytes": lambda r: time.sleep(STALL),
    "drip": lambda r: (r.send(HEAD + "Content-Length: 100\r\n\r\n"), r.for_ever(b"x", 0.5)),
    "headdrip": lambda r: (r.send(HEAD), r.for_ever(b"X: y\r\n", 0.5)),
    "headers": lambda r: (r.send(HEAD), r.for_ever(b"X-Much: " + b"y" * 100 + b"\r\n")),
    "header": lambda r: (r.send(HEAD + "X-Much: "), r.for_ever(b"y" * 4096)),
    "continue": lambda r: r.for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "continues": lambda r: (r.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 10000), r.answer(r.right())),
    "early": lambda r: (
        r.send("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), r.answer(r.right())
    ),
    "http09": lambda r: r.send(r.right()),
    "closes": lambda r: None,
    "echo": lambda r: r.answer(r.path),
    "twofold": lambda r: r.send(
        "HTTP/1.1 302 Found\r\nLocation: http://right.web.lab/\r\n",
        "Location: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
    ),
    "nowhere": lambda r: r.answer("", "302 Found"),
    "refresh": lambda r: r.answer("", fields="Refresh: 0; url=http://right.web.lab/\r\n"),
    "bare-cr": lambda r: r.send(
        b"HTTP/1.1 302 Found\r\nLocation: http://right.web.lab/\rX-A: b\r\nContent-Length: 0\r\n\r\n"
    ),
    "folded": lambda r: r.send(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\n x\r\nContent-Length: 0\r\n\r\n"
    ),
    "body302": lambda r: (
        r.send(f"HTTP/1.1 302 Found\r\nLocation: http://right.web.lab{r.path}\r\n\r\n"),
        r.for_ever(b"x" * 65536),
    ),
}


def hop(r, count):
    """count redirects, then right."""
    n = int((re.search(r"n=(\d+)", r.path) or [0, 0])[1])
    token = re.split("[/?]", r.path.split("&")[-1])[-1]
    if n >= count:
        return r.answer(r.right())
    return r.redirect(f"http://{r.host}{WELL}{token}?n={n + 1}&/{token}")


def serve(r):
    if r.manner in MANNERS:
        MANNERS[r.manner](r)
    elif r.manner in REDIRECTS and "elsewhere" not in r.path:
        r.redirect(REDIRECTS[r.manner].format(r.path))
    elif found := re.fullmatch(r"hop(\d+)", r.manner):
        hop(r, int(found[1]))
    elif found := re.fullmatch(r"after(\d+)", r.manner):
        time.sleep(int(found[1]))
        r.answer(r.right())
    elif found := re.fullmatch(r"status(\d+)", r.manner):
        r.answer(r.right(), f"{found[1]} What")
    elif found := re.fullmatch(r"via(\d+)", r.manner):
        r.redirect(f"http://right.web.lab{r.path}", f"{found[1]} Elsewhere")
    elif r.manner == "query":
        r.redirect(f"http://{r.host}{WELL}x?{time.monotonic_ns()}")
    else:
        r.answer(r.right())


# --- TLS ----------------------------------------------------------------------------------


def certificate(state, names, days, extensions=()):
    """Self-signed; its validity begins 90 days ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    begin = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(90)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin).not_valid_after(begin + datetime.timedelta(days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), False)
    )
    for extension, critical in extensions:
        made = made.add_extension(extension, critical)
    made = made.sign(key, hashes.SHA256())
    file = f"{state}/{os.getpid()}.{threading.get_ident()}.pem"
    with open(file, "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption()))
        out.write(made.public_bytes(serialization.Encoding.PEM))
    return file


def context(file, version=None):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if version is not None:
        made.set_ciphers("ALL:@SECLEVEL=0")
        made.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        made.maximum_version = version
    made.load_cert_chain(file)
    return made


def contexts(state):
    good = certificate(state, ["right.web.lab"], 365)
    return {
        "right": context(good),
        "expired": context(certificate(state, ["expired.web.lab"], 30)),
        "othername": context(certificate(state, ["else.test"], 365)),
        "tls10": context(good, ssl.TLSVersion.TLSv1),
        "tls11": context(good, ssl.TLSVersion.TLSv1_1),
        "tls12": context(good, ssl.TLSVersion.TLSv1_2),
    }


def server_name(hello):
    """That of a ClientHello, which is looked for in its octets; "" if there is none."""
    for found in re.finditer(rb"\0(\0[\4-\xff])([a-z0-9.-]+)", hello):
        size = int.from_bytes(found[1], "big")
        if found[2][:size].endswith(b".lab") and len(found[2]) >= size:
            return found[2][:size].decode()
    return ""


# --- tls-alpn-01 (RFC 8737) -----------------------------------------------------------------

ALPN = "acme-tls/1"
NEW_OID, OLD_OID = "1.3.6.1.5.5.7.1.31", "1.3.6.1.5.5.7.1.30.1"

# What is not as it must be: OID, criticality, names ({} is the right one), protocols chosen,
# TLS version; "digest" of what.
PROOFS = {
    "alpn-oldoid": {"oid": OLD_OID},
    "alpn-lax": {"critical": False},
    "alpn-noproof": {"oid": None},
    "alpn-wrong": {"digest": b"wrong"},
    "alpn-othername": {"names": ["else.test"]},
    "alpn-twonames": {"names": ["{}", "else.test"]},
    "alpn-wildcard": {"names": ["*.web.lab"]},
    "alpn-none": {"protocols": []},
    "alpn-h2": {"protocols": ["h2"]},
    "alpn-tls11": {"version": ssl.TLSVersion.TLSv1_1},
    "alpn-tls12": {"version": ssl.TLSVersion.TLSv1_2},
}


def proof_context(state, host):
    """Proves control of the host by the last key authorization for it."""
    how = PROOFS.get(host.split(".")[0], {})
    digest = how.get("digest")
    if digest is None:
        with open(f"{state}/tokens/{host}", "rb") as file:
            digest = hashlib.sha256(file.read()).digest()
    names = [name.format(host) for name in how.get("names", ["{}"])]
    extensions = []
    if how.get("oid", NEW_OID) is not None:
        proof = x509.UnrecognizedExtension(
            x509.ObjectIdentifier(how.get("oid", NEW_OID)), b"\4" + bytes([len(digest)]) + digest
        )
        extensions.append((proof, how.get("critical", True)))
    made = context(certificate(state, names, 365, extensions), how.get("version"))
    protocols = how.get("protocols", [ALPN])
    if protocols:
        made.set_alpn_protocols(protocols)
    return made


def start_tls(peer, state, known):
    """By the ClientHello."""
    hello = b""
    while len(hello) < 100:
        hello = peer.recv(4096, socket.MSG_PEEK)
        if not hello:
            raise ConnectionError
    host = server_name(hello)
    name = host.split(".")[0]
    if ALPN.encode() in hello:
        with open(f"{state}/web.log", "a", encoding="utf-8") as file:
            file.write(f"{host} 443 {ALPN}\n")
        proof_context(state, host).wrap_socket(peer, server_side=True).recv(1)
        raise ConnectionError
    if name == "stalled":
        time.sleep(STALL)
    if name == "plain":
        peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        raise ConnectionError
    return known.get(name, known["right"]).wrap_socket(peer, server_side=True)


# --- Sockets ------------------------------------------------------------------------------


def connection(peer, port, state, known):
    try:
        with peer:
            peer.settimeout(STALL)
            if port == 443:
                peer = start_tls(peer, state, known)
            serve(Request(peer, port, state))
    except OSError:
        pass  # it had enough


def listen(port, state, known):
    sock = socket.create_server(
        ("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=1024
    )
    while True:
        peer = sock.accept()[0]
        threading.Thread(
            target=connection, args=(peer, port, state, known), daemon=True
        ).start()


def main():
    state = sys.argv[1]
    known = contexts(state)
    for port in (80, 443):
        threading.Thread(target=listen, args=(port, state, known), daemon=True).start()
    print("ready", flush=True)
    threading.Event().wait()


main()
