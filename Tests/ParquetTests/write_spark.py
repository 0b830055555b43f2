"""Writes spark300--*.parquet in Files/ with Apache Spark, and beside them what they hold, as JSON; see write_files.py, whose form it has.

    pip install pyspark && JAVA_HOME=… python write_spark.py

Spark needs Java, so the files were made once. They differ in how times are written: as INT96 (Spark's default), microseconds and milliseconds.
"""

import datetime as dt
import decimal
import glob
import json
import math
import pathlib
import random
import shutil
import tempfile

from pyspark.sql import SparkSession
from pyspark.sql import types as T

from expected import plain

FOLDER = pathlib.Path(__file__).parent / "Files"
ROWS = 300

spark = (
    SparkSession.builder.master("local[1]").config("spark.sql.session.timeZone", "UTC").config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "1g").getOrCreate()
)
r = random.Random(7)


def some(values, share=0.2):
    return [None if r.random() < share else v for v in values]


columns = {
    "flag": (T.BooleanType(), some([r.random() < 0.5 for _ in range(ROWS)])),
    "byte": (T.ByteType(), some([r.randint(-100, 100) for _ in range(ROWS)])),
    "short": (T.ShortType(), [r.randint(-30000, 30000) for _ in range(ROWS)]),
    "int": (T.IntegerType(), some([r.randint(-(10**9), 10**9) for _ in range(ROWS)])),
    "long": (T.LongType(), [r.randint(-(2**50), 2**50) for _ in range(ROWS)]),
    "float": (T.FloatType(), some([r.randint(-1000, 1000) / 8 for _ in range(ROWS)])),
    "double": (T.DoubleType(), some([r.choice([0.5, math.nan, math.inf, -math.inf, r.gauss(0, 1)]) for _ in range(ROWS)], 0.05)),
    "small decimal": (T.DecimalType(9, 2), some([decimal.Decimal(r.randint(-(10**6), 10**6)) / 100 for _ in range(ROWS)])),
    "large decimal": (T.DecimalType(30, 5), some([decimal.Decimal(r.randint(-(10**14), 10**14)) / 100000 for _ in range(ROWS)])),
    "word": (T.StringType(), some([r.choice(["red", "größe", "", "a,b"]) for _ in range(ROWS)])),
    "day": (T.DateType(), some([dt.date(1960, 1, 1) + dt.timedelta(days=r.randint(0, 30000)) for _ in range(ROWS)])),
    "at": (T.TimestampType(), some([dt.datetime(1960, 1, 1) + dt.timedelta(milliseconds=r.randint(0, 2 * 10**12)) for _ in range(ROWS)])),
    "none": (T.StringType(), [None] * ROWS),
}
schema = T.StructType([T.StructField(name, kind, True) for name, (kind, _) in columns.items()])
utc = dt.timezone.utc
rows = [
    tuple(v.replace(tzinfo=utc) if isinstance(v, dt.datetime) else v for v in row) for row in zip(*(values for _, values in columns.values()))
]

(FOLDER / "spark300.json").write_text(json.dumps({name: [plain(v) for v in values] for name, (_, values) in columns.items()}))
frame = spark.createDataFrame(rows, schema).coalesce(1)
for name, times, codec, legacy in [
    ("int96-snappy", "INT96", "snappy", "false"), ("micros-zstd", "TIMESTAMP_MICROS", "zstd", "false"), ("millis-gzip-legacy", "TIMESTAMP_MILLIS", "gzip", "true"),
]:
    spark.conf.set("spark.sql.parquet.outputTimestampType", times)
    spark.conf.set("spark.sql.parquet.writeLegacyFormat", legacy)
    folder = tempfile.mkdtemp()
    frame.write.mode("overwrite").option("compression", codec).parquet(folder)
    part = glob.glob(folder + "/part-*.parquet")[0]
    shutil.copy(part, FOLDER / f"spark300--{name}.parquet")
    shutil.rmtree(folder)
print(spark.version)
spark.stop()
