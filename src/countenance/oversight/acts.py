"""One handler per act of oversight."""

from __future__ import annotations

from countenance.acting.step import Handler, Handlers
from countenance.oversight import (
    authorities,
    certifying,
    denying,
    exporting,
    inquiries,
    inspecting,
    locks,
    orders,
    reading,
    reporting,
)
from countenance.policy.questions import Act

HANDLERS: Handlers = {
    Act.LOCK_SET: Handler(carry_out=locks.set_lock),
    Act.LOCK_LIFT: Handler(carry_out=locks.lift_lock),
    Act.AUTHORITY_ADD: Handler(carry_out=authorities.add),
    Act.OVERSIGHT_READ: Handler(carry_out=reading.read, client_of=authorities.client_of_own),
    Act.ORDER_PREVIEW: Handler(carry_out=orders.preview, client_of=authorities.client_of_own),
    Act.ORDER_ISSUE: Handler(carry_out=orders.issue, client_of=authorities.client_of_own),
    Act.ORDER_LIFT: Handler(carry_out=orders.lift, client_of=orders.authority_of),
    Act.ORDER_DESTROY: Handler(carry_out=orders.destroy, client_of=orders.authority_of),
    Act.ORDER_CERTIFY: Handler(carry_out=certifying.certify, client_of=authorities.client_of_own),
    Act.INQUIRY_OPEN: Handler(carry_out=inquiries.open_inquiry, client_of=authorities.client_of_own),
    Act.INQUIRY_JOIN: Handler(carry_out=inquiries.join, client_of=authorities.client_of_own),
    Act.INQUIRY_ATTACH: Handler(carry_out=inquiries.attach, client_of=inquiries.authority_of),
    Act.INQUIRY_CLOSE: Handler(carry_out=inquiries.close, client_of=inquiries.authority_of),
    Act.INQUIRY_REPORT: Handler(carry_out=reporting.report, client_of=inquiries.authority_of),
    Act.INSPECT: Handler(carry_out=inspecting.inspect, client_of=inquiries.authority_of),
    Act.INSPECT_FACES: Handler(carry_out=inspecting.faces, client_of=inquiries.authority_of),
    Act.CASE_DENY: Handler(carry_out=denying.deny, client_of=denying.client_of),
    Act.SEARCH_EXPORT: Handler(
        carry_out=exporting.export, client_of=exporting.client_of, closed=exporting.closed
    ),
}
