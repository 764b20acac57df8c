"""The rules against misuse: seeded patterns are flagged within a day, an innocent month hardly ever; others look at flags."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from house import House, photograph

from countenance.oversight.misuse import (
    RULES,
    Day,
    Denied,
    Made,
    MisuseRule,
    Opened,
    false_flags,
    read_day,
    scan,
)
from countenance.primitives.errors import ConflictError, RefusedError
from countenance.records import models
from countenance.records.identity import AccountKey

MIDNIGHT = datetime(2026, 11, 2, tzinfo=UTC)
CLIENT, OFFICER = uuid.uuid4(), uuid.uuid4()
COLLEAGUES = [uuid.uuid4() for _ in range(6)]


def made(
    at: datetime, account: uuid.UUID, case: uuid.UUID, number: int, *, probe: str = "", flawless: bool = False
) -> Made:
    return Made(
        entry=number,
        at=at,
        account=account,
        client=CLIENT,
        case=case,
        probes=(probe or f"p{number}",),
        flawless=flawless,
    )


def month(seed: int, days: int = 56) -> list[Made]:
    """Two months of six caseworkers: a few cases each, a few probes in a case, office hours, one probe in four flawless."""
    choose = random.Random(seed)
    found: list[Made] = []
    for account in COLLEAGUES:
        cases = [uuid.UUID(int=choose.getrandbits(128)) for _ in range(12)]
        for back in range(days):
            start = MIDNIGHT - timedelta(days=back)
            if start.weekday() >= 5 and choose.random() < 0.9:
                continue
            case = choose.choice(cases)
            for _ in range(max(0, round(choose.gauss(3, 2)))):
                hour = choose.choices(
                    [7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 19, 22], [1, 5, 8, 8, 6, 6, 8, 8, 6, 4, 1, 1]
                )[0]
                at = start + timedelta(hours=hour, minutes=choose.randrange(60))
                number = len(found)
                repeated = choose.random() < 0.3
                found.append(
                    made(
                        at,
                        account,
                        case,
                        number,
                        probe=f"same-{case}" if repeated else "",
                        flawless=choose.random() < 0.25,
                    )
                )
    return found


def day(
    start: datetime, searches: Iterable[Made], denied: Iterable[Denied] = (), opened: Iterable[Opened] = ()
) -> Day:
    held = [each for each in searches if start - timedelta(days=28) <= each.at < start + timedelta(days=1)]
    return Day(start=start, made=held, denied=list(denied), opened=list(opened))


def flagged(which: Day, account: uuid.UUID) -> set[MisuseRule]:
    return {rule for rule, seen in RULES.items() if seen(which, account)}


def test_the_pattern_of_evansville_is_flagged_on_its_first_day() -> None:
    """One real case number, many people who have nothing to do with it, pictures as from social media, in the evening."""
    case = uuid.uuid4()
    evening = MIDNIGHT + timedelta(hours=23)
    seeded = [
        made(evening + timedelta(minutes=number), OFFICER, case, 10_000 + number, flawless=True)
        for number in range(20)
    ]
    found = flagged(day(MIDNIGHT, [*month(1), *seeded]), OFFICER)
    assert found >= {
        MisuseRule.CASE_VOLUME,
        MisuseRule.ACCOUNT_VOLUME,
        MisuseRule.PROBE_KIND,
        MisuseRule.ODD_HOURS,
    }


def test_spread_thinly_over_days_it_is_still_seen_by_its_probes() -> None:
    case = uuid.uuid4()
    seeded = [
        made(MIDNIGHT + timedelta(hours=10, minutes=number), OFFICER, case, 10_000 + number, flawless=True)
        for number in range(8)
    ]
    assert flagged(day(MIDNIGHT, [*month(1), *seeded]), OFFICER) == {MisuseRule.PROBE_KIND}


def test_an_innocent_month_is_flagged_in_less_than_one_day_of_fifty() -> None:
    worst = 0.0
    for seed in range(10):
        searches = month(seed)
        days = [day(MIDNIGHT - timedelta(days=back), searches) for back in range(28)]
        flags, looked = false_flags(days, COLLEAGUES)
        assert looked > 90
        worst = max(worst, flags / looked)
    print(f"false flags: at worst {worst:.4f} of account-days")
    assert worst < 0.02


def test_many_searches_with_one_probe_are_no_many_people() -> None:
    case = uuid.uuid4()
    seeded = [
        made(MIDNIGHT + timedelta(hours=10, minutes=number), OFFICER, case, 10_000 + number, probe="one")
        for number in range(14)
    ]
    assert flagged(day(MIDNIGHT, [*month(1), *seeded]), OFFICER) == set()


def test_who_is_refused_for_a_barred_body_and_searches_on_by_another_name_is_flagged() -> None:
    refusal = Denied(entry=5, at=MIDNIGHT + timedelta(hours=9), account=OFFICER, reason="requester-suspended")
    case = uuid.uuid4()
    after = Opened(case=case, at=MIDNIGHT + timedelta(hours=10), account=OFFICER, client=CLIENT, outside=None)
    search = made(MIDNIGHT + timedelta(hours=11), OFFICER, case, 9)
    which = day(MIDNIGHT, [search], [refusal], [after])
    assert RULES[MisuseRule.PROXY_SEARCH](which, OFFICER) == [5, 9]
    before = Opened(case=case, at=MIDNIGHT, account=OFFICER, client=CLIENT, outside=None)
    assert RULES[MisuseRule.PROXY_SEARCH](day(MIDNIGHT, [search], [refusal], [before]), OFFICER) == []


def test_a_row_of_cases_for_one_outside_body_is_flagged() -> None:
    def which(count: int) -> Day:
        opened = [
            Opened(
                case=uuid.UUID(int=number),
                at=MIDNIGHT - timedelta(days=number % 5),
                account=OFFICER,
                client=CLIENT,
                outside="police of elsewhere",
            )
            for number in range(count)
        ]
        return day(MIDNIGHT, [made(MIDNIGHT + timedelta(hours=9), OFFICER, uuid.UUID(int=0), 77)], (), opened)

    assert RULES[MisuseRule.PROXY_SEARCH](which(5), OFFICER) == [77]
    assert RULES[MisuseRule.PROXY_SEARCH](which(4), OFFICER) == []


def test_refusals_for_a_purpose_again_and_again_are_flagged() -> None:
    refusals = [
        Denied(entry=n, at=MIDNIGHT + timedelta(hours=n), account=OFFICER, reason="purpose-not-of-case")
        for n in range(3)
    ]
    assert RULES[MisuseRule.PURPOSE_DRIFT](day(MIDNIGHT, [], refusals), OFFICER) == [0, 1, 2]
    assert RULES[MisuseRule.PURPOSE_DRIFT](day(MIDNIGHT, [], refusals[:2]), OFFICER) == []


def seed_searches(house: House, count: int) -> None:
    """One real search, repeated in the records with other probes under entries of the log of their own."""
    house.enrol(house.person("P001"), photograph("P001"))
    house.search(photograph("P001", "amateur_selfie"))
    (search,) = models.Search.objects.all()
    (probe,) = models.Probe.objects.all()
    for number in range(count):
        copy = models.Search.objects.get(pk=search.pk)
        copy.pk, copy.grant_id, copy.log_index = uuid.uuid4(), f"g{number}", search.log_index
        copy.save(force_insert=True)
        other = models.Probe.objects.get(pk=probe.pk)
        other.pk, other.search, other.sha256 = uuid.uuid4(), copy, f"{number:064}"
        other.save(force_insert=True)


def test_a_flag_is_a_record_and_an_entry_raised_once(house: House) -> None:
    seed_searches(house, 12)
    flags = scan(house.workspace)
    assert [flag.rule for flag in flags] == ["case-volume"]
    assert house.events()[-1] == "misuse-flagged"
    assert flags[0].entries
    assert scan(house.workspace) == []
    house.clock.move(timedelta(hours=20))  # the next day: yesterday is looked at again, and is known
    assert scan(house.workspace) == []


def test_refusals_are_read_from_the_log(house: House) -> None:
    house.enrol(house.person("P001"), photograph("P001"))
    for _ in range(3):
        house.search(photograph("P001"), purpose="family-tracing")
    found = read_day(house.clock().replace(hour=0, minute=0))
    assert [each.reason for each in found.denied] == ["purpose-not-of-case"] * 3
    assert {flag.rule for flag in scan(house.workspace)} == {"purpose-drift"}


def test_somebody_else_looks_at_a_flag_and_their_finding_stays(house: House) -> None:
    seed_searches(house, 12)
    (flag,) = scan(house.workspace)
    supervisor = house.account("sue", "supervisor")
    auditor = house.account("aud", "auditor", None)
    listed = house.act("watch-read", supervisor, listing="flags")["flags"]
    assert [row["flag"] for row in listed] == [flag.code]
    # Were it about the supervisor, that supervisor neither reads nor settles it.
    models.MisuseFlag.objects.update(account=models.Account.objects.get(name="sue"))
    assert house.act("watch-read", supervisor, listing="flags")["flags"] == []
    with pytest.raises(RefusedError) as refused:
        house.act("flag-review", supervisor, flag=flag.code, finding="unfounded")
    assert refused.value.reason == "flag-own"
    assert house.events()[-1] == "act-refused"
    made = house.act("flag-review", auditor, flag=flag.code, finding="misuse", note="Ask the sergeant.")
    assert made["reviewed_by"] == "aud"
    with pytest.raises(ConflictError):
        house.act("flag-review", auditor, flag=flag.code, finding="unfounded")


def test_a_caseworker_reads_no_flag_and_another_client_neither(sqlite_house: House) -> None:
    house = sqlite_house
    seed_searches(house, 12)
    (flag,) = scan(house.workspace)
    with pytest.raises(RefusedError):
        house.act("watch-read", house.caseworker, listing="flags")
    house.act(
        "client-add",
        name="Others",
        jurisdiction="CA",
        purposes=["missing-person"],
        **{"from": "2026-01-01", "until": "2028-01-01"},
    )
    stranger: AccountKey = house.account("max", "supervisor", "Others")
    assert house.act("watch-read", stranger, listing="flags")["flags"] == []
    with pytest.raises(RefusedError) as refused:
        house.act("flag-review", stranger, flag=flag.code, finding="unfounded")
    assert refused.value.reason == "other-organisation"
