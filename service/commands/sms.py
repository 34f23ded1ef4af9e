"""`sms list|show|retry|resolve|count|test|opt-out`: the SMS of the club, and what only people decide about them.

Telephone numbers are personal data: they are hidden unless they are asked for.
"""

import argparse
from typing import TYPE_CHECKING, Any, Final

from config.sentence import Sentence
from service.argument_parser import Commands, Parser
from service.commands import sms_count, sms_opt_out, sms_test
from service.commands.message_commands import MessageCommands, Words, attempt_document, iso, summary_document

if TYPE_CHECKING:
    from club import Channel, Dossier, Summary


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "sms",
        Sentence.of("list, show, retry or resolve SMS, count one, send one to try, keep objections"),
        "sms list --state failed",
        "sms test 0612345678",
        'sms count "Votre séance de 18 h est annulée"',
    )
    sms = Commands(group, "sms_command")
    _SMS.add(sms)
    sms_count.add(sms)
    sms_test.add(sms)
    sms_opt_out.add(sms)


def _channel() -> "Channel":
    from club import SMS  # noqa: PLC0415

    return SMS


def _marked_sent(count: int) -> Sentence:
    return Sentence.counted("{n} SMS is marked sent", "{n} SMS are marked sent", count)


def _goes_out(count: int) -> Sentence:
    return Sentence.counted("{n} SMS goes out at the next run", "{n} SMS go out at the next run", count)


def _numbers_option(parser: Parser) -> None:
    parser.option("--numbers", action="store_true", help=Sentence.of("show telephone numbers whole"))


def _listed(summary: "Summary", options: argparse.Namespace) -> dict[str, Any]:
    from config.masking import mask  # noqa: PLC0415

    texts = {name: summary.texts[name] for name in ("category", "reference", "source")}
    document = summary_document(summary, {"recipient": _recipient(summary, options), **texts})
    if document["error"] is not None and not options.numbers:
        document["error"] = mask(document["error"])
    return {**document, "delivered_at": iso(summary.own["delivered_at"]), "parts": summary.own["parts"]}


def _recipient(summary: "Summary", options: argparse.Namespace) -> str:
    """Return to whom it goes: the number that was understood, else what was written."""
    from actors.sms.numbers import mask  # noqa: PLC0415

    written = summary.own["number"] or summary.texts["recipient"] or ""
    return str(written) if options.numbers else mask(str(written))


def _shown(dossier: "Dossier", options: argparse.Namespace) -> dict[str, Any]:
    from config.masking import mask  # noqa: PLC0415

    own = dossier.message.own
    deliveries = [attempt_document(one) for one in dossier.attempts]
    for one in deliveries:
        if one["error"] is not None and not options.numbers:
            one["error"] = mask(one["error"])
    return {
        **_listed(dossier.message, options),
        "client_id": own["client_id"],
        "sent_as": own["sent_as"],
        "provider_reference": dossier.provider_reference,
        "body": dossier.message.texts["body"],
        "deliveries": deliveries,
    }


_SMS: Final = MessageCommands(
    name="sms",
    plural="sms",
    states=("pending", "sending", "sent", "delivered", "failed", "expired", "uncertain"),
    words=Words(
        list=Sentence.of("list SMS, the newest first"),
        show=Sentence.of("show all that is known of one SMS, attempt by attempt"),
        retry=Sentence.of("send failed or expired SMS again, at the next run"),
        resolve=Sentence.of("decide about an uncertain SMS, of which nobody knows whether it left"),
        number=Sentence.of("its number, as `sms list` prints it"),
        marked_sent=_marked_sent,
        goes_out=_goes_out,
    ),
    channel=_channel,
    listed=_listed,
    shown=_shown,
    showing=_numbers_option,
)
