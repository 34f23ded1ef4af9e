"""The window and the whole program: a person has an e-mail sent at once, by the keyboard."""

import os
from pathlib import Path

from window_desk import Screen, Window, wait_until

from service.paths import HOME_VARIABLE
from tests.program.sample_club import Club


def test_a_person_has_the_program_send_what_waits(display: Screen, tmp_path: Path) -> None:
    club = Club(tmp_path)
    try:
        club.start_smtp()
        club.write_settings()
        text = club.settings.read_text("utf-8")
        club.settings.write_text(text.replace('every = "1s"', 'every = "1h"'), "utf-8")
        club.make_database()
        club.start()
        wait_until(lambda: club.operation("email")["last_run"], "the first run")
        club.write_emails("jeanne@example.org")
        environment = {**os.environ, HOME_VARIABLE: str(club.home), "DISPLAY": display.name}
        with Window(display, environment) as window:
            window.shown()
            wait_until(lambda: display.shows("active", 28), "the operation that works")
            window.press("Down", "Down", "Return", "Tab", "Return")  # backup, SMS, e-mail: run now
            wait_until(lambda: club.copies()["jeanne@example.org"] == 1, "the e-mail")
            wait_until(lambda: club.operation("email")["counters"].get("sent") == 1, "the count")
    finally:
        club.close()
