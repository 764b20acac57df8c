"""One person is erased: from every store, with every byte, and only then is it said to be done."""

from __future__ import annotations

import uuid

from django.apps import apps
from erasing_scan import Planted, everything
from house import House, photograph

from countenance.records import models
from countenance.records.erasing.certificate import certificate_file
from countenance.records.erasing.planning import plan
from countenance.records.erasing.scope import scope_of
from countenance.records.erasing.steps import carry_out, incomplete
from countenance.records.erasing.stores import REACHED
from countenance.records.erasing.vocabulary import ScopeKind, Store
from countenance.search.values import LoggedCandidates
from countenance.tlog.verifier import verify_statement


def test_a_person_is_erased_from_every_store(house: House) -> None:
    house.enrol(house.person("Quentin-Unique-7"), photograph("P001"))
    house.enrol(house.person("P002"), photograph("P002"))
    found = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(found, LoggedCandidates)
    assert "Quentin-Unique-7" in [each.person for each in found.candidates]
    scope = scope_of(ScopeKind.PERSON, "quentin-unique-7")
    planted = Planted(house, uuid.UUID(scope.target))
    house.workspace.keep_index(seal_rows=1)
    before = everything(house)
    assert planted.missing(before) == set()
    planned = plan(house.workspace, scope)
    assert planned.stores[Store.PERSONS] == planned.stores[Store.CONSENTS] == 1
    certificate = carry_out(house.workspace, scope, ground="request Q-1")
    after = everything(house)
    assert planted.found(after) == set()
    assert incomplete() == []
    assert not models.Person.objects.filter(label="Quentin-Unique-7").exists()
    again = house.search(photograph("P001", "amateur_selfie"))
    assert isinstance(again, LoggedCandidates)
    assert "Quentin-Unique-7" not in [each.person for each in again.candidates]
    counts = {row["store"]: row["count"] for row in certificate.document["stores"]}  # type: ignore[union-attr, index, call-overload]
    assert counts["persons"] == counts["faces"] == counts["crops"] == counts["vault-keys"] == 1
    assert counts["candidate-lists"] == counts["index"] == 1
    file = certificate_file(house.workspace, certificate)
    assert verify_statement(file, house.workspace.log.vkey).ok
    assert not verify_statement(file.replace('"count": 1', '"count": 2', 1), house.workspace.log.vkey).ok
    assert counts["log-payloads"] == planned.stores[Store.LOG_PAYLOADS] == 3


def test_every_table_that_refers_to_a_person_is_walked() -> None:
    """Whoever adds a table with a person, a face or a candidate in it must say what an erasure does to it."""
    personal = {
        models.Person,
        models.Face,
        models.Photograph,
        models.Reference,
        models.ConsentReceipt,
        models.Candidate,
        models.Probe,
    }
    referring = {
        model
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if getattr(field, "remote_field", None) and not field.auto_created and field.related_model in personal
    }
    assert {model.__name__ for model in referring - REACHED} == set()
