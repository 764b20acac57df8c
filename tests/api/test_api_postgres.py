"""A part of the API's tests again on PostgreSQL; all of them by `make test-api-postgres`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import test_api_acts
import test_api_attacks
import test_api_tokens
from api_parts import Api

AGAIN: tuple[Callable[[Api], None], ...] = (
    test_api_acts.test_an_act_is_done_once_under_one_key,
    test_api_acts.test_two_persons_sign_over_the_api_too,
    test_api_attacks.test_bodies_that_are_no_body_change_nothing,
    test_api_attacks.test_the_same_key_from_many_sides_at_once_is_one_act,
    test_api_tokens.test_revoked_is_ended_at_once_and_the_key_is_gone,
)


@pytest.mark.parametrize("again", AGAIN, ids=lambda test: test.__name__)
def test_the_same_on_postgresql(api_on_postgres: Api, again: Callable[[Api], None]) -> None:
    again(api_on_postgres)
