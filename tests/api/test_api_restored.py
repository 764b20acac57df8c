"""What let somebody in and was ended after a backup does not come back with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from api_parts import make_token
from house import House

from countenance.api.tokens import open_token
from countenance.records.database import open_reading
from countenance.records.models import Account, ApiToken, Provider, Webhook
from countenance.records.workspace import Workspace
from countenance.registry.backup import backup
from countenance.registry.restore import restore
from countenance.web.models import WebBrowser, WebInvitation, WebSession


@pytest.fixture
def restored(sqlite_house: House, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Two tokens by name, of which one was revoked after the backup; the restored workspace is open."""
    house = sqlite_house
    tokens = {name: make_token(house, house.caseworker, name=name) for name in ("kept", "revoked")}
    for name in ("ministry", "county"):
        house.act("provider-add", name=name, issuer="https://id.example.org", client_id=name)
    hook = house.act("webhook-add", url="https://example.org/hook")["webhook"]
    account, now = Account.objects.get(name="carol"), house.clock()
    WebInvitation.objects.create(
        account=account, token_hash=b"1", sealed=b"", made_at=now, ends_at=now + timedelta(days=1)
    )
    WebBrowser.objects.create(
        account=account, token_hash=b"2", sealed=b"", made_at=now, ends_at=now + timedelta(days=1)
    )
    WebSession.objects.create(
        account=account,
        token_hash=b"3",
        sealed=b"",
        began_at=now,
        seen_at=now,
        ends_at=now + timedelta(days=1),
    )
    made = house.operator.sign(workspace_id=house.id, act="backup", params={}, at=house.clock())
    backup(house.workspace, made, tmp_path / "backup")
    house.clock.move(timedelta(minutes=1))
    house.act("token-revoke", house.caseworker, token="revoked")
    house.act("provider-remove", provider="ministry")
    house.act("webhook-remove", webhook=hook)
    house.workspace.checkpoint()
    with open_reading() as tx:
        house.workspace.log.export(tx, tmp_path / "log", payloads=True)
    restore(tmp_path / "backup", tmp_path / "restored", log=tmp_path / "log", clock=house.clock)
    with Workspace.open(tmp_path / "restored", clock=house.clock):
        yield tokens


def test_what_was_ended_after_the_backup_stays_ended(sqlite_house: House, restored: dict[str, str]) -> None:
    house = sqlite_house
    assert open_token(restored["kept"], house.clock()) is not None
    assert open_token(restored["revoked"], house.clock()) is None
    row = ApiToken.objects.get(name="revoked")
    assert row.revoked_at is not None
    assert bytes(row.sealed_key) == b""
    assert list(Provider.objects.filter(removed_at=None).values_list("name", flat=True)) == ["county"]
    assert not Webhook.objects.filter(removed_at=None).exists()
    for rows in (WebSession, WebBrowser, WebInvitation):
        assert not rows.objects.exists(), rows.__name__
