"""The path of a person's request.

1. request     it is taken in under a number and a secret, by whatever points at the person; nothing is looked up
2. verify      somebody says how they know who asks, or the code of a receipt is shown; a `VerifiedRequest` comes of it
3. find        by receipt, photograph, reference, or own face; a person at the desk confirms which faces are the requester's
4. access | erase | suppress    or correct, withdraw, object: what was asked is done, in one transaction
5. receipt     an entry in the log commits to what the requester is handed; the request's own key is destroyed

Steps 1, 2, 4 and 5 are acts (see `acting.path`): signed, decided by policy, logged in the transaction of what they change.
Notices that pause or extend the clock, a refusal and a withdrawal are acts as well, each with its receipt.
"""

from __future__ import annotations

from countenance.rights.desk import open_request as request
from countenance.rights.desk import receipt_for as receipt
from countenance.rights.desk import verified_request as verify

__all__ = ["receipt", "request", "verify"]
