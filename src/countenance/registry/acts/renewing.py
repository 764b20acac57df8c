"""Renewing a gallery's secret transform (ISO/IEC 24745, renewability): after a leak, or by habit."""

from __future__ import annotations

import fcntl
import os

from countenance.acting.step import Outcome, Step
from countenance.primitives.errors import ConflictError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.named import find_gallery


def renew(step: Step) -> Outcome:
    """A new rotation for the gallery, by two persons, while no searcher runs; templates, labels and consents stay."""
    gallery = find_gallery(step.params.line("gallery"))
    run = step.workspace.directory / "run"
    run.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(run / "searcher.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ConflictError(
            N_("A searcher runs; its index rests on the transform that would be renewed."),
            remedy=N_("Stop it, then give the same command again."),
            code="searcher-runs",
        ) from error

    def finish() -> None:
        try:
            step.workspace.keep_index()
        finally:
            os.close(descriptor)

    try:
        # Before the commit: a transform renewed without its entry does no harm, an entry without it would not be true.
        step.workspace.renew_rotation(str(gallery.pk))
    except BaseException:
        os.close(descriptor)
        raise
    step.afterwards.append(finish)
    return Outcome(
        record={"gallery": gallery.name},
        event=Event.TRANSFORM_RENEWED,
        details={"gallery": str(gallery.pk)},
        jurisdiction=gallery.jurisdiction,
    )
