"""Cron expressions: what is refused and why, what is accepted, and the words for it."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime

import pytest

from airunner.base.errors import Invalid
from airunner.domain.cron import Cron, zone_of
from airunner.domain.cronfields import NICKNAMES

# expression -> a piece of the sentence that refuses it
REFUSED = [
    ("", "is empty"),
    ("  \t ", "is empty"),
    ("*", "has five fields (minute, hour, day of month, month, day of week); this one has 1."),
    ("0 9 * *", "this one has 4."),
    ("0 0 9 * * 1", "this one has 6. Seconds and years are not known here"),
    ("0 0 9 * * 1 2026", "this one has 7."),
    ("60 * * * *", "Minute must be 0 to 59; it is 60."),
    ("* 24 * * *", "Hour must be 0 to 23; it is 24."),
    ("* * 0 * *", "Day of month must be 1 to 31; it is 0."),
    ("* * 32 * *", "Day of month must be 1 to 31; it is 32."),
    ("* * * 0 *", "Month must be 1 to 12; it is 0."),
    ("* * * 13 *", "Month must be 1 to 12; it is 13."),
    ("* * * * 8", "Day of week must be 0 to 7; it is 8."),
    ("50-60 * * * *", "Minute must be 0 to 59; it is 60."),
    ("-1 * * * *", "Minute must be a number from 0 to 59"),
    ("5abc * * * *", 'Minute must be a number from 0 to 59; it is "5abc".'),
    ("5.5 * * * *", 'it is "5.5"'),
    ("٥ * * * *", "Minute must be a number"),
    ("00000 * * * *", "Minute must be a number"),
    ("jan * * * *", "Minute must be a number from 0 to 59"),
    ("* * * foo *", "Month must be a number from 1 to 12 or a name such as feb"),
    ("* * * january *", "Month must be a number from 1 to 12 or a name"),
    ("* * * * jan", "Day of week must be a number from 0 to 7 or a name such as mon"),
    (",5 * * * *", "comma at its beginning"),
    ("5, * * * *", "comma at its end"),
    ("5,,6 * * * *", "comma too many in the middle"),
    (", * * * *", "has a comma"),
    ("*/0 * * * *", 'The step in "*/0" of the minute must be a whole number from 1.'),
    ("*/ * * * *", "must be a whole number from 1"),
    ("*/-5 * * * *", "must be a whole number from 1"),
    ("*/5/5 * * * *", "must be a whole number from 1"),
    ("*/60 * * * *", "must be at most 59"),
    ("5/15 * * * *", "write 5-59/15"),
    ("30-10 * * * *", "runs backwards; write it as 30-59,0-10"),
    ("* 22-6 * * *", "runs backwards; write it as 22-23,0-6"),
    ("* * * * 5-1", "runs backwards; write it as 5-6,0-1"),
    ("* * * nov-feb *", "runs backwards; write it as 11-12,1-2"),
    ("1-2-3 * * * *", "Minute must be a number"),
    ("1- * * * *", "Minute must be a number"),
    ("** * * * *", "Minute must be a number"),
    ("*-5 * * * *", "Minute must be a number"),
    ("* * L * *", "another scheduler's language"),
    ("* * 15W * *", "another scheduler's language"),
    ("* * ? * *", "another scheduler's language"),
    ("* * * * 5#2", "another scheduler's language"),
    ("* * * * 5L", "another scheduler's language"),
    ("H * * * *", "another scheduler's language"),
    ("@reboot", "@reboot is no time"),
    ("@Reboot", "is no time"),
    ("@fortnightly", "there are @yearly"),
    ("@daily 5", "There is no"),
    ("0 0 31 2 *", "There is no day 31 in Feb: this would never run."),
    ("0 0 30 2 *", "There is no day 30 in Feb"),
    ("0 0 30,31 2 *", "There is no day 30 in Feb"),
    ("0 0 31 4 *", "There is no day 31 in Apr"),
    ("0 0 31 4,6,9,11 *", "There is no day 31 in Apr or Jun or Sep or Nov"),
    ("0 0 31 2 */2", "There is no day 31 in Feb"),
    ("0 9 * * 1-5\0", "Day of week must be a number"),
    ("1," * 600 + "1 * * * *", "more than 1,000 characters"),
    ("x" * 1_000, "this one has 1."),
    ("1," * 490 + " * * * *", "comma at its end"),
    ("9" * 990 + " * * * *", "Minute must be a number"),
]  # fmt: skip
# expression -> another one that means the same
ACCEPTED = [
    ("  0   9\t* * 1-5 ", "0 9 * * 1-5"),
    ("0 9 * JAN-mar Mon-FRI", "0 9 * 1-3 1-5"),
    ("0 9 * feb,Dec sun,WED", "0 9 * 2,12 0,3"),
    ("0 9 * * FRI-SUN", "0 9 * * 0,5,6"),
    ("0 9 * * 5-7", "0 9 * * 0,5,6"),
    ("0 9 * * 5-0", "0 9 * * 0,5,6"),
    ("0 9 * * 7", "0 9 * * 0"),
    ("0 9 * * 0-7", "0 9 * * *"),
    ("0 9 * * sun-sat", "0 9 * * *"),
    ("0 9 * * mon-fri/2", "0 9 * * 1,3,5"),
    ("00 09 01 01 00", "0 9 1 1 0"),
    ("*,5 * * * *", "* * * * *"),
    ("5-5/15 * * * *", "5 * * * *"),
    ("*/40 * * * *", "0,40 * * * *"),
    ("1-10/3,2,2 * * * *", "1,2,4,7,10 * * * *"),
    ("0 0 1-31/10 * *", "0 0 1,11,21,31 * *"),
    ("0 0 31 2,3 *", "0 0 31 3 *"),
    *NICKNAMES.items(),
    *((name.upper(), expression) for name, expression in NICKNAMES.items()),
    ("1," * 490 + "1 * * * *", "1 * * * *"),
]
WORDS = [
    ("* * * * *", "Every minute"),
    ("*/15 * * * *", "Every 15 minutes"),
    ("*/7 * * * *", "Every hour at the minutes 0, 7, 14, 21, 28, 35, 42, 49 and 56"),
    ("0-58 * * * *", "Every hour at the minutes 0 to 58"),
    ("@hourly", "Every hour"),
    ("30 * * * *", "Every hour at minute 30"),
    ("5,35 * * * *", "Every hour at the minutes 5 and 35"),
    ("0 */2 * * *", "Every 2 hours"),
    ("15 */2 * * *", "Every 2 hours at minute 15"),
    ("30 1-23/2 * * *", "Every 2 hours from 01:30"),
    ("30 */6 * * *", "At 00:30, 06:30, 12:30 and 18:30 every day"),
    ("*/10 9-17 * * *", "Every 10 minutes from 09:00 to 17:59"),
    ("* 9 * * *", "Every minute from 09:00 to 09:59"),
    ("*/20 8,12,20 * * *", "Every 20 minutes in the hours 08, 12 and 20"),
    ("0 9 * * *", "At 09:00 every day"),
    ("0 9,17 * * *", "At 09:00 and 17:00 every day"),
    ("0 9 * * 1-5", "At 09:00, Monday to Friday"),
    ("0 9 * * 0,6", "At 09:00, Saturday and Sunday"),
    ("0 9 * * FRI-SUN", "At 09:00, Friday to Sunday"),
    ("0 9 * * 1,3,5", "At 09:00, Monday, Wednesday and Friday"),
    ("*/5 * * * 0", "Every 5 minutes, Sunday"),
    ("0 0 1 * *", "At 00:00, on day 1 of the month"),
    ("0 0 1,15 * *", "At 00:00, on days 1 and 15 of the month"),
    ("@yearly", "At 00:00, on 1 January"),
    ("0 0 29 2 *", "At 00:00, on 29 February"),
    ("0 9 * 6-8 *", "At 09:00, in June to August"),
    ("0 9 * 1,2,12 6,7", "At 09:00, Saturday and Sunday, in January, February and December"),
    ("0 0 1-7 * 1", "At 00:00, on days 1 to 7 of the month or Monday"),
    ("0 0 */10 * 1", "At 00:00, on days 1, 11, 21 and 31 of the month and only Monday"),
    ("0 9 15 3 1", "At 09:00, on day 15 of the month or Monday, in March"),
    ("0 9 1-31 * 1", "At 09:00 every day"),
    ("0 9 1 * 0-6", "At 09:00 every day"),
]


@pytest.mark.parametrize(
    ("expression", "why"), REFUSED, ids=[row[0][:30].encode("unicode_escape").decode() for row in REFUSED]
)
def test_parse_when_it_is_no_cron_then_a_sentence_says_why_and_at_once(expression: str, why: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid) as refused:
        Cron.parse(expression)
    assert time.process_time() - began < 0.05
    assert why in refused.value.message
    assert refused.value.code == "invalid_cron"
    assert refused.value.fields == {"cronExpression": refused.value.message}
    assert len(refused.value.message) < 250


@pytest.mark.parametrize(("expression", "same"), ACCEPTED, ids=[row[0][:30].strip() for row in ACCEPTED])
def test_parse_when_it_is_written_in_another_way_then_it_means_the_same(expression: str, same: str) -> None:
    start = datetime(2026, 1, 1, 0, 30, tzinfo=UTC)
    began = time.process_time()
    times = Cron.parse(expression).first(50, start, UTC)
    assert time.process_time() - began < 0.25
    assert times == Cron.parse(same).first(50, start, UTC)
    assert Cron.parse(expression).expression == expression


def test_impossible_day_when_weekdays_stand_beside_it_then_those_count() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    days = [at.date() for at in Cron.parse("0 0 31 2 1").first(5, start, UTC)]
    assert days == [date(2026, 2, day) for day in (2, 9, 16, 23)] + [date(2027, 2, 1)]


@pytest.mark.parametrize(("expression", "words"), WORDS, ids=[row[0] for row in WORDS])
def test_describe_when_asked_then_it_says_when_it_fires(expression: str, words: str) -> None:
    assert Cron.parse(expression).describe() == words


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "Etc/UTC", "Pacific/Kiritimati", "America/Argentina/Ushuaia"])
def test_zone_when_the_machine_knows_it_then_it_is_there(name: str) -> None:
    assert datetime(2026, 1, 1, tzinfo=zone_of(name)).utcoffset() is not None


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Mars/Olympus",
        "Europe",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/Berlin\n",
        "\0",
        "Ünicode",
        "a" * 101,
        "UTC+1",
        "tzdata.zi",
        "\ud800",
    ],
)
def test_zone_when_the_machine_does_not_know_it_then_it_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="must be a time zone such as Europe/Berlin") as refused:
        zone_of(name)
    assert refused.value.fields == {"timezone": refused.value.message}


@pytest.mark.parametrize(
    ("expression", "often"),
    [
        ("* * * * *", 1440.0),
        ("*/15 * * * *", 96.0),
        ("0 9 * * *", 1.0),
        ("0 9 * * 1", 52 / 365),
        ("0 0 1 * *", 12 / 365),
    ],
)
def test_per_day_when_asked_then_it_is_the_average_of_a_year(expression: str, often: float) -> None:
    assert Cron.parse(expression).per_day(date(2026, 1, 1)) == pytest.approx(often)


@pytest.mark.parametrize(
    ("expression", "wall", "expected"),
    [
        ("0 9 * * 1-5", datetime(2026, 3, 12, 9, 0, 59), True),  # a Thursday
        ("0 9 * * 1-5", datetime(2026, 3, 12, 9, 1), False),
        ("0 9 * * 1-5", datetime(2026, 3, 14, 9, 0), False),
        ("0 9 13 * 4", datetime(2026, 3, 12, 9, 0), True),
        ("0 9 13 4 4", datetime(2026, 3, 12, 9, 0), False),
    ],
)
def test_matches_when_asked_of_a_minute_then_it_says_whether_it_is_one(
    expression: str, wall: datetime, expected: bool
) -> None:
    assert Cron.parse(expression).matches(wall) is expected
