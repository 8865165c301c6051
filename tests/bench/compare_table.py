#!/usr/bin/env python3
"""compare_table.py - results of tests/bench/compare as tables.

compare_table.py add RUNS ROUND SERVER LOAD JSON ERRORS  appends a run, prints it in a line
compare_table.py table FOLDER [PAGE]                    prints the tables, or writes them
                                                         between the marks of the page
"""
import json
import os
import sys
from statistics import median

MISSING = "-"
ENOUGH = 100  # orders before a stall whose figures are worth showing
GOAL_ORDERS = 1000  # the goals speak of loads of that many


# --- One run ------------------------------------------------------------------------------


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def problem_of(run):
    """Why the run does not count; "" if it does."""
    result = run["result"]
    if result is None:
        return "stalled" if "no reply" in run["error"] else "did not run"
    if result["stalled"]:
        return "stalled"
    return "interrupted" if result["interrupted"] else ""


def line_of(run):
    result, problem = run["result"], problem_of(run)
    if result is None:
        return f"{problem}: {run['error']}"
    text = [problem.upper()] if problem else []
    if result["ok"] > 0:
        text.append(f"{result['per_second']:.1f}/s")
        if result["server"]:
            text.append(f"{result['server']['cpu_ms_each']:.3f} ms CPU")
    if result["server"]:
        text.append(f"{result['server']['rss_kib'] / 1024:.1f} MiB")
    if result["idle"] and result["idle"]["rss_kib_each"] is not None:
        text.append(f"{result['idle']['rss_kib_each']:.1f} KiB a connection")
    if result["failed"] > 0 or result["ok"] > 0:
        text.append(f"{result['failed']} failed")
    return ", ".join(text)


def add(runs, number, server, load, result, errors):
    text = read(result)
    run = {
        "round": int(number),
        "server": server,
        "load": load,
        "load_average": os.getloadavg()[0],
        "result": json.loads(text) if text.strip() else None,
        "error": " ".join(read(errors).split())[-300:],
    }
    with open(runs, "a", encoding="utf-8") as out:
        out.write(json.dumps(run, separators=(",", ":")) + "\n")
    print(line_of(run))


# --- All of them --------------------------------------------------------------------------


class Results:
    """The runs of a folder, and its file "machine"."""

    def __init__(self, folder):
        with open(f"{folder}/runs.jsonl", encoding="utf-8") as file:
            self.runs = [json.loads(line) for line in file]
        self.machine = dict(
            line.split(": ", 1) for line in read(f"{folder}/machine").splitlines() if ": " in line
        )
        self.servers = {
            key.removeprefix("server "): name
            for key, name in self.machine.items()
            if key.startswith("server ")
        }

    def of(self, server, load):
        return [r for r in self.runs if r["server"] == server and r["load"] == load]

    def good(self, server, load):
        return [r for r in self.of(server, load) if not problem_of(r)]

    def has(self, load):
        return any(r["load"] == load for r in self.runs)

    def counting(self, server, load):
        """The good runs; if there are none, those that stalled after a good part."""
        return self.good(server, load) or [
            r for r in self.of(server, load) if r["result"] and r["result"]["ok"] >= ENOUGH
        ]

    def values(self, server, load, value):
        return [v for r in self.counting(server, load) if (v := value(r["result"])) is not None]

    def rounds(self, server, load, value):
        return {r["round"]: value(r["result"]) for r in self.counting(server, load)}

    def middle(self, server, load, value):
        found = self.values(server, load, value)
        return median(found) if found else None

    def text(self, server, load, value, unit="", scale=1.0):
        return text_of(self.values(server, load, value), unit, scale)

    def ratio(self, over, under, load, value):
        """over / under within each round: the median."""
        a, b = self.rounds(over, load, value), self.rounds(under, load, value)
        pairs = [a[r] / b[r] for r in a if r in b and b[r]]
        return median(pairs) if pairs else None


def rate(result):
    return result["per_second"] if result["ok"] else None


def cpu(result):
    return result["server"]["cpu_ms_each"] if result["server"] and result["ok"] else None


def rss(result):
    return result["server"]["rss_kib"] / 1024 if result["server"] else None


def peak(result):
    return result["server"]["rss_kib_peak"] / 1024 if result["server"] else None


def written(result):
    value = result["server"]["written_bytes_each"] if result["server"] else None
    return value / 1024 if value is not None else None


def latency_of(stage, percentile):
    return lambda result: result["latency_ms"].get(stage, {}).get(percentile)


