#!/usr/bin/env python3
"""A server of git over HTTP that lies.

usage: hostile.py MODE PORT-FILE LOG REPO [ARG...]

Listens on a free port of 127.0.0.1, writes it to PORT-FILE, and a line of
each request to LOG. What a mode doesn't do otherwise is answered as git does
that serves REPO. The modes are the methods below whose names begin with the
part of the conversation they spoil: http_ (the whole answer), adv_ (info/refs
of protocol v2, v0 where its name says so), ls_ (the answer to ls-refs),
fetch_ (that to fetch), pack_ (the pack in it), dumb_ (the file of a plain web
server; path and data are given).
"""
import gzip
import hashlib
import os
import socketserver
import subprocess
import sys
import time
import zlib

mode, port_file, log_file, repo = sys.argv[1:5]
args = sys.argv[5:]
OID = b"1" * 40
ESC = b"\x1b[31m\x1b]0;gotcha\x07\x9b1m\r\x08"
COMMIT, TREE, BLOB, TAG, OFS, REF = 1, 2, 3, 4, 6, 7
TYPES = {b"commit": COMMIT, b"tree": TREE, b"blob": BLOB, b"tag": TAG}
MIB = 1 << 20


def git(*words, data=b""):
    env = dict(os.environ, GIT_PROTOCOL="version=2")
    return subprocess.run(["git", "-C", repo] + list(words), input=data,
                          stdout=subprocess.PIPE, env=env,
                          check=words[0] != "upload-pack").stdout


def pkt(data):
    return b"%04x" % (len(data) + 4) + data


FLUSH, DELIM = b"0000", b"0001"


def band(n, data, size=65515):
    return b"".join(pkt(bytes([n]) + data[i:i + size])
                    for i in range(0, len(data), size))


def caps(*more, fetch=b"fetch=shallow filter"):
    return b"".join(pkt(line + b"\n") for line in
                    (b"version 2", b"agent=liar", b"ls-refs=unborn", fetch,
                     b"object-format=sha1") + more if line) + FLUSH


def refs():
    """The refs of the repository, as answer to ls-refs."""
    out = git("for-each-ref", "--format=%(objectname) %(refname)")
    return [line for line in out.splitlines()]


# packs

def head(kind, size):
    byte, out = kind << 4 | size & 15, []
    size >>= 4
    while size:
        out.append(byte | 128)
        byte, size = size & 127, size >> 7
    return bytes(out + [byte])


def entry(kind, data, base=b"", size=None, level=9):
    return head(kind, len(data) if size is None else size) + base + \
        zlib.compress(data, level)


def pack(entries, count=None, version=2):
    data = b"PACK" + version.to_bytes(4, "big") + \
        (len(entries) if count is None else count).to_bytes(4, "big") + \
        b"".join(entries)
    return data + hashlib.sha1(data).digest()


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def ofs(n):
    out = [n & 127]
    n >>= 7
    while n:
        n -= 1
        out.insert(0, n & 127 | 128)
        n >>= 7
    return bytes(out)


def delta(size, result, ops):
    return varint(size) + varint(result) + ops


def wanted(body):
    """The objects that a request asks for, as [(type, data)]."""
    wants = [w for w in lines(body) if w[:5] == b"want "]
    haves = [w for w in lines(body) if w[:5] == b"have "]
    there = set(git("cat-file", "--batch-all-objects",
                    "--batch-check=%(objectname)").split())
    spec = [w[5:45] for w in wants] + \
        [b"^" + w[5:45] for w in haves if w[5:45] in there]
    names = git("rev-list", "--objects", "--stdin",
                data=b"\n".join(spec) + b"\n")
    names = b"\n".join(n[:40] for n in names.splitlines()) + b"\n"
    out, at, objects = git("cat-file", "--batch", data=names), 0, []
    while at < len(out):
        eol = out.index(b"\n", at)
        _, kind, size = out[at:eol].split()
        at = eol + 1 + int(size)
        objects.append((TYPES[kind], out[eol + 1:at]))
        at += 1
    return objects


