#!/usr/bin/env python3
"""Writes what champion and challenger predict on the same labelled rows. Kedge starts it, and computes the metrics itself.

Rows are those that no model was trained on, or, when KEDGE_INPUT names `rows`, all of that file: the labelled rows of a window in
production. Leaves predictions.csv in KEDGE_OUTPUT.
"""

import os

import joblib

from cancer import LABEL, Problem, is_holdout, kedge_input, read_rows, run, write_csv
from material import labelled_rows, matrix


def predictions(model, rows):
    """What the version answers, and its probability of malignancy, row by row."""
    try:
        forest = joblib.load(model["path"])["forest"]
    except Exception as error:
        raise Problem(f"{model['path']}: the model {model['version']} cannot be loaded: {error}") from None
    probability = forest.predict_proba(matrix(rows))[:, list(forest.classes_).index(1)]
    return [(int(p >= 0.5), float(p)) for p in probability]


def main():
    request, output = kedge_input()
    if request.get("rows"):
        rows = [row for row in read_rows(request["rows"]) if row.get(LABEL) not in (None, "")]
    else:
        rows = [row for row in labelled_rows(request)[0] if is_holdout(row["id"])]
    if not rows:
        raise Problem("there is no labelled row to judge on")
    challenger = predictions(request["challenger"], rows)
    champion = predictions(request["champion"], rows) if request.get("champion") else None

    columns = ["id", "label"] + (["champion"] if champion else []) + ["challenger"]
    columns += (["champion_probability"] if champion else []) + ["challenger_probability", "site"]
    lines = []
    for index, row in enumerate(rows):
        line = [row["id"], int(float(row[LABEL]))]
        line += [champion[index][0]] if champion else []
        line += [challenger[index][0]]
        line += [repr(champion[index][1])] if champion else []
        lines.append(line + [repr(challenger[index][1]), row.get("site") or ""])
    write_csv(os.path.join(output, "predictions.csv"), columns, lines)
    print(f"{len(rows)} rows judged", flush=True)


if __name__ == "__main__":
    run(main)
