#!/usr/bin/env python3
"""lab_client.py - the ACME client of tests/lab.sh.

lab_client.py DIRECTORY ROOT STATE ACTION [ARGUMENT...]

The actions are the functions do_* below.  STATE is a folder, which the web servers look into:
"tokens/TOKEN" is the key authorization for it, "tokens/NAME" the last one for a name.
"""
import concurrent.futures
import hashlib
import json
import os
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # the sources may be read-only
from acme_client import Server, b64, request_for, thumbprint

AT_ONCE = 48  # validations; the CA holds each request up to a second
DNS_SERVER = "192.33.14.30"  # takes updates


class Lab(Server):
    """Spends the nonces that come with replies; keeps an account for each CA."""

    def __init__(self, directory, root, state):
        where = f"{state}/client{directory.split(':')[2].split('/')[0]}"
        os.makedirs(where, exist_ok=True)
        super().__init__(directory, root, where)
        self.lab = state
        if self.kid is None:
            self.register()

    def send(self, method, url, body=None, kind="application/jose+json"):
        reply = super().send(method, url, body, kind)
        self.here.nonce = reply[1].get("Replay-Nonce")
        return reply

    def nonce(self):
        nonce, self.here.nonce = getattr(self.here, "nonce", None), None
        return nonce or super().nonce()

    def order(self, *names):
        """Its URL, and the order."""
        payload = {"identifiers": [{"type": "dns", "value": name} for name in names]}
        status, headers, order = self.post(self.directory["newOrder"], payload)
        if status != 201:
            raise SystemExit(f"newOrder: {status} {order}")
        return headers["Location"], order

    def challenge(self, authz, method):
        authz = self.post(authz, None)[2]
        return next(c for c in authz["challenges"] if c["type"] == method)


def publish(server, name, challenge):
    """For the web servers; returns the key authorization."""
    text = f"{challenge['token']}.{thumbprint(server.key)}"
    for what in (challenge["token"], name):
        with open(f"{server.lab}/tokens/{what}", "w", encoding="utf-8") as file:
            file.write(text)
    return text


# --- TXT records by dynamic update ---------------------------------------------------------


def others(count):
    return [f'"{b64(hashlib.sha256(str(n).encode()).digest())}"' for n in range(count)]


# What stands at _acme-challenge: presentation format, from the right value.
TEXTS = {
    "right": lambda v: [f'"{v}"'],
    "wrong": lambda v: [f'"{v[:-1]}_"'],
    "split": lambda v: [f'"{v[:7]}" "{v[7:]}"'],
    "split43": lambda v: [" ".join(f'"{c}"' for c in v)],
    "before": lambda v: ['"' + "x" * 255 + f'" "{v}"'],
    "behind": lambda v: [f'"{v}" "' + "x" * 255 + '"'],
    "quoted": lambda v: [f'"\\"{v}\\""'],
    "space": lambda v: [f'"{v} "'],
    "newline": lambda v: [f'"{v}\\010"'],
    "nul": lambda v: [f'"{v}\\000"'],
    "padded": lambda v: [f'"{v}="'],
    "upper": lambda v: [f'"{v.upper()}"'],
    "empty": lambda v: ['""'],
    "control": lambda v: ['"\\027[31m\\000\\255\\034"'],
    "last": lambda v: others(2) + [f'"{v}"'],
    "100": lambda v: others(99) + [f'"{v}"'],
    "none100": lambda v: others(100),
    "1000": lambda v: others(999) + [f'"{v}"'],
}


# CAA records of a name, from the URL of the account that asks.
CAAS = {
    "account": lambda url: [f'0 issue "ca.lab; accounturi={url}"'],
    "stranger": lambda url: [f'0 issue "ca.lab; accounturi={url}0"'],
    "prefix": lambda url: [f'0 issue "ca.lab; accounturi={url[:-1]}"'],
    "twice": lambda url: [f'0 issue "ca.lab; accounturi={url}; accounturi={url}"'],
    "method": lambda url: [f'0 issue "ca.lab; accounturi={url}; validationmethods=http-01"'],
    "wrongmethod": lambda url: [f'0 issue "ca.lab; accounturi={url}; validationmethods=dns-01"'],
    "either": lambda url: ['0 issue "other.lab"', f'0 issue "ca.lab; accounturi={url}"'],
}

updating = threading.Lock()  # of several at once a failing one spoils the others


def update(name, kind, data):
    """Puts records in place of what is there.  The zone's name is the last two labels."""
    zone = ".".join(name.split(".")[-2:])
    for first in range(0, len(data), 500):
        lines = [f"server {DNS_SERVER}", f"zone {zone}."]
        if first == 0:
            lines.append(f"update delete {name}. {kind}")
        lines += [f"update add {name}. 0 {kind} {d}" for d in data[first : first + 500]]
        script = "\n".join(lines + ["send", ""])
        with updating:
            subprocess.run(
                ["knsupdate", "-v"], input=script.encode(), check=True, stdout=sys.stderr
            )


# --- Actions ------------------------------------------------------------------------------


def settle(server, url):
    """The challenge when it is decided."""
    while True:
        challenge = server.post(url, None)[2]
        if challenge["status"] in ("valid", "invalid"):
            return challenge
        time.sleep(0.1)


def one_line(text):
    return " ".join(text.split())


