"""Workers in subprocesses: a photograph that kills, hangs or swells its worker costs that photograph and nothing else.

One thread per worker hands it one job at a time over pipes. A worker that dies is replaced and its job tried once more; a
job beyond its time kills its worker. Nothing but bytes crosses, in the frames of `wire`.
"""

from __future__ import annotations

import os
import queue
import select
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, Self

from countenance.biometrics.vocabulary import Detail
from countenance.extraction.pack import ModelPack
from countenance.extraction.values import (
    EmbedRule,
    ExtractionFailed,
    ExtractionLimits,
    ExtractionResult,
    FailureReason,
    Unreadable,
    UnreadableReason,
)
from countenance.extraction.wire import (
    MAX_ANSWER_BODY,
    PREFIX,
    frame,
    job_header,
    read_answer,
    read_header,
    read_prefix,
)
from countenance.primitives.errors import FormatError, UnavailableError
from countenance.primitives.text import N_

START_SECONDS = 60.0
"""Time a worker may take to load its models; about 0.4 s on an idle machine."""
TRIES = 2
# A worker needs an interpreter and a locale, and no secret that happens to be in the environment.
_ENVIRONMENT = (
    "PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "LANG",
    "LC_ALL",
    "HOME",
    "XDG_DATA_HOME",  # where added packs lie
    "COUNTENANCE_MODELS",
    "COUNTENANCE_RUNTIME",
)


@dataclass(eq=False)
class _Job:
    data: bytes
    detail: Detail
    rule: EmbedRule
    future: Future[ExtractionResult] = field(default_factory=Future)


class _WorkerDiedError(Exception):
    """The pipe ended, or what came through it was no answer."""


class _WorkerTimeoutError(Exception):
    """The deadline passed."""


