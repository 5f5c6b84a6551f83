#!/usr/bin/env python3
"""Makes the corpus of fuzz-bundle: run it in the root of the source."""

import os

CORPUS = "t/fuzz/corpus/bundle/"
A, B = b"1" * 40, b"ab" * 20
V2, V3 = b"# v2 git bundle\n", b"# v3 git bundle\n"
MAIN = A + b" refs/heads/main\n"
ID = B + b" refs/mn/identity\n"
PACK = b"PACK\0\0\0\2\0\0\0\0"

FILES = {
    "v2": V2 + MAIN + ID + A + b" HEAD\n\n" + PACK,
    "v2-needs": V2 + b"-" + B + b" a subject\n-" + A + b"\n" + MAIN + b"\n",
    "v3": V3 + b"@object-format=sha1\n" + MAIN + b"\n" + PACK,
    "v3-filter": V3 + b"@object-format=sha1\n@filter=blob:limit=16k\n-" + B +
                 b" \n" + MAIN + ID + b"\n" + PACK,
    "v3-bare": V3 + MAIN + b"\n",
    "v4": b"# v4 git bundle\n" + MAIN + b"\n",
    "sha256": V3 + b"@object-format=sha256\n" + MAIN + b"\n",
    "unknown": V3 + b"@bundle-of=sticks\n" + MAIN + b"\n",
    "v2-capability": V2 + b"@filter=blob:none\n" + MAIN + b"\n",
    "filter-twice": V3 + b"@filter=a\n@filter=b\n" + MAIN + b"\n",
    "filter-empty": V3 + b"@filter=\n" + MAIN + b"\n",
    "crlf": (V2 + MAIN + b"\n").replace(b"\n", b"\r\n"),
    "cr": V2 + MAIN[:-1] + b"\r\n\n",
    "nul": V2 + b"-" + B + b" \0\n" + MAIN + b"\n",
    "escape": V2 + A + b" refs/heads/\x1b[31m\n\n",
    "long-name": V2 + A + b" refs/heads/" + b"x" * 300 + b"\n\n",
    "dots": V2 + A + b" refs/heads/../../x\n\n",
    "twice": V2 + MAIN + MAIN + b"\n",
    "order": V2 + MAIN + b"-" + B + b"\n\n",
    "no-refs": V2 + b"\n",
    "zero": V2 + b"0" * 40 + b" refs/heads/main\n\n",
    "upper": V2 + MAIN.upper() + b"\n",
    "short": V2 + A[:-1] + b" refs/heads/main\n\n",
    "cut": V2 + MAIN,
    "cut-first": V2[:-3],
    "empty": b"",
    "no-bundle": PACK,
}

os.makedirs(CORPUS, exist_ok=True)
for name, data in FILES.items():
    with open(CORPUS + name, "wb") as f:
        f.write(data)
