"""Where one may complain, by place. Names and addresses as the authorities publish them (seen 2026-11)."""

from __future__ import annotations

from functools import cache

from countenance.policy.pack import load_pack
from countenance.policy.places import country
from countenance.primitives.canonical import Json
from countenance.records.models import RequestRecord, WorkspaceState

_AUTHORITIES = {
    "CA": ("Office of the Privacy Commissioner of Canada", "https://www.priv.gc.ca"),
    "CA-QC": ("Commission d'accès à l'information du Québec", "https://www.cai.gouv.qc.ca"),
    "CA-BC": (
        "Office of the Information and Privacy Commissioner for British Columbia",
        "https://www.oipc.bc.ca",
    ),
    "CA-AB": ("Office of the Information and Privacy Commissioner of Alberta", "https://oipc.ab.ca"),
    "GB": ("Information Commissioner's Office", "https://ico.org.uk"),
    "FR": ("Commission nationale de l'informatique et des libertés", "https://www.cnil.fr"),
    "EU": (
        "The supervisory authority of your country; see the list of the European Data Protection Board",
        "https://www.edpb.europa.eu/about-edpb/about-edpb/members_en",
    ),
    "US-IL": ("Illinois Attorney General", "https://www.illinoisattorneygeneral.gov"),
}


def complaint_to(row: RequestRecord) -> list[Json]:
    """The authority of the requester's place, where it was said and we know one, and that of the operator's."""
    operator = WorkspaceState.objects.get(pk=1).jurisdiction
    found = [_authority(place) for place in (row.place, operator) if place]
    return [{"name": name, "address": address} for name, address in dict.fromkeys(filter(None, found))]


def _authority(place: str) -> tuple[str, str] | None:
    nation = country(place)
    union = _AUTHORITIES["EU"] if nation in _of_the_union() else None
    return _AUTHORITIES.get(place) or _AUTHORITIES.get(nation) or union


@cache
def _of_the_union() -> frozenset[str]:
    """The places that the shipped pack of the EU covers: one list of them is enough."""
    return frozenset(load_pack("EU").covers)
