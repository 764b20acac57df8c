from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import pytest
from pictures import encode
from PIL import Image

from countenance.biometrics.vocabulary import Detail
from countenance.extraction import wire
from countenance.extraction.engine import Extractor
from countenance.extraction.pack import ModelPack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import (
    PROBE_RULE,
    ExtractionFailed,
    ExtractionLimits,
    FailureReason,
    PhotographExtraction,
    Unreadable,
    UnreadableReason,
)
from countenance.primitives.errors import FormatError, UnavailableError


def wait_for_pids(
    pool: ExtractionPool, count: int = 1, *, without: set[int] | None = None
) -> tuple[int, ...]:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        pids = tuple(pid for pid in pool.worker_pids() if pid not in (without or set()))
        if len(pids) >= count:
            return pids
        time.sleep(0.02)
    raise AssertionError("no worker came up")


@cache
def slow_picture() -> bytes:
    """About a second of work: a large picture in full detail."""
    return encode(
        Image.effect_noise((1000, 1000), 60).resize((5000, 5000)).convert("RGB"), "JPEG", quality=60
    )


def test_pool_answers_as_the_engine_does(pool: ExtractionPool, extractor: Extractor, portrait: bytes) -> None:
    answered = pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
    direct = extractor.extract(portrait, detail=Detail.STANDARD, rule=PROBE_RULE, limits=pool.limits)
    assert isinstance(answered, PhotographExtraction)
    assert isinstance(direct, PhotographExtraction)
    (a,), (b,) = answered.pages[0].faces, direct.pages[0].faces
    assert a.template is not None
    assert b.template is not None
    assert a.template.to_bytes() == b.template.to_bytes()
    assert (a.box, a.landmarks, a.crop, a.quality, a.crop_landmarks) == (
        b.box,
        b.landmarks,
        b.crop,
        b.quality,
        b.crop_landmarks,
    )
    assert answered.times.decode > 0
    assert answered.times.embed > 0


def test_bad_input_is_answered(pool: ExtractionPool) -> None:
    cases = {b"": UnreadableReason.EMPTY, b"text": UnreadableReason.NOT_A_PICTURE}
    for data, reason in cases.items():
        result = pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        assert result == Unreadable(reason=reason)


def test_killed_worker_is_replaced_and_its_job_done(pack: ModelPack, portrait: bytes) -> None:
    with ExtractionPool(pack, workers=2) as pool:
        pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        before = set(wait_for_pids(pool, 2))
        slow = slow_picture()
        futures = [pool.submit(slow, detail=Detail.FULL, rule=PROBE_RULE) for _ in range(2)]
        others = [pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE) for _ in range(4)]
        time.sleep(0.4)
        os.kill(next(iter(before)), signal.SIGKILL)
        for future in futures + others:
            assert isinstance(future.result(120), PhotographExtraction)
        assert set(pool.worker_pids()) != before


def test_worker_killed_twice_fails_its_job_and_no_other(pack: ModelPack, portrait: bytes) -> None:
    with ExtractionPool(pack, workers=1) as pool:
        pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        doomed = pool.submit(slow_picture(), detail=Detail.FULL, rule=PROBE_RULE)
        after = pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE)
        killed: set[int] = set()
        for _ in range(2):
            (pid,) = wait_for_pids(pool, without=killed)
            time.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        assert doomed.result(60) == ExtractionFailed(reason=FailureReason.WORKER_KILLED)
        assert isinstance(after.result(60), PhotographExtraction)


def test_timeout_kills_the_worker(pack: ModelPack, portrait: bytes) -> None:
    with ExtractionPool(pack, workers=1, limits=ExtractionLimits(timeout_seconds=5)) as pool:
        pool.submit(b"", detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        (stopped,) = pool.worker_pids()
        os.kill(stopped, signal.SIGSTOP)  # hangs for certain, on a machine of any speed
        stuck = pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE)
        assert stuck.result(60) == ExtractionFailed(reason=FailureReason.TIMEOUT)
        assert not alive(stopped)
        result = pool.submit(b"text", detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        assert result == Unreadable(reason=UnreadableReason.NOT_A_PICTURE)


def test_memory_limit(pack: ModelPack, portrait: bytes) -> None:
    large = encode(Image.new("L", (14_000, 14_000), 99), "PNG", compress_level=1)
    with ExtractionPool(pack, workers=1, limits=ExtractionLimits(max_memory_bytes=600 << 20)) as pool:
        swollen = pool.submit(large, detail=Detail.STANDARD, rule=PROBE_RULE)
        assert swollen.result(60) == ExtractionFailed(reason=FailureReason.MEMORY)
        assert isinstance(
            pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE).result(60), PhotographExtraction
        )


