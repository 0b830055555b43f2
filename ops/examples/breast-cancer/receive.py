#!/usr/bin/env python3
"""Receives what Kedge posts to an `http` channel, checks its signature, and prints each message as a line of JSON.

    KEDGE_HOOK_SECRET=… python3 receive.py --port 8099

A message whose signature is missing, wrong or older than five minutes is refused with 401. A message that comes again with the same
Idempotency-Key is accepted and printed once.
"""

import argparse
import hashlib
import hmac
import json
import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OLDEST_SECONDS = 300
MAXIMUM_BODY = 1 << 20


def is_genuine(secret, timestamp, signature, body):
    """X-Kedge-Signature is v1= and the hex of HMAC-SHA256(secret, timestamp + "." + body)."""
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > OLDEST_SECONDS:
        return False
    expected = "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, signature)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAXIMUM_BODY:
            return self.answer(413, {"error": f"at most {MAXIMUM_BODY} bytes"})
        body = self.rfile.read(length)
        if not is_genuine(self.server.secret, self.headers.get("X-Kedge-Timestamp", ""), self.headers.get("X-Kedge-Signature", ""), body):
            return self.answer(401, {"error": "the signature is missing, wrong or too old"})
        try:
            message = json.loads(body)
        except ValueError:
            return self.answer(400, {"error": "expected JSON"})
        key = self.headers.get("Idempotency-Key", "")
        with self.server.lock:
            if key not in self.server.seen:
                self.server.seen.add(key)
                print(json.dumps(message), flush=True)
        self.answer(200, {"id": key})

    def answer(self, status, value):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8099, help="0: a free one, which is printed on standard error")
    arguments = parser.parse_args()
    secret = os.environ.get("KEDGE_HOOK_SECRET")
    if not secret:
        sys.exit("receive.py: the variable KEDGE_HOOK_SECRET is not set; it must be the secret that the worker signs with")
    server = ThreadingHTTPServer((arguments.host, arguments.port), Handler)
    server.secret, server.seen, server.lock = secret, set(), threading.Lock()
    print(f"receive.py: http://{arguments.host}:{server.server_address[1]}/", file=sys.stderr, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
