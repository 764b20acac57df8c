"""What a lock, an order or an inquiry is about, and how much of it there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from countenance.acting.step import Step
from countenance.policy.restrictions import TargetKind
from countenance.primitives.canonical import Json
from countenance.primitives.errors import UsageError
from countenance.primitives.text import N_
from countenance.records import models
from countenance.records.named import find_account, find_client, find_gallery, find_source


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing. `id`: of its record, or the ISO 3166 code. `place`: where it stands."""

    kind: TargetKind
    id: str
    name: str
    place: str


def read_target(step: Step, allowed: Iterable[TargetKind]) -> Target:
    """The one target among the params. Raises UsageError for none or several, NotFoundError."""
    kinds = list(allowed)
    named = [kind for kind in kinds if step.params.text(kind.value, "")]
    if len(named) != 1:
        raise UsageError(
            N_("Name one thing that it is about."),
            remedy=N_("Give exactly one of: {known}."),
            code="target",
            known=", ".join(f"--{kind.value}" for kind in kinds),
        )
    return _find(step, named[0])


def _find(step: Step, kind: TargetKind) -> Target:
    if kind is TargetKind.PLACE:
        code = step.params.place("place")
        return Target(kind=kind, id=code, name=code, place=code)
    name = step.params.line(kind.value)
    match kind:
        case TargetKind.CLIENT:
            client = find_client(name)
            return Target(kind=kind, id=str(client.pk), name=client.name, place=client.jurisdiction)
        case TargetKind.ACCOUNT:
            account = find_account(name)
            home = account.organisation.jurisdiction if account.organisation else ""
            return Target(kind=kind, id=str(account.pk), name=account.name, place=home)
        case TargetKind.GALLERY:
            gallery = find_gallery(name)
            return Target(kind=kind, id=str(gallery.pk), name=gallery.name, place=gallery.jurisdiction)
        case TargetKind.SOURCE:
            source = find_source(name)
            return Target(kind=kind, id=str(source.pk), name=source.name, place=source.basis.jurisdiction)


def place_q(field: str, place: str) -> Q:
    """Rows whose `field` is a place within `place`."""
    return Q(**{field: place}) | Q(**{f"{field}__startswith": place + "-"})


def searches_of(kind: TargetKind, target_id: str) -> Q:
    """Searches that a suspension of it reaches."""
    match kind:
        case TargetKind.PLACE:
            return (
                place_q("case__client__jurisdiction", target_id)
                | place_q("case__on_behalf_of_jurisdiction", target_id)
                | place_q("gallery__jurisdiction", target_id)
            )
        case TargetKind.CLIENT:
            return Q(case__client=target_id)
        case TargetKind.ACCOUNT:
            return Q(account=target_id)
        case TargetKind.GALLERY:
            return Q(gallery=target_id)
        case TargetKind.SOURCE:
            return Q(candidates__face__photograph__source=target_id)


_FIELDS: dict[TargetKind, dict[str, tuple[str, ...]]] = {
    TargetKind.PLACE: {
        "clients": ("jurisdiction",),
        "accounts": ("organisation__jurisdiction",),
        "cases_open": ("client__jurisdiction", "on_behalf_of_jurisdiction"),
        "galleries": ("jurisdiction",),
        "sources": ("basis__jurisdiction", "gallery__jurisdiction"),
        "references": ("permission_class__jurisdiction", "gallery__jurisdiction"),
        "ingests_open": ("source__basis__jurisdiction", "source__gallery__jurisdiction"),
    },
    TargetKind.CLIENT: {"clients": ("pk",), "accounts": ("organisation",), "cases_open": ("client",)},
    TargetKind.ACCOUNT: {"accounts": ("pk",), "ingests_open": ("started_by",)},
    TargetKind.GALLERY: {
        "galleries": ("pk",),
        "sources": ("gallery",),
        "references": ("gallery",),
        "ingests_open": ("source__gallery",),
    },
    TargetKind.SOURCE: {
        "sources": ("pk",),
        "references": ("face__photograph__source",),
        "ingests_open": ("source",),
    },
}


def counts(kind: TargetKind, target_id: str) -> dict[str, Json]:
    """How much there is of what a lock or an order on it touches: whole numbers, no names."""
    tables = {
        "clients": models.Organisation.objects.filter(kind="client"),
        "accounts": models.Account.objects.exclude(organisation__kind="authority"),
        "cases_open": models.Case.objects.filter(closed_at=None),
        "galleries": models.Gallery.objects.all(),
        "sources": models.Source.objects.filter(withdrawn_at=None),
        "references": models.Reference.objects.filter(ended_at=None),
        "ingests_open": models.IngestRun.objects.filter(finished_at=None),
    }
    found: dict[str, Json] = {}
    for name, fields in _FIELDS[kind].items():
        condition = Q()
        for field in fields:
            condition |= place_q(field, target_id) if kind is TargetKind.PLACE else Q(**{field: target_id})
        found[name] = tables[name].filter(condition).count()
    found["searches_saved"] = (
        models.Search.objects.filter(searches_of(kind, target_id)).values("pk").distinct().count()
    )
    return found
