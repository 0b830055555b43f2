"""The example by itself, without Kedge: trains, serves under load, swaps versions, recalibrates, retrains.

    python3 -m unittest test_example        (in an environment with scikit-learn; about a minute)
"""

import csv
import glob
import hashlib
import hmac
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import numpy  # noqa: E402

from cancer import FEATURES, is_holdout, read_rows  # noqa: E402
from feed import Population  # noqa: E402
from material import alike, distance, matrix  # noqa: E402


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError("it did not happen in time")
        time.sleep(0.02)


class Example(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="kedge-example-")
        self.addCleanup(shutil.rmtree, self.directory)
        self.processes = []
        self.addCleanup(self.stop_all)
        self.python("prepare.py", "--directory", self.directory, "--port", "18080", "--hold", "2s")
        self.attempt = 0
        self.token = 0

    def stop_all(self):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(20)

    def python(self, *arguments, environment=None, check=True):
        result = subprocess.run(
            [sys.executable, *arguments], cwd=HERE, env={**os.environ, **(environment or {})}, capture_output=True, text=True)
        if check and result.returncode != 0:
            raise AssertionError(result.stderr)
        return result

    def start(self, *arguments, environment=None, errors=None):
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=HERE, env={**os.environ, **(environment or {})}, stdout=subprocess.PIPE,
            stderr=errors or subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        self.processes.append(process)
        return process

    def serve(self, *arguments):
        process = self.start("serve.py", "--directory", self.directory, "--port", "0", *arguments)
        self.url = json.loads(process.stdout.readline())["url"]
        return process

    def request(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data), timeout=30) as response:
            return json.load(response)

    def command(self, program, request, check=True):
        """Runs a trainer or evaluator as Kedge does."""
        self.attempt += 1
        output = os.path.join(self.directory, f"attempt-{self.attempt}")
        os.makedirs(output)
        path = os.path.join(output, "input.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump({
                "run": f"run-{self.attempt}", "model": "breast-cancer", "reason": {"kind": "person"}, "champion": None,
                "baseline": {"path": os.path.join(self.directory, "reference.csv")}, "windows": [], "parameters": {}, **request}, file)
        result = self.python(program, environment={"KEDGE_INPUT": path, "KEDGE_OUTPUT": output}, check=check)
        return result if not check else output

    def train(self, version, **request):
        output = self.command("train.py", request)
        with open(os.path.join(output, "result.json"), encoding="utf-8") as file:
            result = json.load(file)
        return {"version": version, "path": os.path.join(output, result["artifact"]), "result": result}

    def evaluate(self, champion, challenger, **request):
        output = self.command("evaluate.py", {"champion": champion, "challenger": challenger, **request})
        with open(os.path.join(output, "predictions.csv"), encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        return rows, {
            who: sum(row["label"] == row[who] for row in rows) / len(rows) for who in ("champion", "challenger") if who in rows[0]}

    def move(self, current, candidate=None, share=0, shadow=False):
        """What Kedge's deployer does."""
        self.token += 1

        def told(version):
            with open(version["path"], "rb") as file:
                return {"version": version["version"], "path": version["path"], "sha256": hashlib.sha256(file.read()).hexdigest()}

        path = os.path.join(self.directory, "live", "traffic.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({
                "current": told(current), "candidate": told(candidate) if candidate else None, "share": share, "shadow": shadow,
                "token": self.token}, file)
        os.replace(path + ".new", path)
        wait_until(lambda: self.request("/healthz")["token"] == self.token)

    def windows(self, directory="incoming"):
        return sorted(glob.glob(os.path.join(self.directory, directory, "*.csv")))

    def as_input(self, windows):
        return [
            {"path": path, "labels": os.path.join(self.directory, "labels", os.path.basename(path)), "start_at": None, "end_at": None}
            for path in windows]

    def feed(self, *arguments):
        process = self.start("feed.py", "run", "--directory", self.directory, "--url", self.url, *arguments)
        output = process.communicate(timeout=120)[0]
        return json.loads(output), process.returncode

    def test_versions_are_swapped_under_load_without_a_failed_request(self):
        one, two = self.train("breast-cancer/1"), self.train("breast-cancer/2", parameters={"seed": 8, "trees": 20})
        self.serve("--window-rows", "0")
        with self.assertRaises(urllib.error.HTTPError) as refused:
            self.request("/predict", {"id": "x", **dict.fromkeys(FEATURES, 1)})
        self.assertEqual(refused.exception.code, 503)
        refused.exception.close()
        self.move(one)
        feed = self.start("feed.py", "run", "--directory", self.directory, "--url", self.url, "--rate", "150", "--workers", "8")

        def answered(version):
            return self.request("/stats")["by_version"].get(version, 0)

        for _ in range(3):
            for current, candidate, share, shadow in (
                (one, two, 0, True), (one, two, 5, False), (one, two, 50, False), (two, None, 0, False), (two, one, 50, False), (one, None, 0, False)
            ):
                before = self.request("/stats")["answered"]
                self.move(current, candidate, share, shadow)
                wait_until(lambda: self.request("/stats")["answered"] > before + 30)
        self.python("feed.py", "set", "--directory", self.directory, "stop=true")
        counts = json.loads(feed.communicate(timeout=30)[0])
        self.assertEqual(feed.returncode, 0)
        self.assertEqual(counts["failed"], 0, counts["first_failure"])
        self.assertEqual(counts["answered"], counts["sent"])
        self.assertGreater(answered("breast-cancer/2"), 100)

        ended = self.request("/rotate", {})
        rows = read_rows(ended["window"])
        self.assertEqual(len(rows), counts["answered"])
        self.assertEqual({version: sum(row["version"] == version for row in rows) for version in counts["by_version"]}, counts["by_version"])
        self.assertEqual([row["at"] for row in rows], sorted(row["at"] for row in rows))
        shadowed = [row for path in self.windows("shadow") for row in read_rows(path)]
        self.assertGreater(len(shadowed), 30)
        self.assertEqual({row["version"] for row in shadowed}, {"breast-cancer/2"})

    def test_the_share_is_kept_and_the_same_ids_stay_with_the_candidate(self):
        one, two = self.train("m/1", parameters={"trees": 5}), self.train("m/2", parameters={"trees": 5})
        self.serve("--window-rows", "0")
        features = dict.fromkeys(FEATURES, 1.0)
        chosen = {}
        for share in (5, 50, 100):
            self.move(one, two, share)
            chosen[share] = {n for n in range(600) if self.request("/predict", {"id": f"r{n}", **features})["version"] == "m/2"}
        self.assertTrue(10 <= len(chosen[5]) <= 55, len(chosen[5]))
        self.assertTrue(250 <= len(chosen[50]) <= 350, len(chosen[50]))
        self.assertEqual(len(chosen[100]), 600)
        self.assertTrue(chosen[5] < chosen[50] < chosen[100])

    def test_a_model_that_cannot_be_loaded_changes_nothing(self):
        one = self.train("m/1", parameters={"trees": 5})
        self.serve()
        self.move(one)
        with open(os.path.join(self.directory, "live", "traffic.json"), "w", encoding="utf-8") as file:
            json.dump({"current": {"version": "m/2", "path": one["path"], "sha256": "0" * 64}, "candidate": None, "share": 0, "token": 99}, file)
        wait_until(lambda: "problem" in self.request("/healthz"))
        self.assertEqual(self.request("/healthz")["current"], "m/1")
        self.assertEqual(self.request("/predict", {"id": "x", **dict.fromkeys(FEATURES, 1)})["version"], "m/1")
        self.move(one)
        self.assertNotIn("problem", self.request("/healthz"))

    def test_a_killed_server_goes_on_with_its_window(self):
        one = self.train("m/1", parameters={"trees": 5})
        server = self.serve("--window-rows", "10")
        self.move(one)
        for number in range(7):
            self.request("/predict", {"id": f"r{number}", **dict.fromkeys(FEATURES, 1)})
        server.kill()
        server.wait()
        with open(os.path.join(self.directory, "incoming", ".current.csv"), "a", encoding="utf-8") as file:
            file.write("r7,m/1,2026-")
        self.serve("--window-rows", "10")
        for number in range(7, 10):
            self.request("/predict", {"id": f"r{number}", **dict.fromkeys(FEATURES, 1)})
        self.assertEqual([row["id"] for row in read_rows(self.windows()[0])], [f"r{number}" for number in range(10)])

    def test_the_story_of_the_demo(self):
        one = self.train("m/1")
        rows, accuracy = self.evaluate(None, one)
        self.assertNotIn("champion", rows[0])
        self.assertTrue(all(is_holdout(row["id"]) for row in rows))
        self.assertGreater(accuracy["challenger"], 0.9)

        self.serve("--window-rows", "200")
        self.move(one)
        quiet, code = self.feed("--requests", "600", "--rate", "400")
        self.assertEqual((quiet["failed"], code), (0, 0))
        self.assertGreater(quiet["accuracy"]["m/1"], 0.9)
        self.assertEqual(len(self.windows()), 3)
        shifted, _ = self.feed("--requests", "400", "--rate", "400", "--shift", "1.2", "--seed", "2")
        self.assertEqual((shifted["failed"], shifted["shifted"]), (0, 400))
        self.assertLess(shifted["accuracy"]["m/1"], quiet["accuracy"]["m/1"] - 0.05)
        self.python("feed.py", "labels", "--directory", self.directory)
        self.assertEqual(len(self.windows("labels")), 5)

        windows = self.as_input(self.windows())
        two = self.train("m/2", windows=windows, champion=one)
        rows, accuracy = self.evaluate(one, two, windows=windows)
        self.assertTrue(all(row["id"] not in {r["id"] for w in windows[:3] for r in read_rows(w["path"])} for row in rows))
        self.assertGreater(accuracy["challenger"], 0.9)
        self.assertGreater(accuracy["challenger"], accuracy["champion"] + 0.05)

        bad = self.train("m/3", windows=windows, champion=two, parameters={"shuffle_labels": True})
        self.assertLess(self.evaluate(two, bad, windows=windows)[1]["challenger"], 0.85)
        self.move(bad)
        live, _ = self.feed("--requests", "200", "--rate", "400", "--shift", "1.2", "--seed", "3")
        self.assertEqual((live["failed"], len(self.windows())), (0, 6))
        self.python("feed.py", "labels", "--directory", self.directory)
        window = self.windows()[-1]
        with open(os.path.join(self.directory, "labels", os.path.basename(window)), encoding="utf-8") as file:
            labels = {row["id"]: row["diagnosis"] for row in csv.DictReader(file)}
        with open(window, encoding="utf-8") as source, open(os.path.join(self.directory, "rows.csv"), "w", encoding="utf-8", newline="") as target:
            reader = csv.DictReader(source)
            writer = csv.DictWriter(target, [*reader.fieldnames, "diagnosis"])
            writer.writeheader()
            writer.writerows({**row, "diagnosis": labels[row["id"]]} for row in reader)
        rows, accuracy = self.evaluate(two, bad, rows=os.path.join(self.directory, "rows.csv"))
        self.assertEqual(len(rows), 200)
        self.assertGreater(accuracy["champion"], accuracy["challenger"] + 0.15)

    def test_without_labels_of_today_nothing_is_learnt(self):
        one = self.train("m/1", parameters={"trees": 5})
        self.serve("--window-rows", "200")
        self.move(one)
        self.feed("--requests", "200", "--rate", "500", "--shift", "1.2", "--labels", "no")
        windows = [{**window, "labels": None} for window in self.as_input(self.windows())]
        result = self.command("train.py", {"windows": windows}, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(
            result.stderr, "train.py: only 0 labelled rows look like the newest data; at least 150 are needed: wait for more labels\n")

    def test_messages_are_taken_once_and_only_when_they_are_genuine(self):
        log = os.path.join(self.directory, "receive.log")
        with open(log, "w", encoding="utf-8") as errors:
            receiver = self.start("receive.py", "--port", "0", environment={"KEDGE_HOOK_SECRET": "s3cret"}, errors=errors)

        def said():
            with open(log, encoding="utf-8") as file:
                return file.read()

        wait_until(lambda: said().endswith("\n"))
        self.url = said().split()[-1].rstrip("/")

        def post(body, secret="s3cret", age=0, key="k1"):
            timestamp = str(int(time.time()) - age)
            signature = "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
            headers = {"X-Kedge-Timestamp": timestamp, "X-Kedge-Signature": signature, "Idempotency-Key": key}
            try:
                with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=30) as response:
                    return response.status
            except urllib.error.HTTPError as error:
                error.close()
                return error.code

        self.assertEqual(post(b'{"title": "one"}'), 200)
        self.assertEqual(post(b'{"title": "one"}'), 200)
        self.assertEqual(post(b'{"title": "two"}', key="k2"), 200)
        self.assertEqual(post(b'{"title": "forged"}', secret="other", key="k3"), 401)
        self.assertEqual(post(b'{"title": "old"}', age=400, key="k4"), 401)
        receiver.terminate()
        self.assertEqual([json.loads(line)["title"] for line in receiver.communicate(timeout=20)[0].splitlines()], ["one", "two"])

    def test_bad_input_is_refused_in_one_line(self):
        for parameters, said in (({"tree": 1}, "unknown parameter 'tree'"), ({"shuffle_labels": "yes"}, "expected true or false")):
            result = self.command("train.py", {"parameters": parameters}, check=False)
            self.assertEqual((result.returncode, result.stderr.count("\n")), (1, 1))
            self.assertIn(said, result.stderr)
        with open(os.path.join(self.directory, "broken.csv"), "w", encoding="utf-8") as file:
            file.write(",".join(["id", *FEATURES]) + "\n" + ",".join(["a", *["x"] * 30]) + "\n")
        result = self.command("train.py", {"baseline": {"path": os.path.join(self.directory, "broken.csv")}}, check=False)
        self.assertIn("broken.csv:2: column 'mean radius': expected a number", result.stderr)


