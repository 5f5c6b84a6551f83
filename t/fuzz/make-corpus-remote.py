#!/usr/bin/env python3
"""Makes the corpus of fuzz-remote: run it in the root of the source."""

import os

CORPUS = "t/fuzz/corpus/remote/"
ONE, TWO, NONE = b"1" * 40, b"2" * 40, b"0" * 40
PACK = b"PACK" + bytes([0, 0, 0, 2, 0, 0, 0, 0]) + b"x" * 20
SPECIAL = (b"0000", b"0001", b"0002")
ANY, V0, FETCH2, FETCH0, RAW0, PUSH, RAWPUSH = range(7)


def pkt(*lines):
    return b"".join(line if line in SPECIAL
                    else b"%04x%s" % (len(line) + 4, line)
                    for line in lines)


def put(name, kind, *lines, stateless=0, slices=15, raw=b""):
    with open(CORPUS + name, "wb") as f:
        f.write(bytes([kind | stateless << 3 | slices << 4]) +
                pkt(*lines) + raw)


def both(name, kind, *lines, **more):
    put(name, kind, *lines, **more)
    put(name + "-http", kind, *lines, stateless=1, **more)
    put(name + "-bytes", kind, *lines, slices=0, **more)


os.makedirs(CORPUS, exist_ok=True)
put("empty", ANY)

# advertisements
V2 = (b"version 2\n", b"agent=git/2.39.5\n", b"ls-refs=unborn\n",
      b"fetch=shallow wait-for-done filter\n", b"server-option\n",
      b"object-format=sha1\n", b"0000")
REFS = (ONE + b" HEAD symref-target:refs/heads/main\n",
        ONE + b" refs/heads/main\n",
        TWO + b" refs/tags/v1 peeled:" + ONE + b"\n", b"0000")
both("v2-refs", ANY, *V2, *REFS)
put("v2-refs-fetch", ANY, *V2, *REFS, *REFS, b"packfile\n", b"\1" + PACK,
    b"0000", b"packfile\n", b"\1" + PACK, b"0000")
put("v2-service", ANY, b"# service=git-upload-pack\n", b"0000", *V2, *REFS,
    stateless=1)
put("v2-unborn", ANY, *V2, b"unborn HEAD symref-target:refs/heads/x\n",
    b"0000")
put("v2-twice", ANY, *V2, REFS[1], REFS[1], b"0000")
put("v2-features-twice", ANY, *V2[:-1], *V2[1:], *REFS)
put("v2-sha256", ANY, b"version 2\n", b"object-format=sha256\n", b"0000")
put("v2-nothing", ANY, b"version 2\n", b"0000", *REFS)
put("v2-names", ANY, *V2, ONE + b" refs/heads/../x\n", b"0000")
put("v2-long-name", ANY, *V2, ONE + b" refs/heads/" + b"x" * 300, b"0000")
put("v2-zero", ANY, *V2, NONE + b" refs/heads/x\n", b"0000")
put("v2-many", ANY, *V2, *[ONE + b" refs/heads/%d\n" % i for i in range(60)],
    b"0000")
put("v2-long", ANY, *V2, *[ONE + b" refs/heads/x^{}" + b"y" * 900] * 30)
put("v2-delim", ANY, *V2, REFS[1], b"0001", b"0000")
put("v2-err", ANY, *V2, b"ERR no \33[31m such\7 thing\n")
put("v2-cut", ANY, *V2, raw=b"00ff" + ONE)
put("v3", ANY, b"version 3\n", b"0000")
put("err", ANY, b"ERR access denied or repository not exported: /x")
put("html", ANY, raw=b"<!doctype html>")
put("other-service", ANY, b"# service=git-receive-pack\n", b"0000",
    stateless=1)
CAPS = (b"multi_ack thin-pack side-band side-band-64k ofs-delta shallow "
        b"no-progress multi_ack_detailed no-done filter symref=HEAD:refs/x "
        b"allow-tip-sha1-in-want allow-reachable-sha1-in-want "
        b"object-format=sha1 agent=git/2.39.5")
V0REFS = (ONE + b" HEAD\0" + CAPS + b"\n", ONE + b" refs/heads/main\n",
          TWO + b" refs/tags/v1\n", ONE + b" refs/tags/v1^{}\n", b"0000")
both("v0-refs", V0, *V0REFS)
put("v0-service", V0, b"# service=git-upload-pack\n", b"0000", *V0REFS,
    stateless=1)
put("v1", V0, b"version 1\n", *V0REFS)
put("v0-none", V0, b"0000")
put("v0-empty", V0, NONE + b" capabilities^{}\0" + CAPS + b"\n", b"0000")
put("v0-shallow", V0, *V0REFS[:-1], b"shallow " + TWO, b"0000")
put("v0-caps-twice", V0, ONE + b" HEAD\0" + CAPS + b" " + CAPS,
    ONE + b" refs/heads/a\0" + CAPS, b"0000")
put("v0-twice", V0, V0REFS[0], V0REFS[1], V0REFS[1], b"0000")
put("v0-linefeed", V0, V0REFS[0], ONE + b" refs/heads/a\n" + TWO + b" x",
    b"0000")
