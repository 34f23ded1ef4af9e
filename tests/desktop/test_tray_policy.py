"""What the icon shows for a status: the worst of it, in words, within what every desktop shows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.tray import policy
from actors.tray.face import (
    DIVIDER,
    HELP,
    OPEN,
    PAUSE,
    QUIT,
    RESTART,
    RESUME,
    Item,
    face_from_json,
    face_to_json,
    words_from_json,
    words_to_json,
)
from tests.desktop.sample_status import operation, status

AWFUL = "Club \"Forme\" \U0001f3ca\U0001f3fd\u200d\u2640\ufe0f 'x' <b>&amp; " * 14


@pytest.mark.parametrize(
    ("found", "picture"),
    [
        (status(operation("sms")), "active"),
        (status(operation("sms", "waiting"), state="attention"), "attention"),
        (status(operation("sms", "failed"), state="failed"), "failed"),
        # nothing is wrong, and nothing is done here either: a tick would promise too much
        (status(operation("sms", "disabled"), operation("email", "not_on_this_station")), "off"),
        (status(operation("sms", "standby")), "off"),
        (status(operation("sms"), state="stopping"), "stopping"),
        (status(), "active"),
    ],
)
def test_the_picture_is_the_aggregate_state(found: dict[str, Any], picture: str) -> None:
    assert policy.picture_of_station(found) == picture


def test_the_tooltip_names_the_worst_operation_and_counts_the_others() -> None:
    found = status(
        operation("email", "waiting", "the mail server does not answer"),
        operation("sms", "failed", "the modem is gone"),
        operation("backup"),
        state="failed",
    )
    assert policy.tooltip_of(found, "en") == (
        "ACCUEIL: an operation has failed\nSMS: failed: the modem is gone and 1 more"
    )


def test_the_tooltip_says_a_warning_of_an_operation_that_works() -> None:
    found = status(operation("sms", reason="the credit runs low", attention=True), state="attention")
    assert policy.tooltip_of(found, "en").endswith("SMS: active, but the credit runs low")


def test_the_tooltip_says_a_problem_of_the_settings_file() -> None:
    found = status(operation("sms"), state="attention", config={"problem": "line 3: sms.x: unknown key"})
    assert policy.tooltip_of(found, "en").endswith("\nline 3: sms.x: unknown key")


def test_the_tooltip_says_that_alerts_are_paused_when_nothing_worse_is_to_be_said() -> None:
    pause = policy.pause_sentence(datetime(2026, 11, 24, 14, tzinfo=UTC), datetime(2026, 11, 24, 13, tzinfo=UTC))
    assert policy.tooltip_of(status(operation("sms")), "en", pause).endswith("alerts are paused until 14:00")


@given(st.text(), st.text(), st.sampled_from(["active", "waiting", "failed", "disabled", "new in version 9"]))
def test_whatever_is_said_fits_into_what_windows_shows(title: str, reason: str, state: str) -> None:
    found = status({**operation("sms", state, reason), "title": title}, operation("x", "failed", reason), state=state)
    tooltip = policy.tooltip_of({**found, "station": title}, "fr")
    assert policy.units(tooltip) <= policy.TOOLTIP_UNITS
    assert tooltip.count("\n") <= 1


def test_a_title_of_500_characters_with_quotes_and_emoji_makes_one_short_line() -> None:
    line = policy.operation_line({**operation("sms", "failed", AWFUL), "title": AWFUL}, "fr")
    assert policy.units(line) <= 84
    assert "\n" not in line


def test_clipping_cuts_no_character_in_two() -> None:
    for length in range(1, 12):
        clipped = policy.clipped("\U0001f3ca" * 9, length)
        assert policy.units(clipped) <= length
        assert "\ufffd" not in clipped


def flat(items: tuple[Item, ...]) -> list[str]:
    return [does for item in items for does in (item.does, *flat(item.below)) if does]


def test_the_menu_has_a_line_for_each_operation_and_all_that_can_be_done() -> None:
    found = status(operation("sms"), operation("email", "standby", "SERVEUR does it"), operation("backup", "disabled"))
    menu = policy.face_of(found, "en").menu
    assert [item.text for item in menu if item.picture] == [
        "SMS — active",
        "EMAIL — not active on this station: SERVEUR does it",
        "BACKUP — not active on this station",
    ]
    assert menu[0].is_default
    assert flat(menu) == [
        *(OPEN, OPEN, OPEN, OPEN),
        *(f"{RESTART}sms", f"{RESTART}email"),  # what has no actor here cannot be restarted
        *(f"{PAUSE}1h", f"{PAUSE}tomorrow", f"{PAUSE}ever"),
        *(HELP, QUIT),
    ]


def test_the_menu_offers_the_end_of_a_pause_while_alerts_are_paused() -> None:
    menu = policy.face_of(status(operation("sms")), "en", pause=policy.pause_sentence(None, datetime.now(UTC))).menu
    paused = next(item for item in menu if item.picture == "paused")
    assert paused.text == "alerts are paused"
    assert [item.does for item in paused.below] == [RESUME]


def test_a_pause_until_tomorrow_says_so() -> None:
    now = datetime(2026, 11, 24, 20, tzinfo=UTC)
    said = policy.pause_sentence(now + timedelta(hours=11), now)
    assert str(said) == "alerts are paused until tomorrow, 07:00"


def test_faces_and_words_arrive_as_they_were_sent() -> None:
    face = policy.face_of(status(operation("sms", "failed", AWFUL), state="failed"), "fr")
    words = policy.words_of("ACCUEIL", "fr", "M. Heitz, 01 23 45 67 89")
    assert face_from_json(face_to_json(face)) == face
    assert DIVIDER in face.menu
    assert words_from_json(words_to_json(words)) == words
    assert "01 23 45 67 89" in words.help_text
