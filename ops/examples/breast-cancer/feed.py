#!/usr/bin/env python3
"""Asks the server for diagnoses, and tells later which were right.

    python3 feed.py run --directory DIR --url http://127.0.0.1:8080 --rate 40     asks until it is stopped; prints its counts as JSON
    python3 feed.py set --directory DIR shift=1.2                                 steers the one that runs
    python3 feed.py set --directory DIR stop=true
    python3 feed.py labels --directory DIR                                        writes the labels of windows that have none yet

Tumours are drawn from DIR/population.csv, each pass in a new order, and measured with two per cent of noise. `shift` is what the
instrument was recalibrated by: lengths (radius, perimeter) grow by this factor, areas by its square. The diagnoses are kept in
DIR/truth.csv; from there the labels of a window go to DIR/labels, under the window's name, so many seconds after the window came.

Settings while it runs, in DIR/feed.json: rate (requests a second), shift, labels (true or false), label_delay (seconds), stop.
Exit code 0 when every request was answered, else 1.
"""

import argparse
import collections
import csv
import datetime
import glob
import http.client
import json
import math
import os
import random
import signal
import sys
import threading
import time
import urllib.parse

from cancer import AREAS, FEATURES, LABEL, LENGTHS, Problem, read_rows, run, write_csv

NOISE = 0.02
SETTINGS = {"rate": float, "shift": float, "labels": bool, "label_delay": float, "stop": bool}


def parse_setting(text):
    name, separator, value = text.partition("=")
    if not separator or name not in SETTINGS:
        raise Problem(f"{text!r}: expected NAME=VALUE with one of the names {', '.join(SETTINGS)}")
    if SETTINGS[name] is bool:
        if value not in ("true", "false"):
            raise Problem(f"{text!r}: expected true or false")
        return name, value == "true"
    try:
        return name, float(value)
    except ValueError:
        raise Problem(f"{text!r}: expected a number") from None


def read_control(path):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        print(f"feed.py: {path}: {error}; going on as before", file=sys.stderr, flush=True)
        return {}


def write_json(path, value):
    hidden = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}")
    with open(hidden, "w", encoding="utf-8") as file:
        json.dump(value, file)
    os.replace(hidden, path)


class Population:
    """Whom the requests are about: real tumours, pass after pass, each pass in a new order."""

    def __init__(self, path, seed):
        self.rows = read_rows(path)
        self.random = random.Random(seed)
        self.queue = []

    def take(self, shift):
        """The features of the next tumour, its site, its diagnosis."""
        if not self.queue:
            self.queue = self.rows[:]
            self.random.shuffle(self.queue)
        row = self.queue.pop()
        features = {name: row[name] * math.exp(self.random.gauss(0, NOISE)) for name in FEATURES}
        for name in LENGTHS:
            features[name] *= shift
        for name in AREAS:
            features[name] *= shift * shift
        return features, "north" if self.random.random() < 0.55 else "south", int(row[LABEL])


class Truth:
    """What was right, by id: kept in a file, so that labels can be written by another process, too."""

    def __init__(self, directory):
        self.path = os.path.join(directory, "truth.csv")
        self.known = {}
        if os.path.exists(self.path):
            with open(self.path, newline="", encoding="utf-8") as file:
                self.known = {row["id"]: row[LABEL] for row in csv.DictReader(file) if row.get(LABEL) in ("0", "1")}
        self.file = None

    def add(self, identifier, label):
        if self.file is None:
            is_new = not os.path.exists(self.path)
            self.file = open(self.path, "a", encoding="utf-8")
            if is_new:
                self.file.write(f"id,{LABEL}\n")
        self.known[identifier] = str(label)
        self.file.write(f"{identifier},{label}\n")
        self.file.flush()


def label_windows(directory, truth, older_than=0.0):
    """Writes the labels of every window that has none and is old enough; returns the paths of what it wrote."""
    written = []
    for window in sorted(glob.glob(os.path.join(directory, "incoming", "*.csv"))):
        path = os.path.join(directory, "labels", os.path.basename(window))
        if os.path.exists(path) or time.time() - os.stat(window).st_ctime < older_than:
            continue
        with open(window, newline="", encoding="utf-8") as file:
            identifiers = [row["id"] for row in csv.DictReader(file)]
        rows = [[identifier, truth.known[identifier]] for identifier in identifiers if identifier in truth.known]
        if rows:
            write_csv(path, ["id", LABEL], rows)
            written.append(path)
    return written


