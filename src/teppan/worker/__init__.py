"""Durable jobs: filed when their time has come, claimed by one worker, done stage by stage.

async with working(house, "serve"):       # jobs are done while the block runs
    ...
"""

from teppan.worker.opening import embedded, open_worker, working

__all__ = ["embedded", "open_worker", "working"]