def test_limits_reach_the_worker(pack: ModelPack, portrait: bytes) -> None:
    limits = ExtractionLimits(max_pixels=1000, max_bytes=10 << 20)
    with ExtractionPool(pack, workers=1, limits=limits) as pool:
        result = pool.submit(portrait, detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        assert result == Unreadable(reason=UnreadableReason.TOO_MANY_PIXELS)
        result = pool.submit(b"x" * ((10 << 20) + 1), detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        assert result == Unreadable(reason=UnreadableReason.TOO_MANY_BYTES)


def test_closed_pool_says_so(pack: ModelPack) -> None:
    pool = ExtractionPool(pack, workers=1)
    pool.close()
    with pytest.raises(UnavailableError):
        pool.submit(b"", detail=Detail.STANDARD, rule=PROBE_RULE)
    pool.close()
    assert pool.worker_pids() == ()


def test_close_without_waiting_ends_soon(pack: ModelPack) -> None:
    pool = ExtractionPool(pack, workers=1)
    futures = [pool.submit(slow_picture(), detail=Detail.FULL, rule=PROBE_RULE) for _ in range(3)]
    time.sleep(0.2)
    start = time.monotonic()
    pool.close(wait=False)
    assert time.monotonic() - start < 5
    assert all(future.done() for future in futures)


def test_worker_has_no_secrets_and_tight_limits(pack: ModelPack, monkeypatch: pytest.MonkeyPatch) -> None:
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    monkeypatch.setenv("COUNTENANCE_SECRET", "do-not-inherit")
    with ExtractionPool(pack, workers=1) as pool:
        pool.submit(b"", detail=Detail.STANDARD, rule=PROBE_RULE).result(60)
        (pid,) = pool.worker_pids()
        assert b"do-not-inherit" not in Path(f"/proc/{pid}/environ").read_bytes()
        limits = Path(f"/proc/{pid}/limits").read_text().splitlines()
        found = {line[:25].strip(): line[25:].split()[0] for line in limits}
        assert found["Max core file size"] == "0"
        assert found["Max file size"] == "0"
        assert int(found["Max data size"]) == pool.limits.max_memory_bytes


PARENT = """
import sys, time
from pathlib import Path
from countenance.extraction.pack import load_pack
from countenance.extraction.pool import ExtractionPool
from countenance.extraction.values import PROBE_RULE
from countenance.biometrics.vocabulary import Detail
if __name__ == "__main__":
    pool = ExtractionPool(load_pack(cache=Path(sys.argv[1])), workers=2)
    for _ in range(2):
        pool.submit(b"", detail=Detail.STANDARD, rule=PROBE_RULE).result()
    print(*pool.worker_pids(), flush=True)
    time.sleep(60)
"""


def test_workers_die_with_their_parent(pack: ModelPack, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    with subprocess.Popen(
        [sys.executable, str(script), str(pack.cache)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
        parent.send_signal(signal.SIGKILL)
        parent.wait()
    deadline = time.monotonic() + 10
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_two_hundred_megapixels_through_a_worker(pool: ExtractionPool, portrait: bytes) -> None:
    """The default cap, to the pixel, with a face to find; one row more is too many."""
    with Image.open(io.BytesIO(portrait)) as opened:
        face = opened.convert("RGB").resize((8000, 8000))
    canvas = Image.new("RGB", (20_000, 10_000), (90, 120, 150))
    canvas.paste(face, (9000, 1000))
    data = encode(canvas, "JPEG", quality=80)
    result = pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE).result(100)
    assert isinstance(result, PhotographExtraction)
    assert (result.pages[0].width, result.pages[0].height) == (20_000, 10_000)
    (found,) = result.pages[0].faces
    assert found.template is not None
    assert 9000 < found.box.x < 17_000
    assert found.box.width > 1000
    beyond = encode(Image.new("L", (20_000, 10_001)), "PNG")
    assert pool.submit(beyond, detail=Detail.STANDARD, rule=PROBE_RULE).result(100) == Unreadable(
        reason=UnreadableReason.TOO_MANY_PIXELS
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "JPEG"), ("RGBA", "PNG"), ("I;16", "PNG"), ("RGB", "TIFF"), ("RGB", "WEBP")]
)
def test_two_hundred_megapixels_in_every_depth(pack: ModelPack, mode: str, kind: str) -> None:
    """Within the default limits of memory and time, where colours or depth must be converted too."""
    size = (20_000, 10_000) if kind != "WEBP" else (16_383, 12_207)  # WebP ends at 16,383 a side
    data = encode(Image.new(mode, size), kind, **({"compress_level": 1} if kind == "PNG" else {}))
    with ExtractionPool(pack, workers=1) as pool:
        result = pool.submit(data, detail=Detail.STANDARD, rule=PROBE_RULE).result(130)
    assert isinstance(result, PhotographExtraction), result
    assert (result.pages[0].width, result.pages[0].height) == size


class TestWire:
    """A worker that was taken over must not reach the pool through its answers."""

    @pytest.fixture
    def good(self, extractor: Extractor, portrait: bytes) -> tuple[dict, bytes]:  # type: ignore[type-arg]
        result = extractor.extract(
            portrait, detail=Detail.STANDARD, rule=PROBE_RULE, limits=ExtractionLimits()
        )
        return wire.answer(result)

    def read(self, extractor: Extractor, header: dict, body: bytes) -> object:  # type: ignore[type-arg]
        return wire.read_answer(header, body, space_id=extractor.pack.space_id, dimension=128)

    def test_round_trip(self, extractor: Extractor, good: tuple[dict, bytes]) -> None:  # type: ignore[type-arg]
        encoded = wire.frame(*good)
        lengths = wire.read_prefix(encoded[: wire.PREFIX.size], max_body=1 << 30)
        header = wire.read_header(encoded[wire.PREFIX.size :])
        assert lengths == (len(encoded) - wire.PREFIX.size, len(good[1]))
        assert isinstance(self.read(extractor, header, good[1]), PhotographExtraction)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda h: h.pop("pages"),
            lambda h: h.update(format="exe"),
            lambda h: h.update(times=[1, 2, 3]),
            lambda h: h.update(times=[1, 2, 3, "4"]),
            lambda h: h["pages"][0].update(width=-1),
            lambda h: h["pages"][0].update(faces=None),
            lambda h: h["pages"][0]["faces"][0].update(crop=10**9),
            lambda h: h["pages"][0]["faces"][0].update(crop=True),
            lambda h: h["pages"][0]["faces"][0].update(box=[0, 0, 1]),
            lambda h: h["pages"][0]["faces"][0].update(box=[0, 0, 1, float("nan")]),
            lambda h: h["pages"][0]["faces"][0].update(template=False),
            lambda h: h["pages"][0]["faces"][0].update(norm=None),
            lambda h: h["pages"][0]["faces"][0].update(label=["a"]),
            lambda h: h["pages"][0]["faces"][0].update(quality=["handsome"]),
            lambda h: h["pages"][0]["faces"][0].update(landmarks=[[0, 0]] * 4),
            lambda h: h.update(failed="because"),
            lambda h: h.update(unreadable=3),
        ],
    )
    def test_anything_else_is_refused(self, extractor: Extractor, good: tuple[dict, bytes], spoil) -> None:  # type: ignore[no-untyped-def,type-arg]
        header, body = good
        spoil(header)
        with pytest.raises(FormatError):
            self.read(extractor, header, body)

    def test_template_that_is_no_unit_vector(self, extractor: Extractor, good: tuple[dict, bytes]) -> None:  # type: ignore[type-arg]
        header, body = good
        for tail in (b"\0" * 512, b"\xff" * 512):
            with pytest.raises(FormatError):
                self.read(extractor, header, body[:-512] + tail)
        with pytest.raises(FormatError):
            self.read(extractor, header, body + b"more")

    def test_prefix_and_header(self) -> None:
        with pytest.raises(FormatError):
            wire.read_prefix(b"\xff" * wire.PREFIX.size, max_body=1 << 30)
        for data in (b"", b"[]", b"{", b"\xff\xfe", b"[" * 100_000):
            with pytest.raises(FormatError):
                wire.read_header(data)