def lines(body):
    at = 0
    while at + 4 <= len(body):
        n = int(body[at:at + 4], 16)
        yield body[at + 4:at + n].rstrip(b"\n") if n > 4 else b""
        at += max(n, 4)


def entries(body):
    return [entry(kind, data) for kind, data in wanted(body)]


def pack_honest(body):
    return pack(entries(body))


def pack_count(body):
    return pack(entries(body), count=0xffffffff)


def pack_count_more(body):
    return pack(entries(body), count=1000)


def pack_size(body):
    return pack([entry(BLOB, b"x", size=1 << 40)] + entries(body))


def zeros(mib, kind=BLOB, size=None):
    """An entry that unpacks to so much."""
    z = zlib.compressobj(1)
    data = b"".join(z.compress(bytes(MIB)) for _ in range(mib)) + z.flush()
    return head(kind, mib * MIB if size is None else size) + data


def bombs():
    """What takes long to make is made before anybody asks."""
    if mode == "pack_size_lie":
        return [zeros(200, size=1000)]
    if mode == "pack_blob_bomb":
        return [zeros(2048)]
    if mode == "pack_many_bombs":
        return [entry(BLOB, i.to_bytes(4, "big") + bytes(15 * MIB), level=1)
                for i in range(int(args[0]))]
    if mode == "dumb_bomb":
        z = zlib.compressobj(1)
        out = z.compress(b"commit %d\0" % (1024 * MIB))
        return [out + b"".join(z.compress(bytes(MIB)) for _ in range(1024))]
    if mode != "pack_delta_bomb":
        return []
    # deltas of a dozen bytes that each make 16 MiB
    n = 16 * MIB - 1
    out = [entry(BLOB, bytes(n))]
    at = len(out[0])
    for i in range(int(args[0])):
        ops = b"\x04" + i.to_bytes(4, "big") + b"\xf0\xfb\xff\xff"
        out.append(entry(OFS, delta(n, n, ops), ofs(at)))
        at += len(out[-1])
    return out


def pack_bombs(body):
    return pack(prepared + entries(body))


pack_size_lie = pack_blob_bomb = pack_many_bombs = pack_delta_bomb = pack_bombs


def pack_delta_chain(body):
    """Each stands on the one before it."""
    out = [entry(BLOB, b"0" * 20)]
    for i in range(int(args[0])):
        data = delta(20, 20, b"\x08%08d\x90\x0c" % i)
        out.append(entry(OFS, data, ofs(len(out[-1]))))
    return pack(out + entries(body))


def pack_delta_outside(body):
    base = entry(BLOB, b"0" * 20)
    return pack([base, entry(OFS, delta(20, 30, b"\x91\x0a\x1e"),
                             ofs(len(base)))] + entries(body))


def pack_delta_size(body):
    base = entry(BLOB, b"0" * 20)
    return pack([base, entry(OFS, delta(20, 1 << 40, b"\x90\x14"),
                             ofs(len(base)))] + entries(body))


def pack_delta_loop(body):
    base = entry(BLOB, b"0" * 20)
    return pack([base, entry(OFS, delta(20, 20, b"\x90\x14"), ofs(4000))] +
                entries(body))


def pack_lacks(body):
    return pack([entry(BLOB, b"hello\n")])


def pack_commit_alone(body):
    return pack(entries(body)[:1])


def pack_empty(body):
    return pack([])


def pack_unrelated(body):
    return pack(entries(body) + [entry(BLOB, b"unrelated\n"),
                                 entry(TREE, b"100644 a\0" + b"\x11" * 20),
                                 entry(COMMIT, b"tree " + OID +
                                       b"\nauthor A <a@b> 1 +0000\n"
                                       b"committer A <a@b> 1 +0000\n\nx\n")])


def pack_twice(body):
    all_of_it = entries(body)
    return pack(all_of_it + all_of_it[:1])


def pack_thin(body):
    """The text of a post as a delta on one that the other side has."""
    base = git("rev-parse", args[0]).strip()
    data = git("cat-file", "blob", args[0])
    return pack(entries(body) + [
        entry(REF, delta(len(data), len(data) + 1, b"\x90" +
                         bytes([len(data)]) + b"\x01x"),
              bytes.fromhex(base.decode()))])


