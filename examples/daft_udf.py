"""A bundle in Daft: python examples/daft_udf.py 'FILMS/**/*.jpg' OUT

Needs `pip install 'radistill[scale]' daft`. The rows are those of `radistill score`; which films
are done, and trying failed ones again, is yours to keep.
"""

import sys

import daft
from daft import DataType, Series

from radistill.archive import score_batch

ROW = DataType.struct(
    {
        "probability": DataType.float64(),
        "decision": DataType.string(),
        "error_code": DataType.string(),
    }
)


@daft.func.batch(return_dtype=ROW, batch_size=64)  # films in memory at once
def score(content: Series) -> list[dict[str, object]]:
    table = score_batch(content.to_pylist())
    return table.select(["probability", "decision", "error_code"]).to_pylist()


if __name__ == "__main__":
    films, out = sys.argv[1:]
    frame = daft.from_glob_path(films).select("path")
    row = score(daft.col("path").download())
    names = ("probability", "decision", "error_code")
    frame.select("path", *(row.get(name).alias(name) for name in names)).write_parquet(out)
