"""`sms`: what a support person, a manager and the member who objects need, on a real database."""

import io
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from club import SMS, Database, Lease, Outbox, Prepared, Received, Sent, SmsAnswers, SmsSending, Uncertain
from service.command_line import main
from service.terminal import width

SETTINGS = """
[club]
name = "Forme et Santé"
language = "en"
database = "sqlite:///club.db"
[stations.SERVEUR]
server = true
[stations.ACCUEIL]
"""
NUMBER, TYPED, HIDDEN = "+33644601837", "06 44 60 18 37", "+33 6 ** ** ** 37"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "heitz-service.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    monkeypatch.setenv("HEITZ_SERVICE_CONFIG", str(path))
    return path


@pytest.fixture
def database(config: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Database]:
    assert main(["database", "init"]) == 0
    capsys.readouterr()
    opened = Database(f"sqlite:///{config.parent / 'club.db'}")
    yield opened
    opened.dispose()


def write(database: Database, **values: Any) -> int:
    columns = {"recipient": TYPED, "body": "Séance annulée", **values}
    key = database.write(
        lambda connection: connection.execute(SMS.messages.insert().values(**columns)).inserted_primary_key
    )
    assert key is not None
    return int(key[0])


def run(database: Database, outcome: Any) -> None:
    """Send what is due to an outcome, as the station does."""
    lease = Lease(database, "sms", "ACCUEIL", "one")
    assert lease.acquire()
    outbox = Outbox(database, SMS, lease)
    outbox.recover()
    messages = outbox.claim()
    SmsSending(database, "ACCUEIL").prepare([Prepared(message, NUMBER, 2) for message in messages])
    for message in messages:
        assert outbox.begin(message)
        assert outbox.settle(message, outcome)
    lease.release()


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    out = capsys.readouterr().out
    assert max(map(width, out.splitlines()), default=0) <= 80
    return out


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def digits(said: str) -> str:
    return re.sub(r"\D", "", said)


