"""What each act of moving asks for."""

from __future__ import annotations

from countenance.acting.form import Forms, flag, form, line
from countenance.policy.questions import Act

FORMS: Forms = {
    Act.MODEL_MIGRATE: form(line("gallery"), line("pack")),
    Act.MODEL_SWITCH: form(line("pack"), flag("leave")),
    Act.MODEL_VERIFY: form(line("pack")),
    Act.MODEL_REMOVE: form(line("pack")),
}
