"""A bundle in Spark: spark-submit examples/spark.py FILMS OUT

Needs `pip install 'radistill[scale]' pyspark` where the executors run, and Java. The rows are those
of `radistill score`; which films are done, and trying failed ones again, is yours to keep.
"""

import sys
from collections.abc import Iterable, Iterator

import pandas as pd
from pyspark.sql import SparkSession

from radistill.archive import score_batch

COLUMNS = "path string, probability double, decision string, error_code string"


def score(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for frame in frames:
        table = score_batch(frame["content"].tolist(), paths=frame["path"].tolist())
        yield table.select(["path", "probability", "decision", "error_code"]).to_pandas()


if __name__ == "__main__":
    films, out = sys.argv[1:]
    spark = SparkSession.builder.getOrCreate()
    spark.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", 64)  # films in memory at once
    files = spark.read.format("binaryFile").option("recursiveFileLookup", "true").load(films)
    files.select("path", "content").mapInPandas(score, COLUMNS).write.parquet(out)
