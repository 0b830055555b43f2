"""Predicts with champion and challenger, on a holdout of its own or on the rows that it is given."""
import csv, json, os

given = json.load(open(os.environ["KEDGE_INPUT"]))


def load(version):
    return json.load(open(version["path"]))["threshold"] if version else None


champion, challenger = load(given["champion"]), load(given["challenger"])
if given.get("rows"):
    rows = [(r["id"], float(r["x"]), r["label"]) for r in csv.DictReader(open(given["rows"]))]
else:
    rows = [(str(i), (i * 37 % 500) / 500, "1" if (i * 37 % 500) / 500 > 0.5 else "0") for i in range(500)]
with open(os.environ["KEDGE_OUTPUT"] + "/predictions.csv", "w", newline="") as file:
    table = csv.writer(file)
    table.writerow(["id", "label"] + (["champion"] if champion is not None else []) + ["challenger"])
    for key, x, label in rows:
        table.writerow([key, label] + (["1" if x > champion else "0"] if champion is not None else []) + ["1" if x > challenger else "0"])
