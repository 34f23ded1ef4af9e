"""What the window shows of the attendance: one bar per zone, against its limit. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import attrs

from config.sentence import Sentence
from service.window.text import one_line, sentence_case
from service.words import instant

Json = Mapping[str, Any]

_NEAR: Final = 0.8
_COLOURS: Final = {"stop": "failed", "full": "failed", "warning": "attention", "notice": "attention"}


@attrs.frozen
class Bar:
    """One zone: how full it is from 0 to 1 (None: not known, or without a limit), and its words."""

    name: str
    number: str
    limit: str
    remark: str
    share: float | None
    colour: str


def bars_of(status: Json, language: str, now: datetime) -> tuple[Bar, ...]:
    """Return the bars of the key `fmi` of a status; none when the station counts nobody."""
    zones = (status.get("fmi") or {}).get("zones") or ()
    return tuple(_bar(zone, language, now) for zone in zones if isinstance(zone, Mapping))


def _bar(zone: Json, language: str, now: datetime) -> Bar:
    present, limit = _count(zone.get("present")), _count(zone.get("limit"))
    is_known = bool(zone.get("known")) and present is not None
    share = None if not is_known or present is None or not limit else max(0.0, present / limit)
    since = instant(zone.get("since"), now, language) if zone.get("since") else ""
    return Bar(
        name=one_line(zone.get("name")),
        number=str(present) if is_known else "?",
        limit="" if limit is None else Sentence.of("of {limit} at most", limit=limit).render(language),
        remark=" — ".join(remark.render(language) for remark in _remarks(zone, since, is_known=is_known)),
        share=share,
        colour=_colour({str(zone.get("level")), str(zone.get("day_level"))}, share),
    )


def _remarks(zone: Json, since: str, *, is_known: bool) -> Sequence[Sentence]:
    remarks = []
    if not is_known and zone.get("reason"):
        remarks.append(Sentence.of("{text}", text=sentence_case(zone["reason"])))
    elif not is_known:
        remarks.append(
            Sentence.of("the number is not known since {since}", since=since)
            if since
            else Sentence.of("the number is not known")
        )
    uncertainty = _count(zone.get("uncertainty"))
    if is_known and uncertainty:
        remarks.append(Sentence.of("give or take {n}", n=uncertainty))
    total, most = _count(zone.get("day_total")), _count(zone.get("day_limit"))
    if total is not None and most is not None:
        remarks.append(
            Sentence.counted(
                "{n} entry today, {limit} at most", "{n} entries today, {limit} at most", total, limit=most
            )
        )
    elif total is not None:
        remarks.append(Sentence.counted("{n} entry today", "{n} entries today", total))
    return remarks


def _colour(levels: set[str], share: float | None) -> str:
    """Return the colour of the worst level; a level that is not known here goes by the share."""
    if share is None:
        return "unknown"
    found = {_COLOURS[level] for level in levels & _COLOURS.keys()}
    if found:
        return "failed" if "failed" in found else "attention"
    return "failed" if share >= 1 else "attention" if share >= _NEAR else "active"


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
