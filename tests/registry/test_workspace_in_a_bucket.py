"""A workspace whose files lie in a bucket: founded, enrolled, searched, sealed, erased, backed up; and the service down."""

from __future__ import annotations

from pathlib import Path

import pytest
from bucket_service import BUCKET, BucketService

from countenance.primitives.errors import UnavailableError, UsageError
from countenance.records.settings import read_settings
from countenance.records.workspace import Workspace
from countenance.registry.founding import found
from countenance.vault.media import FolderMediaStore


def _found(directory: Path, service: BucketService, prefix: str) -> Workspace:
    return found(
        directory,
        operator="Archive",
        jurisdiction="CA",
        media=f"s3://{BUCKET}/{prefix}",
        s3_endpoint=service.endpoint,
        s3_allow_http=True,
    ).workspace


def test_files_go_to_the_bucket_and_none_to_the_folder(bucket_service: BucketService, tmp_path: Path) -> None:
    with _found(tmp_path / "w", bucket_service, "whole") as workspace:
        workspace.media.put("crop-1", b"sealed")
        workspace.segments.put("segment-1", b"sealed too")
        assert bucket_service.store("whole/media").get("crop-1") == b"sealed"
        assert bucket_service.store("whole/segments").get("segment-1") == b"sealed too"
        assert list(FolderMediaStore(tmp_path / "w" / "media").names()) == []
        text = (tmp_path / "w" / "workspace.toml").read_text()
        assert bucket_service.keys["AWS_SECRET_ACCESS_KEY"] not in text
        assert read_settings(tmp_path / "w").media == f"s3://{BUCKET}/whole"


def test_nothing_is_founded_where_the_bucket_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError) as caught:
        found(
            tmp_path / "w",
            operator="Archive",
            jurisdiction="CA",
            media="s3://faces",
            s3_endpoint="http://127.0.0.1:9",
            s3_allow_http=True,
        )
    assert caught.value.code == "s3-down"
    assert not (tmp_path / "w").exists()
    with pytest.raises(UsageError):
        found(tmp_path / "w", operator="A", jurisdiction="CA", media="s3://faces", s3_endpoint="http://h")
    assert list(tmp_path.iterdir()) == []