def latency(percentile):
    return latency_of("whole", percentile)


def nonce_latency(result):
    return next(iter(result["latency_ms"].values()))["p50"] if result["latency_ms"] else None


def failed(result):
    return 100 * result["failed"] / max(1, result["failed"] + result["ok"])


def each_idle(result):
    return result["idle"]["rss_kib_each"] if result["idle"] else None


def digits(value):
    return 0 if value >= 100 or value == 0 else 1 if value >= 10 else 2 if value >= 0.1 else 3


def text_of(values, unit="", scale=1.0):
    """The median, and from where to where the rounds went."""
    values = [v * scale for v in values]
    if not values:
        return MISSING
    middle, n = median(values), digits(median(values))
    text = f"{middle:.{n}f}{unit}"
    if len(values) > 1 and max(values) - min(values) > 0:
        text += f" ({min(values):.{n}f}-{max(values):.{n}f})"
    return text


def rows(head, body):
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in body:
        yield "| " + " | ".join(row) + " |"
    yield ""


def titled(title, head, body):
    yield title
    yield ""
    yield from rows(head, body)


def stalls(results, server, load):
    problems = [problem_of(r) for r in results.of(server, load)]
    bad = [p for p in problems if p]
    if not bad:
        return ""
    text = f"{bad[0]}: {len(bad)} of {len(problems)} runs"
    if len(bad) == len(problems) and results.counting(server, load):
        text += "; figures until then"
    return text


def faults(results, server, load):
    return stalls(results, server, load) or results.text(server, load, failed, " %")


# --- The tables ---------------------------------------------------------------------------


def print_machine(results):
    machine = results.machine
    highest = max((r["load_average"] for r in results.runs), default=0)
    yield (
        f"{machine['date']}; {machine['processor']}, {machine['memory']}, {machine['kernel']}; "
        f"{machine['disk']}; {machine['openssl']}. Each load: {machine['orders']} orders, "
        f"{machine['rounds']} round{'s' * (machine['rounds'] != '1')}; median (lowest-highest). "
        f"Load average at the end of a run, its load included: at most {highest:.1f}."
    )
    yield ""


def print_orders(results):
    body = []
    for load in ("c1", "c8", "c32"):
        for server in results.servers:
            if not results.of(server, load):
                continue
            body.append(
                [
                    load[1:],
                    results.servers[server],
                    results.text(server, load, rate),
                    results.text(server, load, cpu),
                    results.text(server, load, latency("p50")),
                    results.text(server, load, latency("p99")),
                    results.text(server, load, written),
                    results.text(server, load, rss),
                    faults(results, server, load),
                ]
            )
    head = ["in flight", "server", "issuances/s", "CPU ms each", "p50 ms", "p99 ms"]
    head += ["KiB written each", "MiB after it", "failed"]
    yield from rows(head, body)


def print_one_account(results):
    body = [
        [
            results.servers[server],
            results.text(server, "one32", rate),
            results.text(server, "one32", cpu),
            faults(results, server, "one32"),
        ]
        for server in results.servers
    ]
    head = ["server", "issuances/s", "CPU ms each", "failed"]
    yield from titled("32 orders in flight of one account:", head, body)


def print_nonces(results):
    body = [
        [
            results.servers[server],
            results.text(server, "nonce8", rate),
            results.text(server, "nonce8", cpu, scale=1000),
            results.text(server, "nonce8", nonce_latency),
        ]
        for server in results.servers
    ]
    head = ["server", "requests/s", "CPU us each", "p50 ms"]
    yield from titled("newNonce, 8 in flight:", head, body)


def print_idle(results):
    body = []
    for server in results.servers:
        alone = results.middle(server, "c8", rate)
        beside = results.middle(server, "beside", rate)
        body.append(
            [
                results.servers[server],
                results.text(server, "idle", each_idle),
                results.text(server, "beside", rate),
                results.text(server, "beside", cpu),
                f"{beside / alone:.2f}" if alone and beside else MISSING,
                stalls(results, server, "beside"),
            ]
        )
    head = ["server", "KiB each", "issuances/s", "CPU ms each", "of the rate without", ""]
    title = f"{results.machine['idle']} idle TLS connections, and 8 orders in flight beside them:"
    yield from titled(title, head, body)


