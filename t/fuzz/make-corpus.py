#!/usr/bin/env python3
"""Makes the corpora of fuzz-meta, fuzz-identity and fuzz-carrier from the
golden vectors: t/fuzz/make-corpus.py, in the root of the source."""

import json
import os

VECTORS = "t/vectors/"
CORPUS = "t/fuzz/corpus/"
LARGEST = 6000

META = """
minimal seq-2 seq-4 seq-41 seq-9007199254740991 gen-above-seq parents-2
parents-8 kind-32 summary-one summary-unicode summary-edges stream-unicode
tags lang-parts lang-35 place-zero place-six-digits place-nearly-zero
subject-profile subject-prefix subjects-16 attr attr-prefix link
link-all-characters content content-size-max content-type-longest
content-name-odd everything
""".split()
META_BAD = """
utf8-surrogate control-2028 line-no-value unknown-optional order-skip-at-seq-2
limit-parent ascending-tag-1-falls gen-below-seq
""".split()
IDENTITY = """
one-document no-device sealed label-spaces rotation-5 device-added device-cut
cut-lowered cut-lowered-to-0 cut-seq-0 cut-era-lowered cut-all
cut-never-listed era-raised epoch-raised time-falls two-of-three
two-of-three-rotated root-key-left-out threshold-lowered everything
""".split()
IDENTITY_BAD = """
identity-unknown-at-end identity-size-empty chain-device-cut-listed-again
chain-cut-raised-from-0 chain-root-one-more identity-order-cut-after-signature
""".split()
NODES = "a1 b1 a2 b2 a3 b4 a4 a13 c1 c2 c3 c4 c5 d3 d8 d9 era1-a2".split()
NODES_BAD = """
parse-no-version parse-salt-leading-zero parse-merge version-2 salt-64
tree-order tree-content-as-tree tree-chunked-as-blob tree-cut-short
""".split()


def vectors(name):
    with open(VECTORS + name + ".jsonl") as f:
        return {v["name"]: v for v in map(json.loads, f)}


def put(corpus, name, data):
    assert len(data) <= LARGEST, (name, len(data))
    os.makedirs(CORPUS + corpus, exist_ok=True)
    with open(CORPUS + corpus + "/" + name, "wb") as f:
        f.write(data)


def carrier(commit, tree, meta):
    return b"%c%c%c%c" % (*divmod(len(commit), 256), *divmod(len(tree), 256)) \
        + commit + tree + meta


def put_hex(corpus, file, names):
    pool = vectors(file)
    for name in names:
        put(corpus, name, bytes.fromhex(pool[name]["hex"]))


def put_nodes(file, names):
    pool = vectors(file)
    for name in names:
        put("carrier", name, carrier(*(bytes.fromhex(pool[name][k])
                                       for k in ("commit", "tree", "meta"))))


def chunk_tree(n):
    entries = [(b"%04x" % i, bytes([i % 256]) * 20) for i in range(n)]
    entries.append((b"digests", b"\xff" * 20))
    return b"".join(b"100644 %s\0%s" % e for e in sorted(entries))


put_hex("meta", "meta-valid", META)
put_hex("meta", "meta-invalid", META_BAD)
put("meta", "place-long",
    bytes.fromhex(vectors("meta-valid")["minimal"]["hex"])
    + b"place " + b"9" * 30 + b",0\n")
put_hex("identity", "identity-valid", IDENTITY)
put_hex("identity", "identity-invalid", IDENTITY_BAD)
put_nodes("node-valid", NODES)
put_nodes("node-invalid", NODES_BAD)
for name, v in vectors("merge").items():
    put("carrier", "merge-" + name,
        carrier(bytes.fromhex(v["commit"]), b"", b""))
for n in 0, 1, 5, 100:
    put("carrier", "chunks-%d" % n, carrier(b"", chunk_tree(n), b""))
