"""`email opt-out list|add|remove`: who wants no more marketing by e-mail."""

import argparse
import sys
from typing import Any

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands
from service.commands.opt_out_commands import SOURCE, OptOuts, add_opt_outs, tell_change, tell_opt_outs
from service.console import Console
from service.exit_codes import Exit


class AddressProblem(SentenceError):  # noqa: N818 - what the reader sees
    """What was given is no address."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the commands."""
    add_opt_outs(
        commands,
        OptOuts(
            channel="email",
            recipient="address",
            plural="addresses",
            example="lea@example.org",
            purpose=Sentence.of("list, add or remove addresses that want no more marketing by e-mail"),
            listing=Sentence.of("list the addresses that want no more marketing, the newest first"),
            whole=Sentence.of("show addresses whole"),
            adding=Sentence.of("send an address no more marketing"),
            removing=Sentence.of("send an address marketing again, because its owner wants it"),
            whom_to_add=Sentence.of(
                "the address, or the token that an unsubscription brought; - reads it from the input"
            ),
            whom_to_remove=Sentence.of("the address; - reads it from the input"),
            show=_list,
            change=_change,
        ),
    )


def _list(options: argparse.Namespace, console: Console) -> int:
    from club import EmailOptOuts  # noqa: PLC0415
    from config.masking import mask_addresses  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.rendering_lists import render_email_opt_outs  # noqa: PLC0415

    with club_database(options, console) as (database, _):
        found = EmailOptOuts(database).list(options.limit)
    documents: list[dict[str, Any]] = [
        {
            "address": each.address if options.is_whole or each.address is None else mask_addresses(each.address),
            "token": each.token,
            "at": each.at.isoformat() if each.at else None,
            "source": each.source,
        }
        for each in found
    ]
    return tell_opt_outs(options, console, documents, render_email_opt_outs)


def _change(options: argparse.Namespace, console: Console) -> int:
    from actors.email.addresses import AddressError, parse_mailbox  # noqa: PLC0415
    from actors.email.unsubscribe import Unsubscribe, is_token  # noqa: PLC0415
    from club import EmailOptOuts  # noqa: PLC0415
    from config.masking import mask_addresses  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    # Other users of the computer see the words of a command line.
    written = (sys.stdin.readline() if options.recipient == "-" else options.recipient).strip()
    is_out: bool = options.is_out
    with club_database(options, console) as (database, settings):
        kept = EmailOptOuts(database)
        if is_out and is_token(written):
            is_changed, shown = kept.add_token(written, SOURCE), written
        else:
            try:
                address = parse_mailbox(written).address
            except AddressError as error:
                raise AddressProblem(error.sentence) from None
            shown = mask_addresses(address)
            unsubscribe = getattr(settings.operations.get("email"), "unsubscribe", None)
            token = None if is_out or unsubscribe is None else Unsubscribe(unsubscribe).token(address)
            is_changed = kept.add(address, SOURCE) if is_out else kept.remove(address, token)
    said = _said(shown, is_out=is_out, is_changed=is_changed)
    return tell_change(options, console, said, {"address": shown}, is_changed=is_changed)


def _said(address: str, *, is_out: bool, is_changed: bool) -> Sentence:
    if is_out:
        if is_changed:
            return Sentence.of("{address} gets no more marketing by e-mail", address=address)
        return Sentence.of("{address} got no marketing already", address=address)
    if is_changed:
        return Sentence.of("{address} may get marketing by e-mail again", address=address)
    return Sentence.of("{address} was not among those who want no marketing", address=address)
