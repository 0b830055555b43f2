#!/usr/bin/env python3
"""A small server of the model, as Kedge's `local` target asks for one.

    python3 serve.py --directory DIR [--port 8080] [--window-rows 200] [--window-seconds 0]

It follows DIR/live/traffic.json: which version serves, which one is tried, and what share of the requests it gets or whether it
only looks on. A new version is loaded beside the old one and takes over between two requests, so none is dropped.

    POST /predict   {"id": "…", "site": "north", "mean radius": 12.3, …}  →  {"id", "version", "predicted", "score"}
    GET  /healthz   {"current": "breast-cancer/3", "candidate": null, "token": 17}
    GET  /stats     what was answered, by version
    POST /rotate    ends the window: {"window": PATH or null, "rows": N}

Every answer is a row of the window DIR/incoming/.current.csv, which is renamed to window-TIME.csv after so many rows, so many seconds, or
on POST /rotate. What a version in the shadow would have answered goes to DIR/shadow, which no monitor reads.
Models are read with joblib, which runs what is in the file: serve only what your own Kedge registered.
"""

import argparse
import collections
import csv
import datetime
import hashlib
import io
import json
import os
import signal
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler

import joblib
import numpy

from cancer import FEATURES

POLL_SECONDS = 0.1
MAXIMUM_BODY = 1 << 20


def log(text):
    print(f"{datetime.datetime.now(datetime.timezone.utc):%H:%M:%S} serve: {text}", file=sys.stderr, flush=True)


