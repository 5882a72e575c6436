# Makes the small Parquet and Arrow files of this folder: python columnar.py, with pyarrow (25.0.1 made those here).
import datetime, decimal
import pyarrow as pa, pyarrow.feather as feather, pyarrow.ipc as ipc, pyarrow.parquet as pq

n = 7
day = datetime.date(2020, 2, 29)
moment = datetime.datetime(2020, 2, 29, 12, 30, 15, 250000)
types = pa.table({
    "double": pa.array([0.1, -2.5, None, 1e300, float("nan"), 3.0, -0.0], pa.float64()),
    "single": pa.array([0.5, 1.5, 2.5, None, 4.5, 5.5, 6.5], pa.float32()),
    "int8": pa.array([1, 2, 3, 4, 5, 6, -128], pa.int8()),
    "uint32": pa.array([1, 2, 3, 4, 5, 6, 4294967295], pa.uint32()),
    "int64": pa.array([1, None, -9007199254740991, 9007199254740991, 5, 6, 7], pa.int64()),
    "decimal": pa.array([decimal.Decimal("1.25"), None] + [decimal.Decimal("-3.50")] * 5, pa.decimal128(9, 2)),
    "flag": pa.array([True, False, None, True, True, False, False]),
    "text": pa.array(["a", "b", None, "ä, \"quoted\"", "", "a", "b"]),
    "level": pa.array(["low", "high", "low", None, "low", "high", "low"]).dictionary_encode(),
    "day": pa.array([day, None] + [datetime.date(1970, 1, 2)] * 5, pa.date32()),
    "moment": pa.array([moment, None] + [datetime.datetime(1970, 1, 1, 0, 1)] * 5, pa.timestamp("us")),
    "time": pa.array([datetime.time(1, 0, 0, 500000), None] + [datetime.time(0, 0, 2)] * 5, pa.time64("us")),
    'a"; drop table x; --': pa.array(range(n), pa.int32()),
})
pq.write_table(types, "types.parquet")
feather.write_feather(types, "types.arrow", compression="uncompressed")
with ipc.new_stream("types-stream.arrow", types.schema) as out:
    out.write_table(types, max_chunksize=3)

# Long enough for several pages and, in LZ4, for blocks that refer to those before them.
m = 30000
long = pa.table({
    "x": pa.array([(i * 7919 % 1009) / 8 for i in range(m)], pa.float64()),
    "g": pa.array([i // 10 for i in range(m)], pa.int64()),
    "s": pa.array(["cluster %d" % (i % 13) if i % 17 else None for i in range(m)]),
})
for codec in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
    pq.write_table(long.slice(0, 3000), "codec-%s.parquet" % codec, compression=codec, row_group_size=1000)
for codec in ["lz4", "zstd"]:
    feather.write_feather(long, "codec-%s.arrow" % codec, compression=codec, chunksize=20000)

nested = pa.table({"y": [1, 2], "list": [[1, 2], [3]]})
pq.write_table(nested, "nested.parquet")
feather.write_feather(nested, "nested.arrow", compression="uncompressed")
big = pa.table({"id": pa.array([1, 9007199254740993, 3], pa.int64()), "y": [1.0, 2.0, 3.0]})
pq.write_table(big, "big-integers.parquet")
feather.write_feather(big, "big-integers.arrow", compression="uncompressed")
