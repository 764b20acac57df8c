"""The first page: for members their desks; for everybody else, what this is and what they may ask."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from countenance.records.models import WorkspaceState
from countenance.web.desk import member_of
from countenance.web.vocabulary import ROLES


def home(request: HttpRequest) -> HttpResponse:
    """Desks of who is in."""
    member = member_of(request)
    operator = WorkspaceState.objects.values_list("operator", flat=True).get(pk=1)
    role = ROLES[member.account.role] if member else ""
    return render(request, "web/home.html", {"operator": operator, "role": role})
