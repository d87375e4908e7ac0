"""Reads one output file with pandas and GeoPandas.

Usage: frames.py FILE.parquet
"""

import sys

import geopandas as gpd
import pandas as pd

frame = pd.read_parquet(sys.argv[1])
print(frame.dtypes.to_string())

# Geometry column and CRS (OGC:CRS84) come from the footer; a box reads only the row groups that meet it.
chips = gpd.read_parquet(sys.argv[1])
west, south, east, north = chips.total_bounds
part = gpd.read_parquet(sys.argv[1], bbox=(west, south, (west + east) / 2, north))
print(f"{len(chips)} chips, {len(part)} in the western half, {chips.crs.to_string()}")
