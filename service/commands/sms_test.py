"""`sms test NUMBER`: send one SMS by the way that all take, and tell what became of it."""

import argparse
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands, counting_number
from service.commands.sms_opt_out import read_number
from service.console import Console
from service.exit_codes import Exit
from service.words import counter_word

if TYPE_CHECKING:
    from club import Database, Summary

_SECONDS: Final = 90
_BETWEEN_LOOKS_SECONDS: Final = 0.25
_WORTH: Final = timedelta(minutes=10)
_UNDER_WAY: Final = ("pending", "sending")


class TextProblem(SentenceError):  # noqa: N818 - what the reader sees
    """The text that was given cannot be sent."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the command."""
    parser = commands.add(
        "test",
        Sentence.of("send one SMS to a number, by the way that all SMS take, and tell what became of it"),
        "sms test 0612345678",
        'sms test +33612345678 --text "Bonjour" --seconds 30',
        run=_test,
    )
    # Several words: people write a number with its spaces.
    parser.option(
        "number", nargs="+", metavar="NUMBER", help=Sentence.of("the telephone number; - reads it from the input")
    )
    parser.option("--text", metavar="TEXT", help=Sentence.of("what it says"))
    parser.option(
        "--seconds",
        type=counting_number,
        default=_SECONDS,
        metavar="N",
        help=Sentence.of("wait so long for the outcome, 90 s by default"),
    )
    parser.config_option()
    parser.json_option()


def _test(options: argparse.Namespace, console: Console) -> int:
    from actors.sms.parts import objection_to  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    objection = None if options.text is None else objection_to(options.text)
    if objection is not None:
        raise TextProblem("this cannot be sent: {why}", why=objection)
    with club_database(options, console) as (database, settings):
        # In the club's language, which is known by now.
        text = options.text or console.text(Sentence.of("This is a test of the club's SMS."))
        number = read_number(" ".join(options.number), settings)
        message_id = _write(database, number, text)
        if not options.json:
            console.print(
                Sentence.of("SMS {id} is written; the station that sends SMS takes it within a minute", id=message_id)
            )
            console.flush()
        summary = _followed(database, message_id, options.seconds)
    return _tell(summary, options, console)


def _write(database: "Database", number: str, text: str) -> int:
    """Put it into the table as any program of the club does; what is late is worth nothing."""
    from club import SMS  # noqa: PLC0415

    values: Mapping[str, Any] = {
        "recipient": number,
        "body": text,
        "reference": f"heitz-service:test:{uuid4()}",
        "priority": 0,
        "expires_at": datetime.now(UTC) + _WORTH,
        "source": "test",
    }
    insert = SMS.messages.insert().values(**values)
    key = database.write(lambda connection: connection.execute(insert).inserted_primary_key)
    return int(key[0]) if key else 0


def _followed(database: "Database", message_id: int, seconds: int) -> "Summary":
    """Return the message when it is settled, or as it is when the time is over."""
    from club import SMS, OutboxDesk  # noqa: PLC0415

    desk = OutboxDesk(database, SMS)
    deadline = monotonic() + seconds
    while True:
        summary = desk.show(message_id).message
        if summary.state not in _UNDER_WAY or monotonic() > deadline:
            return summary
        Event().wait(_BETWEEN_LOOKS_SECONDS)


def _tell(summary: "Summary", options: argparse.Namespace, console: Console) -> int:
    from config.masking import mask  # noqa: PLC0415

    error = None if summary.error is None else mask(summary.error)
    if options.json:
        document = {"id": summary.id, "state": summary.state, "error": error, "attempts": summary.attempts}
        console.print_json({"version": 1, **document})
    elif summary.state in _UNDER_WAY:
        console.print(
            Sentence.of(
                "SMS {id} has not left within {seconds} s: {why}; `heitz-service sms list` tells what follows",
                id=summary.id,
                seconds=options.seconds,
                why=error or Sentence.of("no station has taken it, see `heitz-service status --club`"),
            )
        )
    else:
        said = counter_word(summary.state, console.language)
        outcome = f"{said} ({error})" if error else said
        console.print(Sentence.of("SMS {id}: {outcome}", id=summary.id, outcome=outcome))
    return Exit.OK if summary.state in ("sent", "delivered") else Exit.ATTENTION
