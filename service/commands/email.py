"""`email list|show|retry|resolve`: the e-mails of the club, and the decisions that only people can take.

They work on the club database, so they also work while the program is stopped.
"""

import argparse
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from config.sentence import Sentence
from service.argument_parser import Commands, counting_number
from service.commands import email_authorise
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from club import Dossier, Summary

_STATES: Final = ("pending", "sending", "sent", "failed", "expired", "uncertain")
_LIMIT: Final = 50


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "email", Sentence.of("list, show, retry or resolve e-mails"), "email list --state failed", "email retry 1234"
    )
    email = Commands(group, "email_command")
    listing = email.add(
        "list",
        Sentence.of("list e-mails, the newest first"),
        "email list",
        "email list --state failed --state uncertain",
        run=_list,
    )
    listing.option(
        "--state",
        choices=_STATES,
        action="append",
        default=[],
        metavar="STATE",
        help=Sentence.of("only those in this state: {states}", states=", ".join(_STATES)),
    )
    listing.option(
        "--limit", type=counting_number, default=_LIMIT, metavar="N", help=Sentence.of("at most so many, 50 by default")
    )
    listing.option(
        "--before",
        type=counting_number,
        metavar="ID",
        help=Sentence.of("only those older than this one: the next page"),
    )
    show = email.add("show", Sentence.of("show all that is known of one e-mail"), "email show 1234", run=_show)
    retry = email.add(
        "retry",
        Sentence.of("send failed or expired e-mails again, at the next run"),
        "email retry 1234 1235",
        run=_retry,
    )
    resolve = email.add(
        "resolve",
        Sentence.of("decide about an uncertain e-mail, of which nobody knows whether it left"),
        "email resolve 1234 --sent",
        "email resolve 1234 --resend",
        run=_resolve,
    )
    show.option("id", metavar="ID", type=counting_number, help=Sentence.of("its number, as `email list` prints it"))
    for parser in (retry, resolve):
        parser.option("ids", metavar="ID", type=counting_number, nargs="+", help=Sentence.of("their numbers"))
    decision = resolve.add_mutually_exclusive_group(required=True)
    words = (("sent", Sentence.of("it has left after all")), ("resend", Sentence.of("it must go out again")))
    for name, meaning in words:
        decision.add_argument(
            f"--{name}", dest="decision", action="store_const", const=name, help=meaning.render(resolve.language)
        )
    email_authorise.add(email)
    for parser in (listing, show, retry, resolve):
        parser.config_option()
        parser.json_option()


def _list(options: argparse.Namespace, console: Console) -> int:
    from club import EMAIL, OutboxDesk  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.rendering_lists import render_messages  # noqa: PLC0415

    with club_database(options, console) as (database, _):
        desk = OutboxDesk(database, EMAIL)
        found = desk.list(options.state, limit=options.limit, before=options.before)
        counts = desk.counts()
    documents = [_summary(summary) for summary in found]
    if options.json:
        console.print_json({"version": 1, "counts": counts, "emails": documents})
    else:
        now = datetime.now().astimezone()
        console.print(render_messages(documents, counts, console.terminal, console.language, now))
    return Exit.OK


def _show(options: argparse.Namespace, console: Console) -> int:
    from club import EMAIL, OutboxDesk  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.rendering_message import render_message  # noqa: PLC0415

    with club_database(options, console) as (database, _):
        document = _dossier(OutboxDesk(database, EMAIL).show(options.id))
    if options.json:
        console.print_json({"version": 1, **document})
    else:
        now = datetime.now().astimezone()
        console.print(render_message(document, console.terminal, console.language, now))
    return Exit.OK


def _retry(options: argparse.Namespace, console: Console) -> int:
    return _decide(options, console, None)


def _resolve(options: argparse.Namespace, console: Console) -> int:
    return _decide(options, console, options.decision)


def _decide(options: argparse.Namespace, console: Console, decision: Any) -> int:
    """Do it for every e-mail that was named, whatever becomes of the others."""
    from club import EMAIL, MessageRefused, OutboxDesk  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    done, refused = list[int](), list[dict[str, Any]]()
    with club_database(options, console) as (database, _):
        desk = OutboxDesk(database, EMAIL)
        for message_id in options.ids:
            try:
                desk.retry(message_id) if decision is None else desk.resolve(message_id, decision)
            except MessageRefused as error:
                refused.append({"id": message_id, "error": console.text(error.sentence)})
                if not options.json:
                    console.error(error.sentence)
            else:
                done.append(message_id)
    if options.json:
        console.print_json({"version": 1, "done": done, "refused": refused})
    elif done and decision == "sent":
        console.print(Sentence.counted("{n} e-mail is marked sent", "{n} e-mails are marked sent", len(done)))
    elif done:
        console.print(
            Sentence.counted("{n} e-mail goes out at the next run", "{n} e-mails go out at the next run", len(done))
        )
    return Exit.ATTENTION if refused else Exit.OK


def _summary(summary: "Summary") -> dict[str, Any]:
    return {
        "id": summary.id,
        "state": summary.state,
        "attempts": summary.attempts,
        **summary.texts,
        "created_at": _iso(summary.created_at),
        "sent_at": _iso(summary.sent_at),
        "next_attempt_at": _iso(summary.next_attempt_at),
        "error": summary.error,
    }


def _dossier(dossier: "Dossier") -> dict[str, Any]:
    return {
        **_summary(dossier.message),
        "message_id": dossier.provider_reference,
        "recipients": [{"address": one.address, "state": one.state, "error": one.error} for one in dossier.recipients],
        "attachments": [
            {"name": one.name, "media_type": one.media_type, "size": one.size} for one in dossier.attachments
        ],
        "deliveries": [
            {
                "attempt": one.attempt,
                "station": one.station,
                "ended_at": _iso(datetime.fromtimestamp(one.ended_ms / 1000).astimezone()),
                "outcome": one.outcome,
                "error": one.error,
            }
            for one in dossier.attempts
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