def pack_trailer(body):
    data = pack(entries(body))
    return data[:-1] + bytes([data[-1] ^ 1])


def pack_more(body):
    return pack(entries(body)) + b"and more"


def pack_short(body):
    data = pack(entries(body))
    return data[:len(data) * 2 // 3]


def pack_version(body):
    return pack(entries(body), version=9)


def pack_nonsense(body):
    return ESC * 100


def pack_type(body):
    return pack([entry(5, b"x")] + entries(body))


def pack_zlib(body):
    return pack([head(BLOB, 10) + b"not deflated"] + entries(body))


def pack_laughs(body):
    """A commit whose tree names a tree ten times, which names one ..."""
    out, oid = [], hashlib.sha1(b"blob 1\0x").digest()
    out.append(entry(BLOB, b"x"))
    for level in range(12):
        data = b"".join((b"100644 %d\0" if not level else b"40000 %d\0") % i +
                        oid for i in range(10))
        out.append(entry(TREE, data))
        oid = hashlib.sha1(b"tree %d\0" % len(data) + data).digest()
    out.append(entry(COMMIT, laughing(oid)))
    return pack(out + entries(body))


def laughing(oid):
    return b"tree " + oid.hex().encode() + b"\nauthor A <a@b> 1 +0000\n" \
        b"committer A <a@b> 1 +0000\n\nx\n"


# answers to fetch

def fetch_pack(data):
    return pkt(b"packfile\n") + band(1, data) + FLUSH


def fetch_nonsense(body):
    return pkt(b"hello\n") + pkt(ESC) + FLUSH


def fetch_v0(body):
    """As version 0 has it."""
    return pkt(b"NAK\n") + pack_honest(body)


def fetch_raw(body):
    return ESC * 100


def fetch_nothing(body):
    return FLUSH


def fetch_band4(body):
    return pkt(b"packfile\n") + pkt(b"\x04" + ESC)


def fetch_says(body):
    """Words with escape sequences, and a good pack."""
    return pkt(b"packfile\n") + band(2, b"hello " + ESC + b"\n") + \
        band(1, pack_honest(body)) + FLUSH


def fetch_talks(body):
    """300 MiB of words."""
    yield pkt(b"packfile\n")
    for _ in range(5000):
        yield band(2, b"x" * 65000)


def fetch_words_line(body):
    yield pkt(b"packfile\n")
    for _ in range(200000):
        yield band(2, b"hello\n" * 20)


def fetch_fails(body):
    return pkt(b"packfile\n") + band(3, b"no " + ESC + b"y" * 60000)


def fetch_acks(body):
    yield pkt(b"acknowledgments\n")
    for _ in range(600000):
        yield pkt(b"ACK " + OID + b"\n")


def fetch_shallow(body):
    yield pkt(b"shallow-info\n")
    for _ in range(600000):
        yield pkt(b"shallow " + OID + b"\n")


def fetch_keepalive(body):
    """Empty packets without end."""
    yield pkt(b"packfile\n")
    while True:
        yield pkt(b"\x01") * 10000


def fetch_stall(body):
    data = fetch_pack(pack_honest(body))
    yield data[:len(data) // 2]
    time.sleep(120)


def fetch_break(body):
    """The older half of what was asked for, and half a post more."""
    out = []
    for commit in git("rev-list", "--reverse", args[0]).split()[2:]:
        names = [commit] + git("rev-parse", commit.decode() + "^{tree}").split()
        names += [n.split()[2] for n in
                  git("ls-tree", commit.decode()).splitlines()]
        for name in names:
            kind = git("cat-file", "-t", name.decode()).strip()
            one = (TYPES[kind], git("cat-file", kind.decode(), name.decode()))
            if one not in out:
                out.append(one)
    data = pkt(b"packfile\n") + \
        band(1, pack([entry(kind, data) for kind, data in out]), size=100)
    yield data[:len(data) // 2]


def fetch_drip(body):
    data = fetch_pack(pack_honest(body))
    for i in range(len(data)):
        yield data[i:i + 1]
        time.sleep(0.2)


def fetch_endless(body):
    """A pack of as many blobs as one can want."""
    yield pkt(b"packfile\n")
    yield band(1, b"PACK\0\0\0\2\0\x10\0\0")
    one = b"".join(entry(BLOB, os.urandom(60)) for _ in range(500))
    while True:
        yield band(1, one)


# ls-refs

def ls_million():
    for i in range(100):
        yield b"".join(pkt(OID + b" refs/mn/devices/%064x\n" % (i * 10000 + k))
                       for k in range(10000))
    yield FLUSH


def ls_heads_million():
    for i in range(100):
        yield b"".join(pkt(OID + b" refs/heads/%d\n" % (i * 10000 + k))
                       for k in range(10000))
    yield FLUSH


def ls_devices():
    """2,000 devices that nobody knows, and the good ones."""
    tip = refs()[0][:40]
    for i in range(2000):
        yield pkt(tip + b" refs/mn/devices/%064x\n" % i)
    yield b"".join(pkt(line + b"\n") for line in refs()) + FLUSH


def ls_escape():
    yield pkt(OID + b" refs/mn/devices/" + ESC + b"\n") + FLUSH


def ls_dots():
    yield pkt(OID + b" refs/mn/devices/../../../x\n") + FLUSH


def ls_twice():
    yield b"".join(pkt(line + b"\n") for line in refs() * 2) + FLUSH


def ls_symref():
    yield pkt(OID + b" HEAD symref-target:refs/heads/x\n")
    for line in refs():
        more = b" symref-target:refs/mn/config/x peeled:" + OID
        yield pkt(line + more + b"\n")
    yield FLUSH


def ls_missing():
    """A device's newest node that the server hasn't got itself."""
    for line in refs():
        yield pkt((OID if line.endswith(args[0].encode()) else line[:40]) +
                  line[40:] + b"\n")
    yield FLUSH


def ls_zero():
    yield pkt(b"0" * 40 + b" refs/mn/devices/" + b"1" * 64 + b"\n") + FLUSH


def ls_nonsense():
    yield pkt(ESC + b"\n") + FLUSH


def ls_v0():
    yield pkt(refs()[0] + b"\0side-band-64k\n") + FLUSH


def ls_other():
    """What was not asked for."""
    for line in refs():
        yield pkt(line + b"\n")
    for name in (b"heads/x", b"tags/x", b"mn/config/x", b"notes/x"):
        yield pkt(OID + b" refs/" + name + b"\n")
    yield FLUSH


def ls_endless():
    while True:
        yield pkt(b"unborn HEAD symref-target:refs/heads/" + b"x" * 60000)


def ls_none():
    yield FLUSH


# info/refs

def adv_version9():
    return pkt(b"version 9\n") + FLUSH


def adv_no_fetch():
    return caps(fetch=b"")


def adv_sha256():
    return b"".join(pkt(w) for w in (b"version 2\n", b"ls-refs\n", b"fetch\n",
                                     b"object-format=sha256\n")) + FLUSH


def adv_error():
    return pkt(b"ERR no " + ESC)


def adv_error_long():
    return pkt(b"ERR " + (b"no " + ESC) * 2500)


def adv_nonsense():
    return ESC * 50


def adv_length_short():
    return b"0003"


def adv_length_letters():
    return b"zzzz" + b"x" * 100


def adv_length_long():
    return b"ffff" + b"x" * 65531


def adv_length_cut():
    return b"0040version 2\n"


def adv_length_minus():
    return b"-001version 2\n"


def adv_nothing():
    return b""


def adv_flush():
    return FLUSH * 10


def adv_caps_endless():
    yield pkt(b"version 2\n")
    while True:
        yield pkt(b"x" * 60000)


def adv_v0_million():
    yield pkt(b"# service=git-upload-pack\n") + FLUSH
    yield pkt(OID + b" HEAD\0 side-band-64k\n")
    for i in range(100):
        yield b"".join(pkt(OID + b" refs/mn/devices/%064x\n" % (i * 10000 + k))
                       for k in range(10000))
    yield FLUSH


def adv_v0_escape():
    return pkt(b"# service=git-upload-pack\n") + FLUSH + \
        pkt(OID + b" refs/heads/" + ESC + b"\0\n") + FLUSH


def adv_v0_sha256():
    return pkt(b"# service=git-upload-pack\n") + FLUSH + \
        pkt(b"1" * 64 + b" refs/mn/identity\0 object-format=sha256") + FLUSH


def adv_other_service():
    return pkt(b"# service=" + ESC + b"\n") + FLUSH


# whole answers

def http_stall(h):
    time.sleep(120)


def http_stall_head(h):
    h.send(b"HTTP/1.1 200 OK\r\nContent-Ty")
    time.sleep(120)


def http_drip_head(h):
    h.send(b"HTTP/1.1 200 OK\r\n")
    for _ in range(1000):
        h.send(b"X: y\r\n")
        time.sleep(0.2)


def http_status(h):
    h.send(b"HTTP/1.1 500 " + ESC + b"\r\nContent-Length: 0\r\n\r\n")


def http_status_long(h):
    h.send(b"HTTP/1.1 500 " + b"x" * 3 * MIB + b"\r\n\r\n")


def http_headers(h):
    h.send(b"HTTP/1.1 200 OK\r\n")
    while True:
        h.send(b"X-More: " + b"x" * 1000 + b"\r\n")


def http_header_long(h):
    h.send(b"HTTP/1.1 200 OK\r\nX-More: ")
    while True:
        h.send(b"x" * 65536)


def http_continue(h):
    while True:
        h.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def http_hints(h):
    while True:
        h.send(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 100)


def http_switch(h):
    h.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: git\r\n"
           b"Connection: upgrade\r\n\r\nhello")


def http_encoding(h):
    """10 GiB of zeros, as gzip."""
    z = zlib.compressobj(9, wbits=31)
    out = z.compress(bytes(MIB))
    h.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n" +
           h.type("advertisement") + b"Connection: close\r\n\r\n" + out)
    for _ in range(10240):
        h.send(z.compress(bytes(MIB)))


def http_chunk(h):
    h.send(b"HTTP/1.1 200 OK\r\n" + h.type("advertisement") +
           b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nx")


def http_length(h):
    h.send(b"HTTP/1.1 200 OK\r\n" + h.type("advertisement") +
           b"Content-Length: 99999999999999999999\r\n\r\nx")


def http_redirect(h):
    where = args[0].replace("{path}", h.path)
    h.send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " +
           where.encode() + b"\r\n\r\n")


def http_redirect_escape(h):
    h.send(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: http://" +
           ESC + b"/x\r\n\r\n")


def http_redirect_post(h):
    """Goes elsewhere when the refs are known."""
    if h.method == "POST":
        http_redirect(h)
    else:
        h.honest()


def http_cookie(h):
    h.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: " + b"a=" + b"x" * 9000 +
           b"\r\n" + h.type("advertisement") + b"\r\n")


