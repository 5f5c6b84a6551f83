#!/usr/bin/env python3
"""Makes the corpus of fuzz-dumb with git: run it in the root of the source."""

import os
import subprocess
import tempfile

CORPUS = "t/fuzz/corpus/dumb/"
ENV = dict(os.environ, GIT_CONFIG_NOSYSTEM="1", GIT_CONFIG_GLOBAL="/dev/null")


def git(repo, *args, data=b""):
    return subprocess.run(["git", "-C", repo, *args], input=data, env=ENV,
                          check=True, stdout=subprocess.PIPE).stdout


def stream(n):
    out = b""
    for i in range(1, n + 1):
        out += (b"commit refs/heads/main\ncommitter A <a@b> %d +0000\n"
                b"data 1\nx\nM 100644 inline a\ndata 2\n%d\n"
                b"M 100644 inline d/b\ndata 2000\n%s\n"
                % (1600000000 + i, i, b"%04d" % i * 500))
    return out


def files(repo):
    out = b""
    for folder, folders, names in sorted(os.walk(repo)):
        folders.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), repo)
            if path == "info/refs" or path.startswith("objects/"):
                with open(os.path.join(repo, path), "rb") as f:
                    data = f.read()
                out += b"%s\n%d\n%s" % (path.encode(), len(data), data)
    return out


def put(name, data):
    with open(CORPUS + name, "wb") as f:
        f.write(data)


os.makedirs(CORPUS, exist_ok=True)
with tempfile.TemporaryDirectory() as work:
    for name, limit, n in ("loose", 1000, 3), ("packed", 0, 4):
        repo = os.path.join(work, name)
        subprocess.run(["git", "init", "-q", "--bare", repo], env=ENV,
                       check=True)
        git(repo, "-c", "fastimport.unpackLimit=%d" % limit, "fast-import",
            "--quiet", data=stream(n))
        if name == "packed":
            git(repo, "tag", "v1", "main")
            git(repo, "-c", "pack.threads=1", "repack", "-adfq")
            git(repo, "-c", "fastimport.unpackLimit=1000", "fast-import",
                "--quiet", data=stream(1).replace(
                    b"committer", b"mark :1\ncommitter").replace(
                    b"data 1\nx\n", b"data 1\ny\n").replace(
                    b"M 100644 inline a", b"from refs/heads/main^0\n"
                    b"M 100644 inline c"))
        git(repo, "update-server-info")
        whole = files(repo)
        # all four filters, by the length
        for i in range(4):
            put("%s-%d" % (name, i), whole + b"\n" * i)
        put(name + "-cut", whole[:len(whole) * 2 // 3])
put("refs-twice", b"info/refs\n100\n" + 2 * (b"1" * 40 + b"\trefs/heads/x\n"))
put("refs-html", b"info/refs\n20\n<html><body></body>\n")
put("refs-peeled", b"info/refs\n200\n" + b"1" * 40 + b"\trefs/tags/x\n" +
    b"2" * 40 + b"\trefs/tags/x^{}\n")
put("packs-bad", b"info/refs\n54\n" + b"1" * 40 + b"\trefs/heads/x\n" +
    b"objects/info/packs\n20\nP pack-../../x.pack\n")
