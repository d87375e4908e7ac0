"""Prints the chips of an output that are most similar to one chip, with Polars and NumPy.

Usage: similar_polars.py DIRECTORY CHIP_ID
"""

import sys

import numpy as np
import polars as pl

directory, chip_id = sys.argv[1:]
# A merged dataset has Hive partitions below data.
frame = pl.scan_parquet(f"{directory}/**/*.parquet", hive_partitioning=True)
schema = frame.collect_schema()
value = pl.element()
if schema["embeddings"] == pl.List(pl.Binary):  # --dtype float16, whose values Polars reads as bytes
    value = value.bin.reinterpret(dtype=pl.Float16, endianness="little")
vector = pl.col("embeddings").list.eval(value.cast(pl.Float32))
scaled = "embeddings_scale" in schema.names()  # --dtype int8
scale = pl.col("embeddings_scale") if scaled else pl.lit(1.0)
chips = frame.select("chip_id", vector, scale.alias("scale")).collect()

vectors = np.array(chips["embeddings"].to_list(), dtype=np.float32) * chips["scale"].to_numpy()[:, None]
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
query = vectors[chips["chip_id"].to_list().index(chip_id)]
top = chips.select("chip_id", score=pl.Series(vectors @ query)).sort("score", descending=True)
for name, score in top.head(10).iter_rows():
    print(f"{score:.4f}  {name}")
