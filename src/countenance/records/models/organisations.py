"""Who asks: organisations with a licence, and the accounts of people."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from countenance.policy.purposes import OrganisationKind, Role
from countenance.primitives.ids import new_id
from countenance.records.fields import WordsField

_AUTHORITY = Q(kind=OrganisationKind.AUTHORITY.value)


class Organisation(models.Model):
    """A client: a body licensed to search for some purposes, in one place, for a time; or an authority, which has no
    licence and searches for nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.TextField(unique=True)
    kind = models.TextField(
        choices=[(kind.value, kind.value) for kind in OrganisationKind], default=OrganisationKind.CLIENT.value
    )
    jurisdiction = models.TextField()  # ISO 3166-1 or -2
    licensed_purposes = WordsField()
    licensed_from = models.DateTimeField()
    licensed_until = models.DateTimeField()
    suspended_at = models.DateTimeField(null=True)
    suspension_reason = models.TextField(default="", blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="organisation_named"),
            models.CheckConstraint(condition=~Q(jurisdiction=""), name="organisation_placed"),
            models.CheckConstraint(
                condition=Q(kind__in=[kind.value for kind in OrganisationKind]),
                name="organisation_kind_known",
            ),
            models.CheckConstraint(
                condition=_AUTHORITY & Q(licensed_purposes="") | ~_AUTHORITY & ~Q(licensed_purposes=""),
                name="organisation_has_purposes",
            ),
            models.CheckConstraint(
                condition=_AUTHORITY | Q(licensed_until__gt=F("licensed_from")),
                name="organisation_licence_runs_forward",
            ),
        ]

    @property
    def is_authority(self) -> bool:
        return self.kind == OrganisationKind.AUTHORITY.value


class Account(models.Model):
    """One person's way in. Never shared: each has a signing key of its own and another account that answers for it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.TextField(unique=True)
    role = models.TextField(choices=[(role.value, role.value) for role in Role])
    organisation = models.ForeignKey(  # None: staff of the operator
        Organisation, on_delete=models.PROTECT, null=True, related_name="accounts"
    )
    sponsor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="sponsored")
    public_key = models.BinaryField(unique=True)  # Ed25519, 32 bytes
    certified_at = models.DateTimeField()  # when its need was last confirmed; good for 90 days
    suspended_at = models.DateTimeField(null=True)
    suspension_reason = models.TextField(default="", blank=True)
    founding = models.BooleanField(
        default=False
    )  # made with the workspace: the operator itself answers for it
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="account_named"),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]), name="account_role_known"
            ),
            models.CheckConstraint(
                condition=Q(sponsor__isnull=True) | ~Q(sponsor=F("id")), name="account_not_own_sponsor"
            ),
            models.CheckConstraint(
                condition=Q(role__in=[Role.OPERATOR.value, Role.AUDITOR.value])
                | Q(organisation__isnull=False),
                name="account_of_client_has_organisation",
            ),
        ]


class UsedNonce(models.Model):
    """A signed request that has been carried out; the same one again is a replay. Kept as long as requests are fresh."""

    nonce = models.TextField(primary_key=True)
    used_at = models.DateTimeField(db_index=True)