class _Worker:
    """One subprocess and its pipes."""

    def __init__(self, pack: ModelPack, limits: ExtractionLimits) -> None:
        command = [sys.executable, "-P", "-m", "countenance.extraction.worker"]
        arguments = [pack.name, str(pack.cache), str(limits.max_memory_bytes), str(os.getpid())]
        self.process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - a list, our own module
            command + arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # decoders print what they find in files
            env={key: os.environ[key] for key in _ENVIRONMENT if key in os.environ},
            bufsize=0,
            close_fds=True,  # else a sibling would hold this worker's pipe open after we are gone
        )
        self._stdin, self._stdout = _pipe(self.process.stdin), _pipe(self.process.stdout)
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        self.ready = False

    def ask(self, header: dict[str, Any], body: bytes, seconds: float) -> tuple[dict[str, Any], bytes]:
        """Send a job, take its answer within `seconds`. Raises _WorkerDiedError or _WorkerTimeoutError."""
        if not self.ready:
            greeting, _ = self._receive(time.monotonic() + START_SECONDS)
            if greeting.get("ready") is not True:
                raise _WorkerDiedError
            self.ready = True
        deadline = time.monotonic() + seconds  # loading the models is not the photograph's time
        self._send(frame(header, body), deadline)
        self._send(body, deadline)
        return self._receive(deadline)

    def kill(self) -> None:
        """End it now and collect it."""
        self.process.kill()
        self.process.wait()
        self._stdin.close()
        self._stdout.close()

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            self._wait(self._stdin.fileno(), select.POLLOUT, deadline)
            try:
                view = view[os.write(self._stdin.fileno(), view[: 1 << 20]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise _WorkerDiedError from error

    def _receive(self, deadline: float) -> tuple[dict[str, Any], bytes]:
        try:
            lengths = read_prefix(self._read(PREFIX.size, deadline), max_body=MAX_ANSWER_BODY)
            header = read_header(self._read(lengths[0], deadline))
            return header, self._read(lengths[1], deadline)
        except FormatError as error:
            raise _WorkerDiedError from error

    def _read(self, count: int, deadline: float) -> bytes:
        parts: list[bytes] = []
        while count:
            self._wait(self._stdout.fileno(), select.POLLIN, deadline)
            try:
                part = os.read(self._stdout.fileno(), min(count, 1 << 20))
            except BlockingIOError:
                continue
            except OSError as error:
                raise _WorkerDiedError from error
            if not part:
                raise _WorkerDiedError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _wait(self, descriptor: int, event: int, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        poll = select.poll()
        poll.register(descriptor, event)
        if remaining <= 0 or not poll.poll(remaining * 1000):
            raise _WorkerTimeoutError


class ExtractionPool:
    """A fixed number of workers with one queue. A context manager; `close` waits for what was submitted.

    `limits` bind every job. `submit` never blocks and never raises for what is in the data; submit no more than can be kept in
    memory (twice the number of workers keeps them busy).
    """

    def __init__(self, pack: ModelPack, *, workers: int, limits: ExtractionLimits | None = None) -> None:
        self._pack = pack
        self.space_id = pack.space_id
        self.limits = limits or ExtractionLimits()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._lock = threading.Lock()
        self._alive: dict[int, _Worker] = {}
        self._threads = [
            threading.Thread(target=self._serve, args=(number,), name=f"extraction-{number}", daemon=True)
            for number in range(max(1, workers))
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # After an error nobody waits for the rest.
        self.close(wait=kind is None)

    def submit(self, data: bytes, *, detail: Detail, rule: EmbedRule) -> Future[ExtractionResult]:
        """Queue one photograph. The future always ends in an ExtractionResult, or is cancelled by `close(wait=False)`."""
        job = _Job(data=data, detail=detail, rule=rule)
        with self._lock:
            if self._closed:
                raise UnavailableError(N_("The extraction pool is closed."), code="pool-closed")
            if len(data) > self.limits.max_bytes:
                job.future.set_result(Unreadable(reason=UnreadableReason.TOO_MANY_BYTES))
            else:
                self._jobs.put(job)
        return job.future

    @property
    def workers(self) -> int:
        """How many work at once."""
        return len(self._threads)

    def worker_pids(self) -> tuple[int, ...]:
        """Process ids of the workers alive now, for status pages and tests."""
        with self._lock:
            return tuple(worker.process.pid for worker in self._alive.values())

    def close(self, *, wait: bool = True) -> None:
        """End the workers: after the queue is empty, or (`wait=False`) now, cancelling what has not been answered."""
        with self._lock:
            if not self._closed:
                self._closed = True
                if not wait:
                    self._cancel_queue()
                for _ in self._threads:
                    self._jobs.put(None)
            doomed = [] if wait else list(self._alive.values())
        for worker in doomed:
            worker.process.kill()
        for thread in self._threads:
            thread.join()

    def _cancel_queue(self) -> None:
        while True:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return
            if job is not None:
                job.future.cancel()

    def _serve(self, number: int) -> None:
        worker: _Worker | None = self._start(number)
        try:
            while (job := self._jobs.get()) is not None:
                if not job.future.set_running_or_notify_cancel():
                    continue
                try:
                    result, worker = self._answer(number, worker, job)
                except Exception as error:  # noqa: BLE001 - a future that never ends would hang the run
                    job.future.set_exception(error)
                else:
                    job.future.set_result(result)
        finally:
            self._end(number, worker)

    def _answer(
        self, number: int, worker: _Worker | None, job: _Job
    ) -> tuple[ExtractionResult, _Worker | None]:
        header = job_header(job.detail, job.rule, self.limits)
        for _ in range(TRIES):
            if worker is None:
                worker = self._start(number)
            try:
                answered, body = worker.ask(header, job.data, self.limits.timeout_seconds)
                result = read_answer(
                    answered, body, space_id=self._pack.space_id, dimension=self._pack.dimension
                )
            except _WorkerTimeoutError:
                worker = self._replace(number, worker)
                return ExtractionFailed(reason=FailureReason.TIMEOUT), worker
            except (_WorkerDiedError, FormatError):
                worker = self._replace(number, worker)
                if self._closed:
                    break
                continue
            if isinstance(result, ExtractionFailed) and result.reason is FailureReason.MEMORY:
                worker = self._replace(number, worker)
            return result, worker
        return ExtractionFailed(reason=FailureReason.WORKER_KILLED), worker

    def _start(self, number: int) -> _Worker:
        worker = _Worker(self._pack, self.limits)
        with self._lock:
            self._alive[number] = worker
        return worker

    def _replace(self, number: int, worker: _Worker) -> _Worker | None:
        """End a worker; None, so that the next job starts another."""
        self._end(number, worker)
        return None

    def _end(self, number: int, worker: _Worker | None) -> None:
        with self._lock:
            self._alive.pop(number, None)
        if worker is not None:
            worker.kill()


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise _WorkerDiedError
    return stream
