#!/usr/bin/env python3
"""Makes the corpus of fuzz-site: run it in the root of the source."""

import gzip
import hashlib
import os
import struct
import zlib

CORPUS = "t/fuzz/corpus/site/"
UPLOAD = b"t application/x-git-upload-pack-request"
RECEIVE = b"t application/x-git-receive-pack-request"
SIGNED, LENGTH = 1, 2
ZERO = b"0" * 40


def put(name, line, *headers, body=None, flags=LENGTH, slices=63):
    data = bytes([flags | slices << 2]) + b"\n".join((line,) + headers)
    if body is not None:
        data += b"\n\n" + body
    os.makedirs(CORPUS, exist_ok=True)
    with open(CORPUS + name, "wb") as f:
        f.write(data)


def pkt(*lines):
    return b"".join(line if line in (b"0000", b"0001")
                    else b"%04x%s" % (len(line) + 4, line)
                    for line in lines)


def pack(*blobs):
    data = b"PACK" + struct.pack(">II", 2, len(blobs))
    for blob in blobs:
        data += bytes([0x30 | len(blob)]) + zlib.compress(blob)
    return data + hashlib.sha1(data).digest()


def push(name, ref, data, **more):
    blob = hashlib.sha1(b"blob 1\0x").hexdigest().encode()
    put("push-" + name, b"POST /@.git/git-receive-pack", b"h a.example",
        RECEIVE, body=pkt(b"%s %s %s\0report-status side-band-64k"
                          % (ZERO, blob, ref), b"0000") + data, **more)


LS = pkt(b"command=ls-refs\n", b"agent=x", b"0001", b"symrefs\n",
         b"ref-prefix refs/\n", b"0000")

put("page", b"GET /", b"h a.example:8418")
put("page-text", b"GET /", b"h <b>", b"a text/plain, */*")
put("page-of-one", b"HEAD /@.git", b"h a")
put("refs", b"GET /@.git/info/refs?service=git-upload-pack",
    b"g version=2")
put("refs-v1", b"GET /@/info/refs?x=y&service=git-upload-pack",
    b"g version=1:foo")
put("refs-v0", b"GET /@.git/info/refs?service=git-upload-pack")
put("refs-push", b"GET /@.git/info/refs?service=git-receive-pack", b"h a",
    flags=SIGNED)
put("refs-none", b"GET /@.git/info/refs")
put("outside", b"GET /%2e%2e/%2e%2e/etc/passwd")
put("outside-2", b"GET /@.git/../../config")
put("encoded", b"GET /%40%00%zz")
put("method", b"DELETE /@.git")
put("ls-refs", b"POST /@.git/git-upload-pack", UPLOAD, b"g version=2",
    body=LS)
put("ls-refs-gzip", b"POST /@.git/git-upload-pack", UPLOAD, b"e gzip",
    b"g version=2", body=gzip.compress(LS, mtime=0), flags=0, slices=0)
put("bomb", b"POST /@.git/git-upload-pack", UPLOAD, b"e x-gzip",
    body=gzip.compress(bytes(1 << 20), mtime=0))
put("fetch", b"POST /@.git/git-upload-pack", UPLOAD, b"g version=2",
    body=pkt(b"command=fetch", b"0001", b"want " + b"1" * 40, b"done",
             b"0000"))
put("fetch-v0", b"POST /@.git/git-upload-pack", UPLOAD,
    body=pkt(b"want %s side-band-64k\n" % (b"1" * 40), b"0000", b"done\n"))
put("no-body", b"POST /@.git/git-upload-pack", UPLOAD)
put("type", b"POST /@.git/git-upload-pack", b"t text/html", body=b"x")
put("unsigned", b"POST /@.git/git-receive-pack", RECEIVE, body=b"0000")
put("bad-signature", b"POST /@.git/git-receive-pack", RECEIVE, b"h a",
    b"u mn-device key=%s, date=1700000000000, body=%s, sig=%s"
    % (b"1" * 64, b"2" * 64, b"3" * 128), body=b"0000")
push("blob", b"refs/heads/main", pack(b"x"), flags=SIGNED | LENGTH)
push("device", b"refs/mn/devices/" + b"a" * 64, pack(b"x", b"y"),
     flags=SIGNED)
push("identity", b"refs/mn/identity", pack(b"x"), flags=SIGNED, slices=0)
push("other", b"refs/tags/x", pack(), flags=SIGNED)
push("cut-short", b"refs/heads/main", pack(b"x")[:-5], flags=SIGNED)
push("no-pack", b"refs/heads/main", b"", flags=SIGNED)
put("push-empty", b"POST /@.git/git-receive-pack", RECEIVE, b"h a",
    body=b"0000", flags=SIGNED)
put("push-delete", b"POST /@.git/git-receive-pack", RECEIVE, b"h a",
    body=pkt(b"%s %s refs/heads/main\0report-status" % (b"1" * 40, ZERO),
             b"0000"), flags=SIGNED)