def http_type(h):
    """A page where a pack is due."""
    if h.method == "POST":
        h.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
               b"Content-Length: 5\r\n\r\nhello")
    else:
        h.honest()


# files of a plain server

def dumb_honest(path, data):
    return data


def dumb_refs_endless(path, data):
    if not path.startswith("/info/refs"):
        return data

    def endless():
        while True:
            yield (OID + b"\trefs/heads/%020d\n" % time.time_ns()) * 1000
    return endless()


def dumb_other_object(path, data):
    """Each object is another one."""
    if len(path) != 50 or data is None:
        return data
    return zlib.compress(b"blob 5\0hello")


def dumb_bomb(path, data):
    if len(path) != 50 or data is None:
        return data
    return prepared[0]


def dumb_idx(path, data):
    """An index that names objects which aren't in the pack."""
    if not path.endswith(".idx") or not data:
        return data
    n = int.from_bytes(data[8 + 255 * 4:8 + 256 * 4], "big")
    at = 8 + 256 * 4
    names = data[at:at + 20 * n]
    names = b"".join(names[i:i + 19] + bytes([names[i + 19] ^ 1])
                     for i in range(0, len(names), 20))
    body = data[:at] + names + data[at + 20 * n:-20]
    return body + hashlib.sha1(body).digest()


