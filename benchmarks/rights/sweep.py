"""A sweep of a source without an index beside an ingest of the same pictures, with as many worker processes.

    python benchmarks/rights/sweep.py [--workers 2] [--copies 4]

Both end with every photograph decoded, its faces found and their templates made; ingest then keeps what it made, a sweep drops it.
The policy pack is the shipped one and a rule that permits sweeps, as an authority's decision would have to.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "ingest"))

from bench import ingest_once, openpeople_set

PERMIT = """
@id("CA-86") @reason("own-photo-sweep") @authority("For this measurement alone") @since("2026-11-02")
permit (principal is Account, action == Action::"sweep", resource is Request) when { context.basis.live };
"""


def main() -> None:
    """Ingest, sweep, print both paces."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--copies", type=int, default=4)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="countenance-bench-") as scratch:
        folder = Path(scratch)
        photos = folder / "photos"
        photos.mkdir()
        openpeople_set(photos, given.copies)
        count = len(list(photos.iterdir()))
        ingested = ingest_once(photos, folder / "ingested", given.workers, None)
        planned, swept = sweep_once(photos, folder / "swept", given.workers)
        print(
            json.dumps(
                {
                    "photographs": count,
                    "ingest_per_second": round(count / ingested["seconds"], 2),
                    "sweep_per_second": round(count / swept, 2),
                    "sweep_to_ingest": round(ingested["seconds"] / swept, 2),
                    "planned_seconds": round(planned, 1),
                    "swept_seconds": round(swept, 1),
                }
            )
        )


def sweep_once(photos: Path, directory: Path, workers: int) -> tuple[float, float]:
    """Seconds as planned, and as they were."""
    from countenance.extraction.pool import ExtractionPool
    from countenance.policy.pack import pack_from_files, shipped_pack_files
    from countenance.policy.signing import sign_pack
    from countenance.primitives.canonical import sha256_hex
    from countenance.records.identity import AccountKey
    from countenance.registry.founding import FOUNDERS, found
    from countenance.rights.secrecy import memory_only
    from countenance.rights.sweep import SweepState, plan_sweep, sweep
    from countenance.service.acts import perform

    founding = found(directory, operator="Bench", jurisdiction="CA")
    workspace = founding.workspace
    keys = [AccountKey.read(path) for path in founding.key_files]

    def sign(act: str, key: AccountKey = keys[0], /, **params: Any) -> Any:
        return key.sign(workspace_id=str(workspace.settings.id), act=act, params=params, at=workspace.clock())

    def act(name: str, key: AccountKey = keys[0], /, **params: Any) -> Any:
        return perform(workspace, sign(name, key, **params)).record

    act("gallery-add", name="g", purposes=["missing-person"], jurisdiction="CA", notice="Benchmark.")
    act(
        "source-add",
        name="s",
        gallery="g",
        basis="public-task",
        purposes=["missing-person"],
        jurisdiction="CA",
        evidence="Benchmark",
        permits_unlabelled=True,
        location=str(photos),
        holder="h",
        contact="c",
        notice="n",
    )
    files = shipped_pack_files("CA")
    manifest = json.loads(files["pack.json"])
    manifest["rules"]["CA-86"] = manifest["rules"]["CA-84"]
    files = {
        **files,
        "policy.cedar": files["policy.cedar"] + PERMIT,
        "pack.json": json.dumps(manifest),
    }
    pack = pack_from_files(files)
    signed_by = {
        name: sign_pack(pack, name, key.private).signature.hex()
        for name, key in zip(FOUNDERS, keys, strict=True)
    }
    act("approve", keys[1], proposal=act("policy-activate", files=files, signatures=signed_by)["proposal"])
    asked = act("request-open", kind="access", pointer="own-face", name="A. Roy", contact="post")["request"]
    act("request-verify", request=asked, tier="own-face-seen", seen="passport")
    picture = next(iter(sorted(photos.glob("*P001*selfie*")))).read_bytes()
    _ = workspace.models
    with ExtractionPool(workspace.models, workers=workers, limits=workspace.limits) as pool:
        planned = plan_sweep(workspace, "s", pool).seconds
    held = memory_only()
    began = time.monotonic()
    with ExtractionPool(workspace.models, workers=workers, limits=workspace.limits) as pool:
        signed = sign("request-sweep", request=asked, source="s", picture=sha256_hex(picture), face=0)
        state = sweep(workspace, signed, picture, pool, held)
    assert isinstance(state, SweepState), state
    assert state.done
    seconds = time.monotonic() - began
    workspace.close()
    return planned, seconds


if __name__ == "__main__":
    main()
