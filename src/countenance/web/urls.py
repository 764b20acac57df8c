"""Every address of the application. Django's own trailing slashes are off: an address has one spelling."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from countenance.web import assets
from countenance.web.pages import account, candidates, cases, door, home, outside, public, review, wing

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("login", door.login, name="login"),
    path("login/second", door.second, name="second"),
    path("login/with/<str:name>", outside.leave, name="provider"),
    path("login/returned", outside.returned, name="returned"),
    path("login/arrived", outside.arrived, name="arrived"),
    path("confirm", door.confirm, name="confirm"),
    path("logout", door.logout, name="logout"),
    path("welcome/<str:token>", door.welcome, name="welcome"),
    path("account", account.account, name="account"),
    path("account/sessions", account.sessions, name="account-sessions"),
    path("account/links/<str:name>", outside.link, name="link"),
    path("account/links", outside.unlink, name="unlink"),
    path("account/password", account.password, name="account-password"),
    path("account/passkeys/new", account.new_passkey, name="passkey-new"),
    path("account/passkeys/<uuid:passkey>", account.passkey, name="passkey"),
    path("language", door.language, name="language"),
    path("register", public.register, name="register"),
    path("transparency", public.transparency, name="transparency"),
    path("transparency/<str:name>", public.to_check, name="to-check"),
    path("ask", public.ask, name="ask"),
    path("follow", public.follow, name="follow"),
    path("follow/receipt", public.receipt, name="receipt"),
    path("cases", cases.listed, name="cases"),
    path("cases/new", cases.new, name="case-new"),
    path("cases/<str:code>", cases.case, name="case"),
    path("cases/<str:code>/search", cases.search, name="search"),
    path("cases/<str:code>/report", cases.report, name="report"),
    path("cases/<str:code>/act/<str:name>", cases.act, name="case-act"),
    path("cases/<str:code>/searches/<str:name>", candidates.listed, name="candidates"),
    path("cases/<str:code>/searches/<str:name>/<int:rank>", candidates.compare, name="compare"),
    path(
        "cases/<str:code>/searches/<str:name>/<int:rank>/photograph", candidates.photograph, name="photograph"
    ),
    path("review", review.desk, name="review"),
    path("review/next", review.take, name="review-next"),
    path("review/undo", review.undo, name="review-undo"),
    path("review/care", review.care, name="review-care"),
    path("review/training", review.train, name="review-training"),
    path("review/pair/<str:name>", review.pair, name="pair"),
    path("pictures/<str:name>/<str:kind>/<int:number>", candidates.picture, name="picture"),
    path("static/<str:name>", assets.serve, name="static"),
    path("shown/<str:name>", wing.picture, name="shown"),
    path("files/<str:name>", wing.file, name="file"),
    path("", include("countenance.api.urls")),
    *wing.addresses(),
]

handler400 = "countenance.web.failures.bad_request"
handler404 = "countenance.web.failures.not_found"
handler500 = "countenance.web.failures.broken"