class Feed:
    def __init__(self, arguments):
        self.directory = os.path.abspath(arguments.directory)
        self.control = os.path.join(self.directory, "feed.json")
        self.status = os.path.join(self.directory, "feed-status.json")
        self.url = urllib.parse.urlsplit(arguments.url)
        self.settings = {
            "rate": arguments.rate, "shift": arguments.shift, "labels": arguments.labels == "yes", "label_delay": arguments.label_delay,
            "stop": False}
        self.shift_after = arguments.shift_after
        self.requests, self.duration = arguments.requests, arguments.duration
        self.population = Population(os.path.join(self.directory, "population.csv"), arguments.seed)
        self.truth = Truth(self.directory)
        self.prefix = f"{datetime.datetime.now(datetime.timezone.utc):%Y%m%dT%H%M%S}-{os.getpid()}"
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.begun = self.next = time.monotonic()
        self.sent = self.answered = self.failed = self.shifted = self.labelled = 0
        self.by_version = collections.Counter()
        self.right = collections.Counter()
        self.first_failure = None
        self.slowest = 0.0

    def draw(self):
        """Waits for the moment of the next request and draws it; nil when it is time to stop."""
        with self.lock:
            now = time.monotonic()
            if self.stop.is_set() or (self.requests and self.sent >= self.requests) or (self.duration and now - self.begun >= self.duration):
                return None
            self.sent += 1
            number = self.sent
            shift = self.settings["shift"] if number > self.shift_after else 1.0
            features, site, label = self.population.take(shift)
            self.shifted += shift != 1.0
            identifier = f"{self.prefix}-{number:07d}"
            self.truth.add(identifier, label)
            # What could not be sent in time is not made up for by a burst.
            self.next = max(self.next + 1 / max(self.settings["rate"], 0.01), now - 0.5)
            moment = self.next
        self.stop.wait(max(0.0, moment - time.monotonic()))
        return {"id": identifier, "site": site, **features}, label

    def work(self):
        connection = None
        while drawn := self.draw():
            request, label = drawn
            begun = time.monotonic()
            try:
                if connection is None:
                    connection = http.client.HTTPConnection(self.url.hostname, self.url.port or 80, timeout=30)
                connection.request("POST", "/predict", json.dumps(request), {"Content-Type": "application/json"})
                response = connection.getresponse()
                body = response.read()
                if response.status != 200:
                    raise OSError(f"{response.status}: {body.decode(errors='replace').strip()[:200]}")
                answer = json.loads(body)
                if answer["id"] != request["id"]:
                    raise OSError("the answer to another request")
            except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
                if connection is not None:
                    connection.close()
                connection = None
                with self.lock:
                    self.failed += 1
                    self.first_failure = self.first_failure or f"{request['id']}: {type(error).__name__}: {error}"
                continue
            with self.lock:
                self.answered += 1
                self.by_version[answer["version"]] += 1
                self.right[answer["version"]] += answer["predicted"] == label
                self.slowest = max(self.slowest, time.monotonic() - begun)

    def counts(self):
        with self.lock:
            return {
                "sent": self.sent, "answered": self.answered, "failed": self.failed, "shifted": self.shifted,
                "by_version": dict(self.by_version),
                "accuracy": {version: round(self.right[version] / count, 4) for version, count in self.by_version.items()},
                "labelled_windows": self.labelled, "seconds": round(time.monotonic() - self.begun, 1),
                "slowest_milliseconds": round(self.slowest * 1000), "first_failure": self.first_failure}

    def follow_control(self):
        control = read_control(self.control)
        with self.lock:
            for name, value in control.items():
                if name in SETTINGS:
                    self.settings[name] = value
        if self.settings["stop"]:
            self.stop.set()

    def wait_for_server(self, seconds):
        """Until a version serves."""
        deadline = time.monotonic() + seconds
        while not self.stop.is_set():
            try:
                connection = http.client.HTTPConnection(self.url.hostname, self.url.port or 80, timeout=5)
                connection.request("GET", "/healthz")
                if json.loads(connection.getresponse().read()).get("current"):
                    return
            except (OSError, ValueError, http.client.HTTPException):
                pass
            finally:
                connection.close()
            if time.monotonic() > deadline:
                raise Problem(f"no version serves at {self.url.geturl()} after {seconds:g} s")
            time.sleep(0.1)

    def run(self, workers, wait):
        if os.path.exists(self.control):
            os.remove(self.control)  # what steered an earlier one
        if wait:
            self.wait_for_server(wait)
        self.begun = self.next = time.monotonic()
        threads = [threading.Thread(target=self.work, daemon=True) for _ in range(workers)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            time.sleep(0.1)
            self.follow_control()
            if self.settings["labels"]:
                self.labelled += len(label_windows(self.directory, self.truth, self.settings["label_delay"]))
            write_json(self.status, self.counts())
        print(json.dumps(self.counts()), flush=True)
        return self.failed == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    ask = commands.add_parser("run", help="asks until it is stopped")
    ask.add_argument("--directory", default=".", help="as prepare.py made it (default: here)")
    ask.add_argument("--url", default="http://127.0.0.1:8080")
    ask.add_argument("--rate", type=float, default=40, help="requests a second (default 40)")
    ask.add_argument("--workers", type=int, default=4, help="connections (default 4)")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--requests", type=int, default=0, help="stop after so many; 0: never")
    ask.add_argument("--duration", type=float, default=0, help="stop after so many seconds; 0: never")
    ask.add_argument("--shift", type=float, default=1.0, help="factor of the recalibration (default 1: none)")
    ask.add_argument("--shift-after", type=int, default=0, help="recalibrate after so many requests")
    ask.add_argument("--labels", choices=["yes", "no"], default="yes", help="write labels while running (default yes)")
    ask.add_argument("--label-delay", type=float, default=0, help="seconds from a window to its labels (default 0)")
    ask.add_argument("--wait", type=float, default=60, help="seconds to wait until a version serves; 0: do not wait")
    steer = commands.add_parser("set", help="steers the one that runs")
    steer.add_argument("--directory", default=".")
    steer.add_argument("settings", nargs="+", metavar="NAME=VALUE", help="names: " + ", ".join(SETTINGS))
    label = commands.add_parser("labels", help="writes the labels of windows that have none yet")
    label.add_argument("--directory", default=".")
    arguments = parser.parse_args()
    directory = os.path.abspath(arguments.directory)

    if arguments.command == "set":
        path = os.path.join(directory, "feed.json")
        control = read_control(path)
        control.update(parse_setting(text) for text in arguments.settings)
        write_json(path, control)
    elif arguments.command == "labels":
        for path in label_windows(directory, Truth(directory)):
            print(path)
    else:
        feed = Feed(arguments)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: feed.stop.set())
        if not feed.run(arguments.workers, arguments.wait):
            sys.exit(1)


if __name__ == "__main__":
    run(main)
