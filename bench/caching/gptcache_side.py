"""Runs inside GPTCache's own environment: `gptcache_side.py JOB.json RESULT.json`.

The job names files of vectors and texts; GPTCache is given the same vectors as we are, so its
numbers are those of its search, its store and its evaluation. Its eviction keeps 1,000 entries
unless told otherwise: it is told, and the size of its index is asserted.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

TIMED = 300


def main() -> None:
    from gptcache import Cache, Config
    from gptcache.adapter.api import get, put
    from gptcache.manager import CacheBase, VectorBase, get_data_manager
    from gptcache.processor.pre import get_prompt
    from gptcache.similarity_evaluation.distance import SearchDistanceEvaluation

    job = json.loads(Path(sys.argv[1]).read_text())
    rows = np.load(job["vectors"])
    texts = json.loads(Path(job["texts"]).read_text())
    at = {text: number for number, text in enumerate(texts)}

    def opened(folder: str, size: int) -> "Cache":
        Path(folder).mkdir(parents=True)
        cache = Cache()
        cache.init(
            pre_embedding_func=get_prompt,
            embedding_func=lambda text, **_: rows[at[text]],
            data_manager=get_data_manager(
                CacheBase("sqlite", sql_url=f"sqlite:///{folder}/sqlite.db"),
                VectorBase("faiss", dimension=rows.shape[1], index_path=f"{folder}/faiss.index"),
                max_size=size,
            ),
            similarity_evaluation=SearchDistanceEvaluation(),
            config=Config(similarity_threshold=job["threshold"]),
        )
        return cache

    result: dict = {}
    if job.get("stream"):
        cache = opened(job["folder"] + "/stream", 10 * len(job["stream"]))
        right = wrong = 0
        for text, intent in job["stream"]:
            given = get(text, cache_obj=cache)
            if given is None:
                put(text, intent, cache_obj=cache)
            else:
                right += given == intent
                wrong += given != intent
        result["stream"] = [len(job["stream"]), right, wrong]
    for number, (one, other) in enumerate(job.get("pairs", [])):
        if number == 0:
            result["pairs"] = []
        cache = opened(f"{job['folder']}/pair{number}", 10)
        put(one, "answer", cache_obj=cache)
        result["pairs"].append(get(other, cache_obj=cache) is not None)
    result["lookups"] = {}
    for size in job.get("sizes", []):
        cache = opened(f"{job['folder']}/size{size}", 10 * size)
        stored = texts[:size]
        manager = cache.data_manager
        for begin in range(0, size, 5000):
            some = stored[begin : begin + 5000]
            manager.import_data(
                some, [f"answer {text}" for text in some],
                [rows[at[text]] for text in some], [None] * len(some),
            )  # fmt: skip
        assert manager.v.count() == size, manager.v.count()
        spent = []
        for text in job["queries"][str(size)][:TIMED]:
            begun = time.perf_counter()
            given = get(text, cache_obj=cache)
            spent.append(time.perf_counter() - begun)
            assert given is not None
        result["lookups"][str(size)] = spent
    Path(sys.argv[2]).write_text(json.dumps(result))


main()
