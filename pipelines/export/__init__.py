"""The first stage of a dataset: records of many runs as files that other tools load.

Stands above ``flow``: it reads what runs have written, and nothing reads it. ``pyarrow`` is imported here only, and
only when Parquet is asked for.
"""
