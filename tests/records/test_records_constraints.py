"""What the database itself refuses, whoever writes to it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from house import PURPOSE, House, photograph

from countenance.records import models


def _copy(row: Any, **changes: Any) -> Callable[[], Any]:
    """A writer that inserts `row` again under a new key, with `changes`."""
    values = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.attname != "id"
    }
    key = {"id": uuid.uuid4()} if row._meta.pk.get_internal_type() == "UUIDField" else {}
    return lambda: type(row).objects.create(**{**values, **key, **changes})


def _refused(write: Callable[[], Any], name: str) -> None:
    """`write` fails in the database, by the constraint of this name (or text)."""

    def write_and_check() -> None:
        with transaction.atomic():
            write()
            connection.check_constraints()

    with pytest.raises(Error, match=name):
        write_and_check()


@pytest.fixture
def enrolled(house: House) -> House:
    house.enrol(house.person("maya"), photograph("P001"))
    return house


def test_a_face_needs_a_photograph(enrolled: House) -> None:
    face = models.Face.objects.get()
    _refused(_copy(face, photograph_id=None, number=9), "(?i)not.?null")
    _refused(_copy(face, photograph_id=uuid.uuid4(), number=9), "(?i)foreign key")


def test_a_photograph_needs_a_source_and_a_basis(enrolled: House) -> None:
    picture = models.Photograph.objects.get()
    _refused(_copy(picture, source_id=None, sha256="b"), "(?i)not.?null")
    _refused(_copy(picture, basis_id=None, sha256="b"), "(?i)not.?null")
    _refused(_copy(picture), "(?i)unique|photograph_once")


def test_a_source_needs_basis_notice_holder_and_contact(house: House) -> None:
    source = models.Source.objects.get()
    _refused(_copy(source, name="other", basis_id=None), "(?i)not.?null")
    other = _copy(source.basis)()
    for empty in ("notice", "holder", "contact", "location"):
        _refused(_copy(source, name="other", basis_id=other.pk, **{empty: ""}), f"source_has_{empty}")


@pytest.mark.parametrize(
    ("field", "constraint"),
    [
        ("purposes", "basis_has_purposes"),
        ("jurisdiction", "basis_placed"),
        ("evidence", "basis_has_evidence"),
    ],
)
def test_a_basis_needs_purposes_place_and_evidence(house: House, field: str, constraint: str) -> None:
    basis = models.Basis.objects.get()
    _refused(_copy(basis, **{field: frozenset() if field == "purposes" else ""}), constraint)
    _refused(_copy(basis, kind="because-we-can"), "basis_kind_known")


def test_a_reference_has_exactly_one_ground(enrolled: House) -> None:
    reference = models.Reference.objects.get()
    basis = models.Basis.objects.get()
    _refused(_copy(reference, basis_id=basis.pk), "reference_has_one_ground")
    _refused(_copy(reference, receipt_id=None), "(?i)reference_has_one_ground|receipt or basis that is live")
    _refused(_copy(reference), "(?i)unique|reference_once")


def test_a_reference_needs_a_ground_that_is_live(enrolled: House) -> None:
    reference = models.Reference.objects.get()
    receipt = models.ConsentReceipt.objects.get()
    day = timedelta(days=1)
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"withdrawn_at": receipt.given_at}, {}),
        (
            {"withdrawn_at": None, "expires_at": receipt.given_at + day},
            {"enrolled_at": receipt.given_at + day},
        ),
        ({"withdrawn_at": None, "expires_at": None}, {"enrolled_at": receipt.given_at - day}),
    ]
    models.Reference.objects.update(ended_at=receipt.given_at)
    for state, change in cases:
        models.ConsentReceipt.objects.update(**state)
        _refused(_copy(reference, **change), "is live when it is enrolled")
    models.ConsentReceipt.objects.update(withdrawn_at=None, expires_at=None)
    models.Source.objects.update(withdrawn_at=receipt.given_at)
    _refused(_copy(reference), "is live when it is enrolled")
    models.Source.objects.update(withdrawn_at=None)
    _copy(reference)()  # the negative control: with nothing ended it is accepted


def test_the_ground_of_a_reference_cannot_be_swapped_for_a_dead_one(enrolled: House) -> None:
    dead = enrolled.person("noor")
    enrolled.act("consent-withdraw", receipt=dead)
    receipt = models.ConsentReceipt.objects.get(code=dead)
    _refused(lambda: models.Reference.objects.update(receipt_id=receipt.pk), "is live when it is enrolled")


def test_a_comparison_has_exactly_one_authority_a_purpose_and_a_requester(enrolled: House) -> None:
    enrolled.search(photograph("P001", "amateur_selfie"))
    made = models.Search.objects.get()
    _refused(_copy(made, grant_id="x", case_id=None), "search_has_one_authority")
    _refused(_copy(made, grant_id="x", evaluation_id=uuid.uuid4()), "search_has_one_authority")
    _refused(_copy(made, grant_id="x", purpose="curiosity"), "search_purpose_known")
    _refused(_copy(made, grant_id="x", on_behalf_of=""), "search_has_requester")
    _refused(_copy(made), "(?i)unique|grant_id")
    for authority in ("rights_request_id", "evaluation_id", "suppression_check_id"):
        _copy(made, grant_id=authority, case_id=None, **{authority: uuid.uuid4()})()


def test_a_list_has_at_most_twenty_candidates(enrolled: House) -> None:
    enrolled.search(photograph("P001", "amateur_selfie"))
    candidate = models.Candidate.objects.first()
    assert candidate is not None
    _refused(_copy(candidate, rank=21), "candidate_rank_in_list")
    _refused(_copy(candidate, rank=0), "candidate_rank_in_list")


def test_one_open_receipt_per_person_purpose_and_gallery(house: House) -> None:
    house.person("maya")
    receipt = models.ConsentReceipt.objects.get()
    _refused(_copy(receipt, code="R-0000"), "(?i)unique|receipt_one_open")
    _refused(_copy(receipt, code="R-0001", purpose="curiosity"), "receipt_purpose_known")


def test_accounts_of_a_client_belong_to_one_and_nobody_sponsors_himself(house: House) -> None:
    account = models.Account.objects.get(name="carol")
    _refused(_copy(account, name="x", public_key=b"1" * 32, organisation_id=None), "account_of_client")
    _refused(_copy(account, name="x", public_key=account.public_key), "(?i)unique|public_key")
    _refused(
        lambda: models.Account.objects.filter(pk=account.pk).update(sponsor_id=account.pk),
        "account_not_own_sponsor",
    )


def test_log_entries_cannot_be_changed_in_place(house: House) -> None:
    def change() -> None:
        with connection.cursor() as cursor:
            cursor.execute("update tlog_entry set leaf = leaf where position = 0")

    _refused(change, "append-only")


def test_purposes_are_stored_as_words(house: House) -> None:
    assert models.Source.objects.get().basis.purposes == frozenset({PURPOSE})
