"""Many searches or one change, never both."""

from __future__ import annotations

import threading
import time

import numpy as np
from index_parts import EPOCH, NOW, World, grant, random_template

from countenance.index.lock import SharedLock

RNG = np.random.default_rng(11)


def test_readers_share_and_a_writer_is_alone() -> None:
    lock = SharedLock()
    together = threading.Barrier(2, timeout=5)
    wrote = threading.Event()

    def read() -> None:
        with lock.reading():
            together.wait()

    def write() -> None:
        with lock.writing():
            wrote.set()

    reader, writer = threading.Thread(target=read), threading.Thread(target=write)
    with lock.reading():
        reader.start()
        together.wait()
        writer.start()
        assert not wrote.wait(0.1)
    assert wrote.wait(5)
    reader.join()
    writer.join()


def test_a_waiting_writer_goes_before_new_readers() -> None:
    lock = SharedLock()
    order: list[str] = []

    def write() -> None:
        with lock.writing():
            order.append("writer")

    def read() -> None:
        with lock.reading():
            order.append("reader")

    writer, reader = threading.Thread(target=write), threading.Thread(target=read)
    with lock.reading():
        writer.start()
        while not lock._waiting:
            time.sleep(0.001)
        reader.start()
        reader.join(0.1)
        assert order == []
    writer.join()
    reader.join()
    assert order == ["writer", "reader"]


def test_a_search_waits_for_a_change_and_a_change_for_searches(sqlite_world: World) -> None:
    world, probe = sqlite_world, random_template(RNG)
    world.enrol(world.row(probe, reference="a"))
    assert world.found(probe) == ["a"]

    def in_thread(act: str) -> threading.Thread:
        def work() -> None:
            session = world.database.session()
            with session.transaction() as tx:
                if act == "search":
                    world.index.search(tx, grant(world.key), probe, floor=0.0, now=NOW, epoch=EPOCH)
                else:
                    world.index.sync(tx)
            session.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.15)
        return thread

    with world.index._lock.reading():
        searching = in_thread("search")
        searching.join(5)
        assert not searching.is_alive()
    with world.index._lock.writing():
        searching = in_thread("search")
        assert searching.is_alive()
    searching.join()
    world.remove("a")
    with world.index._lock.reading():
        syncing = in_thread("sync")
        assert syncing.is_alive()
    syncing.join()
    assert world.found(probe) == []
