#!/usr/bin/env python3
"""validations_table.py - results of tests/bench/compare --validations as tables.

validations_table.py table FOLDER [PAGE]   prints them, or writes them between the marks of the
                                           page
"""
import sys

from compare_table import MISSING, Results, cpu, failed, latency_of, publish, rate, titled

KINDS = {
    "none": "no validation: order and authorization alone",
    "http-01": "http-01",
    "http-01-caa": "http-01, CAA asked for (`validation.caa = always`)",
    "tls-alpn-01": "tls-alpn-01",
    "dns-01": "dns-01",
    "dns-01-stub": "dns-01 by the stub (`validation.dnssec = trust-ad`)",
    "dns-account-01": "dns-account-01",
    "dns-persist-01": "dns-persist-01",
}
SLOW = (0, 1, 100, 1000)


def of(kind, slow):
    return f"{kind}+{slow}"


def cell(results, kind, slow, value):
    load = of(kind, slow)
    text = results.text("brevet", load, value)
    bad = max((failed(r["result"]) for r in results.counting("brevet", load)), default=0)
    return f"{text}; {bad:.1f} % failed" if bad and text != MISSING else text


def matrix(results, title, value):
    body = [
        [name] + [cell(results, kind, slow, value) for slow in SLOW]
        for kind, name in KINDS.items()
        if any(results.of("brevet", of(kind, slow)) for slow in SLOW)
    ]
    head = ["method"] + [f"{slow} slow" if slow else "no slow one" for slow in SLOW]
    yield from titled(title, head, body)


def share(results, kind, slow):
    """The rate beside slow ones, of that without, within each round: the lowest."""
    alone = results.rounds("brevet", of(kind, 0), rate)
    beside = results.rounds("brevet", of(kind, slow), rate)
    found = [beside[r] / alone[r] for r in beside if alone.get(r)]
    return f"{min(found):.2f}" if found else MISSING


def print_shares(results):
    kinds = [kind for kind in KINDS if results.of("brevet", of(kind, 1000))]
    body = [[KINDS[kind]] + [share(results, kind, slow) for slow in SLOW[1:]] for kind in kinds]
    head = ["method"] + [f"beside {slow}" for slow in SLOW[1:]]
    yield from titled("The rate, of that without slow ones in the same round, the lowest:", head, body)


def machine(results):
    m = results.machine
    highest = max((r["load_average"] for r in results.runs), default=0)
    yield (
        f"{m['date']}; {m['processor']}, {m['memory']}, {m['kernel']}; {m['disk']}; "
        f"{m['openssl']}. Each load: {4 * int(m['orders'])} orders of one name, 32 in flight, "
        f"{m['rounds']} round{'s' * (m['rounds'] != '1')}; median (lowest-highest). Load average "
        f"at the end of a run, its load included: at most {highest:.1f}."
    )
    yield ""


def tables(results):
    yield from machine(results)
    yield from matrix(results, "Validations per second:", rate)
    yield from print_shares(results)
    yield from matrix(results, "The server's CPU, ms for each of them, its requests included:", cpu)
    yield from matrix(
        results, "From the answer to the challenge to the verdict, p99 in ms:",
        latency_of("challenge", "p99"),
    )


def main(arguments):
    if len(arguments) not in (2, 3) or arguments[0] != "table":
        sys.exit(__doc__)
    text = "\n".join(tables(Results(arguments[1]))) + "\n"
    publish(text, arguments[2] if len(arguments) == 3 else None, "validations")


if __name__ == "__main__":
    main(sys.argv[1:])
