"""Writes the Parquet files in Files/ with pyarrow, duckdb and polars, and beside them what they hold, as JSON: `a--b.parquet` holds `a.json`.

    pip install pyarrow==25.* duckdb polars && python write_files.py

The files are kept in the repository: the tests need no Python. Times are microseconds since 1970, nulls are null, NaN is "nan".
"""

import datetime as dt
import decimal
import json
import math
import pathlib
import random

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from expected import plain

FOLDER = pathlib.Path(__file__).parent / "Files"
FOLDER.mkdir(exist_ok=True)
for old in FOLDER.iterdir():
    # write_spark.py makes these.
    if not old.name.startswith("spark"):
        old.unlink()


def expect(name, columns):
    (FOLDER / f"{name}.json").write_text(json.dumps({k: [plain(v) for v in vs] for k, vs in columns.items()}))


def some(random, values, share=0.2):
    return [None if random.random() < share else v for v in values]


def table(rows, seed):
    r = random.Random(seed)
    words = ["red", "green", "blue", "", "größe", "日本", "a,b", 'quo"te', "line\nend"]
    start = dt.datetime(2026, 1, 1)
    return {
        "flag": some(r, [r.random() < 0.5 for _ in range(rows)]),
        "small": some(r, [r.randint(-100, 100) for _ in range(rows)]),
        "large": [r.randint(-(2**62), 2**62) for _ in range(rows)],
        "steady": [1_000_000 + 3 * i for i in range(rows)],
        "float": some(r, [r.gauss(0, 1) for _ in range(rows)], 0.05),
        "odd": [r.choice([0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, 1.7976931348623157e308, 1.5]) for _ in range(rows)],
        "word": some(r, [r.choice(words) for _ in range(rows)]),
        "name": [f"customer-{i:06d}-{r.randint(0, 9)}" for i in range(rows)],
        "day": some(r, [dt.date(2026, 1, 1) + dt.timedelta(days=r.randint(-40000, 400)) for _ in range(rows)]),
        "at": [start + dt.timedelta(microseconds=r.randint(0, 10**14)) for _ in range(rows)],
        "none": [None] * rows,
        "same": [7] * rows,
    }


SCHEMA = pa.schema([
    ("flag", pa.bool_()), ("small", pa.int32()), ("large", pa.int64()), pa.field("steady", pa.int64(), nullable=False), ("float", pa.float64()),
    ("odd", pa.float64()), ("word", pa.string()), ("name", pa.string()), ("day", pa.date32()), ("at", pa.timestamp("us")), ("none", pa.float64()),
    ("same", pa.int64()),
])


def arrow(name, rows=300, **options):
    data = table(rows, 3)
    pq.write_table(pa.table(data, schema=SCHEMA), FOLDER / f"arrow{rows}--{name}.parquet", **options)
    expect(f"arrow{rows}", data)


for codec in ["none", "snappy", "gzip", "zstd"]:
    for version in ["1.0", "2.0"]:
        arrow(f"{codec}-pages{version[0]}", compression=codec, data_page_version=version)
arrow("plain", use_dictionary=False, compression="none")
arrow("groups", rows=600, row_group_size=90, write_page_checksum=True, data_page_size=256)
arrow("delta", rows=600, use_dictionary=False, compression="none", data_page_version="2.0", column_encoding={
    "small": "DELTA_BINARY_PACKED", "large": "DELTA_BINARY_PACKED", "steady": "DELTA_BINARY_PACKED", "same": "DELTA_BINARY_PACKED",
    "word": "DELTA_LENGTH_BYTE_ARRAY", "name": "DELTA_BYTE_ARRAY", "float": "BYTE_STREAM_SPLIT", "odd": "BYTE_STREAM_SPLIT", "at": "DELTA_BINARY_PACKED"})
arrow("split", use_dictionary=False, compression="zstd", column_encoding={
    "small": "BYTE_STREAM_SPLIT", "large": "BYTE_STREAM_SPLIT", "float": "BYTE_STREAM_SPLIT"})
arrow("int96", use_deprecated_int96_timestamps=True)
arrow("empty", rows=0)
arrow("old", version="1.0")
arrow("one", rows=1)

