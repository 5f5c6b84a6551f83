#!/usr/bin/env python3
"""A server of HTTP for the tests, with faults to order.

usage: lib-http.py MODE PORT-FILE LOG [ARG...]

Listens on a free port of 127.0.0.1, writes it to PORT-FILE, and to LOG of each
request its method, address, way to log in and coding of the body. With TLS=CERT,KEY in the environment it speaks TLS. Modes:

  static DIR            files below DIR
  git DIR               git http-backend over the repositories below DIR
  auth DIR USER PASS    the same, with a password
  redirect CODE TARGET  redirects everything; {path} stands for the request
  loop                  redirects for ever, to a longer path
  status CODE           answers with that status, and an escape sequence
  stall                 takes requests and never answers
  half DIR              as git, but a POST's answer breaks off in the middle
  heads                 an answer with a head that doesn't end
  moved DIR PATH        as git; what is below PATH has moved to the root
  deny                  a proxy that lets nobody through
  socks                 a SOCKS proxy that leads to 127.0.0.1 always
  proxy                 a proxy for http:// and CONNECT
  raw TEXT              answers with this and nothing else
  huge TYPE MIB         a long answer of that media type
"""
import base64
import os
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

mode, port_file, log_file = sys.argv[1:4]
args = sys.argv[4:]
log_lock = threading.Lock()


def log(text):
    with log_lock, open(log_file, "a") as f:
        f.write(text + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 65536

    def log_message(self, *_):
        pass

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            out = []
            while True:
                n = int(self.rfile.readline().split(b";")[0], 16)
                out.append(self.rfile.read(n))
                self.rfile.readline()
                if not n:
                    return b"".join(out)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self, status, data=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def handle_any(self):
        body = self.body()
        auth = self.headers.get("Authorization", "-")
        log("%s %s %s %s" % (self.command, self.path, auth.split(" ")[0],
                             self.headers.get("Content-Encoding", "-")))
        self.do(body)
        self.wfile.flush()

    do_GET = do_POST = handle_any

    def do(self, body):
        if mode == "static":
            self.static(args[0])
        elif mode in ("git", "half"):
            self.git(args[0], body)
        elif mode == "moved":
            if self.path.startswith(args[1]):
                self.answer(302, Location=self.path[len(args[1]):] or "/")
            else:
                self.git(args[0], body)
        elif mode == "auth":
            want = base64.b64encode(("%s:%s" % tuple(args[1:3])).encode())
            if self.headers.get("Authorization") == \
                    "Basic " + want.decode():
                self.git(args[0], body)
            else:
                self.answer(401, b"\x1b[31mno\n",
                            WWW_Authenticate='Basic realm="t"')
        elif mode == "redirect":
            self.answer(int(args[0]),
                        Location=args[1].replace("{path}", self.path))
        elif mode == "loop":
            self.answer(302, Location="/x" + self.path)
        elif mode == "status":
            self.answer(int(args[0]), b"\x1b[31mgo away\x07\n",
                        Content_Type="text/plain")
        elif mode == "stall":
            threading.Event().wait()
        elif mode == "heads":
            self.send_response(200)
            self.wfile.write(b"".join(self._headers_buffer))
            self._headers_buffer = []
            try:
                while True:
                    self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
            except OSError:
                self.close_connection = True
        elif mode == "raw":
            self.wfile.write(args[0].encode())
            self.close_connection = True
        elif mode == "huge":
            self.send_response(200)
            self.send_header("Content-Type", args[0])
            self.send_header("Connection", "close")
            self.end_headers()
            try:
                for _ in range(16 * int(args[1])):
                    self.wfile.write(b"0" * 65536)
            except OSError:
                pass
            self.close_connection = True
        elif mode == "proxy":
            self.forward(body)

    def static(self, root):
        path = os.path.join(root, urlsplit(self.path).path.lstrip("/"))
        try:
            with open(path, "rb") as f:
                self.answer(200, f.read(), Content_Type="text/plain")
        except OSError:
            self.answer(404, b"\x1b[31mnot here\n")

    def git(self, root, body):
        url = urlsplit(self.path)
        env = {
            "PATH": os.environ["PATH"], "GIT_PROJECT_ROOT": root,
            "GIT_HTTP_EXPORT_ALL": "1", "PATH_INFO": url.path,
            "QUERY_STRING": url.query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING":
                self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REMOTE_USER": "somebody", "REMOTE_ADDR": "127.0.0.1",
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null",
        }
        out = subprocess.run(["git", "http-backend"], input=body, env=env,
                             stdout=subprocess.PIPE, check=False).stdout
        head, _, data = out.partition(b"\r\n\r\n")
        status, headers = 200, {}
        for line in head.decode().split("\r\n"):
            name, _, value = line.partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            elif name:
                headers[name.replace("-", "_")] = value
        if mode == "half" and self.command == "POST" and len(data) > 2000:
            self.send_response(200)
            self.send_header("Content-Type", headers["Content_Type"])
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[:len(data) // 2])
            self.close_connection = True
            return
        self.answer(status, data, **headers)

    def forward(self, body):
        url = urlsplit(self.path)
        with socket.create_connection((url.hostname, url.port or 80)) as s:
            lines = ["%s %s%s HTTP/1.1" % (self.command, url.path,
                                           "?" + url.query if url.query
                                           else "")]
            for name, value in self.headers.items():
                if name.lower() not in ("proxy-connection", "connection",
                                        "transfer-encoding",
                                        "content-length"):
                    lines.append("%s: %s" % (name, value))
            lines += ["Connection: close", "Content-Length: %d" % len(body)]
            s.sendall(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
            while True:
                data = s.recv(65536)
                if not data:
                    break
                self.wfile.write(data)
        self.close_connection = True

    def do_CONNECT(self):
        log("CONNECT %s -" % self.path)
        if mode == "deny":
            self.answer(403)
            return
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as s:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            self.wfile.flush()
            threading.Thread(target=self.pump, daemon=True,
                             args=(self.connection, s)).start()
            self.pump(s, self.connection)
        self.close_connection = True

    @staticmethod
    def pump(a, b):
        try:
            while True:
                data = a.recv(65536)
                if not data:
                    break
                b.sendall(data)
            b.shutdown(socket.SHUT_WR)
        except OSError:
            pass


class Socks(socketserver.StreamRequestHandler):
    def handle(self):
        _, n = self.rfile.read(2)
        self.rfile.read(n)
        self.wfile.write(b"\x05\x00")
        _, _, _, kind = self.rfile.read(4)
        assert kind == 3
        host = self.rfile.read(self.rfile.read(1)[0]).decode()
        port = int.from_bytes(self.rfile.read(2), "big")
        log("SOCKS %s %d" % (host, port))
        with socket.create_connection(("127.0.0.1", port)) as s:
            self.wfile.write(b"\x05\x00\x00\x01" + bytes(6))
            threading.Thread(target=Handler.pump, daemon=True,
                             args=(self.connection, s)).start()
            Handler.pump(s, self.connection)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass

    def server_bind(self):
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


server = Server(("127.0.0.1", 0), Socks if mode == "socks" else Handler)
if "TLS" in os.environ:
    cert, key = os.environ["TLS"].split(",")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
with open(port_file + ".new", "w") as f:
    f.write("%d\n" % server.server_port)
os.rename(port_file + ".new", port_file)
server.serve_forever()
