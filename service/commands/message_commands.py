"""`list`, `show`, `retry` and `resolve` for any channel of messages: what e-mail and SMS have in common for people.

They work on the club database, so they also work while the program is stopped.
"""

import argparse
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import attrs

from config.sentence import Sentence
from service.argument_parser import Commands, Parser, counting_number
from service.console import Console
from service.exit_codes import Exit

if TYPE_CHECKING:
    from club import Attempt, Channel, Dossier, Summary

_LIMIT: Final = 50

Json = dict[str, Any]


@attrs.frozen
class Words:
    """The sentences about one kind of message."""

    list: Sentence
    show: Sentence
    retry: Sentence
    resolve: Sentence
    number: Sentence
    marked_sent: Callable[[int], Sentence]
    goes_out: Callable[[int], Sentence]


@attrs.frozen
class MessageCommands:
    """The commands of one kind of message.

    `name` is that of the group, `plural` that of the list in JSON. `listed` and `shown` turn a message into what is
    printed, by the options of the command line.
    """

    name: str
    plural: str
    states: tuple[str, ...]
    words: Words
    channel: Callable[[], "Channel"]
    listed: Callable[["Summary", argparse.Namespace], Json]
    shown: Callable[["Dossier", argparse.Namespace], Json]
    showing: Callable[[Parser], None] = lambda _parser: None
    """Adds the options of those commands that list or show."""

    def add(self, group: Commands) -> None:
        """Add the commands to a group."""
        words, name = self.words, self.name
        listing = group.add(
            "list", words.list, f"{name} list", f"{name} list --state failed --state uncertain", run=self._list
        )
        listing.option(
            "--state",
            choices=self.states,
            action="append",
            default=[],
            metavar="STATE",
            help=Sentence.of("only those in this state: {states}", states=", ".join(self.states)),
        )
        listing.option(
            "--limit",
            type=counting_number,
            default=_LIMIT,
            metavar="N",
            help=Sentence.of("at most so many, 50 by default"),
        )
        listing.option(
            "--before",
            type=counting_number,
            metavar="ID",
            help=Sentence.of("only those older than this one: the next page"),
        )
        show = group.add("show", words.show, f"{name} show 1234", run=self._show)
        retry = group.add("retry", words.retry, f"{name} retry 1234 1235", run=self._retry)
        resolve = group.add(
            "resolve", words.resolve, f"{name} resolve 1234 --sent", f"{name} resolve 1234 --resend", run=self._resolve
        )
        show.option("id", metavar="ID", type=counting_number, help=words.number)
        for parser in (retry, resolve):
            parser.option("ids", metavar="ID", type=counting_number, nargs="+", help=Sentence.of("their numbers"))
        decision = resolve.add_mutually_exclusive_group(required=True)
        decisions = (("sent", Sentence.of("it has left after all")), ("resend", Sentence.of("it must go out again")))
        for each, meaning in decisions:
            decision.add_argument(
                f"--{each}", dest="decision", action="store_const", const=each, help=meaning.render(resolve.language)
            )
        for parser in (listing, show):
            self.showing(parser)
        for parser in (listing, show, retry, resolve):
            parser.config_option()
            parser.json_option()

    def _list(self, options: argparse.Namespace, console: Console) -> int:
        from club import OutboxDesk  # noqa: PLC0415
        from service.club_database import club_database  # noqa: PLC0415
        from service.rendering_lists import render_messages  # noqa: PLC0415

        with club_database(options, console) as (database, _):
            desk = OutboxDesk(database, self.channel())
            found = desk.list(options.state, limit=options.limit, before=options.before)
            counts = desk.counts()
        documents = [self.listed(summary, options) for summary in found]
        if options.json:
            console.print_json({"version": 1, "counts": counts, self.plural: documents})
        else:
            now = datetime.now().astimezone()
            console.print(render_messages(documents, counts, console.terminal, console.language, now))
        return Exit.OK

    def _show(self, options: argparse.Namespace, console: Console) -> int:
        from club import OutboxDesk  # noqa: PLC0415
        from service.club_database import club_database  # noqa: PLC0415
        from service.rendering_message import render_message  # noqa: PLC0415

        with club_database(options, console) as (database, _):
            document = self.shown(OutboxDesk(database, self.channel()).show(options.id), options)
        if options.json:
            console.print_json({"version": 1, **document})
        else:
            now = datetime.now().astimezone()
            console.print(render_message(document, console.terminal, console.language, now))
        return Exit.OK

    def _retry(self, options: argparse.Namespace, console: Console) -> int:
        return self._decide(options, console, None)

    def _resolve(self, options: argparse.Namespace, console: Console) -> int:
        return self._decide(options, console, options.decision)

    def _decide(self, options: argparse.Namespace, console: Console, decision: Any) -> int:
        """Do it for every message that was named, whatever becomes of the others."""
        from club import MessageRefused, OutboxDesk  # noqa: PLC0415
        from service.club_database import club_database  # noqa: PLC0415

        done: list[int] = []
        refused: list[Json] = []
        with club_database(options, console) as (database, _):
            desk = OutboxDesk(database, self.channel())
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
        elif done:
            said = self.words.marked_sent if decision == "sent" else self.words.goes_out
            console.print(said(len(done)))
        return Exit.ATTENTION if refused else Exit.OK


def summary_document(summary: "Summary", texts: Mapping[str, Any]) -> Json:
    """Return what is printed of a message in a list, with these texts of it."""
    return {
        "id": summary.id,
        "state": summary.state,
        "attempts": summary.attempts,
        **texts,
        "created_at": iso(summary.created_at),
        "sent_at": iso(summary.sent_at),
        "next_attempt_at": iso(summary.next_attempt_at),
        "error": summary.error,
    }


def attempt_document(attempt: "Attempt") -> Json:
    """Return what is printed of one attempt."""
    return {
        "attempt": attempt.attempt,
        "station": attempt.station,
        "began_at": iso_ms(attempt.began_ms),
        "ended_at": iso_ms(attempt.ended_ms),
        "outcome": attempt.outcome,
        "error": attempt.error,
    }


def iso(at: datetime | None) -> str | None:
    """Return an instant as JSON has it."""
    return at.isoformat() if at is not None else None


def iso_ms(ms: int | None) -> str | None:
    """Return an instant of epoch ms as JSON has it."""
    return None if ms is None else iso(datetime.fromtimestamp(ms / 1000).astimezone())
