"""Who else may say that it is somebody: identity providers, by OpenID Connect."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from countenance.primitives.ids import new_id
from countenance.records.models.organisations import Account


class Provider(models.Model):
    """An identity provider that an operator registered. It opens no key, and makes no account."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    name = models.TextField()  # as people choose it at the door
    issuer = models.TextField()
    client_id = models.TextField()
    added_by = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(removed_at=None), name="one_provider_of_a_name"
            )
        ]
