"""The same face sought in several cases: compared only under an inquiry, by an authority's inspector, with a reason (R20).

The rules against misuse never look at faces. This does, among the probes of the searches inside the inquiry's scope and nothing
else; it answers with entries of the log, and shows no picture. That a face was sought twice is no misuse by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from countenance.acting.step import Outcome, Step
from countenance.index.head import template_part
from countenance.oversight import inquiries
from countenance.oversight.inspecting import searches
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records.events import Event
from countenance.records.models import Probe
from countenance.records.suppressing.operating import operating_point
from countenance.vault.vault import Sealed

MOST_PROBES = 20_000


def compare(step: Step) -> Outcome:
    """Groups of searches, of more than one case, whose probes look like one person. Params: `inquiry`, `reason`."""
    inquiry = inquiries.find_open(step)
    reason = step.params.line("reason")
    probes = list(
        Probe.objects.filter(search__in=searches(inquiry).order_by())
        .select_related("search__case", "search__account")
        .order_by("search__log_index", "number")[: MOST_PROBES + 1]
    )
    if len(probes) > MOST_PROBES:
        raise UsageError(
            N_("There are more than {most} probes within the scope."),
            remedy=N_("Narrow the inquiry's period or client."),
            code="same-face-many",
            most=MOST_PROBES,
        )
    threshold = operating_point(step.workspace.models, max(len(probes), 1)).threshold
    groups = [
        group
        for group in _groups(step, probes, threshold)
        if len({each.search.case_id for each in group}) > 1
    ]
    shown: list[Json] = [
        {
            "entries": sorted({each.search.log_index for each in group}),
            "cases": sorted({each.search.case.code for each in group if each.search.case}),
            "accounts": sorted({each.search.account.name for each in group}),
        }
        for group in groups
    ]
    return Outcome(
        record={"inquiry": inquiry.code, "probes": len(probes), "threshold": threshold, "groups": shown},
        event=Event.SAME_FACE_INSPECTED,
        details={
            "inquiry": inquiry.code,
            "authority": step.caller.facts.authority,
            "reason": reason,
            "probes": len(probes),
            "groups": len(shown),
        },
        client=str(inquiry.client_id) if inquiry.client_id else None,
        jurisdiction=inquiry.jurisdiction or None,
    )


def _groups(step: Step, probes: Sequence[Probe], threshold: float) -> list[list[Probe]]:
    """Probes that hang together by comparison scores at or above `threshold`; templates live for this call alone."""
    by_space: dict[str, list[Probe]] = defaultdict(list)
    for probe in probes:
        by_space[probe.search.space_id].append(probe)
    found: list[list[Probe]] = []
    for space, rows in by_space.items():
        sealed = [
            Sealed(record_id=row.pk, part=template_part(space), data=bytes(row.template)) for row in rows
        ]
        opened = step.workspace.vault.unseal_existing(sealed)
        there = [(row, data) for row, data in zip(rows, opened, strict=True) if data is not None]
        if not there:
            continue
        vectors = np.stack([np.frombuffer(data, dtype="<f4") for _, data in there])
        leader = list(range(len(there)))

        def first(place: int, leader: list[int] = leader) -> int:
            while leader[place] != place:
                place = leader[place]
            return place

        for place in range(1, len(there)):
            for other in np.flatnonzero(vectors[:place] @ vectors[place] >= threshold):
                leader[first(place)] = first(int(other))
        groups: dict[int, list[Probe]] = defaultdict(list)
        for place, (row, _) in enumerate(there):
            groups[first(place)].append(row)
        found += groups.values()
    return found
