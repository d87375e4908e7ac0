"""A linear probe and k-means on the vectors of an output, with PyArrow and NumPy alone.

Usage: learn.py DIRECTORY LABELS.csv

The labels are lines "chip_id,label". The linear probe, ridge regression on one column per label, is trained on every
second labelled chip and tested on the others. k-means, with as many clusters as labels, sees no label.
"""

import csv
import sys

import numpy as np
import pyarrow.dataset as ds

directory, labels_file = sys.argv[1:]
table = ds.dataset(directory, format="parquet", partitioning="hive").to_table(columns=["chip_id", "embeddings"])
vectors = dict(zip(table["chip_id"].to_pylist(), table["embeddings"].to_numpy()))
with open(labels_file, newline="") as file:
    labelled = sorted((chip, label) for chip, label in csv.reader(file) if chip in vectors)
x = np.vstack([vectors[chip] for chip, _ in labelled]).astype(np.float64)
names, y = np.unique([label for _, label in labelled], return_inverse=True)
x = (x - x.mean(axis=0)) / (x.std(axis=0) + 1e-9)

# Linear probe.
train, test = slice(0, None, 2), slice(1, None, 2)
a = np.hstack([x, np.ones((len(x), 1))])
targets = np.eye(len(names))[y]
ridge = 1e-2 * len(x) * np.eye(a.shape[1])
weights = np.linalg.solve(a[train].T @ a[train] + ridge, a[train].T @ targets[train])
accuracy = np.mean((a[test] @ weights).argmax(axis=1) == y[test])
most = np.bincount(y[test]).max() / len(y[test])
print(f"linear probe: accuracy {accuracy:.3f}, most frequent label {most:.3f}, {len(names)} labels")

# k-means: centres start far from each other.
centres = [x[0]]
for _ in range(1, len(names)):
    distances = np.min([((x - c) ** 2).sum(axis=1) for c in centres], axis=0)
    centres.append(x[distances.argmax()])
centres = np.array(centres)
for _ in range(50):
    cluster = ((x[:, None, :] - centres[None]) ** 2).sum(axis=2).argmin(axis=1)
    centres = np.array(
        [x[cluster == k].mean(axis=0) if (cluster == k).any() else centres[k] for k in range(len(names))]
    )
purity = sum(np.bincount(y[cluster == k]).max() for k in range(len(names)) if (cluster == k).any()) / len(y)
print(f"k-means: purity {purity:.3f}")
