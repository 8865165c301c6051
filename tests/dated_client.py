"""dated_client.py - orders around a dated limit, for tests/dated.sh.

dated_client.py URL ROOT STATE PORT order NAME PROFILE [NOTAFTER]
dated_client.py URL ROOT STATE PORT finalize NAME ORDER

order: "ready URL" once it is proved by http-01, "pending URL" if it says PROVE=no in the
environment, else the refusal.  finalize: "DAYS NOTBEFORE" of the certificate, else the refusal.
"""
import datetime
import http.server
import os
import sys
import threading

from cryptography import x509

import acme_client

answers = {}


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        text = answers.get(self.path.rsplit("/", 1)[-1], "").encode()
        self.send_response(200 if text else 404)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


def refusal(reply):
    detail = reply[2].get("detail", "") if isinstance(reply[2], dict) else ""
    return f"{acme_client.verdict(reply)}: {detail}"


def prove(server, authz):
    """Its status in the end."""
    for challenge in server.post(authz, None)[2]["challenges"]:
        if challenge["type"] == "http-01" and challenge["status"] == "pending":
            token = challenge["token"]
            answers[token] = f"{token}.{acme_client.thumbprint(server.key)}"
            server.post(challenge["url"], {})
    return server.wait(authz, "valid", "invalid")["status"]


def order(server, name, profile, not_after=None):
    payload = {"identifiers": [{"type": "dns", "value": name}], "profile": profile}
    if not_after:
        payload["notAfter"] = not_after
    reply = server.post(server.directory["newOrder"], payload)
    if reply[0] != 201:
        return refusal(reply)
    if reply[2]["status"] == "pending" and os.environ.get("PROVE") != "no":
        for authz in reply[2]["authorizations"]:
            prove(server, authz)
    url = reply[1]["Location"]
    return f"{server.post(url, None)[2]['status']} {url}"


def finalize(server, name, url):
    csr = acme_client.b64(acme_client.request_for(name))
    reply = server.post(server.post(url, None)[2]["finalize"], {"csr": csr})
    if reply[0] != 200:
        return refusal(reply)
    done = server.wait(url, "valid", "invalid")
    if done["status"] != "valid":
        return f"invalid: {done.get('error')}"
    chain = server.post(done["certificate"], None)[2]
    cert = x509.load_pem_x509_certificate(chain)
    life = cert.not_valid_after - cert.not_valid_before + datetime.timedelta(seconds=1)
    return f"{life / datetime.timedelta(days=1):g} {cert.not_valid_before.isoformat()}"


def main():
    url, root, state, port, command = sys.argv[1:6]
    web = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Answer)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    server = acme_client.Server(url, root, state)
    if server.key is None:
        server.register()
    print({"order": order, "finalize": finalize}[command](server, *sys.argv[6:]))


if __name__ == "__main__":
    main()