def test_sms_are_listed_by_state_and_their_numbers_hidden(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    write(database, category="marketing")
    run(database, Sent("p1"))
    write(database, state="failed", error=f"550 {NUMBER} refused")
    assert main(["sms", "list"]) == 0
    said = shown(capsys)
    assert HIDDEN in said
    assert "644601" not in digits(said)
    assert main(["sms", "list", "--state", "sent", "--json"]) == 0
    listed = document(capsys)
    (sms,) = listed["sms"]
    assert listed["counts"]["delivered"] == 0
    assert (sms["recipient"], sms["parts"], sms["category"], sms["state"]) == (HIDDEN, 2, "marketing", "sent")
    assert main(["sms", "list", "--numbers", "--json"]) == 0
    failed, sent = document(capsys)["sms"]
    assert (sent["recipient"], failed["recipient"], failed["error"]) == (NUMBER, TYPED, f"550 {NUMBER} refused")


def test_one_sms_is_shown_attempt_by_attempt(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    message_id = write(database, client_id=42)
    run(database, Uncertain(f"no reply about {NUMBER}", "p1"))
    assert main(["sms", "resolve", str(message_id), "--resend"]) == 0
    assert capsys.readouterr().out == "1 SMS goes out at the next run\n"
    run(database, Sent("p2"))
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE sms SET state = 'delivered', delivered_at = sent_at"))
    assert main(["sms", "show", str(message_id)]) == 0
    said = shown(capsys)
    for part in (HIDDEN, "delivered", "uncertain (no reply", "a person: to be sent again", "p2", "Séance annulée"):
        assert part in said, part
    assert "644601" not in digits(said)
    assert main(["sms", "show", str(message_id), "--json"]) == 0
    sms = document(capsys)
    assert [one["outcome"] for one in sms["deliveries"]] == ["uncertain", "resend", "sent", "delivered"]
    assert (sms["client_id"], sms["body"], sms["provider_reference"]) == (42, "Séance annulée", "p2")
    assert main(["sms", "show", "99"]) == 1
    assert "there is no message 99 in sms" in capsys.readouterr().err


def test_decisions_are_taken_for_all_that_can_be_and_the_others_are_told(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    failed, sent = write(database, state="failed"), write(database, state="delivered")
    assert main(["sms", "retry", str(failed), str(sent)]) == 1
    out, err = capsys.readouterr()
    assert out == "1 SMS goes out at the next run\n"
    assert f"message {sent} is sent already" in err
    assert main(["sms", "resolve", str(failed), "--sent", "--json"]) == 1
    assert document(capsys)["done"] == []


def test_a_text_is_counted_with_what_makes_it_dear(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sms", "count", "Votre séance", "--lang", "en"]) == 0
    assert shown(capsys) == "1 SMS: 12 characters, 12 of the 7-bit alphabet; room for 148 more\n"
    assert main(["sms", "count", "fête " * 20, "--json"]) == 0
    counted = document(capsys)
    assert (counted["parts"], counted["alphabet"], counted["folded"]["parts"]) == (2, "ucs2", 1)
    assert counted["offending"][0]["character"] == "ê"
    assert main(["sms", "count", ""]) == 1


def test_a_text_is_also_read_from_the_input(capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a€\n"))
    assert main(["sms", "count", "-", "--json"]) == 0
    assert document(capsys)["units"] == 3


def _station(database: Database, outcome: Any, stop: threading.Event) -> None:
    count = text("SELECT count(*) FROM sms WHERE state = 'pending'")
    while not stop.wait(0.02):
        if database.read(lambda connection: connection.execute(count).scalar()):
            run(database, outcome)
            return


@pytest.mark.parametrize(
    ("outcome", "code", "said"), [(Sent("p1"), 0, ": sent"), (Uncertain("no reply"), 1, ": uncertain (no reply)")]
)
def test_a_trial_goes_the_way_of_all_sms_and_tells_its_outcome(
    outcome: Any, code: int, said: str, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = threading.Event()
    station = threading.Thread(target=_station, args=(database, outcome, stop))
    station.start()
    try:
        assert main(["sms", "test", TYPED, "--seconds", "20"]) == code
    finally:
        stop.set()
        station.join(20)
    out = shown(capsys)
    assert said in out
    assert "644601" not in digits(out)
    written = text("SELECT recipient, priority, source, reference, expires_at FROM sms")
    row = database.read(lambda connection: connection.execute(written).one())
    assert (row.recipient, row.priority, row.source) == (NUMBER, 0, "test")
    assert row.reference.startswith("heitz-service:test:")
    assert row.expires_at is not None


def test_a_trial_that_nobody_takes_says_so_in_time(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sms", "test", NUMBER, "--seconds", "1", "--text", "Bonjour"]) == 1
    assert "has not left within 1 s: no station has taken it" in capsys.readouterr().out.replace("\n", " ")
    assert main(["sms", "test", NUMBER, "--seconds", "1", "--json"]) == 1
    assert document(capsys)["state"] == "pending"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["01 40 20 50 50"], "a landline, which takes no SMS"),
        (["3615"], "a short number"),
        (["Léa"], "holds letters"),
        ([NUMBER, "--text", "a\x01b"], "this cannot be sent"),
        ([NUMBER, "--text", " "], "this cannot be sent"),
    ],
)
def test_a_trial_that_cannot_be_is_refused_before_anything_is_written(
    words: list[str], why: str, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sms", "test", *words]) == 2
    error = capsys.readouterr().err
    assert why in error
    assert words[0] not in error
    count = text("SELECT count(*) FROM sms")
    assert database.read(lambda connection: connection.execute(count).scalar()) == 0


def test_who_objects_is_kept_and_let_back(
    database: Database, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    assert main(["sms", "opt-out", "list"]) == 0
    assert "nobody has objected" in shown(capsys)
    assert main(["sms", "opt-out", "add", TYPED]) == 0
    assert shown(capsys) == f"{HIDDEN} gets no more marketing by SMS\n"
    assert main(["sms", "opt-out", "add", NUMBER, "--json"]) == 0
    assert document(capsys) == {"version": 1, "number": HIDDEN, "opted_out": True, "changed": False}
    assert main(["sms", "opt-out", "list"]) == 0
    assert HIDDEN in shown(capsys)
    SmsAnswers(database).receive(Received("s", "+33752345671", "stop me voir demain", "perhaps_stop", None, "i"), "ovh")
    assert main(["sms", "opt-out", "list"]) == 0
    said = shown(capsys)
    assert "stop me voir demain" in said
    assert "`sms opt-out add` keeps it" in said
    assert main(["sms", "opt-out", "add", "07 52 34 56 71"]) == 0
    assert main(["sms", "opt-out", "remove", "07 52 34 56 71"]) == 0
    shown(capsys)
    assert main(["sms", "opt-out", "list", "--numbers", "--json"]) == 0
    (one,) = document(capsys)["opt_outs"]
    assert (one["number"], one["source"]) == (NUMBER, "command line")
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{TYPED}\n"))
    assert main(["sms", "opt-out", "remove", "-"]) == 0
    assert shown(capsys) == f"{HIDDEN} may get marketing by SMS again\n"
    assert main(["sms", "opt-out", "remove", TYPED]) == 0
    assert "was not among those" in shown(capsys)
    assert main(["sms", "opt-out", "add", "0140205050"]) == 2
    assert "a landline" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "near"), [("lsit", "list"), ("ressolve", "resolve"), ("opt-uot list", "opt-out"), ("opt-out ad 1", "add")]
)
def test_a_mistyped_command_is_told_the_near_one(words: str, near: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sms", *words.split(), "--lang", "en"]) == 2
    assert f"did you mean {near}" in capsys.readouterr().err


def test_a_number_may_be_typed_with_its_spaces(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sms", "test", *TYPED.split(), "--seconds", "1", "--json"]) == 1
    assert document(capsys)["state"] == "pending"
    written = database.read(lambda connection: connection.execute(text("SELECT recipient FROM sms")).scalar())
    assert written == NUMBER


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["sms", "show"], 2, "il manque"),
        (["sms", "show", "99"], 1, "il n'y a pas de message 99 dans sms"),
        (["sms", "show", "1", "2"], 2, "l'argument 2 n'est pas connu ici"),
        (["sms", "show", "0"], 2, "n'est pas une valeur"),
        (["sms", "list", "--state", "perdu"], 2, "n'est pas connu ici"),
        (["sms", "resolve", "1"], 2, "--sent --resend"),
        (["sms", "retry", "99", "98"], 1, "il n'y a pas de message 98 dans sms"),
        (["sms", "count", ""], 1, "ceci ne peut pas être envoyé : le texte est vide"),
        (["sms", "test", "3615"], 2, "un numéro court"),
    ],
)
def test_the_club_s_language_is_spoken_whatever_the_system_s_is(  # noqa: PLR0917 - fixtures
    words: list[str],
    code: int,
    said: str,
    database: Database,
    config: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config.write_text(SETTINGS.replace('language = "en"', 'language = "fr"'), encoding="utf-8")
    for name in ("LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    assert main(words) == code
    out, err = capsys.readouterr()
    assert said in (out + err).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert not out.startswith("usage")


def test_without_a_database_each_command_says_what_to_do(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["list"], ["show", "1"], ["retry", "1"], ["resolve", "1", "--sent"], ["test", NUMBER]):
        assert main(["sms", *words]) == 1
        assert "database init" in capsys.readouterr().err


def test_the_number_of_an_e_mail_is_none_of_an_sms(database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("INSERT INTO email (recipient, subject, text_body) VALUES ('a@example.org', 's', 't')"))
    for words in (["show", "1"], ["retry", "1"], ["resolve", "1", "--resend"]):
        assert main(["sms", *words]) == 1
        assert "there is no message 1 in sms" in capsys.readouterr().err