def dumb_packs_endless(path, data):
    if path != "/objects/info/packs":
        return data

    def endless():
        while True:
            yield b"".join(b"P pack-%s.pack\n" % os.urandom(20).hex().encode()
                           for _ in range(1000))
    return endless()


def dumb_pack(path, data):
    """A pack of other objects than its index says."""
    if not path.endswith(".pack") or data is None:
        return data
    return pack([entry(BLOB, b"hello\n")])


def dumb_pack_endless(path, data):
    if not path.endswith(".pack") or data is None:
        return data

    def endless():
        yield data[:12]
        while True:
            yield b"".join(entry(BLOB, os.urandom(60)) for _ in range(500))
    return endless()


part, _, _ = mode.partition("_")
spoil = globals()[mode]
prepared = bombs()


class Handler(socketserver.StreamRequestHandler):
    wbufsize = 65536

    def handle(self):
        try:
            while self.one():
                pass
        except OSError:
            pass

    def one(self):
        line = self.rfile.readline().decode().split()
        if not line:
            return False
        self.method, self.path = line[:2]
        headers = {}
        while True:
            name, _, value = self.rfile.readline().decode().partition(":")
            if not value:
                break
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        with open(log_file, "a") as f:
            f.write("%s %s\n" % (self.method, self.path))
        self.body = body
        if part == "http":
            spoil(self)
            return mode in ("http_redirect_post", "http_type",
                            "http_redirect")
        if part == "dumb":
            return self.plain()
        self.honest()
        return True

    def send(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def type(self, what):
        return b"Content-Type: application/x-git-upload-pack-" + \
            what.encode() + b"\r\n"

    def answer(self, what, data):
        """data: bytes, or what yields them; then in chunks, and a break
        where it does not end with a flush packet."""
        head = b"HTTP/1.1 200 OK\r\n" + self.type(what)
        if isinstance(data, bytes):
            self.send(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)
            return
        self.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
        last = b""
        for last in data:
            self.send(b"%x\r\n" % len(last) + last + b"\r\n")
        if not last.endswith(FLUSH):
            raise OSError
        self.send(b"0\r\n\r\n")

    def honest(self):
        if self.method == "GET":
            if part == "adv":
                data = spoil()
            elif part == "http":
                data = git("upload-pack", "--http-backend-info-refs", ".")
            else:
                data = caps()
            self.answer("advertisement", data)
        elif b"command=ls-refs" in self.body:
            self.answer("result", spoil() if part == "ls" else
                        b"".join(pkt(r + b"\n") for r in refs()) + FLUSH)
        elif part == "pack":
            self.answer("result", fetch_pack(spoil(self.body)))
        elif part == "fetch":
            self.answer("result", spoil(self.body))
        else:
            self.answer("result", git("upload-pack", "--stateless-rpc", ".",
                                      data=self.body))

    def plain(self):
        path = self.path.partition("?")[0]
        try:
            with open(repo + path, "rb") as f:
                data = f.read()
        except OSError:
            data = None
        data = spoil(path, data)
        if data is None:
            self.send(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return True
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        if isinstance(data, bytes):
            self.send(head + b"Content-Length: %d\r\n\r\n" % len(data) + data)
            return True
        self.send(head + b"Connection: close\r\n\r\n")
        for piece in data:
            self.send(piece)
        return False


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        if "HOSTILE_DEBUG" in os.environ:
            super().handle_error(request, client_address)


server = Server(("127.0.0.1", 0), Handler)
with open(port_file + ".new", "w") as f:
    f.write("%d\n" % server.server_address[1])
os.rename(port_file + ".new", port_file)
server.serve_forever()
