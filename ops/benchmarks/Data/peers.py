"""Runs what Kedge's measuring is compared with: peers.py NAME ARGUMENT…"""

import sys


def evidently(reference, current, html, json):
    """As its documentation begins: both files by pandas, the default drift report, both outputs."""
    import pandas
    from evidently import Report
    from evidently.presets import DataDriftPreset

    snapshot = Report([DataDriftPreset()]).run(pandas.read_csv(current), pandas.read_csv(reference))
    snapshot.save_html(html)
    snapshot.save_json(json)


def evidently_windows(directory):
    """The share of drifted columns that Evidently's defaults find in each window of a directory, as a list."""
    import glob
    import json

    import pandas
    from evidently import Report
    from evidently.presets import DataDriftPreset

    reference = pandas.read_csv(f"{directory}/reference.csv")
    shares = []
    for path in sorted(glob.glob(f"{directory}/window-*.csv")):
        found = Report([DataDriftPreset()]).run(pandas.read_csv(path), reference).dict()["metrics"]
        shares.append(next(metric["value"]["share"] for metric in found if "DriftedColumnsCount" in metric["metric_name"]))
    print(json.dumps(shares))


def histograms(connection, table):
    """Forty equal bins of every column of numbers, the counts of every other."""
    columns = connection.execute(f"describe {table}").fetchall()
    numeric = [name for name, kind, *_ in columns if kind in ("DOUBLE", "BIGINT", "INTEGER", "HUGEINT", "FLOAT") or kind.startswith("DECIMAL")]
    others = [name for name, *_ in columns if name not in numeric]
    edges = ", ".join(f'min("{name}")::double, max("{name}")::double' for name in numeric)
    limits = connection.execute(f"select {edges} from {table}").fetchall()[0]
    wanted = []
    for position, name in enumerate(numeric):
        low, high = limits[2 * position : 2 * position + 2]
        bins = [low + (high - low) * step / 40 for step in range(1, 41)]
        wanted.append(f'histogram("{name}"::double, {bins})')
    wanted += [f'histogram("{name}")' for name in others]
    return connection.execute(f"select {', '.join(wanted)} from {table}").fetchall()[0]


def duckdb_histograms(*paths):
    import duckdb

    connection = duckdb.connect()
    for number, path in enumerate(paths):
        if path.endswith(".parquet"):
            connection.execute(f"create view t{number} as select * from read_parquet('{path}')")
        else:
            connection.execute(f"create table t{number} as select * from read_csv('{path}')")
        histograms(connection, f"t{number}")


def duckdb_parquet(csv, parquet):
    import duckdb

    duckdb.connect().execute(f"copy (select * from read_csv('{csv}')) to '{parquet}' (format parquet)")


def river(name, count):
    """Updates per second of processor time of a detector on a stream in which nothing changes."""
    import random
    import time

    from river import drift

    detector = {"adwin": drift.ADWIN, "page_hinkley": drift.PageHinkley, "kswin": drift.KSWIN}.get(name)
    detector = detector() if detector else getattr(drift.binary, {"ddm": "DDM", "eddm": "EDDM", "hddm_a": "HDDMA", "hddm_w": "HDDMW"}[name])()
    source = random.Random(1)
    values = [source.random() for _ in range(int(count))] if name in ("adwin", "page_hinkley", "kswin") else [source.random() < 0.1 for _ in range(int(count))]
    began = time.process_time()
    for value in values:
        detector.update(value)
    print(len(values) / (time.process_time() - began))


PEERS = {
    "evidently": evidently,
    "evidently-windows": evidently_windows,
    "duckdb-compare": duckdb_histograms,
    "duckdb-profile": duckdb_histograms,
    "duckdb-parquet": duckdb_parquet,
    "river": river,
}

PEERS[sys.argv[1]](*sys.argv[2:])
