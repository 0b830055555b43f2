"""Which labelled rows a model is trained and judged on. Trainer and evaluator ask the same question and get the same answer."""

import numpy

from cancer import FEATURES, LABEL, Problem, read_labels, read_rows

# Fewer labelled rows than this train nothing.
MINIMUM_ROWS = 150
# Older windows add little once there is this much.
MAXIMUM_ROWS = 2000
# Two sets of rows are alike unless a feature's Kolmogorov-Smirnov distance is one that chance exceeds once in ten thousand times.
ALIKE_PROBABILITY = 1e-4


def matrix(rows):
    """The features of the rows, one row each."""
    return numpy.array([[row[name] for name in FEATURES] for row in rows], dtype=float).reshape(len(rows), len(FEATURES))


def distance(left, right):
    """The largest Kolmogorov-Smirnov distance of any feature."""
    largest = 0.0
    for column in range(left.shape[1]):
        a, b = numpy.sort(left[:, column]), numpy.sort(right[:, column])
        at = numpy.concatenate([a, b])
        gap = numpy.searchsorted(a, at, side="right") / len(a) - numpy.searchsorted(b, at, side="right") / len(b)
        largest = max(largest, float(numpy.abs(gap).max()))
    return largest


def alike(left, right):
    """Whether the two could have been measured by the same instrument. Source of the bound: Smirnov (1948), asymptotic."""
    bound = numpy.sqrt(-numpy.log(ALIKE_PROBABILITY / 2) / 2 * (len(left) + len(right)) / (len(left) * len(right)))
    return distance(left, right) <= bound


def labelled_rows(request):
    """The labelled rows that look like today's data, and in words where they come from.

    Newest windows first, as long as they look like the newest window: after an instrument was recalibrated, older rows would
    teach the old scale. The baseline counts as the oldest window.
    """
    windows = request.get("windows") or []
    loaded = []
    for window in reversed(windows):
        rows = read_rows(window["path"])
        if rows:
            labels = read_labels(window["labels"]) if window.get("labels") else {}
            loaded.append((rows, labels))
    baseline = request.get("baseline")
    if baseline:
        rows = read_rows(baseline["path"])
        loaded.append((rows, {row["id"]: int(float(row[LABEL])) for row in rows if row.get(LABEL) not in (None, "")}))
    if not loaded:
        raise Problem("there are neither windows nor a baseline to learn from")

    today = matrix(loaded[0][0])
    chosen, sources, left_out = [], 0, 0
    for rows, labels in loaded:
        labelled = [{**row, LABEL: labels[row["id"]]} for row in rows if row["id"] in labels]
        if not labelled or len(chosen) >= MAXIMUM_ROWS:
            continue
        if not alike(today, matrix(rows)):
            left_out += 1
            continue
        chosen += labelled
        sources += 1
    if len(chosen) < MINIMUM_ROWS:
        raise Problem(
            f"only {len(chosen)} labelled rows look like the newest data; at least {MINIMUM_ROWS} are needed: wait for more labels"
        )
    if len({row[LABEL] for row in chosen}) < 2:
        raise Problem("all labelled rows have the same diagnosis; a classifier needs both")
    return chosen, f"{len(chosen)} labelled rows from {sources} source(s); {left_out} left out because they look unlike the newest data"
