#!/usr/bin/env python3
"""Trains a random forest. Kedge starts it: it reads KEDGE_INPUT and leaves result.json and model.joblib in KEDGE_OUTPUT.

Parameters: trees (default 60), seed (7), shuffle_labels (false; true makes a model that has learnt nothing, for trying the gate).
"""

import json
import os

import joblib
import numpy
from sklearn.ensemble import RandomForestClassifier

from cancer import FEATURES, LABEL, Problem, is_holdout, kedge_input, run
from material import labelled_rows, matrix


def main():
    request, output = kedge_input()
    parameters = dict(request.get("parameters") or {})
    trees = int(parameters.pop("trees", 60))
    seed = int(parameters.pop("seed", 7))
    shuffle = parameters.pop("shuffle_labels", False)
    if parameters:
        raise Problem(f"unknown parameter {sorted(parameters)[0]!r}; known are trees, seed and shuffle_labels")
    if shuffle not in (True, False):
        raise Problem(f"shuffle_labels is {shuffle!r}; expected true or false")

    rows, said = labelled_rows(request)
    training = [row for row in rows if not is_holdout(row["id"])]
    holdout = [row for row in rows if is_holdout(row["id"])]
    print(f"{said}; training on {len(training)}", flush=True)

    labels = numpy.array([row[LABEL] for row in training])
    if shuffle:
        labels = numpy.random.default_rng(seed).permutation(labels)
        print("the labels were shuffled, as asked", flush=True)
    forest = RandomForestClassifier(n_estimators=trees, min_samples_leaf=2, random_state=seed)
    forest.fit(matrix(training), labels)
    accuracy = float(forest.score(matrix(holdout), [row[LABEL] for row in holdout])) if holdout else None
    print(f"accuracy on {len(holdout)} rows that it has not seen: {accuracy:.3f}" if holdout else "no rows to judge it on", flush=True)

    joblib.dump({"forest": forest, "features": FEATURES}, os.path.join(output, "model.joblib"), compress=3)
    result = {
        "artifact": "model.joblib",
        "metrics": {"holdout_accuracy": accuracy, "training_rows": len(training)},
        "tags": {"algorithm": "random-forest", "trees": str(trees), "shuffled": "true" if shuffle else "false"},
    }
    hidden = os.path.join(output, ".result.json")
    with open(hidden, "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(hidden, os.path.join(output, "result.json"))


if __name__ == "__main__":
    run(main)
