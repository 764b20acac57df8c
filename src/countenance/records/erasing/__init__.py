"""Erasing: the one mechanism, on the floor of the records, so that every path may call it.

A path calls `begin` in its transaction and `finish` after the commit; `plan` says beforehand what would go.
"""

from __future__ import annotations

from countenance.records.erasing.vocabulary import ErasureState, ResidencyRule, ScopeKind, Store

__all__ = ["ErasureState", "ResidencyRule", "ScopeKind", "Store"]
