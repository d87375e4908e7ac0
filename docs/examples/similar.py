"""Prints the chips of an output that are most similar to one chip, with PyArrow and NumPy.

Usage: similar.py DIRECTORY CHIP_ID
"""

import sys

import numpy as np
import pyarrow.dataset as ds

directory, chip_id = sys.argv[1:]
# Names that start with _ or . are ignored, as in Hive: reports are in _kiln.
dataset = ds.dataset(directory, format="parquet", partitioning="hive")
scaled = "embeddings_scale" in dataset.schema.names  # --dtype int8
table = dataset.to_table(columns=["chip_id", "embeddings"] + scaled * ["embeddings_scale"])
ids = np.array(table["chip_id"].to_pylist())
vectors = np.vstack(table["embeddings"].to_numpy()).astype(np.float32)
if scaled:
    vectors *= table["embeddings_scale"].to_numpy()[:, None]
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

query = vectors[np.flatnonzero(ids == chip_id)[0]]
cosines = vectors @ query
for i in np.argsort(-cosines)[:10]:
    print(f"{cosines[i]:.4f}  {ids[i]}")
