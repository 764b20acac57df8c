"""Records by the names people give them, or an error that says where to look."""

from __future__ import annotations

from countenance.policy.purposes import OrganisationKind
from countenance.primitives.errors import NotFoundError
from countenance.primitives.ids import read_code
from countenance.primitives.text import N_, folded
from countenance.records.models import Account, Case, Gallery, Inquiry, Organisation, Person, Source


def find_gallery(name: str) -> Gallery:
    """The gallery of this name. Raises NotFoundError."""
    gallery = Gallery.objects.filter(name=name).first()
    if gallery is None:
        raise NotFoundError(
            N_("There is no gallery {gallery}."),
            remedy=N_("See them with: countenance gallery list"),
            code="gallery-missing",
            gallery=name,
        )
    return gallery


def find_source(name: str) -> Source:
    """The source of this name. Raises NotFoundError."""
    source = Source.objects.select_related("gallery", "basis").filter(name=name).first()
    if source is None:
        raise NotFoundError(
            N_("There is no source {source}."),
            remedy=N_(
                "Photographs come from registered sources only. See them with: countenance source list"
            ),
            code="source-missing",
            source=name,
        )
    return source


def find_client(name: str) -> Organisation:
    """The client of this name. Raises NotFoundError."""
    organisation = Organisation.objects.filter(name=name, kind=OrganisationKind.CLIENT.value).first()
    if organisation is None:
        raise NotFoundError(
            N_("There is no client {client}."),
            remedy=N_("See them with: countenance client list"),
            code="client-missing",
            client=name,
        )
    return organisation


def find_authority(name: str) -> Organisation:
    """The authority of this name. Raises NotFoundError."""
    organisation = Organisation.objects.filter(name=name, kind=OrganisationKind.AUTHORITY.value).first()
    if organisation is None:
        raise NotFoundError(
            N_("There is no authority {authority}."),
            remedy=N_("See them with: countenance authority list"),
            code="authority-missing",
            authority=name,
        )
    return organisation


def find_account(name: str) -> Account:
    """The account of this name. Raises NotFoundError."""
    account = Account.objects.select_related("organisation", "sponsor").filter(name=name).first()
    if account is None:
        raise NotFoundError(
            N_("There is no account {account}."),
            remedy=N_("See them with: countenance account list"),
            code="account-missing",
            account=name,
        )
    return account


def find_case(code: str) -> Case:
    """The case of this code, in any spelling. Raises NotFoundError."""
    case = Case.objects.select_related("client").filter(code=read_code(code) or code).first()
    if case is None:
        raise NotFoundError(
            N_("There is no case {case}."),
            remedy=N_("See them with: countenance case list"),
            code="case-missing",
            case=code,
        )
    return case


def find_person(label: str) -> Person:
    """The person of this label, in any spelling. Raises NotFoundError."""
    person = Person.objects.filter(folded=folded(label)).first()
    if person is None:
        raise NotFoundError(
            N_("There is no person {person}."),
            remedy=N_("Add one with: countenance person add"),
            code="person-missing",
            person=label,
        )
    return person


def find_inquiry(text: str) -> Inquiry:
    """The inquiry of this code. Raises NotFoundError."""
    inquiry = (
        Inquiry.objects.select_related("client", "opened_by").filter(code=read_code(text) or text).first()
    )
    if inquiry is None:
        raise NotFoundError(
            N_("There is no inquiry {inquiry}."),
            remedy=N_("See them with: countenance inquiry list"),
            code="inquiry-missing",
            inquiry=text,
        )
    return inquiry
