"""Telling registered addresses of new entries of the log: what their leaves show, signed, in order, until it is taken.

Standard Webhooks 1.0.0 (standardwebhooks.com): `webhook-id`, `webhook-timestamp`, and `webhook-signature: v1a,BASE64`, an Ed25519
signature over `ID.TIMESTAMP.BODY` by a key of the workspace that signs nothing else. At least once: a message is
repeated until the address answers 2xx, later each time. No redirection is followed.
"""

from __future__ import annotations

import base64
import json
import logging
from datetime import datetime, timedelta

from countenance.primitives.addresses import exchange
from countenance.primitives.clock import iso
from countenance.primitives.errors import CountenanceError
from countenance.records.database import open_reading, open_transaction
from countenance.records.models import Webhook
from countenance.records.workspace import Workspace
from countenance.registry.acts.tokens import SIGNING_KEY, checked_address
from countenance.tlog.leaf import Leaf, parse_leaf
from countenance.tlog.store import read_entries

MOST_ENTRIES = 100
SECONDS = 10.0
LONGEST_WAIT = timedelta(hours=6)

_log = logging.getLogger("countenance.webhooks")


def deliver(workspace: Workspace) -> int:
    """Send what each address has not been told yet; returns how many messages were taken."""
    now = workspace.clock()
    taken = 0
    for hook in Webhook.objects.filter(removed_at=None):
        if hook.retry_at is None or hook.retry_at <= now:
            taken += _tell(workspace, hook, now)
    return taken


def _tell(workspace: Workspace, hook: Webhook, now: datetime) -> int:
    with open_reading() as tx:
        leaves = read_entries(tx, hook.position, hook.position + MOST_ENTRIES)
    if not leaves:
        return 0
    wanted = frozenset(hook.events)
    entries = [
        _shown(index, leaf)
        for index, leaf in ((index, parse_leaf(data)) for index, data in leaves)
        if not wanted or leaf.event in wanted
    ]
    end = leaves[-1][0] + 1
    if entries and not send(workspace, hook, f"msg_{hook.code}_{end}", entries, now):
        waiting = min(LONGEST_WAIT, timedelta(seconds=5 * 2 ** min(hook.failures, 12)))
        with open_transaction():
            Webhook.objects.filter(pk=hook.pk).update(failures=hook.failures + 1, retry_at=now + waiting)
        return 0
    with open_transaction():
        Webhook.objects.filter(pk=hook.pk).update(position=end, failures=0, retry_at=None)
    return 1 if entries else 0


def send(
    workspace: Workspace, hook: Webhook, name: str, entries: list[dict[str, object]], now: datetime
) -> bool:
    """One message; whether the address answered 2xx in time."""
    body = json.dumps(
        {"type": "log.entries", "timestamp": iso(now), "data": {"webhook": hook.code, "entries": entries}}
    ).encode()
    stamp = str(int(now.timestamp()))
    signature = workspace.vault.ensure_signing_key(SIGNING_KEY).sign(f"{name}.{stamp}.".encode() + body)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1a,{base64.b64encode(signature).decode()}",
    }
    try:
        answer = exchange(
            "POST", checked_address(hook.url), body=body, headers=headers, seconds=SECONDS, longest=None
        )
    except (OSError, CountenanceError, ValueError) as error:
        _log.warning("webhook %s: %s", hook.code, type(error).__name__)
        return False
    if not 200 <= answer.status < 300:
        _log.warning("webhook %s: answered %d", hook.code, answer.status)
        return False
    return True


def _shown(index: int, leaf: Leaf) -> dict[str, object]:
    return {
        "entry": index,
        "event": leaf.event,
        "at": iso(leaf.at),
        "purpose": leaf.purpose,
        "jurisdiction": leaf.jurisdiction,
        "client": leaf.client,
        "pack": leaf.pack,
    }
