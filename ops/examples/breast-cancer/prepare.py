#!/usr/bin/env python3
"""Makes a directory to run the example in: the programs, kedge.yaml, the reference data and the people who will ask.

    python3 prepare.py --directory /tmp/breast-cancer
    python3 prepare.py --directory /tmp/quick --every 1s --hold 3s --cooldown 10s --port 8080 --receiver http://127.0.0.1:8099/

The data are the 569 tumours that scikit-learn ships (Wolberg, Street and Mangasarian, 1995; CC BY 4.0). One half is what the first model
may learn from (reference.csv), the other half is who asks for a diagnosis later (population.csv): no model meets its own training rows in traffic
before it was retrained on traffic.
"""

import argparse
import os
import random
import re
import shutil

from cancer import FEATURES, LABEL, Problem, run, write_csv

# The split with the smallest Kolmogorov-Smirnov distance between the halves (0.073, over all features) of the first thousand seeds:
# with an unlucky one the halves differ, and every window would rightly be called drifted.
SPLIT_SEED = 651

PROGRAMS = ["cancer.py", "material.py", "train.py", "evaluate.py", "serve.py", "feed.py"]


def site(number):
    """Which of the two hospitals a tumour was seen in."""
    return "north" if (number * 2654435761) % 100 < 55 else "south"


def write_data(directory):
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    if list(data.feature_names) != FEATURES:
        raise Problem("this scikit-learn ships other columns than this example knows")
    labels = [1 - int(target) for target in data.target]  # scikit-learn has 1 for benign
    generator = random.Random(SPLIT_SEED)
    live = set()
    for label in (0, 1):
        numbers = [number for number, value in enumerate(labels) if value == label]
        generator.shuffle(numbers)
        live.update(numbers[: len(numbers) // 2])
    rows = [
        [f"tumour-{number:03d}", site(number), *(repr(float(value)) for value in data.data[number]), labels[number]]
        for number in range(len(labels))
    ]
    columns = ["id", "site", *FEATURES, LABEL]
    write_csv(os.path.join(directory, "reference.csv"), columns, [row for number, row in enumerate(rows) if number not in live])
    write_csv(os.path.join(directory, "population.csv"), columns, [row for number, row in enumerate(rows) if number in live])


def write_declarations(directory, arguments):
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "kedge.yaml"), encoding="utf-8") as file:
        text = file.read()

    def put(pattern, value):
        nonlocal text
        if value is not None:
            text, count = re.subn(pattern, lambda match: match.group(1) + str(value), text)
            if not count:
                raise Problem(f"kedge.yaml has nothing like {pattern}")

    put(r"(\bevery: )[0-9a-z]+", arguments.every)
    put(r"(\bhold: )[0-9a-z]+", arguments.hold)
    put(r"(\bcooldown: )[0-9a-z]+", arguments.cooldown)
    put(r"(\bminimum_rows: )[0-9]+", arguments.minimum_rows)
    put(r"(http://127\.0\.0\.1:)8080", arguments.port)
    if arguments.receiver is not None:
        put(r"(\burl: \")[^\"]*", arguments.receiver)
    with open(os.path.join(directory, "kedge.yaml"), "w", encoding="utf-8") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--directory", required=True, help="made if it is not there")
    parser.add_argument("--every", help="how often Kedge looks for windows, e.g. 1s")
    parser.add_argument("--hold", help="how long each stage of a rollout lasts, e.g. 3s")
    parser.add_argument("--cooldown", help="how long an alert that was resolved stays quiet, e.g. 10s")
    parser.add_argument("--minimum-rows", type=int, help="a window with fewer rows is inconclusive")
    parser.add_argument("--port", type=int, help="where serve.py listens")
    parser.add_argument("--receiver", help="the URL to which messages are posted")
    arguments = parser.parse_args()
    directory = os.path.abspath(arguments.directory)
    for name in ("incoming", "labels", "live", "shadow"):
        os.makedirs(os.path.join(directory, name), exist_ok=True)
    here = os.path.dirname(os.path.abspath(__file__))
    for name in PROGRAMS:
        shutil.copy(os.path.join(here, name), os.path.join(directory, name))
    write_data(directory)
    write_declarations(directory, arguments)
    print(directory)


if __name__ == "__main__":
    run(main)
