#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""vectors.py - make the golden vectors in t/vectors

usage: vectors.py [--check | --git-check] [<directory>]

A second implementation of mnformat-node(5) and mnformat-identity(5), written
from those pages and sharing nothing with the library: an encoder, a strict
reader, and the vectors. What it makes is the same on each run, since every
key and salt comes from a fixed label. Each vector is put through the reader
before it is written: a valid one has to pass, an invalid one has to fail
with just the error that stands in it.

Without an option the files are written; --check compares with those that are
there (exit 1 and a summary, if they differ); --git-check writes the carriers
and merges into a scratch repository and asks stock git about them.

The file is long since it is two things that have to be read side by side,
the format (first half) and its vectors (second half).
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from functools import lru_cache
from hashlib import blake2b, sha1

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, x25519

MAX_NUMBER = 2 ** 53 - 1
MAX_TIME = 253402300799999
MAX_META = 16383
MAX_CONTENT = 68719476736
BLOB_LIMIT = 4194304
CHUNK = 1048576
MAX_DOCUMENT = 65536
MAX_IDENTITY = 4194304
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class Bad(Exception):
    """Input that breaks a rule; str() is the name of the error."""


# ---------------------------------------------------------------- digests

def b2(data, key=b"", size=32):
    return blake2b(data, digest_size=size, key=key).digest()


def b2hex(data):
    return b2(data).hex()


def derive(label, size=32):
    """Fixed bytes for a label: whatever would be random elsewhere."""
    return b2(b"mn vectors\n" + label.encode(), size=size)


def git_oid(kind, body):
    return sha1(b"%s %d\0" % (kind.encode(), len(body)) + body).hexdigest()


# ---------------------------------------------------------------- Ed25519

P25519 = 2 ** 255 - 19
ORDER = 2 ** 252 + 27742317777372353535851937790883648493
CURVE_D = -121665 * pow(121666, -1, P25519) % P25519


def point_add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = CURVE_D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + t, -1, P25519) % P25519,
            (y1 * y2 + x1 * x2) * pow(1 - t, -1, P25519) % P25519)


def point_decode(raw):
    """RFC 8032, 5.1.3; None if it is no point."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P25519:
        return None
    u, v = (y * y - 1) % P25519, (CURVE_D * y * y + 1) % P25519
    x2 = u * pow(v, -1, P25519) % P25519
    x = pow(x2, (P25519 + 3) // 8, P25519)
    if (x * x - x2) % P25519:
        x = x * pow(2, (P25519 - 1) // 4, P25519) % P25519
    if (x * x - x2) % P25519 or (x == 0 and sign):
        return None
    return (P25519 - x if x & 1 != sign else x, y)


def small_order(raw):
    p = point_decode(raw)
    for _ in range(3):
        p = point_add(p, p)
    return p == (0, 1)


class Key:
    """An Ed25519 key pair from a seed."""

    def __init__(self, seed):
        self.seed = seed
        self.secret = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        self.pub = raw_public(self.secret)
        self.hex = self.pub.hex()

    def sign(self, data):
        return self.secret.sign(data)


def raw_public(secret):
    return secret.public_key().public_bytes(
        serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def ed_verify(pub, sig, data):
    if int.from_bytes(sig[32:], "little") >= ORDER:
        return False
    if point_decode(pub) is None or small_order(pub):
        return False
    try:
        ed25519.Ed25519PublicKey.from_public_bytes(pub).verify(sig, data)
    except InvalidSignature:
        return False
    return True


# ------------------------------------------- sealed boxes (crypto_box_seal)

def salsa_core(key, block, final):
    """20 rounds of Salsa20; `final` adds the input (Salsa20 itself), else it
    is HSalsa20."""
    def words(raw):
        return [int.from_bytes(raw[i:i + 4], "little")
                for i in range(0, len(raw), 4)]

    def quarter(x, a, b, c, d):
        for to, one, two, rot in ((b, a, d, 7), (c, b, a, 9),
                                  (d, c, b, 13), (a, d, c, 18)):
            s = (x[one] + x[two]) & 0xffffffff
            x[to] ^= (s << rot | s >> (32 - rot)) & 0xffffffff

    k, n, s = words(key), words(block), words(b"expand 32-byte k")
    start = [s[0], *k[:4], s[1], *n, s[2], *k[4:], s[3]]
    x = list(start)
    for _ in range(10):
        for q in ((0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6),
                  (15, 3, 7, 11), (0, 1, 2, 3), (5, 6, 7, 4),
                  (10, 11, 8, 9), (15, 12, 13, 14)):
            quarter(x, *q)
    if final:
        x = [(a + b) & 0xffffffff for a, b in zip(x, start)]
    else:
        x = [x[i] for i in (0, 5, 10, 15, 6, 7, 8, 9)]
    return b"".join(w.to_bytes(4, "little") for w in x)


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    acc = 0
    for i in range(0, len(data), 16):
        acc += int.from_bytes(data[i:i + 16] + b"\1", "little")
        acc = acc * r % (2 ** 130 - 5)
    acc += int.from_bytes(key[16:], "little")
    return (acc & 2 ** 128 - 1).to_bytes(16, "little")


def seal(message, device_pub, label):
    y = int.from_bytes(device_pub, "little") & (1 << 255) - 1
    to = ((1 + y) * pow(1 - y, -1, P25519) % P25519).to_bytes(32, "little")
    eph = x25519.X25519PrivateKey.from_private_bytes(derive(label))
    eph_pub = raw_public(eph)
    shared = eph.exchange(x25519.X25519PublicKey.from_public_bytes(to))
    nonce = b2(eph_pub + to, size=24)
    key = salsa_core(shared, bytes(16), False)
    key = salsa_core(key, nonce[:16], False)
    stream = b"".join(
        salsa_core(key, nonce[16:] + i.to_bytes(8, "little"), True)
        for i in range(len(message) // 64 + 2))
    box = bytes(a ^ b for a, b in zip(message, stream[32:]))
    return eph_pub + poly1305(stream[:32], box) + box


# ------------------------------------------------------ values and lines

HEX32 = r"[0-9a-f]{64}"
NAME = r"[a-z][a-z0-9-]{0,31}"
DECIMAL = r"(?:0|[1-9][0-9]{0,15})"
COORD = r"-?(?:0|[1-9][0-9]{0,2})(?:\.[0-9]{0,5}[1-9])?"
MEDIA = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}"
LINK = (r"[a-z][a-z0-9+.-]{0,31}:"
        r"[!#-;=?-\[\]_a-z~]+")


def whole(pattern, value):
    return re.fullmatch(pattern, value)


def is_hex32(v):
    return bool(whole(HEX32, v))


def is_number(v, low=0, high=MAX_NUMBER):
    return bool(whole(DECIMAL, v)) and low <= int(v) <= high


def forbidden(code):
    return code < 0x20 or 0x7f <= code < 0xa0 or code in (0x2028, 0x2029)


def is_text(v, most):
    return (0 < len(v.encode()) <= most and v[0] != " " and v[-1] != " "
            and not any(forbidden(ord(c)) for c in v))


def is_word(v):
    return is_text(v, 64) and " " not in v and "," not in v


def is_lang(v):
    return (len(v) <= 35
            and bool(whole(r"[a-z]{2,8}(?:-[a-z0-9]{1,8})*", v)))


def is_place(v):
    m = whole("(%s),(%s)" % (COORD, COORD), v)
    return bool(m) and all(
        c != "-0" and abs(float(c)) <= most
        for c, most in zip(m.groups(), (90, 180)))


def is_attr(v):
    m = whole("(%s) (.*)" % NAME, v)
    return bool(m) and is_text(m[2], 1024)


def split_content(v):
    m = whole("(%s) (%s) (%s) (%s/%s) (.*)"
              % (NAME, HEX32, DECIMAL, MEDIA, MEDIA), v)
    if not m or int(m[3]) > MAX_CONTENT or not is_text(m[5], 120) \
            or "/" in m[5] or "\\" in m[5]:
        return None
    return {"role": m[1], "digest": m[2], "size": int(m[3]),
            "type": m[4], "name": m[5]}


def split_lines(blob, what):
    """The checks that look at all bytes; [(key, value)]."""
    try:
        text = blob.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad(what + "-utf8") from None
    if any(forbidden(ord(c)) and c != "\n" for c in text):
        raise Bad(what + "-control")
    if not text.endswith("\n"):
        raise Bad(what + "-line")
    lines = []
    for line in text[:-1].split("\n"):
        key, space, value = line.partition(" ")
        if not (key and space and value):
            raise Bad(what + "-line")
        lines.append((key, value))
    return lines


def read_fields(lines, table, what, check):
    """Lines in the order of a table of (key, count function); the latter
    gives the least and the most. check(key, value, got) raises Bad for a
    value, and returns what is to be in ascending order, or None."""
    keys = [key for key, _ in table]
    got = {}
    at = 0
    for i, (key, count) in enumerate(table):
        least, most = count(got)
        last = None
        values = []
        while at < len(lines) and lines[at][0] == key:
            if len(values) == most:
                if most <= 1:
                    break
                raise Bad(what + "-limit")
            value = lines[at][1]
            order = check(key, value, got)
            if order is not None:
                order = order.encode()
                if last is not None and last >= order:
                    raise Bad(what + "-ascending")
                last = order
            values.append(value)
            at += 1
        got[key] = values
        if len(values) < least:
            if at < len(lines):
                left_over(lines[at][0], keys, i, what)
            raise Bad(what + "-missing")
        if key == "gen":
            check_gen(got)
    if at < len(lines):
        left_over(lines[at][0], keys, len(keys), what)
    return got


def left_over(key, keys, expected, what):
    if key not in keys:
        raise Bad(what + "-unknown")
    if keys.index(key) < expected:
        raise Bad(what + "-order")


# ---------------------------------------------------------------- the meta

def lipmaa(n):
    m, k = 1, 3
    while m < n:
        k *= 3
        m = (k - 1) // 2
    k //= 3
    if m != n:
        u = n
        while u:
            m = (k - 1) // 2
            k //= 3
            u %= m
        if m != k:
            k = m
    return n - k


def exactly(least, most):
    return lambda got: (least, most)


def when(test):
    return lambda got: (1, 1) if test(int(got["seq"][0])) else (0, 0)


ONE, MAYBE = exactly(1, 1), exactly(0, 1)

META_TABLE = [
    ("mn", ONE), ("kind", ONE), ("profile", ONE), ("identity", ONE),
    ("device", ONE), ("seq", ONE),
    ("prev", when(lambda s: s > 1)),
    ("skip", when(lambda s: s > 1 and lipmaa(s) < s - 1)),
    ("parent", exactly(0, 8)), ("gen", ONE), ("era", ONE), ("time", ONE),
    ("summary", MAYBE), ("stream", MAYBE), ("tag", exactly(0, 32)),
    ("lang", MAYBE), ("place", MAYBE), ("subject", exactly(0, 16)),
    ("attr", exactly(0, 32)), ("link", exactly(0, 32)),
    ("content", exactly(0, 64)),
]
META_KEYS = [key for key, _ in META_TABLE]
META_LISTS = ("parent", "tag", "subject", "attr", "link", "content")
META_NUMBERS = ("seq", "gen", "era", "time")

SUBJECT = "%s mn:%s(?:/%s)?" % (NAME, HEX32, HEX32)

META_CHECKS = {
    "mn": ("version", lambda v: v == "1"),
    "kind": ("kind", lambda v: whole(NAME, v) and v != "merge"),
    "profile": ("digest", is_hex32),
    "identity": ("digest", is_hex32),
    "device": ("digest", is_hex32),
    "seq": ("number", lambda v: is_number(v, 1)),
    "prev": ("digest", is_hex32),
    "skip": ("digest", is_hex32),
    "parent": ("digest", is_hex32),
    "gen": ("number", lambda v: is_number(v, 1)),
    "era": ("number", is_number),
    "time": ("time", lambda v: is_number(v, 0, MAX_TIME)),
    "summary": ("summary", lambda v: is_text(v, 300)),
    "stream": ("stream", is_word),
    "tag": ("tag", is_word),
    "lang": ("lang", is_lang),
    "place": ("place", is_place),
    "subject": ("subject", lambda v: whole(SUBJECT, v)),
    "attr": ("attr", is_attr),
    "link": ("link", lambda v: len(v) <= 2048 and whole(LINK, v)),
    "content": ("content", split_content),
}


def check_meta_value(key, value, _got):
    error, test = META_CHECKS[key]
    if not test(value):
        raise Bad("meta-" + error)
    return value if key in META_LISTS and key != "content" else None


def check_gen(got):
    gen, seq = int(got["gen"][0]), int(got["seq"][0])
    if (gen == 1) != (not got["parent"]) or gen < seq:
        raise Bad("meta-gen")


def read_meta(blob):
    """A meta as a dict: numbers as numbers, lists as lists, no key for an
    optional field that is absent."""
    if not 1 <= len(blob) <= MAX_META:
        raise Bad("meta-size")
    got = read_fields(split_lines(blob, "meta"), META_TABLE, "meta",
                      check_meta_value)
    fields = {}
    for key in META_KEYS[1:]:
        values = got[key]
        if key == "content":
            values = [split_content(v) for v in values]
        if key in META_LISTS:
            if values:
                fields[key] = values
        elif values:
            v = values[0]
            fields[key] = int(v) if key in META_NUMBERS else v
    return fields


def write_lines(fields, keys):
    out = []
    for key in keys:
        values = fields.get(key)
        if values is None:
            continue
        if not isinstance(values, (list, tuple)):
            values = [values]
        for v in values:
            if isinstance(v, dict):
                v = "%(role)s %(digest)s %(size)d %(type)s %(name)s" % v
            out.append("%s %s\n" % (key, v))
    return "".join(out).encode()


def write_meta(fields):
    return write_lines({"mn": 1, **fields}, META_KEYS)


def node_id(meta):
    return b2hex(b"mn:node:1\n" + meta)


def signed_node(node):
    return b"mn:node-signature:1\n" + bytes.fromhex(node)


# ------------------------------------------------------ identity documents

def previous_count(got):
    return (1, 1) if int(got["number"][0]) > 0 else (0, 0)


DOC_TABLE = [
    ("mn-identity", ONE), ("number", ONE), ("previous", previous_count),
    ("time", ONE), ("era", ONE), ("epoch", ONE), ("threshold", ONE),
    ("root", exactly(1, 16)), ("next-threshold", ONE),
    ("next", exactly(1, 16)), ("encryption", ONE),
    ("device", exactly(0, 64)), ("sealed", exactly(0, 64)),
    ("cut", exactly(0, 256)), ("signature", exactly(1, 16)),
]
DOC_KEYS = [key for key, _ in DOC_TABLE]
DOC_KEYED = ("device", "sealed", "cut", "signature")
DOC_NUMBERS = {"number": (0, 1023), "time": (0, MAX_TIME),
               "era": (0, MAX_NUMBER), "epoch": (0, MAX_NUMBER),
               "threshold": (1, MAX_NUMBER), "next-threshold": (1, MAX_NUMBER)}


def check_doc_value(key, v, _got):
    def need(test, error):
        if not test:
            raise Bad("identity-" + error)

    if key == "mn-identity":
        need(v == "1", "version")
    elif key in DOC_NUMBERS:
        need(is_number(v, *DOC_NUMBERS[key]), "number")
    elif key in ("previous", "root", "next", "encryption"):
        need(is_hex32(v), "digest")
    elif key == "signature":
        need(whole(HEX32 + " [0-9a-f]{128}", v), "signature")
    else:
        need(is_hex32(v[:64]) and v[64:65] == " ", "digest")
        rest = v[65:]
        if key == "device":
            need(is_text(rest, 64), "label")
        elif key == "sealed":
            need(whole("[0-9a-f]{160}", rest), "sealed")
        else:
            m = whole("(%s) (%s)( %s)?" % (DECIMAL, DECIMAL, HEX32), rest)
            need(m and is_number(m[1]) and is_number(m[2])
                 and (m[2] == "0") == (m[3] is None), "cut")
    if key in DOC_KEYED:
        return v[:64]
    return v if key in ("root", "next") else None


class Document:
    def __init__(self, lines):
        got = read_fields(lines, DOC_TABLE, "identity", check_doc_value)
        for key in DOC_NUMBERS:
            setattr(self, key.replace("-", "_"), int(got[key][0]))
        self.previous = got["previous"][0] if got["previous"] else None
        self.root, self.next = got["root"], got["next"]
        for key in DOC_KEYED:
            setattr(self, key, {v[:64]: v[65:] for v in got[key]})
        for key, v in self.cut.items():
            era, seq, *node = v.split(" ")
            self.cut[key] = (int(era), int(seq), node[0] if node else None)
        body = "".join("%s %s\n" % line for line in lines
                       if line[0] != "signature")
        self.digest = doc_digest(body.encode())
        self.check()

    def check(self):
        if self.threshold > len(self.root) \
                or self.next_threshold > len(self.next):
            raise Bad("identity-threshold")
        if any(key not in self.device for key in self.sealed):
            raise Bad("identity-sealed")
        if any(key in self.device for key in self.cut):
            raise Bad("identity-cut")
        if any(key not in self.root for key in self.signature):
            raise Bad("identity-signer")


def doc_digest(body):
    return b2hex(b"mn:identity:1\n" + body)


def commitment(pub_hex):
    return b2hex(b"mn:root-key:1\n" + bytes.fromhex(pub_hex))


def signed_doc(digest):
    return b"mn:identity-signature:1\n" + bytes.fromhex(digest)


def check_successor(old, new):
    if new.previous != old.digest:
        raise Bad("chain-previous")
    if any(commitment(key) not in old.next for key in new.root):
        raise Bad("chain-root")
    if new.threshold != old.next_threshold:
        raise Bad("chain-threshold")
    if new.era < old.era:
        raise Bad("chain-era")
    if new.epoch < old.epoch:
        raise Bad("chain-epoch")
    if any(d not in new.device and d not in new.cut for d in old.device) \
            or any(d not in new.cut for d in old.cut):
        raise Bad("chain-device")
    for d, was in old.cut.items():
        now = new.cut[d]
        if now[:2] > was[:2] or now[:2] == was[:2] and now[2] != was[2]:
            raise Bad("chain-cut")


def read_identity(blob, profile=None):
    if not 1 <= len(blob) <= MAX_IDENTITY:
        raise Bad("identity-size")
    lines = split_lines(blob, "identity")
    starts = [i for i, (key, _) in enumerate(lines)
              if i == 0 or key == "mn-identity"]
    docs = []
    for start, end in zip(starts, starts[1:] + [len(lines)]):
        part = lines[start:end]
        if sum(len(k) + len(v.encode()) + 2 for k, v in part) > MAX_DOCUMENT:
            raise Bad("identity-size")
        docs.append(Document(part))
    for n, doc in enumerate(docs):
        if doc.number != n:
            raise Bad("chain-number")
        if n > 0:
            check_successor(docs[n - 1], doc)
        if len(doc.signature) < doc.threshold:
            raise Bad("chain-unsigned")
        for key, sig in doc.signature.items():
            if not ed_verify(bytes.fromhex(key), bytes.fromhex(sig),
                             signed_doc(doc.digest)):
                raise Bad("chain-signature")
    if profile is not None and docs[0].digest != profile:
        raise Bad("identity-profile")
    return docs


# --------------------------------------------------- root secret and phrase

def root_key(secret, n):
    return Key(b2(b"mn:root-seed:1\n" + n.to_bytes(8, "little"), secret))


def encryption_key(secret, n):
    seed = b2(b"mn:encryption-seed:1\n" + n.to_bytes(8, "little"), secret)
    pub = raw_public(x25519.X25519PrivateKey.from_private_bytes(seed))
    return seed, pub


CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"


def phrase_sum(secret):
    return b2(b"mn:phrase:1\n" + secret)[:4]


def phrase_words(raw):
    words = []
    for i in range(0, len(raw), 2):
        w = raw[i] << 8 | raw[i + 1]
        words.append(CONSONANTS[w >> 12] + VOWELS[w >> 10 & 3]
                     + CONSONANTS[w >> 6 & 15] + VOWELS[w >> 4 & 3]
                     + CONSONANTS[w & 15])
    return words


def write_phrase(secret):
    return " ".join(phrase_words(secret + phrase_sum(secret)))


def read_phrase(phrase):
    words = re.split("[ -]", phrase.encode().lower().decode())
    raw = b""
    for word in words:
        if not whole("[%s][%s][%s][%s][%s]" % ((CONSONANTS, VOWELS) * 2
                                               + (CONSONANTS,)), word):
            raise Bad("phrase")
        w = 0
        for i, c in enumerate(word):
            w = w << 2 | VOWELS.index(c) if i % 2 else \
                w << 4 | CONSONANTS.index(c)
        raw += w.to_bytes(2, "big")
    if len(words) != 10 or phrase_sum(raw[:16]) != raw[16:]:
        raise Bad("phrase")
    return raw[:16]


# ---------------------------------------------------- contents and carriers

def expand(spec):
    """The bytes that {"hex"} or {"repeat","size"} describes."""
    if "hex" in spec:
        return bytes.fromhex(spec["hex"])
    return repeated(spec["repeat"], spec["size"])


@lru_cache(maxsize=4)
def repeated(pattern, size):
    pattern = bytes.fromhex(pattern)
    return (pattern * (size // len(pattern) + 1))[:size]


def tree_body(entries):
    """A git tree of (mode, name, oid), put into git's order."""
    def order(entry):
        return entry[1].encode() + (b"/" if entry[0] == "40000" else b"")
    return b"".join(
        ("%s %s" % (mode, name)).encode() + b"\0" + bytes.fromhex(oid)
        for mode, name, oid in sorted(entries, key=order))


