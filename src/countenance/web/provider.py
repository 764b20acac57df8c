"""Logging in through an identity provider: OpenID Connect Core 1.0, authorization code with PKCE (RFC 7636).

The provider says who somebody is, and opens nothing. The account's key is opened by a token that only the browser holds:
each member binds their own browsers, from within, and what is kept here is sealed under that token (`web.keyring`). So neither
provider nor database, alone or together, signs as anybody. The second factor is still asked for, unless the
provider's statement says that it asked for more than one (`amr` holds `mfa`, RFC 8176); then it lets in, and confirms nothing.

::

    started   state, nonce, verifier: laid on the table of this browser, ten minutes, good once
    returned  code -> token endpoint -> id_token: signature by the provider's keys, iss, aud, azp, exp, iat, nonce
    proved    laid on the table again, until a page of our own asks for it: cookies that are strict come with that alone
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from countenance.primitives.addresses import exchange, is_private_on_the_way
from countenance.primitives.errors import RefusedError, UnavailableError
from countenance.primitives.text import N_
from countenance.records.models import Provider

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that a statement may bear. None that is made with a shared secret, and not `none`."""
_SECONDS = 10.0
_MOST_BYTES = 1 << 20
_DRIFT = timedelta(seconds=60)  # between the provider's clock and ours
_OLDEST = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True)
class Started:
    """What a browser set out with. `next`: where it goes afterwards; `linking`: to bind, not to log in."""

    provider: str
    nonce: str
    verifier: str
    next: str
    linking: bool


@dataclass(frozen=True, kw_only=True)
class Proved:
    """What the provider said. `subject`: its own name for the person; `several`: it asked for more than one factor."""

    provider: str
    subject: str
    several: bool
    next: str
    linking: bool


def registered(name: str) -> Provider:
    """The provider of this name. Raises RefusedError where none is registered (any more)."""
    found = Provider.objects.filter(name=name, removed_at=None).first()
    if found is None:
        raise _refused(N_("No provider of this name lets people in here."))
    return found


def providers() -> list[str]:
    """Names of those that may say at the door who somebody is."""
    return list(Provider.objects.filter(removed_at=None).order_by("name").values_list("name", flat=True))


def start(provider: Provider, goes_to: str, *, linking: bool) -> Started:
    """Fresh random values for one journey."""
    return Started(
        provider=provider.name,
        nonce=secrets.token_urlsafe(24),
        verifier=secrets.token_urlsafe(48),
        next=goes_to,
        linking=linking,
    )


def address_of(provider: Provider, started: Started, state: str, back: str) -> str:
    """Where the browser is sent. Raises UnavailableError where the provider does not answer as it must."""
    digest = sha256(started.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": "openid",  # not profile, not e-mail: nothing else is wanted
        "state": state,
        "nonce": started.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    address = _endpoint(_discovered(provider), "authorization_endpoint")
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}"


def redeem(provider: Provider, started: Started, code: str, back: str, secret: str, now: datetime) -> Proved:
    """Exchange the code, and check what comes. Raises RefusedError for a statement that is not for us, now; UnavailableError."""
    found = _discovered(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": provider.client_id,
        "code_verifier": started.verifier,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    if secret:
        pair = f"{quote(provider.client_id, safe='')}:{quote(secret, safe='')}"  # RFC 6749, section 2.3.1
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    answer = _ask("POST", _endpoint(found, "token_endpoint"), urlencode(form).encode(), headers)
    keys = _ask("GET", _endpoint(found, "jwks_uri"))
    claims = _claims(str(answer.get("id_token", "")), keys, provider)
    _check(claims, provider, started, now)
    methods = claims.get("amr")
    return Proved(
        provider=provider.name,
        subject=str(claims["sub"]),
        several=isinstance(methods, list) and "mfa" in methods,
        next=started.next,
        linking=started.linking,
    )


def secret_of(directory: Path, provider: Provider) -> str:
    """The client secret that the operator wrote beside the web's own; empty where the provider wants none."""
    try:
        return (directory / f"web.{provider.name}.secret").read_text("utf-8").strip()
    except FileNotFoundError:
        return ""


def _claims(statement: str, keys: dict[str, Any], provider: Provider) -> dict[str, Any]:
    """The claims of a signed statement. The times are checked by our own clock, afterwards."""
    import jwt

    try:
        header = jwt.get_unverified_header(statement)
        known = [
            key
            for key in jwt.PyJWKSet.from_dict(keys).keys
            if key.public_key_use in {None, "sig"} and header.get("kid") in {None, key.key_id}
        ]
        if len(known) != 1:
            raise jwt.InvalidKeyError("one key signs a statement")
        return jwt.decode(
            statement,
            known[0],
            algorithms=ALGORITHMS,
            audience=provider.client_id,
            issuer=provider.issuer,
            options={
                "require": ["iss", "sub", "aud", "exp", "iat", "nonce"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except (jwt.PyJWTError, ValueError, TypeError, AttributeError) as error:
        raise _refused(N_("What the provider says is not signed by it, or not meant for us.")) from error


def _check(claims: dict[str, Any], provider: Provider, started: Started, now: datetime) -> None:
    """OpenID Connect Core 1.0, section 3.1.3.7, points 3 to 5 and 9 to 11."""
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    meant = claims.get("azp", None if several else provider.client_id) == provider.client_id
    try:
        lives = float(claims["exp"]) > (now - _DRIFT).timestamp()
        fresh = (now - _OLDEST).timestamp() <= float(claims["iat"]) <= (now + _DRIFT).timestamp()
    except (TypeError, ValueError):
        lives = fresh = False
    ours = secrets.compare_digest(str(claims["nonce"]).encode(), started.nonce.encode())
    if not (meant and lives and fresh and ours and claims["sub"]):
        raise _refused(N_("What the provider says is too old, or was not asked for by this browser."))


def _discovered(provider: Provider) -> dict[str, Any]:
    """OpenID Connect Discovery 1.0, section 4."""
    found = _ask("GET", provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != provider.issuer:
        raise _unavailable(provider.issuer)
    return found


def _endpoint(found: dict[str, Any], name: str) -> str:
    address = str(found.get(name, ""))
    if not is_private_on_the_way(address):
        raise _unavailable(str(found["issuer"]))
    return address


def _ask(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """One JSON document. No redirection is followed, and no more than a megabyte is read."""
    parts = urlsplit(url)
    where = f"{parts.scheme}://{parts.netloc}"
    try:
        answer = exchange(
            method, url, body=body, headers=headers or {}, seconds=_SECONDS, longest=_MOST_BYTES
        )
        document = json.loads(answer.body) if answer.status == 200 else None
    except (OSError, ValueError) as error:
        raise _unavailable(where) from error
    if not isinstance(document, dict):
        raise _unavailable(where)
    return document


def _unavailable(where: str) -> UnavailableError:
    return UnavailableError(
        N_("The identity provider {provider} does not answer as it must."),
        remedy=N_("Log in with your password, or try again later."),
        code="provider-unavailable",
        provider=where,
    )


def _refused(sentence: str) -> RefusedError:
    return RefusedError(
        sentence,
        reason="not-authenticated",
        rule="ID-05",
        authority="PIPEDA Principle 4.7 (Safeguards)",
        since="2001-01-01",
    )