def say(problem, status, began):
    """verdict TAB ms TAB detail"""
    verdict = problem.get("type", status).rsplit(":", 1)[-1]
    took = int((time.monotonic() - began) * 1000)
    return f"{verdict}\t{took}\t{one_line(problem.get('detail', ''))}"


def prepare(server, line):
    """An order, with what its validation needs put in place: its URL, it, the challenge."""
    method, name, *more = line.split()
    options = dict(m.split("=", 1) for m in more)
    base = name.removeprefix("*.")
    url, order = server.order(name)
    challenge = server.challenge(order["authorizations"][0], method)
    authorization = publish(server, base, challenge)
    if "text" in options:
        value = b64(hashlib.sha256(authorization.encode()).digest())
        where = options.get("at", f"_acme-challenge.{base}")
        update(where, "TXT", TEXTS[options["text"]](value))
    if "caa" in options:
        update(base, "CAA", CAAS[options["caa"]](server.kid))
    return url, order, challenge


def validate(server, line):
    """"METHOD NAME [text=MANNER at=NAME caa=MANNER]": what becomes of the challenge."""
    challenge = prepare(server, line)[2]
    began = time.monotonic()
    server.post(challenge["url"], {})
    challenge = settle(server, challenge["url"])
    return say(challenge.get("error", {}), challenge["status"], began)


def issue(server, line):
    """The same, and on to the certificate: where it fails first, or "valid"."""
    url, order, challenge = prepare(server, line)
    began = time.monotonic()
    server.post(challenge["url"], {})
    challenge = settle(server, challenge["url"])
    if challenge["status"] == "invalid":
        return say(challenge["error"], "invalid", began)
    status, _, reply = server.post(
        order["finalize"], {"csr": b64(request_for(line.split()[1]))}
    )
    if status != 200:
        return say(reply, "invalid", began)
    order = server.wait(url, "valid", "invalid")
    return say(order.get("error", {}), order["status"], began)


def safely(act, server, line):
    try:
        return act(server, line)
    except (Exception, SystemExit) as error:  # a line each, whatever happens
        return f"none\t0\t{one_line(repr(error))}"


def side_by_side(act, server):
    """The lines of standard input; a line for each, in their order."""
    lines = [line.strip() for line in sys.stdin]
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for result in pool.map(lambda line: safely(act, server, line), lines):
            print(result)


def do_validate(server, _):
    """A line of validate() for each line of standard input."""
    side_by_side(validate, server)


def do_issue(server, _):
    """The same of issue()."""
    side_by_side(issue, server)


def begin(server, method, name):
    """Authorization and challenge of a new order; the validation has begun."""
    authz = server.order(name)[1]["authorizations"][0]
    challenge = server.challenge(authz, method)
    publish(server, name, challenge)
    server.post(challenge["url"], {})
    return authz, challenge["url"]


def do_begin(server, arguments):
    """begin METHOD NAME: prints the URLs of the authorization and the challenge."""
    print(*begin(server, *arguments))


def do_settle(server, arguments):
    """settle AUTHZ CHALLENGE: the status of both when it is decided."""
    challenge = settle(server, arguments[1])
    print(server.post(arguments[0], None)[2]["status"], challenge["status"])


def do_again(server, arguments):
    """again METHOD NAME TIMES: posts a challenge that often, side by side; its status."""
    method, name, times = arguments
    challenge = server.challenge(server.order(name)[1]["authorizations"][0], method)
    publish(server, name, challenge)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda _: server.post(challenge["url"], {}), range(int(times))))
    print(settle(server, challenge["url"])["status"])


def do_flood(server, arguments):
    """flood METHOD ZONE COUNT: that many validations begin, of n0.ZONE and so on."""
    method, zone, count = arguments
    names = [f"n{n}.{zone}" for n in range(int(count))]
    orders = [server.order(*names[n : n + 100])[1] for n in range(0, len(names), 100)]

    def start(authz):
        server.post(server.challenge(authz, method)["url"], {})

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(start, [a for order in orders for a in order["authorizations"]]))
    print(len(names))


def do_fresh(server, arguments):
    """fresh ZONE TIMES: a name without a record, at once another one with a new record; how
    many of the second are valid."""
    zone, times = arguments
    verdicts = []
    for n in range(int(times)):
        validate(server, f"dns-01 fresh{n}a.{zone}")
        verdicts.append(validate(server, f"dns-01 fresh{n}b.{zone} text=right").split()[0])
    print(verdicts.count("valid"))


def do_deactivate(server, arguments):
    """deactivate METHOD NAME: an account that goes while its validation runs."""
    server.register()
    begin(server, *arguments)
    print(server.post(server.kid, {"status": "deactivated"})[2]["status"])
    os.remove(f"{server.state}/account.json")


def do_expire(server, arguments):
    """expire METHOD NAME SECONDS: an order whose validation begins so long after it; the
    status of order, authorization and challenge when that is decided."""
    method, name, seconds = arguments
    url, order = server.order(name)
    challenge = server.challenge(order["authorizations"][0], method)
    publish(server, name, challenge)
    time.sleep(float(seconds))
    server.post(challenge["url"], {})
    challenge = settle(server, challenge["url"])
    urls = url, order["authorizations"][0]
    print(*(server.post(u, None)[2]["status"] for u in urls), challenge["status"])


def main(arguments):
    if len(arguments) < 4 or f"do_{arguments[3]}" not in globals():
        sys.exit(__doc__)
    globals()[f"do_{arguments[3]}"](Lab(*arguments[:3]), arguments[4:])


main(sys.argv[1:])