def cut_chunks(data):
    return [data[i:i + CHUNK] for i in range(0, len(data), CHUNK)]


def content_object(data, salt):
    """(digest, mode, oid, {oid: (type, body)}, digests or None)"""
    if len(data) <= BLOB_LIMIT:
        oid = git_oid("blob", data)
        return b2hex_keyed(salt, data), "100644", oid, \
            {oid: ("blob", data)}, None
    objects, entries, digests = {}, [], b""
    for i, chunk in enumerate(cut_chunks(data)):
        digests += b2(chunk, salt)
        oid = git_oid("blob", chunk)
        objects[oid] = ("blob", chunk)
        entries.append(("100644", "%04x" % i, oid))
    oid = git_oid("blob", digests)
    objects[oid] = ("blob", digests)
    body = tree_body(entries + [("100644", "digests", oid)])
    oid = git_oid("tree", body)
    objects[oid] = ("tree", body)
    return b2hex_keyed(salt, digests), "40000", oid, objects, digests


def b2hex_keyed(salt, data):
    return b2(data, salt).hex()


def make_commit(tree, parents, fields, node, signature, salts):
    """The body of a carrier; fields as read_meta() gives them."""
    who = "%s <%s> %d +0000" % (fields["profile"][:16], fields["device"][:16],
                                fields["time"] // 1000)
    lines = ["tree " + tree, *("parent " + p for p in parents),
             "author " + who, "committer " + who, "",
             "%s: %s" % (fields["kind"],
                         fields.get("summary", "#%d" % fields["seq"])), "",
             "Mn-Version: 1", "Mn-Node: " + node,
             "Mn-Device: " + fields["device"], "Mn-Signature: " + signature,
             *("Mn-Salt: %d %s" % (i, salts[i].hex()) for i in sorted(salts))]
    return ("\n".join(lines) + "\n").encode()


IDENT = r"[0-9a-f]{16} <[0-9a-f]{16}> %s \+0000" % DECIMAL
COMMIT_HEAD = (r"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)"
               r"author %s\ncommitter %s\n\n"
               r"%s: [^\n]+\n\n"
               r"Mn-Version: (%s)\n") % (IDENT, IDENT, NAME, DECIMAL)
COMMIT_TAIL = (r"Mn-Node: (%s)\nMn-Device: (%s)\n"
               r"Mn-Signature: ([0-9a-f]{128})\n"
               r"((?:Mn-Salt: %s [0-9a-f]{32}\n)*)") % (HEX32, HEX32, DECIMAL)


def read_commit(body):
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("carrier-parse") from None
    head = re.match(COMMIT_HEAD, text)
    if not head:
        raise Bad("carrier-parse")
    if head[3] != "1":
        raise Bad("carrier-version")
    tail = whole(COMMIT_TAIL, text[head.end():])
    if not tail:
        raise Bad("carrier-parse")
    salts = {}
    for line in tail[4].splitlines():
        _, i, salt = line.split(" ")
        if salts and int(i) <= max(salts):
            raise Bad("carrier-parse")
        salts[int(i)] = bytes.fromhex(salt)
    return {"tree": head[1], "parents": head[2].split()[1::2],
            "node": tail[1], "device": tail[2], "signature": tail[3],
            "salts": salts}


def read_tree(body):
    entries = []
    while body:
        m = re.match(rb"([0-7]+) ([^\0]+)\0(.{20})", body, re.S)
        if not m:
            raise Bad("carrier-tree")
        entries.append((m[1].decode(), m[2].decode("utf-8", "replace"),
                        m[3].hex()))
        body = body[m.end():]
    return entries


def make_merge(heads):
    """The body of the merge of [{"node", "carrier", "seconds"}]."""
    who = "mn <> %d +0000" % max(h["seconds"] for h in heads)
    lines = ["tree " + EMPTY_TREE,
             *("parent " + h["carrier"]
               for h in sorted(heads, key=lambda h: h["node"])),
             "author " + who, "committer " + who, "",
             "merge: %d heads" % len(heads), "", "Mn-Version: 1"]
    return ("\n".join(lines) + "\n").encode()


# -------------------------------------------------------------- verifying

def unhex(o, key):
    return bytes.fromhex(o[key])


def need(test, error):
    if not test:
        raise Bad(error)


def check_tree(o, fields, salts):
    """The tree against the one that is made anew. The ids of the contents
    are taken over; whether they are right shows in their bytes."""
    body = unhex(o, "tree")
    there = {name: oid for _, name, oid in read_tree(body)}
    entries = [("100644", "identity", git_oid("blob", unhex(o, "identity"))),
               ("100644", "meta", git_oid("blob", unhex(o, "meta")))]
    for i in salts:
        c = fields["content"][i]
        name = "%d-%s" % (i, c["name"])
        need(name in there, "carrier-tree")
        mode = "40000" if c["size"] > BLOB_LIMIT else "100644"
        entries.append((mode, name, there[name]))
    need(body == tree_body(entries), "carrier-tree")


def check_alone(o):
    """One node, with nothing but the id of its profile."""
    commit = read_commit(unhex(o, "commit"))
    meta = unhex(o, "meta")
    f = read_meta(meta)
    need(node_id(meta) == commit["node"], "node-id")
    need(f["profile"] == o["profile"], "profile")
    docs = read_identity(unhex(o, "identity"), o["profile"])
    need(f["identity"] == docs[-1].digest, "identity-last")
    need(f["device"] in docs[-1].device, "device-unlisted")
    need(f["era"] == docs[-1].era, "era")
    need(ed_verify(bytes.fromhex(f["device"]),
                   bytes.fromhex(commit["signature"]),
                   signed_node(commit["node"])), "signature")
    contents = f.get("content", [])
    salts = commit["salts"]
    need(all(i < len(contents) for i in salts), "carrier-salt")
    need(len(commit["parents"]) == len(f.get("parent", [])),
         "carrier-mismatch")
    need(unhex(o, "commit") == make_commit(
        commit["tree"], commit["parents"], f, commit["node"],
        commit["signature"], salts), "carrier-mismatch")
    need(commit["tree"] == git_oid("tree", unhex(o, "tree")), "carrier-tree")
    check_tree(o, f, salts)
    for i, salt in salts.items():
        data = expand(o["contents"][i])
        need(len(data) == contents[i]["size"], "content-size")
        need(content_object(data, salt)[0] == contents[i]["digest"],
             "content-digest")
    return commit, f, docs


def check_newer(o, f, docs, pool):
    newer = read_identity(unhex(o, "known_identity"), o["profile"])
    need([d.digest for d in docs] == [d.digest for d in newer[:len(docs)]],
         "identity-fork")
    need(newer[-1].era <= f["era"], "era-old")
    if f["device"] not in newer[-1].cut:
        return
    era, seq, at = newer[-1].cut[f["device"]]
    need(f["era"] == era and f["seq"] <= seq, "device-cut")
    chain = {pool[name]["node"]: read_meta(unhex(pool[name], "meta"))
             for name in o["chain"]}
    while seq > f["seq"]:
        need(at in chain and chain[at]["device"] == f["device"]
             and chain[at]["era"] == era and chain[at]["seq"] == seq,
             "device-cut-chain")
        step = lipmaa(seq)
        if f["seq"] <= step < seq - 1:
            at, seq = chain[at]["skip"], step
        else:
            at, seq = chain[at]["prev"], seq - 1
    need(at == node_id(unhex(o, "meta")), "device-cut-chain")


def same_line(f, other, seq):
    return (other["profile"], other["device"], other["era"], other["seq"]) \
        == (f["profile"], f["device"], f["era"], seq)


def check_around(o, commit, f, docs, pool):
    """With the parents and the device's earlier nodes at hand."""
    ids = f.get("parent", [])
    by_id = {pool[name]["node"]: pool[name] for name in o["parents"]}
    need(all(p in by_id for p in ids), "parent-missing")
    parents = [by_id[p] for p in ids]
    metas = [read_meta(unhex(p, "meta")) for p in parents]
    need(all(m["profile"] == f["profile"] for m in metas), "parent-profile")
    need(all(m["era"] == f["era"] for m in metas), "parent-era")
    need(f["gen"] == 1 + max((m["gen"] for m in metas), default=0), "gen")
    for p in parents:
        theirs = read_identity(unhex(p, "identity"))
        need(docs[-1].number >= theirs[-1].number, "identity-regress")
    if "prev_node" in o:
        n = pool[o["prev_node"]]
        m = read_meta(unhex(n, "meta"))
        need(n["node"] == f["prev"] and same_line(f, m, f["seq"] - 1)
             and m["gen"] < f["gen"], "prev")
    if "skip_node" in o:
        n = pool[o["skip_node"]]
        need(n["node"] == f["skip"]
             and same_line(f, read_meta(unhex(n, "meta")),
                           lipmaa(f["seq"])), "skip")
    if "other_node" in o:
        n = pool[o["other_node"]]
        need(not (same_line(f, read_meta(unhex(n, "meta")), f["seq"])
                  and n["node"] != commit["node"]), "equivocation")
    need(commit["parents"] == [p["commit_oid"] for p in parents],
         "carrier-parents")


def verify(o, pool):
    commit, f, docs = check_alone(o)
    if "known_identity" in o:
        check_newer(o, f, docs, pool)
    if "parents" in o:
        check_around(o, commit, f, docs, pool)


# =================================================================
# The vectors
# =================================================================

def expect(name, error, call):
    try:
        call()
    except Bad as e:
        if str(e) != error:
            raise AssertionError("%s: gives %s, not %s"
                                 % (name, e, error)) from None
        return
    if error is not None:
        raise AssertionError("%s: valid, should give %s" % (name, error))


def hexed(label):
    return derive(label).hex()


# ------------------------------------------------------------ small files

def make_lipmaa():
    big = [401, 1092, 1093, 1094, 29524, 88573, 10 ** 6, 2 ** 31 - 1, 2 ** 31,
           2 ** 32 - 1, 2 ** 32, (3 ** 20 - 1) // 2, (3 ** 33 - 1) // 2 - 1,
           (3 ** 33 - 1) // 2, (3 ** 33 - 1) // 2 + 1, 10 ** 15, 2 ** 53 - 3,
           2 ** 53 - 2, 2 ** 53 - 1]
    assert [lipmaa(n) for n in range(1, 15)] \
        == [0, 1, 2, 1, 4, 5, 6, 4, 8, 9, 10, 8, 4, 13]
    return [{"name": "lipmaa-%d" % n, "n": n, "lipmaa": lipmaa(n)}
            for n in [*range(1, 401), *big]]


def make_phrases():
    out = []
    secrets = [bytes(16), b"\xff" * 16, bytes(range(16)),
               bytes.fromhex("7f000001" * 4)]
    secrets += [derive("phrase %d" % i, 16) for i in range(6)]
    for i, secret in enumerate(secrets):
        phrase = write_phrase(secret)
        assert read_phrase(phrase) == secret
        out.append({"name": "phrase-%d" % i, "secret": secret.hex(),
                    "phrase": phrase})
    assert out[3]["phrase"].startswith("lusab ")
    secret = secrets[4]
    phrase = write_phrase(secret)
    words = phrase.split(" ")
    for name, read in (("dashes", phrase.replace(" ", "-")),
                       ("upper", phrase.upper()),
                       ("title-dashes", phrase.title().replace(" ", "-"))):
        assert read_phrase(read) == secret
        out.append({"name": "phrase-read-" + name, "secret": secret.hex(),
                    "read": read})
    other = words[0][:-1] + ("b" if words[0][-1] != "b" else "d")
    bad = (("empty", ""),
           ("nine-words", " ".join(words[:9])),
           ("eleven-words", " ".join(words + ["babab"])),
           ("eight-words", " ".join(words[:8])),
           ("one-letter-wrong", " ".join([other] + words[1:])),
           ("words-swapped", " ".join(words[1::-1] + words[2:])),
           ("sum-wrong", " ".join(words[:9] + ["babab"])),
           ("letter-c", " ".join(["cabab"] + words[1:])),
           ("vowel-e", " ".join(["bebab"] + words[1:])),
           ("vowel-first", " ".join(["abbab"] + words[1:])),
           ("short-word", " ".join(["baba"] + words[1:])),
           ("long-word", " ".join(["bababa"] + words[1:])),
           ("digit", " ".join(["b4bab"] + words[1:])),
           ("no-separators", "".join(words)),
           ("commas", ",".join(words)),
           ("not-ascii", " ".join(["b\u00e4bab"] + words[1:])))
    for name, p in bad:
        expect(name, "phrase", lambda: read_phrase(p))
        out.append({"name": "phrase-" + name, "phrase": p, "error": "phrase"})
    return out


def make_rootkeys():
    out = []
    for i, secret in enumerate((bytes(16), bytes(range(16)),
                                derive("root secret", 16))):
        for n in (0, 1, 2, 255, 256, 1023):
            root = root_key(secret, n)
            seed, pub = encryption_key(secret, n)
            out.append({"name": "root-%d-%d" % (i, n), "secret": secret.hex(),
                        "n": n, "root_seed": root.seed.hex(),
                        "root_public": root.hex, "next": commitment(root.hex),
                        "encryption_seed": seed.hex(),
                        "encryption_public": pub.hex()})
    return out


PATTERN = b"What was written is kept by who reads it.\n".hex()


def make_contents():
    sizes = [0, 1, 2, 42, 127, 128, 129, 65536, CHUNK - 1, CHUNK, CHUNK + 1,
             BLOB_LIMIT - 1, BLOB_LIMIT, BLOB_LIMIT + 1, 5 * CHUNK,
             5 * CHUNK + 3, 6 * CHUNK - 1]
    out = []
    for salt, pattern in ((derive("salt", 16), PATTERN), (bytes(16), "00")):
        for size in sizes:
            spec = {"repeat": pattern, "size": size}
            digest, mode, oid, _, digests = content_object(expand(spec), salt)
            v = {"name": "%s-%d" % ("text" if pattern != "00" else "zero",
                                    size),
                 "salt": salt.hex(), "content": spec, "digest": digest}
            if mode == "40000":
                v.update(tree=oid, digests=digests.hex())
            else:
                v["blob"] = oid
            out.append(v)
    return out


# ------------------------------------------------------------------ metas

DEVICE = Key(derive("device meta"))

BASE = {"kind": "post", "profile": hexed("some profile"),
        "identity": hexed("some identity"), "device": DEVICE.hex,
        "seq": 1, "gen": 1, "era": 0, "time": 1700000000000}


def at_seq(n, **more):
    """The fields of a device's node number n, in a chain of its own."""
    f = {**BASE, "seq": n, "gen": n}
    if n > 1:
        f["prev"] = hexed("node %d" % (n - 1))
        f["parent"] = [f["prev"]]
        if lipmaa(n) < n - 1:
            f["skip"] = hexed("node %d" % lipmaa(n))
    return {**f, **more}


def content_line(**more):
    return {"role": "attachment", "digest": hexed("content"), "size": 12345,
            "type": "image/jpeg", "name": "a picture.jpg", **more}


def many(label, n):
    return sorted(hexed("%s %d" % (label, i)) for i in range(n))


def filled(size):
    """Fields whose meta has just that size."""
    f = {**BASE, "attr": []}
    base = len(write_meta(f))
    line = len("attr a00 \n")
    n = 0
    while base + line < size:
        room = min(1024, size - base - line)
        left = size - base - line - room
        if 0 < left <= line:
            room -= line
        f["attr"].append("a%02d %s" % (n, "x" * room))
        base += line + room
        n += 1
    assert len(write_meta(f)) == size, (len(write_meta(f)), size)
    return f


def valid_metas():
    p, n = hexed("other profile"), hexed("other node")
    yield "minimal", BASE
    for seq in range(1, 15):
        yield "seq-%d" % seq, at_seq(seq)
    for seq in (40, 41, 10 ** 9, MAX_NUMBER):
        yield "seq-%d" % seq, at_seq(seq)
    yield "gen-above-seq", at_seq(2, gen=17)
    yield "gen-2-seq-1", {**BASE, "gen": 2, "parent": [n]}
    yield "parents-2", {**BASE, "gen": 3, "parent": many("parent", 2)}
    yield "parents-8", {**BASE, "gen": 3, "parent": many("parent", 8)}
    yield "era-max", {**BASE, "era": MAX_NUMBER}
    yield "time-0", {**BASE, "time": 0}
    yield "time-max", {**BASE, "time": MAX_TIME}
    yield "kind-one-letter", {**BASE, "kind": "x"}
    yield "kind-32", {**BASE, "kind": "k" * 28 + "-9-0"}
    yield "kind-merger", {**BASE, "kind": "merger"}
    yield "summary-one", {**BASE, "summary": "a"}
    yield "summary-300", {**BASE, "summary": "s" * 300}
    yield "summary-300-multibyte", {**BASE, "summary": "\u20ac" * 100}
    yield "summary-spaces-inside", {**BASE, "summary": "two  spaces: \"'<&>"}
    yield "summary-unicode", {**BASE, "summary":
                              "Gr\u00fc\u00dfe \u4e16\u754c \U0001f600 e\u0301"}
    yield "summary-edges", {**BASE, "summary":
                            "\u00a0\u07ff\u0800\u2027\u202a\ud7ff\ue000"
                            "\ufeff\ufffe\uffff\U00010000\U0010ffff"}
    yield "stream-64", {**BASE, "stream": "w" * 64}
    yield "stream-unicode", {**BASE, "stream": "\u5199\u771f/2024"}
    yield "tags", {**BASE, "tag": ["A", "a", "aa", "ab", "b", "\u00e9",
                                   "\uffff", "\U00010000"]}
    yield "tags-32", {**BASE, "tag": ["t%02d" % i for i in range(32)]}
    yield "tag-64", {**BASE, "tag": ["t" * 64]}
    yield "lang-2", {**BASE, "lang": "en"}
    yield "lang-8", {**BASE, "lang": "abcdefgh"}
    yield "lang-parts", {**BASE, "lang": "zh-hant-tw-x-1"}
    yield "lang-35", {**BASE, "lang": "de-abcdefgh-12345678-abcdefgh-12345"}
    for name, place in (("zero", "0,0"), ("south-west", "-90,-180"),
                        ("north-east", "90,180"),
                        ("six-digits", "52.520008,13.404954"),
                        ("nearly-zero", "-0.000001,0.5"),
                        ("nearly-pole", "-89.999999,179.999999"),
                        ("minus-half", "-0.5,-0.5")):
        yield "place-" + name, {**BASE, "place": place}
    yield "subject-profile", {**BASE, "subject": ["boost-of mn:" + p]}
    yield "subject-prefix", {**BASE, "subject": [
        "about mn:" + p, "about mn:%s/%s" % (p, n),
        "reply-to mn:%s/%s" % (p, n), "root mn:%s/%s" % (p, n)]}
    yield "subjects-16", {**BASE, "subject": [
        "r%02d mn:%s/%s" % (i, p, n) for i in range(16)]}
    yield "subject-name-32", {**BASE, "subject": ["s" * 32 + " mn:" + p]}
    yield "attr", {**BASE, "attr": ["price 10 EUR", "price 9 EUR",
                                    "state \u2713"]}
    yield "attr-prefix", {**BASE, "attr": ["a b", "a b c", "a-b c"]}
    yield "attrs-32", {**BASE, "attr": ["a%02d x" % i for i in range(32)]}
    yield "attr-1024", {**BASE, "attr": ["n" * 32 + " " + "v" * 1024]}
    yield "link", {**BASE, "link": ["git://example.org/a.git",
                                    "https://example.org/",
                                    "ipfs://bafy", "mailto:a@example.org"]}
    yield "link-shortest", {**BASE, "link": ["a:b"]}
    yield "link-all-characters", {**BASE, "link": [
        "x+.-9:" + "".join(chr(c) for c in range(0x21, 0x7f)
                           if chr(c) not in "\"<>\\^`{|}")]}
    yield "link-scheme-32", {**BASE, "link": ["s" * 32 + "::"]}
    yield "link-2048", {**BASE, "link": ["https://" + "l" * 2040]}
    yield "links-32", {**BASE, "link": ["x:%02d" % i for i in range(32)]}
    yield "content", {**BASE, "content": [content_line(
        role="text", type="text/markdown", name="text.md")]}
    yield "content-size-0", {**BASE, "content": [content_line(size=0)]}
    yield "content-size-max", {**BASE, "content": [
        content_line(size=MAX_CONTENT)]}
    yield "content-same-twice", {**BASE, "content": [content_line()] * 2}
    yield "content-type-longest", {**BASE, "content": [content_line(
        type="a!#$&^_.+-" + "b" * 54 + "/9" + "+" * 63)]}
    yield "content-name-120", {**BASE, "content": [
        content_line(name="n" * 120), content_line(name="\u20ac" * 40)]}
    yield "content-name-odd", {**BASE, "content": [
        content_line(name=".."), content_line(name=".git"),
        content_line(name="a b  c:*?\"<>|.txt"),
        content_line(name="\u202e\ufeff")]}
    yield "contents-64", {**BASE, "content": [
        content_line(digest=hexed("content %d" % i), name="n%d" % (63 - i))
        for i in range(64)]}
    yield "everything", at_seq(
        8, gen=11, era=3, parent=many("parent", 3), kind="reply",
        summary="All of it", stream="photos", tag=["night", "sea"],
        lang="en-gb", place="-33.859972,151.211111",
        subject=["reply-to mn:%s/%s" % (p, n), "root mn:" + p],
        attr=["camera a b"], link=["https://example.org/?q=1#f"],
        content=[content_line(role="text", type="text/markdown",
                              name="text.md"), content_line()])
    yield "size-16383", filled(MAX_META)
    yield "size-16382", filled(MAX_META - 1)


def make_meta_valid():
    out = []
    for name, fields in valid_metas():
        meta = write_meta(fields)
        got = read_meta(meta)
        assert got == fields and write_meta(got) == meta, name
        ordered = {k: got[k] for k in META_KEYS if k in got}
        out.append({"name": name, "hex": meta.hex(), "node": node_id(meta),
                    "fields": ordered})
    return out


def lines_of(fields=None, **more):
    return write_meta({**(fields or BASE), **more}).decode() \
        .splitlines(keepends=True)


def without(key, lines):
    return "".join(l for l in lines if not l.startswith(key + " "))


def before(key, line, lines):
    """The lines with one more put in before the first of that key."""
    i = [l.split(" ")[0] for l in lines].index(key)
    return "".join(lines[:i] + [line] + lines[i:])


def bad_bytes():
    """Breaches of what is looked at before any field is read."""
    base = write_meta(BASE)

    def summary(raw):
        return base + b"summary a" + raw + b"b\n"

    yield "size-empty", "size", b""
    yield "size-16384", "size", write_meta(filled(MAX_META + 1))
    yield "size-before-utf8", "size", b"\xff" * (MAX_META + 1)
    for name, raw in (("ff", b"\xff"), ("lone-tail", b"\x80"),
                      ("cut-short", b"\xe2\x82"), ("overlong-2", b"\xc0\x80"),
                      ("overlong-3", b"\xe0\x80\xaf"),
                      ("overlong-4", b"\xf0\x80\x80\xaf"),
                      ("surrogate", b"\xed\xa0\x80"),
                      ("surrogate-pair", b"\xed\xa0\xbd\xed\xb8\x80"),
                      ("over-10ffff", b"\xf4\x90\x80\x80"),
                      ("five-bytes", b"\xf8\x88\x80\x80\x80")):
        yield "utf8-" + name, "utf8", summary(raw)
    yield "utf8-cut-at-end", "utf8", base + b"summary a\xe2"
    yield "utf8-before-control", "utf8", b"mn \x01\n" + summary(b"\xff")
    for name, c in (("nul", 0), ("tab", 9), ("cr", 13), ("1f", 0x1f),
                    ("del", 0x7f), ("80", 0x80), ("9f", 0x9f),
                    ("2028", 0x2028), ("2029", 0x2029)):
        yield "control-" + name, "control", summary(chr(c).encode())
    yield "control-crlf", "control", base.replace(b"\n", b"\r\n")
    yield "control-before-line", "control", base[:-1] + b"\x00"
    yield "line-no-newline", "line", base[:-1]
    yield "line-only-newline", "line", b"\n"
    yield "line-empty-at-end", "line", base + b"\n"
    yield "line-empty-inside", "line", base.replace(b"seq", b"\nseq")
    yield "line-no-space", "line", base + b"summary\n"
    yield "line-no-key", "line", base + b" summary\n"
    yield "line-no-value", "line", base + b"summary \n"
    yield "line-lone-space", "line", base + b" \n"
    yield "line-before-version", "line", b"mn 2\nx\n"
    yield "line-before-unknown", "line", b"no such\n" + base[:-1]


def bad_order():
    n = hexed("node")
    lines = lines_of()
    full = lines_of(summary="s", stream="st", tag=["t"], lang="en",
                    place="1,2", subject=["a mn:" + n], attr=["a b"],
                    link=["a:b"], content=[content_line()])
    for key in ("mn", "kind", "profile", "identity", "device", "seq", "gen",
                "era", "time"):
        yield "missing-" + key, "missing", without(key, full)
    yield "missing-time-at-end", "missing", without("time", lines)
    yield "missing-prev", "missing", without("prev", lines_of(at_seq(2)))
    yield "missing-prev-before-skip", "missing", \
        without("prev", lines_of(at_seq(4)))
    yield "missing-skip", "missing", without("skip", lines_of(at_seq(4)))
    yield "missing-after-mn", "missing", "mn 1\n"
    yield "missing-kind-late", "missing", "".join(
        lines[:1] + lines[2:3] + lines[1:2] + lines[3:])
    yield "missing-optional-early", "missing", \
        before("seq", "summary s\n", lines)
    yield "missing-before-later-value", "missing", \
        without("kind", lines_of(profile="x"))
    for key in ("mn", "kind", "profile", "identity", "device", "seq", "gen",
                "era", "time", "summary", "stream", "lang", "place"):
        line = [l for l in full if l.split(" ")[0] == key][0]
        yield "order-%s-twice" % key, "order", before(key, line, full)
    yield "order-prev-twice", "order", \
        before("prev", "prev %s\n" % n, lines_of(at_seq(2)))
    yield "order-skip-twice", "order", \
        before("skip", "skip %s\n" % n, lines_of(at_seq(4)))
    yield "order-prev-at-seq-1", "order", before("gen", "prev %s\n" % n, lines)
    yield "order-skip-at-seq-1", "order", before("gen", "skip %s\n" % n, lines)
    yield "order-skip-at-seq-2", "order", \
        before("parent", "skip %s\n" % n, lines_of(at_seq(2)))
    yield "missing-prev-skip-first", "missing", \
        before("prev", "skip %s\n" % n, lines_of(at_seq(13)))
    yield "order-parent-after-gen", "order", \
        before("era", "parent %s\n" % n, lines_of(at_seq(2)))
    yield "order-stream-after-tag", "order", \
        before("lang", "stream x\n", full)
    yield "order-tag-after-lang", "order", before("place", "tag z\n", full)
    yield "order-link-at-end", "order", "".join(full) + "link z:z\n"
    yield "order-kind-at-end", "order", "".join(full) + "kind post\n"
    yield "unknown-first", "unknown", "version 1\n" + "".join(lines)
    yield "unknown-inside", "unknown", before("seq", "nonce 1\n", lines)
    yield "unknown-optional", "unknown", before("tag", "title x\n", full)
    yield "unknown-at-end", "unknown", "".join(lines) + "signature 00\n"
    yield "unknown-upper-case", "unknown", \
        "".join(lines).replace("kind", "Kind")
    yield "unknown-bom", "unknown", "\ufeff" + "".join(lines)
    yield "unknown-mn-identity", "unknown", "mn-identity 1\n"
    p = many("parent", 9)
    for key, values in (
            ("parent", p), ("tag", ["t%02d" % i for i in range(33)]),
            ("subject", ["r%02d mn:%s" % (i, n) for i in range(17)]),
            ("attr", ["a%02d x" % i for i in range(33)]),
            ("link", ["x:%02d" % i for i in range(33)]),
            ("content", [content_line()] * 65)):
        gen = 2 if key == "parent" else 1
        yield "limit-" + key, "limit", "".join(
            lines_of(gen=gen, **{key: values}))
    a, b = sorted((hexed("x"), hexed("y")))
    for i, (key, small, large) in enumerate((
            ("parent", a, b), ("tag", "a", "ab"), ("tag", "b", "\u00e9"),
            ("subject", "a mn:" + n, "a mn:%s/%s" % (n, n)),
            ("attr", "a b", "a c"), ("attr", "a b", "a-b b"),
            ("link", "a:b", "a:bb"))):
        more = {"gen": 2} if key == "parent" else {}
        tag = "ascending-%s-%d" % (key, i)
        yield tag + "-equal", "ascending", "".join(
            lines_of(**more, **{key: [small, small]}))
        yield tag + "-falls", "ascending", "".join(
            lines_of(**more, **{key: [large, small]}))
    yield "ascending-after-value", "tag", "".join(
        lines_of(tag=["b", "a,b"]))
    yield "ascending-before-limit", "ascending", "".join(
        lines_of(tag=["b", "a"] + ["t%02d" % i for i in range(31)]))
    yield "ascending-before-gen", "ascending", "".join(
        lines_of(gen=1, parent=[b, a]))
    yield "gen-2-no-parent", "gen", "".join(lines_of(gen=2))
    yield "gen-1-parent", "gen", "".join(lines_of(parent=[n]))
    yield "gen-below-seq", "gen", "".join(lines_of(at_seq(3, gen=2)))
    yield "gen-no-parent-seq-2", "gen", "".join(
        lines_of(at_seq(2, parent=[])))
    yield "gen-before-era", "gen", "".join(lines_of(gen=2, era="x"))
    yield "gen-before-missing-era", "gen", without("era", lines_of(gen=2))


BAD_VALUES = {
    "mn": ("version", ["2", "0", "01", "1.0", "-1", "1 ", "x",
                       "18446744073709551617"]),
    "kind": ("kind", ["merge", "Post", "9post", "-post", "po_st", "po st",
                      "post ", " post", "k" * 33, "p\u00f6st"]),
    "seq": ("number", ["0", "01", "-1", "+1", "1 ", " 1", "1x", "0x1", "1.0",
                       "9007199254740992", "18446744073709551617",
                       "1" * 400]),
    "gen": ("number", ["0", "01", "-1", "9007199254740992", "x"]),
    "era": ("number", ["00", "-0", "-1", "9007199254740992", "x"]),
    "time": ("time", ["253402300800000", "-1", "01", "1.5", "1e3", "x"]),
    "summary": ("summary", [" x", "x ", " ", "s" * 301,
                            "\u20ac" * 100 + "s"]),
    "stream": ("stream", ["w" * 65, "a b", "a,b", " a", "a ", ",",
                          "\u20ac" * 22]),
    "tag": ("tag", ["w" * 65, "a b", "a,b", " a", "a "]),
    "lang": ("lang", ["e", "EN", "en-US", "abcdefghi", "en-", "-en", "en--us",
                      "en_us", "e1", "en-abcdefghi", "en ",
                      "de-abcdefgh-12345678-abcdefgh-123456"]),
    "place": ("place", ["-0,0", "0,-0", "90.000001,0", "-90.000001,0",
                        "91,0", "0,180.000001", "0,-180.000001", "0,181",
                        "0,999", "00,0", "01,0", "1.0,0", "1.10,0", "1.,0",
                        ".5,0", "1.1234567,0", "-0.0,0", "+1,0", "1, 2",
                        "1 2", "1", "1,", ",1", "1,2,3", "1e1,0", "--1,0",
                        "1000,0", "nan,0"]),
    "subject": ("subject", ["reply-to", "mn:PP", "reply-to PP",
                            "Reply mn:PP", "reply-to  mn:PP",
                            "reply-to mn:PP ", "reply-to mn:PP/",
                            "reply-to mn:PP/PP/PP", "reply-to mn:PP0",
                            "reply-to MN:PP", "reply-to mn:PP/00",
                            "r" * 33 + " mn:PP", "reply-to mn:PP mn:PP"]),
    "attr": ("attr", ["name", "Name x", "name  x", "name x ", "1 x",
                      "a" * 33 + " x", "name " + "v" * 1025]),
    "link": ("link", ["http", "http:", ":x", "Http://x", "9p://x",
                      "s" * 33 + ":x", "https://a b", "https://a\"",
                      "https://a<b", "https://a>b", "https://a\\b",
                      "https://a^b", "https://a`b", "https://a{b",
                      "https://a|b", "https://a}b", "https://\u00e9",
                      "ht_tp:x", "https://x ", "https://" + "l" * 2041]),
    "content": ("content", [
        "text DD 1 text/plain", "text DD 1 text/plain  a",
        "text DD 1 text/plain a ", "Text DD 1 text/plain a",
        "t" * 33 + " DD 1 text/plain a", "text DD0 1 text/plain a",
        "text 00 1 text/plain a", "text UU 1 text/plain a",
        "text DD 01 text/plain a", "text DD -1 text/plain a",
        "text DD 68719476737 text/plain a",
        "text DD 99999999999999999999 text/plain a", "text DD x text/plain a",
        "text DD 1 text a", "text DD 1 text/ a", "text DD 1 /plain a",
        "text DD 1 Text/plain a", "text DD 1 text/plain;charset=utf-8 a",
        "text DD 1 .text/plain a", "text DD 1 text/+plain a",
        "text DD 1 text/plain/x a", "text DD 1 " + "t" * 65 + "/plain a",
        "text DD 1 text/" + "t" * 65 + " a", "text DD 1 text/plain a/b",
        "text DD 1 text/plain a\\b", "text DD 1 text/plain " + "n" * 121,
        "text DD 1 text/plain " + "\u20ac" * 40 + "n",
        "text  DD 1 text/plain a"]),
}


def bad_values():
    fill = {"PP": hexed("p"), "DD": hexed("d"), "UU": hexed("d").upper()}
    for key, (error, values) in BAD_VALUES.items():
        for i, v in enumerate(values):
            for old, new in fill.items():
                v = v.replace(old, new)
            fields = {**BASE, "mn": 1, key: v}
            yield "%s-value-%d" % (key, i), error, \
                write_lines(fields, META_KEYS).decode()
    good = hexed("digest")
    for key in ("profile", "identity", "device", "prev", "skip", "parent"):
        for i, v in enumerate((good[:63], good + "0", good.upper(),
                               good[:63] + "g", " " + good[1:])):
            yield "%s-value-%d" % (key, i), "digest", "".join(
                lines_of(at_seq(4), **{key: v}))
    yield "kind-before-missing-profile", "kind", \
        without("profile", lines_of(kind="merge"))
    yield "version-before-unknown", "version", "mn 2\nnew field\n"
    yield "seq-before-prev", "number", "".join(
        lines_of(at_seq(2), seq="02"))
    yield "time-before-summary", "time", "".join(
        lines_of(time="x", summary="x "))


def make_meta_invalid():
    out = []
    for name, error, meta in [*bad_bytes(), *bad_order(), *bad_values()]:
        meta = meta if isinstance(meta, bytes) else meta.encode()
        error = "meta-" + error
        expect(name, error, lambda: read_meta(meta))
        out.append({"name": name, "hex": meta.hex(), "error": error})
    return out


# ------------------------------------------- chains of identity documents

class Chain:
    """Identity documents R0, R1, ... that somebody makes. Each add() begins
    with what the last one stated; `more` changes fields of it (list fields
    are given whole), `edit` the text of the body before it is signed,
    `signers` who signs, `after` all of its bytes."""

    def __init__(self, *labels):
        self.secrets = [derive("root secret " + l, 16) for l in labels]
        self.docs = []
        self.state = {"time": 1690000000000, "era": 0, "epoch": 0,
                      "threshold": 1, "next-threshold": 1, "device": [],
                      "sealed": [], "cut": []}

    def fork(self):
        other = Chain()
        other.secrets, other.docs = self.secrets, list(self.docs)
        other.state = dict(self.state)
        return other

    def keys(self, n):
        return sorted((root_key(s, n) for s in self.secrets),
                      key=lambda k: k.hex)

    def add(self, signers=None, edit=None, after=None, **more):
        n = len(self.docs)
        keys = self.keys(n)
        self.state["number"] = n
        if n:
            self.state["previous"] = self.digest()
            self.state["time"] += 86400000
        self.state["root"] = [k.hex for k in keys]
        self.state["next"] = sorted(commitment(k.hex)
                                    for k in self.keys(n + 1))
        self.state["encryption"] = encryption_key(self.secrets[0], n)[1].hex()
        fields = {**self.state, "mn-identity": 1,
                  **{k.replace("_", "-"): v for k, v in more.items()}}
        body = write_lines(fields, DOC_KEYS)
        if edit:
            body = edit(body.decode()).encode()
        doc = sign_doc(body, signers or keys[:self.state["threshold"]])
        if after:
            doc = after(doc.decode()).encode()
        self.state = fields
        self.docs.append(doc)
        return self

    def digest(self, n=-1):
        return doc_digest(doc_body(self.docs[n]))

    def profile(self):
        return self.digest(0)

    def blob(self, upto=None):
        return b"".join(self.docs if upto is None else self.docs[:upto + 1])


def doc_body(doc):
    return doc[:doc.index(b"\nsignature ") + 1]


def sign_doc(body, keys):
    digest = doc_digest(body)
    return body + b"".join(
        b"signature %s %s\n" % (k.hex.encode(),
                                k.sign(signed_doc(digest)).hex().encode())
        for k in sorted(keys, key=lambda k: k.hex))


def device_key(name):
    return Key(derive("device " + name))


def devices(*names):
    return sorted("%s %s" % (device_key(n).hex, n) for n in names)


def sealed(secret, n, *names):
    """Sealed lines for devices, with the secret of encryption key n."""
    out = []
    for name in names:
        key = device_key(name)
        box = seal(encryption_key(secret, n)[0], key.pub,
                   "ephemeral %d %s" % (n, name))
        out.append("%s %s" % (key.hex, box.hex()))
    return sorted(out)


def cut(name, era, seq, node=None):
    return "%s %d %d%s" % (device_key(name).hex, era, seq,
                           " " + node if node else "")


def long_document(size):
    """A chain of one document that has just that size."""
    chain = Chain("long")
    label = "l" * 64
    dev = sorted("%s %s" % (hexed("d %d" % i), label) for i in range(64))
    box = hexed("box") + hexed("box 2") + hexed("box 3")[:32]
    more = {
        "device": dev, "sealed": [d[:64] + " " + box for d in dev],
        "cut": sorted("%s %d %d %s" % (hexed("c %d" % i), MAX_NUMBER,
                                       MAX_NUMBER, hexed("n"))
                      for i in range(256))}
    keep = dict(chain.state)
    while True:
        chain.docs, chain.state = [], dict(keep)
        chain.add(**more)
        over = len(chain.blob()) - size
        if over <= 0:
            break
        # shorten from the end: whole lines first, then a digit at a time
        if over > 200:
            more["cut"] = more["cut"][:-1]
        else:
            i = len(more["cut"]) - 1
            while over > 0:
                key, _, seq, node = more["cut"][i].split(" ")
                less = min(over, 15)
                more["cut"][i] = " ".join((key, "1" * (16 - less), seq, node))
                over -= less
                i -= 1
    assert len(chain.blob()) == size, (len(chain.blob()), size)
    return chain


def valid_chains():
    n5, n3 = hexed("node 5"), hexed("node 3")
    one = Chain("one").add(device=devices("a"))
    s = one.secrets[0]
    yield "one-document", one
    yield "no-device", Chain("none").add()
    yield "sealed", Chain("one").add(
        device=devices("a", "b"), sealed=sealed(s, 0, "a", "b"))
    yield "sealed-one-of-two", Chain("one").add(
        device=devices("a", "b"), sealed=sealed(s, 0, "b"))
    yield "label-64", Chain("one").add(
        device=[device_key("a").hex + " " + "\u00e9" * 32])
    yield "label-spaces", Chain("one").add(
        device=[device_key("a").hex + " my old  laptop, 2"])
    yield "same-labels", Chain("one").add(device=sorted(
        device_key(n).hex + " phone" for n in "ab"))
    yield "rotation-5", one.fork().add().add().add().add()
    yield "device-added", one.fork().add(device=devices("a", "b"))
    two = one.fork().add(device=devices("a", "b"))
    gone = two.fork().add(device=devices("a"), cut=[cut("b", 0, 5, n5)])
    yield "device-cut", gone
    yield "cut-lowered", gone.fork().add(cut=[cut("b", 0, 3, n3)])
    yield "cut-lowered-to-0", gone.fork().add(cut=[cut("b", 0, 0)])
    yield "cut-kept", gone.fork().add()
    yield "cut-seq-0", two.fork().add(device=devices("a"),
                                      cut=[cut("b", 0, 0)])
    yield "cut-era-lowered", two.fork().add(era=1).add(
        device=devices("a"), cut=[cut("b", 1, 3, n3)]).add(
            cut=[cut("b", 0, 5, n5)])
    yield "cut-all", two.fork().add(device=[], cut=sorted(
        [cut("a", 0, 7, n3), cut("b", 0, 5, n5)]))
    yield "cut-never-listed", one.fork().add(cut=[cut("z", 0, 5, n5)])
    yield "label-changed", one.fork().add(
        device=[device_key("a").hex + " renamed"])
    yield "era-raised", one.fork().add(era=1).add(era=7)
    yield "epoch-raised", one.fork().add(epoch=1).add(epoch=MAX_NUMBER)
    yield "era-max", Chain("one").add(era=MAX_NUMBER, device=devices("a"))
    yield "time-max", Chain("one").add(time=MAX_TIME, device=devices("a"))
    yield "time-falls", one.fork().add(time=0)
    three = Chain("x", "y", "z")
    three.state.update({"threshold": 2, "next-threshold": 2})
    three.add(device=devices("a"))
    yield "two-of-three", three
    yield "two-of-three-rotated", three.fork().add(
        signers=three.keys(1)[1:]).add(signers=three.keys(2)[::2])
    yield "two-of-three-all-sign", three.fork().add(signers=three.keys(1))
    kept = three.keys(1)[:2]
    yield "root-key-left-out", three.fork().add(
        root=[k.hex for k in kept], signers=kept)
    alone = three.fork().add(next_threshold=1)
    yield "threshold-lowered", alone.fork().add(
        threshold=1, signers=alone.keys(2)[:1])
    yield "threshold-more-than-root-next", three.fork().add(
        next_threshold=3).add(threshold=3, signers=three.keys(2))
    many_roots = Chain(*["r%d" % i for i in range(16)])
    many_roots.state.update({"threshold": 16, "next-threshold": 1})
    yield "sixteen-roots", many_roots.add()
    yield "devices-64", Chain("one").add(
        device=sorted(hexed("d %d" % i) + " x" for i in range(64)))
    yield "cuts-256", Chain("one").add(
        cut=sorted(hexed("c %d" % i) + " 0 0" for i in range(256)))
    yield "document-65536", long_document(MAX_DOCUMENT)
    everything = two.fork().add(
        device=devices("a", "c"), sealed=sealed(s, 2, "a", "c"),
        cut=[cut("b", 0, 5, n5)], epoch=1)
    yield "everything", everything.add(
        era=1, epoch=2, device=devices("c"), sealed=sealed(s, 3, "c"),
        cut=sorted([cut("a", 0, 9, n3), cut("b", 0, 0)])).add(
            era=2, sealed=sealed(s, 4, "c"))


def make_identity_valid():
    out = []
    for name, chain in valid_chains():
        blob = chain.blob()
        docs = read_identity(blob, chain.profile())
        v = {"name": name, "hex": blob.hex(), "profile": chain.profile(),
             "digests": [d.digest for d in docs]}
        opens = [{"device_seed": device_key(n).seed.hex(),
                  "document": d.number,
                  "secret": encryption_key(chain.secrets[0],
                                           d.number)[0].hex()}
                 for d in docs for n in "abc" if device_key(n).hex in d.sealed]
        if opens:
            v["opens"] = opens
        out.append(v)
    return out


def swap(old, new, count=1):
    def edit(text):
        assert old in text, old
        return text.replace(old, new, count)
    return edit


def drop(key):
    return lambda text: without(key, text.splitlines(keepends=True))


def put(key, line):
    return lambda text: before(key, line, text.splitlines(keepends=True))


def again(key):
    """One more of the first line of that key, before it."""
    def edit(text):
        lines = text.splitlines(keepends=True)
        line = [l for l in lines if l.split(" ")[0] == key][0]
        return before(key, line, lines)
    return edit


def value(key, v):
    def edit(text):
        return re.sub(r"(?m)^%s .*$" % re.escape(key),
                      lambda m: key + " " + v, text, count=1)
    return edit


def full_r0(edit=None, after=None, **more):
    chain = Chain("full")
    fields = {"device": devices("a", "b"),
              "sealed": sealed(chain.secrets[0], 0, "a"),
              "cut": [cut("z", 0, 4, hexed("node 4"))], **more}
    return chain.add(edit=edit, after=after, **fields)


def bad_documents():
    """Breaches that one document shows."""
    h, box = hexed("h"), "0" * 160
    a = device_key("a").hex
    good = full_r0().blob()
    yield "utf8", "utf8", good.replace(b" a\n", b" \xff\n", 1)
    yield "utf8-surrogate", "utf8", \
        good.replace(b" a\n", b" \xed\xa0\x80\n", 1)
    yield "utf8-before-control", "utf8", good + b"\x00\xff\n"
    yield "utf8-second-document-first", "utf8", \
        good.replace(b"era 0", b"era x") + b"mn-identity \xff\n"
    yield "control-nul", "control", good.replace(b" a\n", b" a\x00\n", 1)
    yield "control-tab", "control", good.replace(b" a\n", b" a\tb\n", 1)
    yield "control-cr", "control", good.replace(b"\n", b"\r\n")
    yield "control-2028", "control", \
        good.replace(b" a\n", b" a\xe2\x80\xa8\n", 1)
    yield "control-before-line", "control", b"\x7f"
    yield "line-no-newline", "line", good[:-1]
    yield "line-empty", "line", good + b"\n"
    yield "line-no-value", "line", good.replace(b"era 0", b"era ")
    yield "line-no-space", "line", good.replace(b"era 0", b"era")
    yield "line-no-key", "line", good.replace(b"era 0", b" 0")
    yield "line-before-version", "line", b"mn-identity 2\nx\n"
    yield "size-empty", "size", b""
    yield "size-document", "size", long_document(MAX_DOCUMENT + 1).blob()
    yield "size-second-document", "size", \
        good + long_document(MAX_DOCUMENT + 1).blob()

    def doc(name, error, edit=None, after=None, **more):
        return name, error, full_r0(edit, after, **more).blob()

    yield doc("unknown-first", "unknown", lambda t: "version 1\n" + t)
    yield doc("unknown-inside", "unknown", put("era", "nonce 1\n"))
    yield doc("unknown-optional", "unknown", put("cut", "name Jo\n"))
    yield doc("unknown-at-end", "unknown", None, lambda t: t + "more 1\n")
    yield doc("unknown-meta", "unknown", lambda t: "mn 1\n" + t)
    for key in ("number", "time", "era", "epoch", "threshold",
                "next-threshold", "encryption"):
        yield doc("order-%s-twice" % key, "order", again(key))
    yield doc("order-previous-at-0", "order",
              put("time", "previous %s\n" % h))
    yield doc("order-device-after-sealed", "order",
              put("cut", "device %s x\n" % h))
    yield doc("order-cut-after-signature", "order", None,
              lambda t: t + "cut %s 0 0\n" % h)
    for key in ("mn-identity", "number", "time", "era", "epoch", "threshold",
                "root", "next-threshold", "next", "encryption"):
        yield doc("missing-" + key, "missing", drop(key))
    yield doc("missing-signature", "missing", None, drop("signature"))
    yield doc("missing-previous", "missing", value("number", "1"))
    yield "missing-after-first-line", "missing", b"mn-identity 1\n"
    yield "missing-no-document-before", "missing", \
        good[good.index(b"number"):] + good
    yield doc("limit-root", "limit", root=many("root", 17))
    yield doc("limit-next", "limit", next=many("next", 17))
    yield doc("limit-device", "limit",
              device=[k + " x" for k in many("device", 65)], sealed=[])
    yield doc("limit-sealed", "limit",
              sealed=[k + " " + box for k in many("device", 65)])
    yield doc("limit-cut", "limit",
              cut=[k + " 0 0" for k in many("device", 257)])
    yield doc("limit-signature", "limit", None, lambda t: drop("signature")(t)
              + "".join("signature %s %s\n" % (k, "0" * 128)
                        for k in many("signer", 17)))
    for i, v in enumerate(("2", "0", "01", "x", "1 ")):
        yield doc("version-%d" % i, "version", value("mn-identity", v))
    yield "version-before-unknown", "version", b"mn-identity 2\nnew field\n"
    for key in ("root", "next", "encryption"):
        for i, v in enumerate((h[:63], h + "0", h.upper(), h + " x")):
            yield doc("digest-%s-%d" % (key, i), "digest", value(key, v))
    yield doc("digest-previous", "digest",
              lambda t: put("time", "previous x\n")(value("number", "1")(t)))
    for key, rest in (("device", " x"), ("sealed", " " + box),
                      ("cut", " 0 0")):
        for i, v in enumerate((h[:63] + rest, h + "0" + rest,
                               h.upper() + rest, h)):
            yield doc("digest-%s-%d" % (key, i), "digest", value(key, v))
    for key, values in (("number", ("1024", "00", "-1", "x")),
                        ("time", ("253402300800000", "01", "x")),
                        ("era", ("9007199254740992", "00", "-1", "x")),
                        ("epoch", ("9007199254740992", "01", "x")),
                        ("threshold", ("0", "01", "x")),
                        ("next-threshold", ("0", "01", "x"))):
        for i, v in enumerate(values):
            yield doc("number-%s-%d" % (key, i), "number", value(key, v))
    for i, v in enumerate((" x", "x ", "l" * 65, "\u20ac" * 22)):
        yield doc("label-%d" % i, "label", value("device", h + " " + v))
    for i, v in enumerate(("0" * 159, "0" * 161, "A" * 160, "g" * 160,
                           " " + box)):
        yield doc("sealed-%d" % i, "sealed", value("sealed", a + " " + v))
    yield doc("sealed-not-listed", "sealed", sealed=[h + " " + box])
    for i, v in enumerate(("0 0 " + h, "0 1", "0", "0 1 " + h + " " + h,
                           "0 1 " + h + " ")):
        yield doc("cut-%d" % i, "cut", value("cut", h + " " + v))
    yield doc("cut-and-listed", "cut", cut=[cut("a", 0, 0)])
    for i, v in enumerate((h, h + " " + "0" * 127, h + " " + "0" * 129,
                           h + " " + "A" * 128, "x " + "0" * 128,
                           h + "  " + "0" * 127)):
        yield doc("signature-%d" % i, "signature", None,
                  value("signature", v))
    b = devices("a", "b")
    yield doc("ascending-root", "ascending", root=many("root", 2)[::-1])
    yield doc("ascending-root-equal", "ascending", again("root"))
    yield doc("ascending-next", "ascending", again("next"))
    yield doc("ascending-device", "ascending", device=b[::-1])
    yield doc("ascending-device-same-key", "ascending",
              device=[a + " x", a + " y"])
    yield doc("ascending-sealed", "ascending", again("sealed"))
    yield doc("ascending-cut-same-key", "ascending",
              cut=[cut("z", 0, 4, h), cut("z", 0, 5, h)])
    yield doc("ascending-signature", "ascending", None, again("signature"))
    yield doc("ascending-after-value", "label",
              device=[b[1], b[0] + " "])
    yield doc("threshold", "threshold", threshold=2)
    yield doc("threshold-next", "threshold", next_threshold=2)
    yield doc("threshold-before-sealed", "threshold", threshold=2,
              sealed=[h + " " + box])
    yield doc("sealed-before-cut", "sealed", sealed=[h + " " + box],
              cut=[cut("a", 0, 0)])
    yield doc("signer", "signer", None, lambda t: drop("signature")(t)
              + "signature %s %s\n" % (h, "0" * 128))
    yield doc("signer-before-chain", "signer", value("number", "1023"),
              lambda t: drop("signature")(put("time", "previous %s\n" % h)(t))
              + "signature %s %s\n" % (h, "0" * 128))
    yield "profile", "profile", (good, hexed("no such profile"))
    yield "size-before-utf8", "size", {"repeat": "ff",
                                       "size": MAX_IDENTITY + 1}
    yield "size-just-within", "utf8", {"repeat": "ff", "size": MAX_IDENTITY}


def bad_chains():
    """Breaches that documents show together."""
    n5, n3 = hexed("node 5"), hexed("node 3")
    h = hexed("h")
    one = Chain("one").add(device=devices("a", "b"))
    gone = one.fork().add(device=devices("a"), cut=[cut("b", 1, 5, n5)],
                          era=1, epoch=1)
    stranger = Key(derive("stranger"))

    def second(name, error, chain=one, **more):
        return name, error, chain.fork().add(**more).blob()

    yield second("number-2", "number", number=2)
    yield "number-r0-missing", "number", gone.docs[1]
    yield "number-r0-max", "number", Chain("one").add(
        number=1023, previous=h).blob()
    yield "number-r1-twice", "number", gone.blob() + gone.docs[1]
    yield "number-two-r0", "number", one.blob() + one.blob()
    yield second("previous", "previous", previous=h)
    yield "previous-other-chain", "previous", \
        one.blob() + Chain("two").add().add().docs[1]
    yield "previous-skipped", "previous", one.blob() + one.fork().add(
        time=5).add(number=1).docs[2]
    yield second("root-stranger", "root", root=[stranger.hex],
                 signers=[stranger])
    yield second("root-old-key", "root", root=[one.keys(0)[0].hex],
                 signers=one.keys(0))
    both = sorted((one.keys(1)[0], stranger), key=lambda k: k.hex)
    yield second("root-one-more", "root", root=[k.hex for k in both])
    three = Chain("x", "y", "z")
    three.state.update({"threshold": 2, "next-threshold": 2})
    three.add()
    yield second("threshold-lower", "threshold", three, threshold=1)
    yield second("threshold-higher", "threshold", three, threshold=3)
    yield second("era", "era", gone, era=0)
    yield second("epoch", "epoch", gone, epoch=0)
    yield second("device-gone", "device", device=devices("a"))
    yield second("device-all-gone", "device", device=[])
    yield second("device-cut-forgotten", "device", gone, cut=[])
    yield second("device-cut-listed-again", "device", gone,
                 cut=[], device=devices("a", "b"))
    yield second("cut-seq-raised", "cut", gone, cut=[cut("b", 1, 6, n5)])
    yield second("cut-era-raised", "cut", gone, era=2,
                 cut=[cut("b", 2, 1, n3)])
    yield second("cut-other-node", "cut", gone, cut=[cut("b", 1, 5, n3)])
    zero = gone.fork().add(cut=[cut("b", 1, 0)])
    yield second("cut-raised-from-0", "cut", zero, cut=[cut("b", 1, 1, n3)])
    unsigned = Chain("x", "y", "z")
    unsigned.state.update({"threshold": 2, "next-threshold": 2})
    yield "unsigned-r0", "unsigned", unsigned.add(
        signers=unsigned.keys(0)[:1]).blob()
    yield second("unsigned-r1", "unsigned", three,
                 signers=three.keys(1)[2:])

    def flip(text):
        return text[:-2] + ("0" if text[-2] != "0" else "1") + "\n"

    def high_s(text):
        head, s = text[:-65], bytes.fromhex(text[-65:-1])
        s = int.from_bytes(s, "little") + ORDER
        return head + s.to_bytes(32, "little").hex() + "\n"

    yield "signature-r0", "signature", Chain("one").add(after=flip).blob()
    yield second("signature-r1", "signature", after=flip)
    yield second("signature-of-other-text", "signature",
                 after=swap("epoch 0", "epoch 3"))
    yield second("signature-s-not-reduced", "signature", after=high_s)
    yield second("signature-one-too-many-bad", "signature", three,
                 signers=three.keys(1), after=flip)
    yield second("signature-without-prefix", "signature",
                 after=lambda t: drop("signature")(t) + "signature %s %s\n" % (
                     one.keys(1)[0].hex, one.keys(1)[0].sign(
                         bytes.fromhex(doc_digest(doc_body(t.encode()))))
                     .hex()))
    weak = (1).to_bytes(32, "little").hex()
    weak_sig = "signature %s %s%s\n" % (weak, weak, "0" * 64)
    yield "signature-small-order", "signature", Chain("one").add(
        root=[weak], after=lambda t: drop("signature")(t) + weak_sig).blob()
    # the first document that breaks a rule counts, before rules go on
    yield "order-first-document", "signature", \
        one.fork().add(after=flip).add(number=7).blob()
    yield "order-number-first", "number", one.fork().add(
        number=7, previous=h, after=flip).blob()
    yield "order-previous-before-root", "previous", one.fork().add(
        previous=h, root=[stranger.hex], signers=[stranger]).blob()
    yield "order-root-before-era", "root", gone.fork().add(
        era=0, root=[stranger.hex], signers=[stranger]).blob()
    yield "order-era-before-epoch", "era", gone.fork().add(
        era=0, epoch=0).blob()
    yield "order-device-before-signature", "device", one.fork().add(
        device=[], after=flip).blob()
    yield "order-unsigned-before-signature", "unsigned", three.fork().add(
        signers=three.keys(1)[:1], after=flip).blob()


def make_identity_invalid():
    out = []
    for prefix, vectors in (("identity", bad_documents()),
                            ("chain", bad_chains())):
        for name, error, blob in vectors:
            profile = None
            if isinstance(blob, tuple):
                blob, profile = blob
            spec = blob if isinstance(blob, dict) else {"hex": blob.hex()}
            v = {"name": "%s-%s" % (prefix, name), **spec}
            if profile:
                v["profile"] = profile
            v["error"] = "%s-%s" % (prefix, error)
            expect(v["name"], v["error"],
                   lambda: read_identity(expand(spec), profile))
            out.append(v)
    return out


# ------------------------------------------------------------------ nodes

def part(text, name="text.md", role="text", media="text/markdown", drop=False,
         **more):
    """A content: `text` is a str, or a spec as expand() reads it. In `more`
    may stand what the meta is to say instead of the truth."""
    spec = text if isinstance(text, dict) else {"hex": text.encode().hex()}
    return {"spec": spec, "name": name, "role": role, "type": media,
            "drop": drop, "more": more}


def same(x):
    return x


class Node:
    """A node, made from its fields. The edits are for invalid ones: `fields`
    are changed before the meta is written, `meta` after that, `docs` is the
    entry identity, `tree` the list of tree entries, `commit` the commit."""

    def __init__(self, chain, upto, device, seq, prev=None, skip=None,
                 parents=(), gen=None, contents=(), fields=None, meta=same,
                 docs=None, tree=same, commit=same, sign=None, salts=same,
                 order=same, **more):
        key = device_key(device)
        label = "%s %d %s" % (device, seq, json.dumps(more, sort_keys=True))
        self.parents = sorted(parents, key=lambda p: p.id)
        doc = read_identity(chain.blob(upto))[-1]
        f = {"kind": "post", "profile": chain.profile(),
             "identity": doc.digest, "device": key.hex, "seq": seq,
             "gen": gen or 1 + max([p.f["gen"] for p in parents], default=0),
             "era": doc.era, "time": 1700000000000 + 60500 * seq, **more}
        if prev:
            f["prev"] = prev.id
        if skip:
            f["skip"] = skip.id
        if parents:
            f["parent"] = [p.id for p in self.parents]
        self.objects, entries, left = {}, [], {}
        self.specs = []
        for i, c in enumerate(contents):
            salt = derive("salt %s %d" % (label, i), 16)
            data = expand(c["spec"])
            digest, mode, oid, objects, _ = content_object(data, salt)
            f.setdefault("content", []).append({
                "role": c["role"], "digest": digest, "size": len(data),
                "type": c["type"], "name": c["name"], **c["more"]})
            self.specs.append(None if c["drop"] else c["spec"])
            if not c["drop"]:
                left[i] = salt
                self.objects.update(objects)
                entries.append((mode, "%d-%s" % (i, c["name"]), oid))
        f.update(fields or {})
        self.f = f
        self.meta = meta(write_meta(f))
        self.id = node_id(self.meta)
        self.identity = chain.blob(upto) if docs is None else docs
        self.signature = sign(key, self.id) if sign else \
            key.sign(signed_node(self.id)).hex()
        for name, raw in (("identity", self.identity), ("meta", self.meta)):
            entries.append(("100644", name, git_oid("blob", raw)))
            self.objects[entries[-1][2]] = ("blob", raw)
        made = tree(entries)
        self.tree = made if isinstance(made, bytes) else tree_body(made)
        self.tree_oid = git_oid("tree", self.tree)
        self.profile = chain.profile()
        self.body = commit(make_commit(
            self.tree_oid, order([p.oid for p in self.parents]), f, self.id,
            self.signature, salts(left)).decode())
        if isinstance(self.body, str):
            self.body = self.body.encode()
        self.oid = git_oid("commit", self.body)
        self.objects[self.tree_oid] = ("tree", self.tree)
        self.objects[self.oid] = ("commit", self.body)

    def vector(self, name):
        return {"name": name, "profile": self.profile,
                "commit": self.body.hex(), "commit_oid": self.oid,
                "tree": self.tree.hex(), "tree_oid": self.tree_oid,
                "meta": self.meta.hex(), "identity": self.identity.hex(),
                "contents": self.specs, "node": self.id}


BIG = {"repeat": PATTERN, "size": 5 * CHUNK + 3}


class World:
    """The nodes that both files of node vectors are about."""

    def __init__(self):
        self.nodes = {}         # name: Node
        self.around = {}        # name: what a verifier has beside it
        self.people()

    def add(self, name, chain, upto, device, seq, prev=None, skip=None,
            parents=(), **more):
        node = Node(chain, upto, device, seq, self.get(prev), self.get(skip),
                    [self.nodes[p] for p in parents], **more)
        around = {"parents": [self.name(p) for p in node.parents]}
        if prev:
            around["prev_node"] = prev
        if skip:
            around["skip_node"] = skip
        assert name not in self.nodes
        self.nodes[name], self.around[name] = node, around
        return node

    def get(self, name):
        return self.nodes[name] if name else None

    def name(self, node):
        return [n for n, x in self.nodes.items() if x is node][0]

    def people(self):
        p = self.p = Chain("one")
        secret = p.secrets[0]
        p.add(device=devices("a", "b"), sealed=sealed(secret, 0, "a", "b"))
        add = self.add
        add("a1", p, 0, "a", 1, summary="The first")
        add("b1", p, 0, "b", 1, parents=["a1"], contents=[part("Hello.\n")])
        add("a2", p, 0, "a", 2, "a1", parents=["a1"],
            summary="One text", contents=[part("Some words.\n")])
        add("fork-a2", p, 0, "a", 2, "a1", parents=["a1"],
            summary="The key is used twice")
        add("b2", p, 0, "b", 2, "b1", parents=["a2", "b1"],
            summary="Two parents", kind="reply",
            subject=["reply-to mn:%s/%s" % (p.profile(),
                                            self.nodes["a2"].id)])
        add("a3", p, 0, "a", 3, "a2", parents=["a2"], summary="Two contents",
            contents=[part("A picture.\n"),
                      part({"repeat": "89504e470d0a1a0a", "size": 70000},
                           "my picture.png", "attachment", "image/png")])
        p.add(device=devices("a", "b", "c"),
              sealed=sealed(secret, 1, "a", "b", "c"))
        add("b3", p, 0, "b", 3, "b2", parents=["b2"], summary="The third")
        add("fork-b3", p, 0, "b", 3, "b2", parents=["b2"],
            summary="Another third")
        add("b4", p, 1, "b", 4, "b3", "b1", ["a3", "b3"], summary="A skip")
        add("b5", p, 1, "b", 5, "b4", parents=["b4"], summary="Last to count")
        add("b6", p, 1, "b", 6, "b5", parents=["b5"], summary="Beyond")
        add("fork-b5", p, 1, "b", 5, "b4", parents=["b4"],
            summary="Not the one at the cut")
        add("c1", p, 1, "c", 1, parents=["a2"], summary="In chunks",
            contents=[part(BIG, "film.mp4", "attachment", "video/mp4")])
        p.add(device=devices("a", "c"), sealed=sealed(secret, 2, "a", "c"),
              cut=[cut("b", 0, 5, self.nodes["b5"].id)])
        for n in range(4, 15):
            skip = lipmaa(n)
            add("a%d" % n, p, 2 if n > 5 else 1, "a", n, "a%d" % (n - 1),
                "a%d" % skip if skip < n - 1 else None, ["a%d" % (n - 1)])
        self.kinds(p)
        p.add(cut=[cut("b", 0, 3, self.nodes["b3"].id)])
        p.add(era=1, epoch=1, sealed=sealed(secret, 4, "a", "c"))
        add("era1-a1", p, 4, "a", 1, summary="After the era was raised")
        add("era1-a2", p, 4, "a", 2, "era1-a1", parents=["era1-a1"])
        add("era1-c1", p, 4, "c", 1, parents=["era1-a1"])
        p.add(device=devices("a"), sealed=sealed(secret, 5, "a"),
              cut=sorted([cut("b", 0, 3, self.nodes["b3"].id),
                          cut("c", 0, 1, self.nodes["c1"].id)]))
        self.zero = Chain("one")
        self.zero.docs, self.zero.state = p.docs[:1], dict(p.state)
        self.zero.state.update(era=0, epoch=0, sealed=[], cut=[])
        self.zero.add(device=devices("a"), cut=[cut("b", 0, 0)])
        self.all_cut = p.fork().add(
            device=[], sealed=[], cut=sorted(p.state["cut"] + [
                cut("a", 1, 2, self.nodes["era1-a2"].id)]))
        self.strangers()

    def kinds(self, p):
        """Forms of contents, texts and dates, by device c."""
        add = self.add
        add("c2", p, 1, "c", 2, "c1", parents=["b5", "c1"], kind="recipe",
            contents=[part("", "empty.txt", media="text/plain"),
                      part("Gr\u00fc\u00dfe\n", "Gr\u00fc\u00dfe an \u4e16"
                           ".txt", media="text/plain")])
        add("c3", p, 1, "c", 3, "c2", parents=["c2"], time=999,
            summary="One of two dropped",
            contents=[part("Gone.\n", drop=True), part("Left.\n", "b.md")])
        add("c4", p, 2, "c", 4, "c3", "c1", ["a6", "c3"], time=MAX_TIME,
            summary="All dropped",
            contents=[part("Gone.\n", drop=True),
                      part(BIG, "film", "attachment", "video/mp4",
                           drop=True)])
        odd = [".git", "..", ".gitmodules", "a b", "\u202e", "CON", "git~1",
               "a:b", "-", "n" * 120, "z", "z"]
        add("c5", p, 2, "c", 5, "c4", parents=["c4"],
            summary="Gr\u00fc\u00dfe: \u4e16\u754c \U0001f600",
            contents=[part("%d\n" % i, n, "attachment",
                           "application/octet-stream", drop=i == 3)
                      for i, n in enumerate(odd)])
        add("c6", p, 2, "c", 6, "c5", parents=["c5"], summary="4 MiB",
            contents=[part({"repeat": PATTERN, "size": BLOB_LIMIT}, "4",
                           "attachment", "text/plain"),
                      part({"repeat": PATTERN, "size": BLOB_LIMIT + 1}, "5",
                           "attachment", "text/plain"),
                      part({"repeat": "00", "size": 5 * CHUNK}, "identity",
                           "attachment", "text/plain")])
        crowd = Chain("crowd").add(device=devices(*"abcdefghi"))
        for n in range(7):
            add("d%d" % (n + 1), crowd, 0, "abcdefg"[n], 1,
                time=1234567890123 + n)
        add("d8", crowd, 0, "h", 1, parents=[
            "d%d" % (n + 1) for n in range(7)], summary="Seven parents")
        add("d9", crowd, 0, "i", 1, parents=["d8"] + [
            "d%d" % (n + 1) for n in range(7)], summary="Eight parents")

    def strangers(self):
        """Another profile, and valid nodes that fit nowhere."""
        p, q = self.p, Chain("other")
        q.add(device=devices("q"))
        self.q = q
        self.add("q1", q, 0, "q", 1, summary="Of another profile")
        two = Chain("x", "y", "z")
        two.state.update({"threshold": 2, "next-threshold": 2})
        two.add(device=devices("a"))
        self.add("two-of-three", two, 0, "a", 1)
        self.add("late-gen", p, 1, "c", 1, parents=["b6"], summary="Far up")
        self.add("a3-high", p, 1, "a", 3, "a2", parents=["late-gen", "a2"],
                 summary="With a high gen")


def with_around(world, name, **more):
    return {**world.nodes[name].vector(name), **world.around[name], **more}


def make_node_valid(world):
    out = [with_around(world, name) for name in world.nodes]
    p = world.p

    def known(name, node, newer, upto, **more):
        v = world.nodes[node].vector(name)
        out.append({**v, "known_identity": newer.blob(upto).hex(), **more})

    known("known-same", "a1", p, 0)
    known("known-newer", "a1", p, 3)
    known("known-other-device-cut", "a14", p, 2)
    down = ["b5", "b4", "b3", "b2"]
    known("cut-at", "b5", p, 2, chain=[])
    known("cut-one-below", "b4", p, 2, chain=down[:1])
    known("cut-by-prev", "b3", p, 2, chain=down[:2])
    known("cut-by-skip", "b1", p, 2, chain=down)
    known("cut-lowered-at", "b3", p, 3, chain=[])
    known("cut-lowered-below", "b1", p, 3, chain=["b3", "b2"])
    era1 = world.all_cut
    known("cut-in-later-era", "era1-a1", era1, 6, chain=["era1-a2"])
    known("cut-in-later-era-at", "era1-a2", era1, 6, chain=[])
    v = with_around(world, "a2", other_node="a2")
    out.append({**v, "name": "other-is-same"})
    v = with_around(world, "a2", other_node="b2")
    out.append({**v, "name": "other-device-same-seq"})
    return out


def bad_carriers(w):
    """Commits, trees, salts and contents that differ from what they ought
    to be; a Node with an edit each."""
    p = w.p
    hello = [part("Hello.\n")]

    def node(**more):
        return Node(p, 0, "a", 1, summary="A node",
                    **{"contents": hello, **more})

    def text(old, new):
        return node(commit=swap(old, new))

    def after_tree(line):
        return lambda t: t.replace("\nauthor", "\n" + line + "\nauthor", 1)

    no_author = re.compile("author .*\n").sub
    cases = {
        "empty": node(commit=lambda t: ""),
        "no-tree": node(commit=lambda t: t[t.index("author"):]),
        "tree-short": node(commit=lambda t: t[:44] + t[45:]),
        "parent-upper-case": node(commit=after_tree("parent " + "A" * 40)),
        "parent-before-tree": node(
            commit=lambda t: "parent " + "a" * 40 + "\n" + t),
        "no-author": node(commit=lambda t: no_author("", t, count=1)),
        "author-other-form": text("author ", "author mn "),
        "time-zone": text("+0000", "+0100"),
        "header-encoding": text(" +0000\n\n", " +0000\nencoding UTF-8\n\n"),
        "header-gpgsig": text(" +0000\n\n", " +0000\ngpgsig x\n\n"),
        "header-unknown": node(commit=after_tree("mn x")),
        "no-empty-line": text("\n\nMn-Version", "\nMn-Version"),
        "two-empty-lines": text("\n\nMn-Version", "\n\n\nMn-Version"),
        "body-text": text("\n\nMn-Version", "\n\nA body.\n\nMn-Version"),
        "no-version": text("Mn-Version: 1\n", ""),
        "no-node": text("Mn-Node: ", "Mn-Other: "),
        "node-upper-case": node(commit=lambda t: re.sub(
            "Mn-Node: .*", lambda m: "Mn-Node: " + m[0][9:].upper(), t)),
        "trailer-order": node(commit=lambda t: re.sub(
            "(Mn-Node: .*\n)(Mn-Device: .*\n)", r"\2\1", t)),
        "trailer-twice": node(commit=lambda t: re.sub(
            "(Mn-Device: .*\n)", r"\1\1", t)),
        "trailer-unknown": node(commit=lambda t: t + "Mn-Other: 1\n"),
        "signed-off": node(commit=lambda t: t + "Signed-off-by: a <b>\n"),
        "signature-short": node(commit=lambda t: re.sub(
            "(Mn-Signature: .*).\n", r"\1\n", t)),
        "salt-short": node(commit=lambda t: t[:-2] + "\n"),
        "salt-upper-case": node(commit=lambda t: t[:-33] + "AB" * 16 + "\n"),
        "salt-leading-zero": text("Mn-Salt: 0 ", "Mn-Salt: 00 "),
        "no-newline": node(commit=lambda t: t[:-1]),
        "newline-at-end": node(commit=lambda t: t + "\n"),
        "crlf": node(commit=lambda t: t.replace("\n", "\r\n")),
    }
    for name, n in cases.items():
        yield "parse-" + name, "carrier-parse", n
    merge = node()
    merge.body = make_merge([{"node": n.id, "carrier": n.oid,
                              "seconds": n.f["time"] // 1000}
                             for n in (w.nodes["a2"], w.nodes["b1"])])
    merge.oid = git_oid("commit", merge.body)
    yield "parse-merge", "carrier-parse", merge
    yield "version-2", "carrier-version", \
        text("Mn-Version: 1", "Mn-Version: 2")
    yield "version-0", "carrier-version", \
        text("Mn-Version: 1", "Mn-Version: 0")

    first = w.nodes["a1"]
    for name, edit in (
            ("author-profile", lambda t: t.replace(
                p.profile()[:16], w.q.profile()[:16])),
            ("author-device", lambda t: t.replace(
                "<" + device_key("a").hex[:16], "<" + "0" * 16)),
            ("date", lambda t: t.replace(" 1700000060 ", " 1700000061 ")),
            ("kind", swap("post: ", "reply: ")),
            ("subject", swap("A node", "Another node")),
            ("subject-seq", swap("A node", "#1")),
            ("device", lambda t: re.sub("Mn-Device: .*", "Mn-Device: "
                                        + device_key("b").hex, t)),
            ("parent-too-many", after_tree("parent " + first.oid))):
        yield "mismatch-" + name, "carrier-mismatch", node(commit=edit)
    yield "mismatch-parent-missing", "carrier-mismatch", Node(
        p, 0, "a", 2, first, parents=[first],
        commit=lambda t: re.sub("parent .*\n", "", t))
    yield "mismatch-subject-no-summary", "carrier-mismatch", Node(
        p, 0, "a", 1, commit=swap("post: #1", "post: #2"))

    yield "salt-no-such-content", "carrier-salt", node(
        commit=lambda t: t + "Mn-Salt: 1 " + "0" * 32 + "\n")
    yield "salt-no-content", "carrier-salt", node(
        contents=[], commit=lambda t: t + "Mn-Salt: 0 " + "0" * 32 + "\n")
    yield "salt-64", "carrier-salt", node(
        commit=lambda t: t + "Mn-Salt: 64 " + "0" * 32 + "\n")

    oid = first.tree_oid
    blob = git_oid("blob", b"")

    def mode(name, new):
        return lambda entries: [(new, n, o) if n.endswith(name) else (m, n, o)
                                for m, n, o in entries]

    def rename(old, new):
        return lambda entries: [(m, new if n == old else n, o)
                                for m, n, o in entries]

    trees = {
        "entry-too-many": lambda e: e + [("100644", "more", blob)],
        "entry-tree": lambda e: e + [("40000", "more", oid)],
        "entry-content-1": lambda e: e + [("100644", "1-text.md", blob)],
        "no-meta": lambda e: [x for x in e if x[1] != "meta"],
        "no-identity": lambda e: [x for x in e if x[1] != "identity"],
        "other-meta": lambda e: [(m, n, blob if n == "meta" else o)
                                 for m, n, o in e],
        "other-identity": lambda e: [(m, n, blob if n == "identity" else o)
                                     for m, n, o in e],
        "meta-executable": mode("meta", "100755"),
        "content-executable": mode("text.md", "100755"),
        "content-symlink": mode("text.md", "120000"),
        "content-as-tree": mode("text.md", "40000"),
        "content-other-name": rename("0-text.md", "0-other.md"),
        "content-other-number": rename("0-text.md", "1-text.md"),
        "content-no-number": rename("0-text.md", "text.md"),
        "content-number-00": rename("0-text.md", "00-text.md"),
        "order": lambda e: b"".join(tree_body([x]) for x in e[::-1]),
        "twice": lambda e: e + e[:1],
        "mode-with-zero": lambda e: tree_body(e).replace(b"100644 meta",
                                                         b"0100644 meta"),
        "empty": lambda e: [],
        "cut-short": lambda e: tree_body(e)[:-1],
    }
    for name, edit in trees.items():
        yield "tree-" + name, "carrier-tree", node(tree=edit)
    yield "tree-entry-without-salt", "carrier-tree", node(salts=lambda s: {})
    gone = node(tree=lambda e: [x for x in e if x[1] != "0-text.md"])
    gone.specs = [None]
    yield "tree-salt-without-entry", "carrier-tree", gone
    yield "tree-chunked-as-blob", "carrier-tree", node(
        contents=[part(BIG, "film")], tree=mode("film", "100644"))

    yield "size-less", "content-size", node(contents=[
        part("Hello.\n", size=8)])
    yield "size-more", "content-size", node(contents=[
        part("Hello.\n", size=6)])
    yield "size-zero", "content-size", node(contents=[
        part("Hello.\n", size=0)])
    yield "size-second", "content-size", node(contents=[
        part("Hello.\n"), part("Again.\n", "b.md", size=8)])
    yield "size-chunked", "content-size", node(contents=[
        part(BIG, "film", size=5 * CHUNK + 4)])
    yield "size-before-digest", "content-size", node(contents=[
        part("Hello.\n", size=8, digest=hexed("d"))])
    yield "digest", "content-digest", node(contents=[
        part("Hello.\n", digest=hexed("d"))])
    yield "digest-second", "content-digest", node(contents=[
        part("Hello.\n"), part("Again.\n", "b.md", digest=hexed("d"))])
    yield "digest-chunked", "content-digest", node(contents=[
        part(BIG, "film", digest=hexed("d"))])
    yield "digest-no-salt", "content-digest", node(contents=[
        part("Hello.\n", digest=b2hex(b"Hello.\n"))])
    yield "digest-other-salt", "content-digest", node(
        salts=lambda s: {0: bytes(16)})
    yield "digest-of-whole-not-of-digests", "content-digest", node(contents=[
        part(BIG, "film", digest=b2hex_keyed(
            derive("salt " + 'a 1 {"summary": "A node"} 0', 16),
            expand(BIG)))])


def bad_alone(w):
    """What the meta, the documents and the signature show."""
    p, q = w.p, w.q

    def node(**more):
        return Node(p, 0, "a", 1, **{"summary": "A node", **more})

    yield "meta-missing", "meta-missing", node(
        meta=lambda m: m.replace(b"era 0\n", b""))
    yield "meta-version", "meta-version", node(
        meta=lambda m: m.replace(b"mn 1\n", b"mn 2\n"))
    yield "meta-summary", "meta-summary", node(
        meta=lambda m: m.replace(b"A node", b" A node"))
    yield "meta-empty", "meta-size", node(meta=lambda m: b"")
    yield "node-id", "node-id", node(commit=lambda t: re.sub(
        "Mn-Node: .*", "Mn-Node: " + hexed("n"), t))
    yield "node-id-no-prefix", "node-id", node(commit=lambda t: re.sub(
        "Mn-Node: .*", "Mn-Node: " + b2hex(node().meta), t))
    wrong = node()
    wrong.profile = q.profile()
    yield "profile", "profile", wrong
    yield "identity-profile", "identity-profile", node(
        docs=q.blob(), fields={"identity": q.digest()})
    yield "identity-missing", "identity-missing", node(
        docs=p.blob(0).replace(b"era 0\n", b""))
    yield "identity-empty", "identity-size", node(docs=b"")
    yield "identity-signature", "chain-signature", node(
        docs=p.blob(0).replace(b"epoch 0", b"epoch 3"))
    yield "identity-second", "chain-previous", node(
        docs=p.docs[0] + Chain("two").add().add().docs[1])
    yield "identity-last-too-many", "identity-last", node(docs=p.blob(1))
    yield "identity-last-too-few", "identity-last", Node(
        p, 1, "a", 1, docs=p.blob(0))
    yield "identity-last-unknown", "identity-last", node(
        fields={"identity": hexed("i")})
    yield "device-unlisted", "device-unlisted", Node(p, 0, "c", 1)
    yield "device-unlisted-cut", "device-unlisted", Node(p, 2, "b", 1)
    yield "device-unlisted-root-key", "device-unlisted", node(
        fields={"device": p.keys(0)[0].hex},
        sign=lambda k, n: p.keys(0)[0].sign(signed_node(n)).hex())
    yield "era-1", "era", node(fields={"era": 1})
    yield "era-0", "era", Node(p, 4, "a", 1, fields={"era": 0})

    def high_s(k, n):
        sig = k.sign(signed_node(n))
        s = int.from_bytes(sig[32:], "little") + ORDER
        return (sig[:32] + s.to_bytes(32, "little")).hex()

    def flip(i):
        def sign(k, n):
            sig = bytearray(k.sign(signed_node(n)))
            sig[i] ^= 1
            return sig.hex()
        return sign

    for name, sign in (
            ("zero", lambda k, n: "0" * 128),
            ("first-bit", flip(0)), ("s-bit", flip(32)),
            ("other-device",
             lambda k, n: device_key("b").sign(signed_node(n)).hex()),
            ("no-prefix", lambda k, n: k.sign(bytes.fromhex(n)).hex()),
            ("of-hex", lambda k, n: k.sign(
                b"mn:node-signature:1\n" + n.encode()).hex()),
            ("identity-prefix",
             lambda k, n: k.sign(signed_doc(n)).hex()),
            ("s-not-reduced", high_s)):
        yield "signature-" + name, "signature", node(sign=sign)
    weak = (1).to_bytes(32, "little").hex()
    crowd = Chain("weak").add(device=[weak + " weak"])
    yield "signature-small-order", "signature", Node(
        crowd, 0, "a", 1, fields={"device": weak},
        sign=lambda k, n: weak + "0" * 64)


def bad_around(w):
    """What newer documents and other nodes show: a node (its own name or a
    Node), and what the verifier has."""
    p, nodes = w.p, w.nodes

    def known(newer, upto=None):
        return {"known_identity": newer.blob(upto).hex()}

    fork = Chain("one")
    fork.docs, fork.state = p.docs[:1], dict(p.state)
    fork.state.update(era=0, epoch=0, sealed=[], cut=[])
    fork.add(device=devices("a", "b", "z"))
    yield "identity-fork", "identity-fork", "b4", known(fork)
    fork2 = fork.fork().add()
    yield "identity-fork-longer", "identity-fork", "b4", known(fork2)
    yield "era-old", "era-old", "a1", known(p, 4)
    yield "era-old-before-cut", "era-old", "b6", known(p, 4)
    yield "cut-beyond", "device-cut", "b6", {**known(p, 2), "chain": []}
    yield "cut-beyond-lowered", "device-cut", "b5", {
        **known(p, 3), "chain": []}
    yield "cut-seq-0", "device-cut", "b1", {**known(w.zero), "chain": []}
    yield "cut-other-era", "device-cut", "era1-c1", {
        **known(p, 5), "chain": []}
    yield "cut-chain-at", "device-cut-chain", "fork-b5", {
        **known(p, 2), "chain": ["b5"]}
    yield "cut-chain-below", "device-cut-chain", "fork-b3", {
        **known(p, 2), "chain": ["b5", "b4"]}
    yield "cut-chain-below-lowered", "device-cut-chain", "fork-b3", {
        **known(p, 3), "chain": ["b3"]}

    def near(node, names, **more):
        return node, {"parents": names, **more}

    lone = nodes["a2"]
    yield ("parent-missing", "parent-missing", *near(lone, []))
    b2 = w.around["b2"]
    yield ("parent-missing-one", "parent-missing", *near(
        nodes["b2"], b2["parents"][:1]))
    yield ("parent-missing-other", "parent-missing", *near(
        lone, ["b1"]))

    def node(upto, device, seq, prev=None, skip=None, parents=(), **more):
        return Node(p, upto, device, seq, w.get(prev), w.get(skip),
                    [nodes[n] for n in parents], **more)

    def case(name, error, upto, device, seq, prev=None, skip=None,
             parents=(), around=None, **more):
        n = node(upto, device, seq, prev, skip, parents, **more)
        have = {"parents": [w.name(x) for x in n.parents]}
        if prev:
            have["prev_node"] = prev
        if skip:
            have["skip_node"] = skip
        return name, error, n, {**have, **(around or {})}

    yield case("parent-profile", "parent-profile", 0, "a", 1, parents=["q1"])
    yield case("parent-profile-second", "parent-profile", 0, "a", 2, "a1",
               parents=["a1", "q1"])
    yield case("parent-era-older", "parent-era", 4, "a", 1, parents=["a1"])
    yield case("parent-era-one-of-two", "parent-era", 4, "a", 2, "era1-a1",
               parents=["era1-a1", "a1"])
    yield case("gen-high", "gen", 0, "a", 2, "a1", parents=["a1"], gen=3)
    yield case("gen-of-lower-parent", "gen", 1, "c", 1, parents=["a1", "a3"],
               gen=2)
    yield case("gen-not-above", "gen", 1, "c", 1, parents=["a3"], gen=3)
    yield case("identity-regress", "identity-regress", 0, "a", 1,
               parents=["b4"])
    yield case("identity-regress-second", "identity-regress", 1, "c", 1,
               parents=["b4", "a6"])
    yield case("prev-other-device", "prev", 0, "a", 2, "b1", parents=["b1"])
    yield case("prev-seq-low", "prev", 0, "a", 3, "a1", parents=["a2"])
    yield case("prev-seq-equal", "prev", 0, "a", 2, "fork-a2",
               parents=["fork-a2"])
    yield case("prev-other-era", "prev", 4, "a", 2, "a1",
               parents=["era1-a1"])
    yield case("prev-gen", "prev", 1, "a", 4, "a3-high", "a1", ["a3"])
    yield case("skip-seq-high", "skip", 1, "a", 4, "a3", "a2", ["a3"])
    yield case("skip-seq-deep", "skip", 2, "a", 13, "a12", "a8", ["a12"])
    yield case("skip-other-device", "skip", 1, "a", 4, "a3", "b1",
               ["a3", "b1"])
    yield ("equivocation", "equivocation", *near(
        nodes["a2"], ["a1"], prev_node="a1", other_node="fork-a2"))
    yield ("equivocation-later", "equivocation", *near(
        nodes["b5"], ["b4"], prev_node="b4", other_node="fork-b5"))
    yield case("carrier-parents-swapped", "carrier-parents", 0, "b", 2, "b1",
               parents=["a2", "b1"], order=lambda x: x[::-1])
    yield case("carrier-parents-twice", "carrier-parents", 0, "b", 2, "b1",
               parents=["a2", "b1"], order=lambda x: x[:1] * 2)
    yield case("carrier-parents-other", "carrier-parents", 0, "a", 2, "a1",
               parents=["a1"], order=lambda x: [nodes["b1"].oid])


def make_node_invalid(world, pool):
    out = []
    cases = [(n, e, x, {}) for n, e, x in bad_carriers(world)]
    cases += [(n, e, x, {}) for n, e, x in bad_alone(world)]
    cases += list(bad_around(world))
    for name, error, node, around in cases:
        if isinstance(node, str):
            node = world.nodes[node]
        v = {**node.vector(name), **around, "error": error}
        expect(name, error, lambda: verify(v, pool))
        out.append(v)
    return out


def make_merges(world):
    out = []
    sets = {"two": ["a2", "b1"], "two-other-order": ["b1", "a2"],
            "same-second": ["a2", "fork-a2"], "old-date": ["c3", "a1"],
            "three": ["fork-b5", "b6", "c1"], "last-date": ["c4", "a7"],
            "nine": ["d%d" % (i + 1) for i in range(9)],
            "thirty": list(world.nodes)[:30]}
    for name, names in sets.items():
        heads = [{"node": n.id, "carrier": n.oid,
                  "seconds": n.f["time"] // 1000}
                 for n in map(world.get, names)]
        body = make_merge(heads)
        out.append({"name": name, "heads": heads, "commit": body.hex(),
                    "oid": git_oid("commit", body)})
    return out


# ------------------------------------------------------------------- files

def dump(vectors):
    names = [v["name"] for v in vectors]
    assert len(set(names)) == len(names), \
        sorted(n for n in names if names.count(n) > 1)
    return "".join(json.dumps(v, separators=(",", ":")) + "\n"
                   for v in vectors)


def make_all():
    world = World()
    valid = make_node_valid(world)
    pool = {v["name"]: v for v in valid}
    for v in valid:
        expect(v["name"], None, lambda: verify(v, pool))
    files = {"lipmaa": make_lipmaa(), "phrase": make_phrases(),
             "rootkeys": make_rootkeys(), "content": make_contents(),
             "meta-valid": make_meta_valid(),
             "meta-invalid": make_meta_invalid(),
             "identity-valid": make_identity_valid(),
             "identity-invalid": make_identity_invalid(),
             "node-valid": valid, "node-invalid": make_node_invalid(
                 world, pool),
             "merge": make_merges(world)}
    check_errors(files)
    return {k + ".jsonl": dump(v) for k, v in files.items()}, world


META_ERRORS = ("size utf8 control line unknown order missing limit version "
               "kind digest number time summary stream tag lang place subject "
               "attr link content ascending gen")
IDENTITY_ERRORS = ("size utf8 control line unknown order missing limit "
                   "version digest number label sealed cut signature "
                   "ascending threshold signer profile")
CHAIN_ERRORS = ("number previous root threshold era epoch device cut unsigned "
                "signature")
NODE_ERRORS = ("carrier-parse carrier-version node-id profile "
               "identity-profile identity-last device-unlisted era signature "
               "carrier-mismatch carrier-tree carrier-salt content-size "
               "content-digest identity-fork era-old device-cut "
               "device-cut-chain parent-missing parent-profile parent-era gen "
               "identity-regress prev skip equivocation carrier-parents")


def check_errors(files):
    """Each error of the pages is in some vector."""
    for name, errors in (
            ("meta", ["meta-" + e for e in META_ERRORS.split()]),
            ("identity", ["identity-" + e for e in IDENTITY_ERRORS.split()]
             + ["chain-" + e for e in CHAIN_ERRORS.split()]),
            ("node", NODE_ERRORS.split())):
        seen = {v["error"] for v in files[name + "-invalid"]}
        lost = [e for e in errors if e not in seen]
        assert not lost, (name, lost)


def write_files(where, files):
    for name, text in files.items():
        with open(os.path.join(where, name), "w", encoding="ascii") as f:
            f.write(text)
        print("%s: %d" % (name, text.count("\n")))
    return 0


def check_files(where, files):
    bad = 0
    there = {n for n in os.listdir(where) if n.endswith(".jsonl")}
    for name in sorted(there | set(files)):
        old = ""
        if name in there:
            with open(os.path.join(where, name), encoding="utf-8") as f:
                old = f.read()
        new = files.get(name, "")
        if old == new:
            continue
        bad = 1
        was, now = ({l.split('"')[3] if l.count('"') > 3 else l: l
                     for l in text.splitlines()} for text in (old, new))
        print("%s: differs" % name)
        for what, names in (
                ("not made any more", [n for n in was if n not in now]),
                ("new", [n for n in now if n not in was]),
                ("changed", [n for n in now
                             if n in was and was[n] != now[n]])):
            if names:
                print("\t%s: %s" % (what, " ".join(names[:20])))
    return bad


def git_check(files, world):
    """Stock git on all valid carriers and the merges."""
    with tempfile.TemporaryDirectory() as where:
        env = {"PATH": os.environ["PATH"], "HOME": where, "LC_ALL": "C",
               "GIT_CONFIG_NOSYSTEM": "1"}

        def git(*args, data=b""):
            done = subprocess.run(
                ["git", *args], cwd=where, env=env, input=data, check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                sys.exit("git %s: %s" % (args[0], done.stdout.decode()))
            return done.stdout

        def write(kind, body, oid):
            got = git("hash-object", "-t", kind, "-w", "--stdin", data=body)
            assert got.decode().strip() == oid, (kind, got, oid)

        git("init", "-q", "--bare", "-b", "a14")
        # git knows the empty tree of merges, yet fsck wants it to be there
        write("tree", b"", EMPTY_TREE)
        written = set()
        for name, node in world.nodes.items():
            for oid, (kind, body) in node.objects.items():
                if oid not in written:
                    write(kind, body, oid)
                    written.add(oid)
            git("update-ref", "refs/heads/" + name, node.oid)
        for line in files["merge.jsonl"].splitlines():
            v = json.loads(line)
            write("commit", bytes.fromhex(v["commit"]), v["oid"])
            git("update-ref", "refs/heads/merge-" + v["name"], v["oid"])
        git("log", "--all", "--oneline")
        out = git("fsck", "--strict", "--no-dangling")
        git("clone", "-q", "--mirror", "--no-local", where,
            os.path.join(where, "clone"))
        out += git("-C", "clone", "fsck", "--strict")
        if out:
            sys.exit("git fsck: " + out.decode())
        print("%d nodes, %d objects, %d merges: git fsck --strict is content"
              % (len(world.nodes), len(written),
                 files["merge.jsonl"].count("\n")))
    return 0


def main(args):
    where = os.path.join(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))), "t", "vectors")
    mode = args.pop(0) if args and args[0].startswith("--") else None
    if mode not in (None, "--check", "--git-check") or len(args) > 1:
        print(__doc__.split("\n\n")[1], file=sys.stderr)
        return 129
    where = args[0] if args else where
    files, world = make_all()
    if mode == "--check":
        return check_files(where, files)
    if mode == "--git-check":
        return git_check(files, world)
    return write_files(where, files)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
