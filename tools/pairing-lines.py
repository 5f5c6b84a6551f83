#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pairing-lines.py - the lines of mnformat-pairing(5), by a second hand

usage: pairing-lines.py request SEED LABEL
       pairing-lines.py answer PROFILE KEY [URL...]
       pairing-lines.py --vectors

Written from that page and sharing nothing with the library. SEED, PROFILE and
KEY are 64 digits each. --vectors prints t/vectors/pairing.jsonl.
"""

import json
import string
import sys
from hashlib import blake2b

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

PLAIN = set((string.ascii_letters + string.digits + "-._~/@").encode())


def b2(data):
    return blake2b(data, digest_size=32).digest()


def word(text):
    return "".join(chr(c) if c in PLAIN else "%%%02X" % c
                   for c in text.encode())


def checked(line):
    return line + ":" + b2(b"mn:pairing-check:1\n" + line.encode())[:4].hex()


def key_of(seed):
    private = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    return private, private.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def proof(seed, line):
    private, _ = key_of(seed)
    return private.sign(b"mn:device-request:1\n" + b2(line.encode())).hex()


def request(seed, label, name="mn-device-request:1", encode=word):
    line = "%s:%s:%s" % (name, key_of(seed)[1].hex(), encode(label))
    return checked(line + ":" + proof(seed, line))


def answer(profile, key, *urls):
    return checked(":".join(["mn-device-answer:1", profile.hex(), key.hex()] +
                            [word(url) for url in urls]))


def vectors():
    seed = b2(b"pairing vector: device")
    other = b2(b"pairing vector: another device")
    profile = b2(b"pairing vector: profile")
    key = key_of(seed)[1]
    good = request(seed, "phone")
    line = good.rsplit(":", 2)[0]
    ours = answer(profile, key, "https://example.org/a.git")

    for name, label in (("plain", "phone"), ("longest", "x" * 64),
                        ("unicode", "T\u00e9l\u00e9phone d\u2019Ada"),
                        ("signs", "a:b%c d/e@f~g+h")):
        yield {"name": "request-" + name, "seed": seed.hex(),
               "key": key.hex(), "label": label,
               "line": request(seed, label)}
    for name, urls in (
            ("bare", []), ("one", ["https://example.org/a.git"]),
            ("several", ["ssh://ada@host:2222/~/a b.git", "/media/stick/\u00e9",
                         "host:a.git"]),
            ("eight", ["/%d" % n for n in range(8)])):
        yield {"name": "answer-" + name, "profile": profile.hex(),
               "key": key.hex(), "urls": urls,
               "line": answer(profile, key, *urls)}

    def bad(name, text, error):
        return {"name": name, "line": text, "error": error}

    yield bad("empty", "", "invalid")
    yield bad("other", "mn-device-requests:1:", "invalid")
    yield bad("only-name", "mn-device-request:1:", "invalid")
    yield bad("typo", good.replace(":phone:", ":phune:"), "invalid")
    yield bad("truncated", good[:-1], "invalid")
    yield bad("half", good[:120], "invalid")
    yield bad("longer", good + "0", "invalid")
    yield bad("space", good + " ", "invalid")
    yield bad("version-2", request(seed, "phone", "mn-device-request:2"),
              "version")
    yield bad("version-10", request(seed, "phone", "mn-device-request:10"),
              "version")
    yield bad("version-01", request(seed, "phone", "mn-device-request:01"),
              "version")
    yield bad("forged", checked(line + ":" + proof(other, line)), "signature")
    yield bad("other-label", checked(
        line.replace("phone", "phony") + ":" + proof(seed, line)),
        "signature")
    yield bad("no-proof", checked(line), "invalid")
    yield bad("more", checked(line + ":" + proof(seed, line) + ":x"),
              "invalid")
    yield bad("upper-case", checked(line.replace(
        key.hex(), key.hex().upper()) + ":" + proof(seed, line)), "invalid")
    for name, label in (("empty", ""), ("control", "a%1Bb"), ("nul", "a%00"),
                        ("plain-encoded", "%61"), ("lower-case", "a%c3%a9"),
                        ("cut", "a%C"), ("percent", "a%"),
                        ("utf8", "a%FF"), ("blank", "%20a"),
                        ("longer", "x" * 65), ("raw", "a b"),
                        ("raw-utf8", "\u00e9")):
        yield bad("label-" + name, request(seed, label, encode=str),
                  "invalid")
    yield bad("answer-typo", ours.replace("example", "exampel"), "invalid")
    yield bad("answer-version", checked(ours.rsplit(":", 1)[0].replace(
        ":1:", ":7:", 1)), "version")
    yield bad("answer-nine", answer(profile, key, *("/%d" % n
              for n in range(9))), "invalid")
    yield bad("answer-empty-url", answer(profile, key, ""), "invalid")
    yield bad("answer-no-key", checked("mn-device-answer:1:" + profile.hex()),
              "invalid")
    yield bad("answer-long-url", answer(profile, key, "/" * 2049), "invalid")
    yield bad("answer-long", answer(profile, key, *["/" * 1000] * 5), "limit")


def main(args):
    if args == ["--vectors"]:
        for vector in vectors():
            print(json.dumps(vector))
        return 0
    if len(args) == 3 and args[0] == "request":
        print(request(bytes.fromhex(args[1]), args[2]))
        return 0
    if len(args) >= 3 and args[0] == "answer":
        print(answer(bytes.fromhex(args[1]), bytes.fromhex(args[2]),
                     *args[3:]))
        return 0
    print(__doc__.split("\n\n")[1], file=sys.stderr)
    return 129


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