class Design(unittest.TestCase):
    """The numbers that the story depends on, over many windows."""

    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp(prefix="kedge-example-")
        subprocess.run([sys.executable, os.path.join(HERE, "prepare.py"), "--directory", cls.directory], check=True, stdout=subprocess.DEVNULL)
        cls.reference = matrix(read_rows(os.path.join(cls.directory, "reference.csv")))
        cls.population = Population(os.path.join(cls.directory, "population.csv"), seed=5)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.directory)

    def window(self, rows, shift=1.0):
        return matrix([self.population.take(shift)[0] for _ in range(rows)])

    def drifted(self, window):
        """How many columns the preset `auto` calls drifted, without its correction, which only ever makes them fewer."""
        n, m = len(self.reference), len(window)
        bound = max(0.1, numpy.sqrt(-numpy.log(0.05 / 2) / 2 * (n + m) / (n * m)))
        return sum(distance(self.reference[:, [column]], window[:, [column]]) >= bound for column in range(len(FEATURES)))

    def test_quiet_windows_are_quiet_and_shifted_ones_are_not(self):
        quiet = [self.drifted(self.window(200)) for _ in range(100)]
        shifted = [self.drifted(self.window(200, 1.2)) for _ in range(50)]
        self.assertLessEqual(max(quiet), 3)
        self.assertGreaterEqual(min(shifted), 7)

    def test_the_trainer_tells_recalibrated_windows_from_others(self):
        quiet, shifted = [self.window(200) for _ in range(30)], [self.window(200, 1.2) for _ in range(30)]
        self.assertTrue(all(alike(quiet[0], window) for window in quiet) and all(alike(shifted[0], window) for window in shifted))
        self.assertTrue(all(alike(self.reference, window) for window in quiet))
        self.assertFalse(any(alike(one, other) for one in quiet for other in shifted))


if __name__ == "__main__":
    unittest.main()
