"""Runs what Kedge is compared with, for some seconds: peers.py NAME URL SECONDS CONCURRENCY BACKLOG; prints jobs or events per second."""

import asyncio
import logging
import os
import sys
import threading
import time
from urllib.parse import parse_qs, urlsplit


class Counter:
    """Counts from the first to the last that is done in time."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.done = 0
        self.began = 0.0
        self.ended = 0.0

    def start(self):
        self.began = self.ended = time.monotonic()

    def add(self):
        now = time.monotonic()
        if now - self.began <= self.seconds:
            self.done += 1
            self.ended = now

    @property
    def rate(self):
        return self.done / max(self.ended - self.began, 1e-9)


async def for_a_while(counter, coroutine, backlog):
    counter.start()
    task = asyncio.ensure_future(coroutine)
    while counter.done < backlog and time.monotonic() - counter.began < counter.seconds and not task.done():
        await asyncio.sleep(0.05)
    if task.done():
        await task
    return counter.rate


async def procrastinate_rate(url, seconds, concurrency, backlog):
    import procrastinate

    app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, max_size=concurrency + 4))
    counter = Counter(seconds)

    @app.task(queue="bench", name="work")
    async def work(n):
        counter.add()

    await app.open_async()
    await app.schema_manager.apply_schema_async()
    for start in range(0, backlog, 1000):
        await work.batch_defer_async(*({"n": n} for n in range(start, min(start + 1000, backlog))))
    worker = app.run_worker_async(queues=["bench"], concurrency=concurrency, wait=False, listen_notify=False, install_signal_handlers=False)
    return await for_a_while(counter, worker, backlog)


async def pgqueuer_rate(url, seconds, concurrency, backlog):
    import asyncpg
    from pgqueuer.db import AsyncpgPoolDriver
    from pgqueuer.qm import QueueManager
    from pgqueuer.queries import Queries

    pool = await asyncpg.create_pool(dsn=url, min_size=2, max_size=concurrency + 4)
    queries = Queries(AsyncpgPoolDriver(pool))
    await queries.install()
    manager = QueueManager(queries)
    counter = Counter(seconds)

    @manager.entrypoint("work")
    async def work(job):
        counter.add()

    for start in range(0, backlog, 1000):
        number = min(1000, backlog - start)
        await queries.enqueue(["work"] * number, [None] * number, [0] * number)
    # How many it takes at once is its own setting.
    return await for_a_while(counter, manager.run(max_concurrent_tasks=max(20, concurrency)), backlog)


async def eventsourcing_rate(url, seconds, writers, backlog):
    from uuid import uuid4

    from eventsourcing.persistence import StoredEvent
    from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    store = PostgresDatastore(
        dbname=parts.path.lstrip("/"), host=query["host"][0], port="5432", user=query["user"][0], password="", pool_size=writers, max_overflow=2
    )
    recorder = PostgresApplicationRecorder(store, events_table_name="bench_events")
    recorder.create_table()
    state = b'{"a": 1, "text": "hello world this is a note", "values": [1, 2, 3, 4]}'
    counter = Counter(seconds)

    def write():
        while True:
            stream = uuid4()
            for version in range(1, 11):
                recorder.insert_events([StoredEvent(originator_id=stream, originator_version=version, topic="note_added", state=state)])
                counter.add()

    async def wait():
        await asyncio.sleep(seconds)

    for _ in range(writers):
        threading.Thread(target=write, daemon=True).start()
    return await for_a_while(counter, wait(), sys.maxsize)


def main():
    logging.disable(logging.CRITICAL)
    name, url = sys.argv[1:3]
    rates = {"procrastinate": procrastinate_rate, "pgqueuer": pgqueuer_rate, "eventsourcing": eventsourcing_rate}
    asyncio.run(measured(rates[name](url, float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))))


async def measured(rate):
    print(await rate, flush=True)
    # Workers that are still busy are of no interest.
    os._exit(0)


main()
