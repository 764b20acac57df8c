"""One handler per act of the request desk."""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers
from countenance.policy.questions import Act
from countenance.rights.acts import finding, fulfilling, notices, preparing, reading, receiving, sweeping

HANDLERS: Handlers = {
    Act.REQUEST_OPEN: Handler(carry_out=receiving.open_),
    Act.REQUEST_VERIFY: Handler(carry_out=receiving.verify),
    Act.REQUEST_PAUSE: Handler(carry_out=notices.pause),
    Act.REQUEST_RESUME: Handler(carry_out=notices.resume),
    Act.REQUEST_EXTEND: Handler(carry_out=notices.extend),
    Act.REQUEST_REFUSE: Handler(carry_out=notices.refuse),
    Act.REQUEST_WITHDRAW: Handler(carry_out=notices.withdraw),
    Act.REQUEST_FIND: Handler(carry_out=finding.find),
    Act.REQUEST_CONFIRM: Handler(carry_out=finding.confirm),
    Act.REQUEST_PREPARE: Handler(carry_out=preparing.prepare),
    Act.REQUEST_SWEEP: Handler(carry_out=sweeping.release),
    Act.REQUEST_FULFIL: Handler(carry_out=fulfilling.fulfil),
    Act.REQUEST_READ: Handler(carry_out=reading.read),
    Act.REQUEST_RECEIPTS: Handler(carry_out=reading.receipts),
}
