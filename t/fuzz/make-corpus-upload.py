#!/usr/bin/env python3
"""Makes the corpora of fuzz-upload and fuzz-receive: run it in the root of
the source. The objects are those of fuzz-upload.c."""

import hashlib
import os

CORPUS = "t/fuzz/corpus/"


def oid(kind, data):
    head = b"%s %d\0" % (kind, len(data))
    return hashlib.sha1(head + data).hexdigest().encode()


BLOB = oid(b"blob", b"hello\n")
TREE = oid(b"tree", b"100644 a\0" + bytes.fromhex(BLOB.decode()))
COMMITS = []
for i in 1, 2, 3:
    COMMITS.append(oid(b"commit", b"tree %s\n" % TREE + (
        b"parent %s\n" % COMMITS[-1] if COMMITS else b"") +
        b"author A <a@b> %d +0000\ncommitter A <a@b> %d +0000\n\n%d\n"
        % (i, i, i)))
TIP = COMMITS[2]
NONE = b"0" * 40
OTHER = b"1" * 40


def pkt(*lines):
    return b"".join(line if line in (b"0000", b"0001")
                    else b"%04x%s" % (len(line) + 4, line)
                    for line in lines)


def put(corpus, name, data):
    os.makedirs(CORPUS + corpus, exist_ok=True)
    with open(CORPUS + corpus + "/" + name, "wb") as f:
        f.write(data)


def v2(name, *lines, slices=127):
    put("upload", "v2-" + name, bytes([slices << 1 | 1]) + pkt(*lines))


def v0(name, *lines, slices=127):
    put("upload", "v0-" + name, bytes([slices << 1]) + pkt(*lines))


def fetch(name, *args, **more):
    v2(name, b"command=fetch", b"agent=x", b"object-format=sha1", b"0001",
       *args, b"0000", **more)


v2("ls-refs", b"command=ls-refs\n", b"0001", b"peel\n", b"symrefs\n",
   b"unborn\n", b"ref-prefix refs/heads/\n", b"ref-prefix HEAD\n", b"0000")
v2("ls-refs-all", b"command=ls-refs\n", b"0000", slices=0)
fetch("clone", b"thin-pack", b"ofs-delta", b"want %s\n" % TIP, b"done\n")
fetch("small-slices", b"want %s" % TIP, b"done", slices=1)
fetch("haves", b"want %s" % TIP, b"have %s" % COMMITS[0], b"have %s" % OTHER)
fetch("nothing-common", b"want %s" % TIP, b"have %s" % OTHER)
fetch("wait", b"wait-for-done", b"want %s" % TIP, b"have %s" % COMMITS[0])
for f in b"blob:none", b"blob:limit=1k", b"tree:0", b"tree:1", b"sparse:x":
    fetch("filter-" + f.decode().replace(":", "-").replace("=", "-"),
          b"filter " + f, b"want %s" % TIP, b"done")
fetch("depth", b"deepen 1", b"want %s" % TIP, b"done")
fetch("deepen", b"shallow %s" % TIP, b"deepen 2", b"deepen-relative",
      b"want %s" % TIP, b"have %s" % TIP, b"done")
fetch("since", b"deepen-since 2", b"want %s" % TIP, b"done")
fetch("not", b"deepen-not main", b"want %s" % TIP, b"done")
fetch("ids", b"want %s" % BLOB, b"want %s" % TREE, b"done")
fetch("unknown", b"want %s" % OTHER, b"done")
fetch("nothing")
v0("clone", b"want %s side-band-64k ofs-delta agent=x\n" % TIP, b"0000",
   b"done\n")
v0("raw", b"want %s\n" % TIP, b"0000", b"done\n")
v0("band", b"want %s side-band\n" % TIP, b"0000", b"done\n", slices=3)
v0("detailed", b"want %s multi_ack_detailed no-done side-band-64k\n" % TIP,
   b"0000", b"have %s\n" % OTHER, b"have %s\n" % COMMITS[1], b"0000")
v0("multi", b"want %s multi_ack\n" % TIP, b"0000",
   b"have %s\n" % COMMITS[1], b"have %s\n" % OTHER, b"0000", b"done\n")
v0("plain", b"want %s\n" % TIP, b"0000", b"have %s\n" % COMMITS[1], b"0000",
   b"done\n")
v0("depth", b"want %s side-band-64k\n" % TIP, b"deepen 1\n", b"filter tree:0",
   b"0000", b"done\n")
v0("shallow", b"want %s deepen-relative\n" % TIP, b"shallow %s" % COMMITS[1],
   b"deepen 1", b"0000", b"0000")
v0("nothing", b"0000")

CAPS = b"\0report-status side-band-64k object-format=sha1 agent=x"
NAME = b"refs/heads/main"
put("receive", "update", pkt(b"%s %s %s%s" % (OTHER, TIP, NAME, CAPS),
    b"0000") + b"\x04PACK")
put("receive", "two", pkt(b"%s %s %s\0 report-status\n" % (NONE, TIP, NAME),
    b"shallow %s" % TIP, b"%s %s refs/mn/x\n" % (NONE, OTHER), b"0000") +
    b"\x10PACK and more than that")
put("receive", "delete", pkt(b"%s %s %s%s" % (OTHER, NONE, NAME, CAPS),
    b"0000"))
put("receive", "twice", pkt(b"%s %s %s" % (OTHER, TIP, NAME),
    b"%s %s %s" % (OTHER, TIP, NAME), b"0000"))
put("receive", "name", pkt(b"%s %s refs/../x" % (OTHER, TIP), b"0000"))
put("receive", "cert", pkt(b"push-cert\0 push-options", b"0000"))
put("receive", "cut", pkt(b"%s %s %s" % (OTHER, TIP, NAME))[:-3])
put("receive", "none", pkt(b"0000"))
