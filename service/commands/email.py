"""`email list|show|retry|resolve|opt-out|authorise`: the e-mails of the club, and what only people decide."""

import argparse
from typing import TYPE_CHECKING, Any, Final

from config.sentence import Sentence
from service.argument_parser import Commands
from service.commands import email_authorise, email_opt_out
from service.commands.message_commands import MessageCommands, Words, attempt_document, summary_document

if TYPE_CHECKING:
    from club import Channel, Dossier, Summary


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "email", Sentence.of("list, show, retry or resolve e-mails"), "email list --state failed", "email retry 1234"
    )
    email = Commands(group, "email_command")
    _EMAIL.add(email)
    email_opt_out.add(email)
    email_authorise.add(email)


def _channel() -> "Channel":
    from club import EMAIL  # noqa: PLC0415

    return EMAIL


def _marked_sent(count: int) -> Sentence:
    return Sentence.counted("{n} e-mail is marked sent", "{n} e-mails are marked sent", count)


def _goes_out(count: int) -> Sentence:
    return Sentence.counted("{n} e-mail goes out at the next run", "{n} e-mails go out at the next run", count)


def _listed(summary: "Summary", _options: argparse.Namespace) -> dict[str, Any]:
    return summary_document(summary, summary.texts)


def _shown(dossier: "Dossier", options: argparse.Namespace) -> dict[str, Any]:
    return {
        **_listed(dossier.message, options),
        "message_id": dossier.provider_reference,
        "recipients": [{"address": one.address, "state": one.state, "error": one.error} for one in dossier.recipients],
        "attachments": [
            {"name": one.name, "media_type": one.media_type, "size": one.size} for one in dossier.attachments
        ],
        "deliveries": [attempt_document(one) for one in dossier.attempts],
    }


_EMAIL: Final = MessageCommands(
    name="email",
    plural="emails",
    states=("pending", "sending", "sent", "failed", "expired", "uncertain"),
    words=Words(
        list=Sentence.of("list e-mails, the newest first"),
        show=Sentence.of("show all that is known of one e-mail"),
        retry=Sentence.of("send failed or expired e-mails again, at the next run"),
        resolve=Sentence.of("decide about an uncertain e-mail, of which nobody knows whether it left"),
        number=Sentence.of("its number, as `email list` prints it"),
        marked_sent=_marked_sent,
        goes_out=_goes_out,
    ),
    channel=_channel,
    listed=_listed,
    shown=_shown,
)