put("v0-have", V0, V0REFS[0], TWO + b" .have\n", b"0000")
put("v0-fetch", V0, *V0REFS, b"shallow " + ONE, b"0000", b"NAK\n",
    b"\1" + PACK, b"0000")
put("v0-sha256", V0, ONE + b" HEAD\0object-format=sha256", b"0000")

# fetches
both("fetch2", FETCH2, b"packfile\n", b"\2counting\r", b"\2done\nand",
     b"\1" + PACK[:10], b"\1", b"\1" + PACK[10:], b"\2 so on", b"0000")
put("fetch2-shallow", FETCH2, b"shallow-info\n", b"shallow " + ONE,
    b"unshallow " + TWO, b"0001", b"packfile\n", b"\1" + PACK, b"0000")
put("fetch2-acks", FETCH2, b"acknowledgments\n", b"ACK " + ONE + b"\n",
    b"ready\n", b"0001", b"packfile\n", b"\1" + PACK, b"0000")
put("fetch2-nak", FETCH2, b"acknowledgments\n", b"NAK\n", b"0000")
put("fetch2-order", FETCH2, b"shallow-info\n", b"0001", b"acknowledgments\n",
    b"NAK\n", b"0001", b"packfile\n", b"\1" + PACK, b"0000")
put("fetch2-wanted", FETCH2, b"wanted-refs\n", ONE + b" refs/heads/x",
    b"0001", b"packfile\n", b"\1" + PACK, b"0000")
put("fetch2-uris", FETCH2, b"packfile-uris\n", ONE + b" https://x/y",
    b"0001", b"packfile\n", b"\1" + PACK, b"0000")
put("fetch2-error", FETCH2, b"packfile\n", b"\1PACK",
    b"\3no \33]0;x\7 more\n", b"0000")
put("fetch2-not-ours", FETCH2, b"ERR upload-pack: not our ref " + ONE)
put("fetch2-cut", FETCH2, b"packfile\n", b"\1PACK")
put("fetch2-empty-packet", FETCH2, b"packfile\n", b"", b"0000")
put("fetch2-band4", FETCH2, b"packfile\n", b"\4x", b"0000")
put("fetch2-keepalive", FETCH2, b"packfile\n", *[b"\1"] * 5000)
put("fetch2-talk", FETCH2, b"packfile\n", *[b"\2" + b"x" * 999] * 30)
put("fetch2-long", FETCH2, b"packfile\n", *[b"\1" + b"x" * 999] * 30,
    b"0000")
for name, kind in ("fetch0", FETCH0), ("raw0", RAW0):
    pack = {} if kind == FETCH0 else {"raw": PACK}
    tail = (b"\2hello\n", b"\1" + PACK, b"0000") if kind == FETCH0 else ()
    both(name, kind, b"shallow " + ONE, b"0000", b"NAK\n", *tail, **pack)
    put(name + "-acks", kind, b"0000", b"ACK " + TWO + b" common\n",
        b"ACK " + TWO + b" ready\n", b"ACK " + TWO + b"\n", *tail, **pack)
    put(name + "-plain", kind, b"unshallow " + ONE, b"0000",
        b"ACK " + TWO + b"\n", *tail, **pack)
put("fetch0-bad-ack", FETCH0, b"0000", b"ACK " + TWO + b" maybe\n")
put("fetch0-not-ours", FETCH0, b"ERR upload-pack: not our ref " + ONE)
put("fetch0-no-pack", FETCH0, b"0000", b"NAK\n")

# reports of pushes
OK = (b"unpack ok\n", b"ok refs/heads/a\n", b"ng refs/heads/b no\n",
      b"ok refs/heads/c\n", b"0000")
both("push", PUSH, b"\2hello\n", b"\1" + pkt(*OK), b"0000")
put("push-split", PUSH, b"\1" + pkt(*OK)[:13], b"\2x", b"\1" + pkt(*OK)[13:],
    b"0000")
both("push-raw", RAWPUSH, *OK)
put("push-unpack", RAWPUSH, b"unpack index-pack failed\n",
    b"ng refs/heads/a unpacker error\n", b"ng refs/heads/b x\n",
    b"ng refs/heads/c\n", b"0000")
put("push-some", RAWPUSH, b"unpack ok\n", b"ok refs/heads/b\n", b"0000")
put("push-twice", RAWPUSH, *OK[:2], OK[1], b"0000")
put("push-other", RAWPUSH, OK[0], b"ok refs/heads/z\n", b"0000")
put("push-words", RAWPUSH, OK[0], b"ng refs/heads/a \33[1m" + b"x" * 900,
    b"0000")
put("push-nul", RAWPUSH, OK[0], b"ng refs/heads/a \0\0", b"0000")
put("push-nothing", PUSH, b"0000")
put("push-cut", PUSH, b"\1" + pkt(*OK)[:30], b"0000")
put("push-more", PUSH, b"\1" + pkt(*OK) + b"0000", b"0000")
put("push-error", PUSH, b"\3no room\n", b"0000")
put("push-err", RAWPUSH, b"ERR no\n")
put("push-flood", PUSH, *[b"\1" + pkt(b"ok refs/heads/a\n") * 300] * 8)
