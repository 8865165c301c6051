#!/usr/bin/env python3
"""lab_dns.py - a DNS server that misbehaves, for tests/lab_dns.sh.

lab_dns.py ADDRESS

The first label of a name says what is done to questions about it: the functions below.  Its
address is 93.184.216.34, unless said otherwise; of other types there is nothing.  A line
"NAME TYPE udp|tcp" on standard output for each question.
"""
import socket
import struct
import sys
import threading
import time

A, CNAME, SOA, TXT, AAAA, CAA = 1, 5, 6, 16, 28, 257
TYPES = {A: "A", CNAME: "CNAME", SOA: "SOA", TXT: "TXT", AAAA: "AAAA", CAA: "CAA", 2: "NS"}
WEB = "93.184.216.34"
PRIVATE = "10.66.66.66"


class Question:
    """What was asked, over what, how often before."""

    seen = {}
    lock = threading.Lock()

    def __init__(self, packet, tcp):
        self.id, self.flags = struct.unpack("!HH", packet[:4])
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1 : at + 1 + packet[at]])
            at += 1 + packet[at]
        self.raw = packet[12 : at + 5]
        self.labels = [label.decode("latin-1").lower() for label in labels]
        self.name = ".".join(self.labels)
        self.type = struct.unpack("!H", packet[at + 1 : at + 3])[0]
        self.tcp = tcp
        with self.lock:
            self.before = self.seen.get((self.name, self.type), 0)
            self.seen[self.name, self.type] = self.before + 1


def encode(name):
    return b"".join(bytes([len(n)]) + n.encode() for n in name.split(".") if n) + b"\0"


def record(kind, data, owner=b"\xc0\x0c"):
    return owner + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


def address(text):
    return record(A, socket.inet_aton(text))


def soa(q):
    """That of the zone, the last two labels."""
    zone = encode(".".join(q.labels[-2:]))
    return record(SOA, b"\0\0" + struct.pack("!IIIII", 1, 3600, 600, 86400, 0), zone)


def message(q, answers=(), rcode=0, flags=0, question=None):
    """With the SOA beside a denial."""
    denies = not answers and rcode in (0, 3) and not flags and q.type != SOA
    bits = 0x8480 | q.flags & 0x100 | flags | rcode
    head = struct.pack("!HHHHHH", q.id, bits, 1, len(answers), denies, 0)
    return head + (question or q.raw) + b"".join(answers) + (soa(q) if denies else b"")


def usual(q, text=WEB):
    if q.labels[0] == "ns":
        text = sys.argv[1]
    return message(q, [address(text)] if q.type == A else [])


# --- Manners: a reply, None for silence, False to end a TCP connection ---------------------


def truncated(then):
    """Over UDP nothing but "come back over TCP"."""
    return lambda q: then(q) if q.tcp else message(q, flags=0x200)


def slowly(seconds):
    def reply(q):
        time.sleep(seconds)
        return usual(q)

    return reply


def rebind(q):
    return usual(q, PRIVATE if q.before else WEB)


def twice(q):
    return message(q, rcode=2) if q.before < 2 else usual(q)


def wrong_id(q):
    q.id ^= 0x5555
    return usual(q)


def other_name(q):
    return message(q, [address(WEB)], question=encode("other.naughty.lab") + q.raw[-4:])


def mangled(q):
    swapped = q.raw[:-5].swapcase() + q.raw[-5:]
    return message(q, [address(WEB)] if q.type == A else [], question=swapped)


def other_owner(q):
    """A record that nobody asked for."""
    return message(q, [record(A, socket.inet_aton(WEB), encode("other.naughty.lab"))])


def big(q):
    """As many addresses as a message holds; the last one alone may be dialled."""
    count = 4000 if q.type == A else 0
    private = [address(f"10.1.{n >> 8}.{n & 255}") for n in range(count - 1)]
    return message(q, private + [address(WEB)][:count])


def first(then):
    """Only about the CAA records of the name that begins so, not of those below it."""
    here = lambda q: q.type == CAA and MANNERS.get(q.labels[0]) is manner
    manner = lambda q: then(q) if here(q) else usual(q)
    return manner


def ours(q):
    return message(q, [record(CAA, b"\0\5issueca.lab")])


MANNERS = {
    "servfail": lambda q: message(q, rcode=2),
    "refused": lambda q: message(q, rcode=5),
    "formerr": lambda q: message(q, rcode=1),
    "notimp": lambda q: message(q, rcode=4),
    "nxdomain": lambda q: message(q, rcode=3),
    "empty": message,
    "silent": lambda q: None,
    "twice": twice,
    "rebind": rebind,
    "wrongid": wrong_id,
    "othername": other_name,
    "otherowner": other_owner,
    "mangled": mangled,
    "garbage": lambda q: b"\xff" * 600,
    "short": lambda q: struct.pack("!HH", q.id, 0x8180),
    "half": lambda q: usual(q)[:-3],
    "loop": lambda q: message(q, [record(CNAME, b"\xc0\x0c")]),
    "tcp": truncated(usual),
    "tcpclosed": truncated(lambda q: False),
    "tcpslow": truncated(slowly(1)),
    "tcpsilent": truncated(lambda q: None),
    "big": truncated(big),
    "late": slowly(1),
    "caaours": first(ours),
    "caafail": first(lambda q: message(q, rcode=2)),
    "caarefused": first(lambda q: message(q, rcode=5)),
    "caasilent": first(lambda q: None),
    "caatcp": first(truncated(ours)),
    "caatcpclosed": first(truncated(lambda q: False)),
}


def reply_to(packet, tcp):
    q = Question(packet, tcp)
    sys.stdout.write(f"{q.name} {TYPES.get(q.type, q.type)} {'tcp' if tcp else 'udp'}\n")
    sys.stdout.flush()
    if q.type == SOA:
        return message(q, [soa(q)])
    if q.type == 2:
        return message(q)
    return next((MANNERS[label] for label in q.labels if label in MANNERS), usual)(q)


# --- Sockets ------------------------------------------------------------------------------


def serve_udp(sock, packet, peer):
    reply = reply_to(packet, False)
    if reply:
        sock.sendto(reply, peer)


def serve_tcp(peer):
    with peer:
        stream = peer.makefile("rb")
        while len(head := stream.read(2)) == 2:
            reply = reply_to(stream.read(struct.unpack("!H", head)[0]), True)
            if reply is False:
                return
            if reply is not None:
                peer.sendall(struct.pack("!H", len(reply)) + reply)


def accept(sock):
    while True:
        threading.Thread(target=serve_tcp, args=(sock.accept()[0],), daemon=True).start()


def main():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind((sys.argv[1], 53))
    tcp = socket.create_server((sys.argv[1], 53))
    threading.Thread(target=accept, args=(tcp,), daemon=True).start()
    print("ready", flush=True)
    while True:
        threading.Thread(target=serve_udp, args=(udp, *udp.recvfrom(4096)), daemon=True).start()


main()
