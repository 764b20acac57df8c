"""Locks, orders, and the inquiries that lead to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.policy.restrictions import LockKind, OrderKind, TargetKind
from countenance.primitives.ids import new_id
from countenance.records.models.organisations import Account, Organisation

_ORDER_KINDS = [kind.value for kind in OrderKind]
_LOCK_KINDS = [kind.value for kind in LockKind]
_TARGETS = [kind.value for kind in TargetKind]


class Lock(models.Model):
    """What an operator closed: at once by one, opened again by two."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    kind = models.TextField(choices=[(kind, kind) for kind in _LOCK_KINDS])
    target = models.TextField(choices=[(kind, kind) for kind in _TARGETS])
    target_id = models.TextField()  # id of the record, or ISO 3166 code
    target_name = models.TextField()  # as it was called then
    reason = models.TextField()
    set_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_LOCK_KINDS), name="lock_kind_known"),
            models.CheckConstraint(condition=Q(target__in=_TARGETS), name="lock_target_known"),
            models.CheckConstraint(condition=~Q(target_id="") & ~Q(reason=""), name="lock_has_reason"),
        ]


class Order(models.Model):
    """What an authority ordered: in force at once, lifted by that authority alone."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    kind = models.TextField(choices=[(kind, kind) for kind in _ORDER_KINDS])
    target = models.TextField(choices=[(kind, kind) for kind in _TARGETS])
    target_id = models.TextField()
    target_name = models.TextField()
    authority = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="orders")
    number = models.TextField()  # the authority's own, such as P21-08
    dated = models.DateField()  # of the document
    text = models.TextField(default="", blank=True)  # what it says, in a sentence or two
    document_sha256 = models.TextField(default="", blank=True)
    issued_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField()
    log_index = models.BigIntegerField(null=True)  # of its entry
    ends_at = models.DateTimeField(null=True)
    destroy_from = models.DateTimeField(null=True)  # of a delete: not before
    destroyed_at = models.DateTimeField(null=True)
    erasure = models.TextField(default="", blank=True)  # code of the erasure that carries a delete out
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.TextField(default="", blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=_ORDER_KINDS), name="order_kind_known"),
            models.CheckConstraint(
                condition=Q(target__in=[kind for kind in _TARGETS if kind != TargetKind.ACCOUNT.value]),
                name="order_target_known",
            ),
            models.CheckConstraint(condition=~Q(target_id="") & ~Q(number=""), name="order_numbered"),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True) | Q(kind=OrderKind.DELETE.value),
                name="order_destroys_by_delete",
            ),
        ]


class Inquiry(models.Model):
    """What one or several authorities look into. It stays open until they close it, whoever leaves."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    code = models.TextField(unique=True)
    title = models.TextField()
    reference = models.TextField()  # the authorities' own file number
    authorities = models.ManyToManyField(Organisation, through="InquiryAuthority", related_name="inquiries")
    client = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="+"
    )  # None: all
    jurisdiction = models.TextField(default="", blank=True)  # "": everywhere
    period_from = models.DateTimeField(null=True)
    period_until = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    findings = models.TextField(default="", blank=True)  # in a sentence or two

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(title="") & ~Q(reference=""), name="inquiry_named"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True) | ~Q(findings=""), name="inquiry_closes_with_findings"
            ),
        ]


class InquiryAuthority(models.Model):
    """An authority's part in an inquiry: the one that opened it, and those that joined."""

    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="parts")
    authority = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    joined_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["inquiry", "authority"], name="inquiry_joined_once")]


class InquiryDocument(models.Model):
    """A document attached to an inquiry: findings, a letter, an order. Its hash stands in the log."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    inquiry = models.ForeignKey(Inquiry, on_delete=models.PROTECT, related_name="documents")
    name = models.TextField()
    sha256 = models.TextField()
    size = models.IntegerField()  # bytes
    content = models.BinaryField()  # sealed
    attached_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    attached_at = models.DateTimeField()