def print_growth(results):
    orders = int(results.machine["orders"])
    server = "brevet"
    parts = [("growth-first", 0, 1), ("growth", 1, 19), ("growth-last", 19, 20)]
    body = [
        [
            f"{first * orders + 1:,} to {last * orders:,}",
            results.text(server, load, rate),
            results.text(server, load, cpu),
            results.text(server, load, written),
            results.text(server, load, rss),
            results.text(server, load, peak),
        ]
        for load, first, last in parts
    ]
    head = ["orders", "issuances/s", "CPU ms each", "KiB written each", "MiB after them", "at most"]
    yield from titled("Brevet as it grows, one process, 8 in flight:", head, body)


# --- Goals --------------------------------------------------------------------------------


def goal(text, value, limit, at_most=True, unit=""):
    if value is None:
        return [text, MISSING, "not measured"]
    reached = value <= limit if at_most else value >= limit
    return [text, f"{value:.{digits(abs(value))}f}{unit}", "yes" if reached else "**no**"]


def failures(results, load):
    runs = results.of("brevet", load)
    if not runs:
        return None
    return sum(r["result"]["failed"] if r["result"] and not problem_of(r) else 1 for r in runs)


def rises(results):
    """CPU of the last orders over that of the first, less 1, in percent."""
    first = results.rounds("brevet", "growth-first", cpu)
    last = results.rounds("brevet", "growth-last", cpu)
    pairs = [last[r] / first[r] for r in first if r in last and first[r]]
    return 100 * (median(pairs) - 1) if pairs else None


def print_goals(results):
    def cpu_goal(server, load, share):
        ratio = results.ratio("brevet", server, load, cpu)
        text = f"CPU per issuance, of {server.capitalize()}'s at {load[1:]} in flight: at most 1/{share}"
        row = goal(text, ratio, 1 / share)
        if ratio:
            row[1] = f"1/{1 / ratio:.1f}"
        return row

    beside = results.middle("brevet", "beside", rate)
    alone = results.middle("brevet", "c8", rate)
    nonce = results.middle("brevet", "nonce8", cpu)
    rise = rises(results)
    body = [
        cpu_goal("caddy", "c8", 6),
        cpu_goal("caddy", "c32", 6),
        cpu_goal("pebble", "c8", 3),
        goal(
            "issuances/s, of Caddy's at 8 in flight: at least 5 times",
            results.ratio("brevet", "caddy", "c8", rate), 5, at_most=False,
        ),
        goal("failed orders, 32 in flight, an account each: 0", failures(results, "c32"), 0),
        goal("failed orders, 32 in flight, one account: 0", failures(results, "one32"), 0),
        goal("newNonce: at most 30 us of CPU", nonce and nonce * 1000, 30),
        goal(
            "MiB resident after 1,000 orders: at most 25",
            results.middle("brevet", "growth-first", rss), 25,
        ),
        goal(
            "MiB resident after 20,000 orders: at most 40",
            results.middle("brevet", "growth-last", rss), 40,
        ),
        goal(
            "CPU per issuance from 1,000 to 20,000 orders: flat within 10 %",
            rise, 10, unit=" %",
        ),
        goal(
            "KiB for each of 10,000 idle connections: at most 40",
            results.middle("brevet", "idle", each_idle), 40,
        ),
        goal(
            "rate beside them, of that without: at least 0.9",
            beside and alone and beside / alone, 0.9, at_most=False,
        ),
    ]
    yield from rows(["goal", "measured", "reached"], body)


def tables(results):
    yield from print_machine(results)
    if int(results.machine["orders"]) >= GOAL_ORDERS:
        yield from print_goals(results)
    if results.has("c1") or results.has("c8") or results.has("c32"):
        yield from print_orders(results)
    if results.has("one32"):
        yield from print_one_account(results)
    if results.has("nonce8"):
        yield from print_nonces(results)
    if results.has("idle") or results.has("beside"):
        yield from print_idle(results)
    if results.has("growth"):
        yield from print_growth(results)


def publish(text, page, mark):
    """Prints it, or puts it between the marks of the page."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    if page is None:
        print(text)
        return
    before, found, rest = read(page).partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        sys.exit(f"{page} lacks the marks {begin} and {end}")
    with open(page, "w", encoding="utf-8") as out:
        out.write(f"{before}{begin}\n{text}{end}{after}")


def table(folder, page=None):
    publish("\n".join(tables(Results(folder))) + "\n", page, "compare")


def main(arguments):
    if len(arguments) == 7 and arguments[0] == "add":
        add(*arguments[1:])
    elif len(arguments) in (2, 3) and arguments[0] == "table":
        table(*arguments[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
