"""`email opt-out list|add|remove`: who wants no more marketing by e-mail."""

import argparse
import sys
from datetime import datetime
from typing import Any, Final

from config.sentence import Sentence, SentenceError
from service.argument_parser import Commands, counting_number
from service.console import Console
from service.exit_codes import Exit

_LIMIT: Final = 100
_SOURCE: Final = "command line"


class AddressProblem(SentenceError):  # noqa: N818 - what the reader sees
    """What was given is no address."""

    exit_code = Exit.USAGE


def add(commands: Commands) -> None:
    """Add the commands."""
    group = commands.add(
        "opt-out",
        Sentence.of("list, add or remove addresses that want no more marketing by e-mail"),
        "email opt-out list",
        "email opt-out add lea@example.org",
    )
    inner = Commands(group, "opt_out_command")
    listing = inner.add(
        "list",
        Sentence.of("list the addresses that want no more marketing, the newest first"),
        "email opt-out list",
        run=_list,
    )
    listing.option(
        "--limit",
        type=counting_number,
        default=_LIMIT,
        metavar="N",
        help=Sentence.of("at most so many, 100 by default"),
    )
    listing.option("--addresses", action="store_true", help=Sentence.of("show addresses whole"))
    adding = inner.add(
        "add", Sentence.of("send an address no more marketing"), "email opt-out add lea@example.org", run=_add
    )
    removing = inner.add(
        "remove",
        Sentence.of("send an address marketing again, because its owner wants it"),
        "email opt-out remove lea@example.org",
        run=_remove,
    )
    adding.option(
        "address",
        metavar="ADDRESS",
        help=Sentence.of("the address, or the token that an unsubscription brought; - reads it from the input"),
    )
    removing.option("address", metavar="ADDRESS", help=Sentence.of("the address; - reads it from the input"))
    for parser in (listing, adding, removing):
        parser.config_option()
        parser.json_option()


def _list(options: argparse.Namespace, console: Console) -> int:
    from club import EmailOptOuts  # noqa: PLC0415
    from config.masking import mask_addresses  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415
    from service.rendering_lists import render_email_opt_outs  # noqa: PLC0415

    with club_database(options, console) as (database, _):
        found = EmailOptOuts(database).list(options.limit)
    documents: list[dict[str, Any]] = [
        {
            "address": each.address if options.addresses or each.address is None else mask_addresses(each.address),
            "token": each.token,
            "at": each.at.isoformat() if each.at else None,
            "source": each.source,
        }
        for each in found
    ]
    if options.json:
        console.print_json({"version": 1, "opt_outs": documents})
    else:
        now = datetime.now().astimezone()
        console.print(render_email_opt_outs(documents, console.terminal, console.language, now))
    return Exit.OK


def _add(options: argparse.Namespace, console: Console) -> int:
    return _change(options, console, is_out=True)


def _remove(options: argparse.Namespace, console: Console) -> int:
    return _change(options, console, is_out=False)


def _change(options: argparse.Namespace, console: Console, *, is_out: bool) -> int:
    from actors.email.addresses import AddressError, parse_mailbox  # noqa: PLC0415
    from actors.email.unsubscribe import Unsubscribe, is_token  # noqa: PLC0415
    from club import EmailOptOuts  # noqa: PLC0415
    from config.masking import mask_addresses  # noqa: PLC0415
    from service.club_database import club_database  # noqa: PLC0415

    # Other users of the computer see the words of a command line.
    written = (sys.stdin.readline() if options.address == "-" else options.address).strip()
    with club_database(options, console) as (database, settings):
        kept = EmailOptOuts(database)
        if is_out and is_token(written):
            is_changed, shown = kept.add_token(written, _SOURCE), written
        else:
            try:
                address = parse_mailbox(written).address
            except AddressError as error:
                raise AddressProblem(error.sentence) from None
            shown = mask_addresses(address)
            unsubscribe = getattr(settings.operations.get("email"), "unsubscribe", None)
            token = None if is_out or unsubscribe is None else Unsubscribe(unsubscribe).token(address)
            is_changed = kept.add(address, _SOURCE) if is_out else kept.remove(address, token)
    if options.json:
        console.print_json({"version": 1, "address": shown, "opted_out": is_out, "changed": is_changed})
    else:
        console.print(_said(shown, is_out=is_out, is_changed=is_changed))
    return Exit.OK


def _said(address: str, *, is_out: bool, is_changed: bool) -> Sentence:
    if is_out:
        if is_changed:
            return Sentence.of("{address} gets no more marketing by e-mail", address=address)
        return Sentence.of("{address} got no marketing already", address=address)
    if is_changed:
        return Sentence.of("{address} may get marketing by e-mail again", address=address)
    return Sentence.of("{address} was not among those who want no marketing", address=address)
