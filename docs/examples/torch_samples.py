"""Reads an output as PyTorch samples with TorchGeo (0.9 or later).

Usage: torch_samples.py FILE_OR_DIRECTORY
"""

import sys

from torchgeo.datasets import ClayEmbeddings

# Reads the columns geometry, date or datetime, and embedding or embeddings.
chips = ClayEmbeddings(sys.argv[1])
sample = chips[0]
print(f"{len(chips)} chips, {len(sample['embedding'])} values, at {sample['x']:.4f}, {sample['y']:.4f}")
