"""What the programs of this example share: the columns, CSV files, and which rows are for training and which for judging."""

import csv
import hashlib
import json
import os
import sys

FEATURES = [
    f"{what} {part}" if what in ("mean", "worst") else f"{part} {what}"
    for what in ("mean", "error", "worst")
    for part in (
        "radius", "texture", "perimeter", "area", "smoothness",
        "compactness", "concavity", "concave points", "symmetry", "fractal dimension",
    )
]
LABEL = "diagnosis"  # 1 malignant, 0 benign
POSITIVE = 1

# What an instrument measures that scales lengths by s: lengths grow by s, areas by its square.
LENGTHS = [name for name in FEATURES if "radius" in name or "perimeter" in name]
AREAS = [name for name in FEATURES if "area" in name]

HOLDOUT_PERCENT = 30


class Problem(Exception):
    """Something that the one who started the program can mend; its text is all that is printed."""


def run(main):
    """Runs a program; a Problem is one line on standard error and exit code 1."""
    try:
        main()
    except Problem as problem:
        print(f"{os.path.basename(sys.argv[0])}: {problem}", file=sys.stderr)
        sys.exit(1)


def is_holdout(identifier):
    """Whether a row judges models and never trains one. It depends on its id alone, so that no two programs can disagree."""
    digest = hashlib.sha256(f"holdout:{identifier}".encode()).digest()
    return int.from_bytes(digest[:4], "big") % 100 < HOLDOUT_PERCENT


def read_rows(path):
    """The rows of a CSV file as dictionaries; features become numbers."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            missing = [name for name in ["id", *FEATURES] if name not in (reader.fieldnames or [])]
            if missing:
                raise Problem(f"{path}:1: the column {missing[0]!r} is missing")
            rows = []
            for row in reader:
                for name in FEATURES:
                    try:
                        row[name] = float(row[name])
                    except (TypeError, ValueError):
                        raise Problem(f"{path}:{reader.line_num}: column {name!r}: expected a number") from None
                rows.append(row)
            return rows
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from None


def read_labels(path):
    """Labels by id: a CSV file with the columns id and diagnosis."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            return {row["id"]: int(float(row[LABEL])) for row in csv.DictReader(file) if row.get(LABEL) not in (None, "")}
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from None
    except (KeyError, ValueError):
        raise Problem(f"{path}: expected the columns id and {LABEL}, and 0 or 1 as labels") from None


def write_csv(path, columns, rows):
    """Writes the file under a name that begins with a dot and renames it, so that nobody sees half of it."""
    directory, name = os.path.split(os.path.abspath(path))
    hidden = os.path.join(directory, f".{name}.{os.getpid()}")
    with open(hidden, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
        file.flush()
        os.fsync(file.fileno())
    os.replace(hidden, path)


def kedge_input():
    """What Kedge asks for, and the directory for what it gets."""
    try:
        with open(os.environ["KEDGE_INPUT"], encoding="utf-8") as file:
            return json.load(file), os.environ["KEDGE_OUTPUT"]
    except KeyError as error:
        raise Problem(f"the variable {error.args[0]} is not set; Kedge sets it when it starts this program") from None
    except (OSError, ValueError) as error:
        raise Problem(f"KEDGE_INPUT: {error}") from None
