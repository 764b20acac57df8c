"""What a search asks of the references costs what it names, and not what the gallery holds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.db import connection
from house import House, photograph

from countenance.records.liveness import live_references
from countenance.search.values import LoggedCandidates


def test_no_question_about_found_references_reads_the_whole_gallery(sqlite_house: House) -> None:
    """SQLite keeps no statistics unless it is told to: it takes an equal gallery for a better guide than five hundred ids."""
    sqlite_house.enrol(sqlite_house.person("P001"), photograph("P001"))
    asked: list[tuple[str, Sequence[Any]]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "records_reference" in sql and "IN (" in sql and sql.startswith("SELECT"):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = sqlite_house.search(photograph("P001", "amateur_selfie"))
        many = [uuid.uuid4() for _ in range(400)]
        assert live_references(many, sqlite_house.clock(), gallery=str(many[0]), classes=[1]) == set()
    assert isinstance(answer, LoggedCandidates)
    assert len(answer.candidates) == 1
    named = [(sql, params) for sql, params in asked if '"id" IN' in sql or '"person_id" IN' in sql]
    assert len(named) >= 3  # whose they are, whether they stand, what else the person has
    for sql, params in named:
        with connection.cursor() as cursor:
            cursor.execute(f"explain query plan {sql}", params)
            plan = [str(row[-1]) for row in cursor.fetchall()]
        whole = [step for step in plan if any(each in step for each in ("gallery_id", "class_id", "SCAN"))]
        assert whole == [], (sql, plan)