def replace_file(path, data):
    hidden = f"{path}.new"
    with open(hidden, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(hidden, path)


class Model:
    """One version, loaded."""

    def __init__(self, version, path, sha256):
        with open(path, "rb") as file:
            data = file.read()
        found = hashlib.sha256(data).hexdigest()
        if sha256 and found != sha256:
            raise ValueError(f"{path} has the checksum {found}, not {sha256}")
        self.version = version
        forest = joblib.load(io.BytesIO(data))["forest"]
        # One by one: a forest's own predict_proba hands each request to joblib, which is slower here and warns of our threads.
        self.trees = forest.estimators_
        self.positive = list(forest.classes_).index(1)
        self.predict(numpy.zeros(len(FEATURES)))

    def predict(self, features):
        row = features.reshape(1, -1).astype(numpy.float32)
        score = float(sum(tree.predict_proba(row, check_input=False)[0, self.positive] for tree in self.trees) / len(self.trees))
        return int(score >= 0.5), score


class Route:
    """Who answers what; made anew for every traffic.json and never changed, so that a request sees one state from beginning to end."""

    def __init__(self, current=None, candidate=None, share=0, shadow=False, token=None):
        self.current, self.candidate, self.share, self.shadow, self.token = current, candidate, share, shadow, token

    def choose(self, identifier):
        """The version that answers: the same for the same id as long as the share only grows."""
        if self.candidate is None or self.shadow:
            return self.current
        place = int.from_bytes(hashlib.sha256(str(identifier).encode()).digest()[:8], "big") / 2**64 * 100
        return self.candidate if place < self.share else self.current


class Traffic(threading.Thread):
    """Follows traffic.json. What cannot be read or loaded changes nothing and is tried again."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.route = Route()
        self.problem = None
        self.models = {}
        self.seen = None

    def run(self):
        while True:
            self.look()
            time.sleep(POLL_SECONDS)

    def look(self):
        try:
            status = os.stat(self.path)
        except OSError:
            return
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        if stamp == self.seen and self.problem is None:
            return
        try:
            with open(self.path, encoding="utf-8") as file:
                traffic = json.load(file)
            route = Route(
                self.load(traffic.get("current")), self.load(traffic.get("candidate")), traffic.get("share") or 0,
                bool(traffic.get("shadow")), traffic.get("token"))
        except Exception as error:
            if str(error) != self.problem:
                log(f"{self.path}: {error}; going on as before")
            self.problem = str(error)
            time.sleep(POLL_SECONDS * 5)
            return
        self.route, self.seen, self.problem = route, stamp, None
        used = [model for model in (route.current, route.candidate) if model]
        self.models = {key: model for key, model in self.models.items() if model in used}
        log(
            f"current {route.current and route.current.version}, candidate {route.candidate and route.candidate.version}"
            + (" in the shadow" if route.candidate and route.shadow else f" with {route.share} %" if route.candidate else ""))

    def load(self, version):
        if not version:
            return None
        key = (version["version"], version["path"], version.get("sha256"))
        if key not in self.models:
            self.models[key] = Model(*key)
        return self.models[key]


class Windows:
    """Rows of answers in a file under a dot name, renamed when the window ends. A server that was killed goes on with the file it left."""

    COLUMNS = ["id", "version", "at", *FEATURES, "predicted", "score", "site"]

    def __init__(self, directory, prefix, rows, seconds):
        self.directory, self.prefix = directory, prefix
        self.limit_rows, self.limit_seconds = rows, seconds
        self.lock = threading.Lock()
        self.hidden = os.path.join(directory, ".current.csv")
        os.makedirs(directory, exist_ok=True)
        self.open()

    def open(self):
        """Goes on with what a killed server left, without its last line if that is not whole."""
        try:
            with open(self.hidden, "rb") as file:
                left = file.read()
        except FileNotFoundError:
            left = b""
        whole = left[: left.rfind(b"\n") + 1]
        self.rows = max(0, whole.count(b"\n") - 1)
        if whole != left or not whole:
            header = (",".join(self.COLUMNS) + "\n").encode()
            replace_file(self.hidden, whole or header)
        self.file = open(self.hidden, "a", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file, lineterminator="\n")
        self.begun = time.monotonic()

    def add(self, identifier, version, features, predicted, score, site):
        with self.lock:
            # The time is taken under the lock, so that a window's rows are in its order.
            at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
            self.writer.writerow([identifier, version, at, *map(repr, map(float, features)), predicted, repr(score), site])
            self.file.flush()
            self.rows += 1
            if self.limit_rows and self.rows >= self.limit_rows:
                self.rotate_locked()

    def rotate(self):
        with self.lock:
            return self.rotate_locked()

    def rotate_if_old(self):
        with self.lock:
            if self.limit_seconds and time.monotonic() - self.begun >= self.limit_seconds:
                self.rotate_locked()

    def rotate_locked(self):
        rows = self.rows
        if not rows:
            self.begun = time.monotonic()
            return None, 0
        os.fsync(self.file.fileno())
        self.file.close()
        now = datetime.datetime.now(datetime.timezone.utc)
        path = os.path.join(self.directory, f"{self.prefix}-{now:%Y%m%dT%H%M%S.%f}Z.csv")
        os.replace(self.hidden, path)
        self.open()
        return path, rows

    def close(self):
        with self.lock:
            self.file.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        route = self.server.traffic.route
        if self.path == "/healthz":
            answer = {
                "current": route.current and route.current.version, "candidate": route.candidate and route.candidate.version,
                "token": route.token}
            if self.server.traffic.problem:
                answer["problem"] = self.server.traffic.problem
            self.answer(200, answer)
        elif self.path == "/stats":
            with self.server.count_lock:
                self.answer(200, {"answered": sum(self.server.counts.values()), "by_version": dict(self.server.counts)})
        else:
            self.answer(404, {"error": f"there is no {self.path}"})

    def do_POST(self):
        with self.server.under_way:
            self.post()

    def post(self):
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAXIMUM_BODY:
            self.close_connection = True
            return self.answer(413, {"error": f"at most {MAXIMUM_BODY} bytes"})
        body = self.rfile.read(length)
        if self.path == "/rotate":
            path, rows = self.server.windows.rotate()
            self.server.shadow.rotate()
            return self.answer(200, {"window": path, "rows": rows})
        if self.path != "/predict":
            return self.answer(404, {"error": f"there is no {self.path}"})
        try:
            request = json.loads(body)
            identifier = str(request["id"])
            features = numpy.array([float(request[name]) for name in FEATURES])
            if not numpy.isfinite(features).all():
                raise ValueError("a feature is not finite")
        except KeyError as error:
            return self.answer(400, {"error": f"{error.args[0]} is missing"})
        except (ValueError, TypeError) as error:
            return self.answer(400, {"error": str(error)})
        route = self.server.traffic.route
        if route.current is None:
            return self.answer(503, {"error": "no version serves yet"})
        site = str(request.get("site", ""))
        model = route.choose(identifier)
        predicted, score = model.predict(features)
        self.server.windows.add(identifier, model.version, features, predicted, score, site)
        with self.server.count_lock:
            self.server.counts[model.version] += 1
        self.answer(200, {"id": identifier, "version": model.version, "predicted": predicted, "score": score})
        if route.candidate is not None and route.shadow:
            try:
                self.server.shadow.add(identifier, route.candidate.version, features, *route.candidate.predict(features), site)
            except Exception as error:  # what looks on never disturbs what serves
                log(f"in the shadow: {error}")

    def answer(self, status, value):
        data = json.dumps(value).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *arguments):
        pass


class UnderWay:
    """How many requests are being answered, so that a server that stops can wait for them."""

    def __init__(self):
        self.count, self.condition = 0, threading.Condition()

    def __enter__(self):
        with self.condition:
            self.count += 1

    def __exit__(self, *_):
        with self.condition:
            self.count -= 1
            self.condition.notify_all()

    def wait(self, seconds):
        with self.condition:
            self.condition.wait_for(lambda: self.count == 0, seconds)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", default=".", help="holds live/, incoming/ and shadow/ (default: here)")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0: a free one, which is printed")
    parser.add_argument("--window-rows", type=int, default=200, help="a window ends after so many rows; 0: never by itself")
    parser.add_argument("--window-seconds", type=float, default=0, help="a window ends after so long; 0: never by itself")
    arguments = parser.parse_args()
    directory = os.path.abspath(arguments.directory)

    server = Server((arguments.host, arguments.port), Handler)
    server.traffic = Traffic(os.path.join(directory, "live", "traffic.json"))
    server.windows = Windows(os.path.join(directory, "incoming"), "window", arguments.window_rows, arguments.window_seconds)
    server.shadow = Windows(os.path.join(directory, "shadow"), "shadow", arguments.window_rows, arguments.window_seconds)
    server.counts, server.count_lock, server.under_way = collections.Counter(), threading.Lock(), UnderWay()
    server.traffic.look()
    server.traffic.start()

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    print(json.dumps({"ready": True, "url": f"http://{arguments.host}:{server.server_address[1]}"}), flush=True)
    while not stop.wait(0.2):
        server.windows.rotate_if_old()
        server.shadow.rotate_if_old()
    server.shutdown()
    server.under_way.wait(10)
    server.windows.close()
    server.shadow.close()


if __name__ == "__main__":
    main()
