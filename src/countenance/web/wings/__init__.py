"""The desks that are made of shelves."""

from __future__ import annotations

from countenance.web.wings.operator import OPERATOR
from countenance.web.wings.oversight import OVERSIGHT
from countenance.web.wings.requests import REQUESTS

WINGS = (REQUESTS, OVERSIGHT, OPERATOR)

__all__ = ["OPERATOR", "OVERSIGHT", "REQUESTS", "WINGS"]
