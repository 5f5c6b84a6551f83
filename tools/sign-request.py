#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""sign-request.py - sign requests as mnprotocol(5) says, AUTHORIZATION

usage: sign-request.py SEED METHOD URL DATE [BODY]
       sign-request.py --vectors

A second implementation, written from that page and sharing nothing with the
library: Python's BLAKE2b, and openssl(1) for Ed25519. The first form prints the
value of the header for the device key with this seed (64 digits); DATE is in
milliseconds, BODY a file. The second prints t/vectors/request.jsonl.
"""

import json
import re
import subprocess
import sys
import tempfile
from hashlib import blake2b
from urllib.parse import urlsplit

PREFIX = b"mn:http-request:1\n"
PKCS8 = bytes.fromhex("302e020100300506032b657004220420")


def b2(data):
    return blake2b(data, digest_size=32).digest()


def openssl(*args, data=b""):
    return subprocess.run(("openssl",) + args, input=data, check=True,
                          stdout=subprocess.PIPE).stdout


class Key:
    def __init__(self, seed):
        self.seed = seed
        der = openssl("pkey", "-inform", "DER", "-pubout", "-outform", "DER",
                      data=PKCS8 + seed)
        self.pub = der[-32:]

    def sign(self, data):
        with tempfile.NamedTemporaryFile() as key, \
             tempfile.NamedTemporaryFile() as text:
            key.write(PKCS8 + self.seed)
            text.write(data)
            key.flush()
            text.flush()
            return openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER",
                           "-inkey", key.name, "-in", text.name)


def request_text(method, url, date, body):
    parts = urlsplit(url)
    usual = {"http": ":80", "https": ":443"}[parts.scheme]
    host = parts.netloc.lower()
    if host.endswith(usual):
        host = host[:-len(usual)]
    path = parts.path
    path = path[[m.start() for m in re.finditer(
        "(?=/[0-9a-f]{64}(?![0-9a-f]))", path)][-1]:]
    return ("method %s\nhost %s\npath %s\ndate %d\nbody %s\n"
            % (method, host, path, date, b2(body).hex())).encode()


def authorization(key, method, url, date, body):
    text = request_text(method, url, date, body)
    sig = key.sign(PREFIX + b2(PREFIX + text))
    return ("mn-device key=%s, date=%d, body=%s, sig=%s"
            % (key.pub.hex(), date, b2(body).hex(), sig.hex()))


def vectors():
    profile = b2(b"mn vectors\nprofile").hex()
    git = "/%s.git/" % profile
    rows = (
        ("push", "POST", "http://example.com%sgit-receive-pack" % git,
         1700000000000, b"0000"),
        ("refs", "GET", "http://example.com:8418%sinfo/refs"
         "?service=git-receive-pack" % git, 1700000000001, b""),
        ("below-a-path", "POST", "https://Example.COM:443/pub/mn%s"
         "git-receive-pack" % git, 0, b"x" * 1000),
        ("ipv6", "POST", "http://[2001:db8::1]:80/%s/git-receive-pack"
         % profile, 253402300799999, b""),
        ("the-last-profile-counts", "POST", "http://a/%s%s"
         "git-receive-pack" % ("f" * 64, git), 1, b"\0\xff"),
    )
    for name, method, url, date, body in rows:
        seed = b2(b"mn vectors\nrequest " + name.encode())
        key = Key(seed)
        yield {"name": name, "seed": seed.hex(), "method": method,
               "url": url, "date": date, "body": body.hex(),
               "text": request_text(method, url, date, body).decode(),
               "authorization": authorization(key, method, url, date, body)}


def main(args):
    if args == ["--vectors"]:
        for row in vectors():
            print(json.dumps(row, separators=(",", ":")))
        return 0
    if len(args) not in (4, 5):
        print(__doc__, file=sys.stderr)
        return 2
    body = b""
    if len(args) == 5:
        with open(args[4], "rb") as f:
            body = f.read()
    print(authorization(Key(bytes.fromhex(args[0])), args[1], args[2],
                        int(args[3]), body))
    return 0


sys.exit(main(sys.argv[1:]))