# Types that a data frame may bring along.
n = 120
r = random.Random(9)
types = {
    "i8": [r.randint(-128, 127) for _ in range(n)], "u8": [r.randint(0, 255) for _ in range(n)], "i16": [r.randint(-(2**15), 2**15 - 1) for _ in range(n)],
    "u32": [r.randint(2**31, 2**32 - 1) for _ in range(n)], "u64": [2**63 + 2048 * r.randint(0, 2**40) for _ in range(n)],
    "f32": [float(r.randint(-1000, 1000)) / 8 for _ in range(n)], "f16": [r.choice([0.5, -2.0, 65504.0, 6e-8, None]) for _ in range(n)],
    "dec9": [decimal.Decimal(r.randint(-10**6, 10**6)).scaleb(-2) for _ in range(n)],
    "dec30": [decimal.Decimal(r.randint(-10**15, 10**15)).scaleb(-4) for _ in range(n)],
    "ms": [dt.datetime(2026, 5, 1) + dt.timedelta(milliseconds=r.randint(-10**9, 10**9)) for _ in range(n)],
    "ns": [dt.datetime(1969, 12, 31, 23) + dt.timedelta(microseconds=r.randint(-10**9, 10**9)) for _ in range(n)],
    "zoned": [dt.datetime(2026, 5, 1, tzinfo=dt.timezone.utc) + dt.timedelta(seconds=r.randint(0, 10**7)) for _ in range(n)],
    "time": [dt.time(r.randint(0, 23), r.randint(0, 59), r.randint(0, 59), 250000) for _ in range(n)],
    "bytes": [bytes([r.randint(65, 90)]) * r.randint(0, 3) for _ in range(n)], "fixed": [bytes([65 + i % 20] * 4) for i in range(n)],
    "category": [r.choice(["x", "y", None]) for _ in range(n)], "null": [None] * n,
}
kinds = [pa.int8(), pa.uint8(), pa.int16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float16(), pa.decimal128(9, 2), pa.decimal128(30, 4), pa.timestamp("ms"),
         pa.timestamp("ns"), pa.timestamp("us", "Europe/Berlin"), pa.time64("us"), pa.binary(), pa.binary(4), pa.dictionary(pa.int32(), pa.string()), pa.null()]
arrays = []
for (key, values), kind in zip(types.items(), kinds):
    if key == "f16":
        mask = np.array([v is None for v in values])
        halves = np.array([0 if v is None else v for v in values], dtype=np.float16)
        arrays.append(pa.array(halves, mask=mask))
        types[key] = [None if m else float(h) for h, m in zip(halves, mask)]
    elif kind == pa.dictionary(pa.int32(), pa.string()):
        arrays.append(pa.array(values).dictionary_encode())
    else:
        arrays.append(pa.array(values, kind))
pq.write_table(pa.table(dict(zip(types, arrays))), FOLDER / "types--dictionary.parquet")
expect("types", types)
pq.write_table(pa.table(dict(zip(types, arrays))), FOLDER / "types--plain.parquet", use_dictionary=False, store_decimal_as_integer=True)

# Latin-1 bytes in a text column, as a careless writer leaves them.
latin = [s.encode("latin-1") for s in ["café", "naïve", "plain"]]
pq.write_table(pa.table({"t": pa.array(latin, pa.binary()), "x": pa.array([1, 2, 3])}), FOLDER / "latin1--arrow.parquet")
(FOLDER / "latin1.json").write_text(json.dumps({"t": ["café", "naïve", "plain"], "x": [1, 2, 3]}))

# Nested columns, which are refused by name, beside flat ones.
pq.write_table(pa.table({
    "x": [1.5, 2.5], "list": [[1, 2], []], "struct": [{"a": 1, "b": "u"}, {"a": 2, "b": "v"}],
    "map": pa.array([[("k", 1)], []], pa.map_(pa.string(), pa.int64())), "y": ["a", "b"],
}), FOLDER / "nested.parquet")

# duckdb
data = table(2100, 5)
few = ["small", "large", "steady", "float", "name"]
for codec, version, rows, columns in [("snappy", "V1", 300, list(data)), ("zstd", "V1", 300, list(data)), ("gzip", "V1", 300, list(data)),
                                      ("uncompressed", "V2", 2100, few)]:
    frame = pa.table(data, schema=SCHEMA).slice(0, rows).select(columns)
    name = f"duckdb{rows}--{codec}-{version.lower()}"
    duckdb.sql(f"copy (select *, cast('8f14e45f-ceea-467f-9575-5a3d0bb4a2d1' as uuid) as key, cast(small as decimal(9,2)) as dec, small / 3 as ratio from frame) "
               f"to '{FOLDER / name}.parquet' (format parquet, codec '{codec}', parquet_version '{version}', row_group_size 2048)")
    expected = {k: data[k][:rows] for k in columns}
    expected["key"] = ["8f14e45f-ceea-467f-9575-5a3d0bb4a2d1"] * rows
    expected["dec"] = expected["small"]
    expected["ratio"] = [None if v is None else v / 3 for v in expected["small"]]
    expect(f"duckdb{rows}", expected)

# polars
data = table(250, 6)
frame = pl.from_arrow(pa.table(data, schema=SCHEMA))
for codec in ["zstd", "snappy", "gzip", "uncompressed"]:
    frame.write_parquet(FOLDER / f"polars--{codec}.parquet", compression=codec, row_group_size=130, use_pyarrow=False)
expect("polars", data)
frame.write_parquet(FOLDER / "lz4.parquet", compression="lz4")

print(sum(f.stat().st_size for f in FOLDER.iterdir()) // 1024, "KB")
