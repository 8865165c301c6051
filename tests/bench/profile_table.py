#!/usr/bin/env python3
"""profile_table.py - where the CPU time of one issuance goes, from perf's samples.

profile_table.py STACKS PROGRAM RUNS [PAGE]

STACKS is what "perf script -F comm,tid,ip,sym,dso" prints, PROGRAM was built with -g, RUNS
has the load "profile-2", whose CPU time is divided among the samples.
"""
import collections
import json
import os
import re
import subprocess
import sys

from compare_table import publish, read, rows

OTHER = "own code of the flows"

# What each piece costs at least at 8 in flight, in us; see "What the pieces cost".
LEAST = {
    "JWS: signatures verified": 282,
    "TLS, sockets, HTTP": 66,
    "store: write and fsync": 170,
    "store: rows": 50,
    "http-01: the fetch": 68,
    "DNS": 40,
    "JSON": 75,
    "certificate: made, signed, verified": 69,
    "CSR: parsed and verified": 58,
    "nonces": 11,
}


def sources(program):
    """The source file of each function."""
    lines = subprocess.run(
        ["nm", "--line-numbers", program], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = {}
    for line in lines:
        symbol, _, place = line.partition("\t")
        parts = symbol.split()
        if place and len(parts) == 3:
            found[parts[2]] = "/".join(place.split(":")[0].split("/")[-2:])
    return found


def stacks(path, program):
    """Of each sample: our functions from the innermost, the libraries, the kernel's names."""
    ours, libraries, kernel = [], set(), []
    for line in read(path).splitlines() + [""]:
        match = re.match(r"\s+\S+ (.*) \((\S+)\)$", line)
        if match:
            symbol, file = match[1], os.path.basename(match[2])
            if match[2].startswith("[kernel"):
                kernel.append(symbol)
            elif file == program:
                ours.append(symbol)
            libraries.add(file.partition(".so")[0])
        elif not line.strip() and libraries:
            yield ours, libraries, kernel
            ours, libraries, kernel = [], set(), []


def piece_of(ours, libraries, kernel, source):
    names = set(ours)
    file = source.get(ours[0], "") if ours else ""
    if "verify_octets" in names:
        return "JWS: signatures verified"
    if names & {"csr_parse", "key_open_fit"}:
        return "CSR: parsed and verified"
    if names & {"issue_sign", "issuer_sign_leaf"}:
        return "certificate: made, signed, verified"
    if names & {"fetcher_ready", "fetcher_time"} or file in ("va/fetch.c", "va/target.c"):
        return "http-01: the fetch"
    if "libunbound" in libraries or file in ("va/resolve.c", "va/addr.c"):
        return "DNS"
    if "log_event" in names:
        return "logging"
    if "libjansson" in libraries or file == "base/json.c":
        return "JSON"
    if "edit_end" in names:
        return "store: write and fsync"
    if file == "base/lane.c" or any("clock_nanosleep" in k for k in kernel):
        return "lanes, wake-ups"
    if file.startswith("store/") or "liblmdb" in libraries:
        return "store: rows"
    if file in ("acme/nonce.c", "base/rand.c"):
        return "nonces"
    if any("epoll_wait" in k for k in kernel):
        return "epoll_wait"
    if file.startswith(("acme/", "base/")) and ours[0] != "loop_main":
        return OTHER
    if libraries & {"libevent_openssl-2.1", "libssl"} or file.startswith("server/"):
        return "TLS, sockets, HTTP"
    if "libevent-2.1" in libraries and len(ours) < 2:
        return "TLS, sockets, HTTP"
    return OTHER


def cpu_of(runs):
    for line in read(runs).splitlines():
        run = json.loads(line)
        if run["load"] == "profile-2":
            return run["result"]["server"]["cpu_ms_each"] * 1000
    sys.exit(f"{runs} lacks the load that was measured")


def main(path, program, runs, page=None):
    source, cpu = sources(program), cpu_of(runs)
    pieces = collections.Counter(
        piece_of(*stack, source) for stack in stacks(path, os.path.basename(program))
    )
    n = sum(pieces.values())
    if n == 0:
        sys.exit("perf took no samples")
    body = [
        [piece, f"{cpu * count / n:.0f}", f"{100 * count / n:.1f} %", str(LEAST.get(piece, "-"))]
        for piece, count in pieces.most_common()
    ]
    body.append(["**all**", f"{cpu:.0f}", f"{n} samples", f"{sum(LEAST.values())}"])
    publish("\n".join(rows(["piece", "us", "share", "at least, us"], body)) + "\n", page, "profile")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
