"""The page of `status --club`: what needs attention, every station, and who holds what."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from config.sentence import Sentence
from service.club_concerns import Concern, outdated, ranked
from service.club_view import ClubView, LeaseView, Standing, StationView
from service.rendering_table import Look, Row, fitting, marked, table
from service.terminal import Terminal, clean, width, wrap
from service.words import AGGREGATE, instant, word

_LOOK: Final[dict[Standing, Look]] = {
    Standing.WELL: ("good", "green"),
    Standing.ATTENTION: ("warning", "yellow"),
    Standing.FAILED: ("bad", "red"),
    Standing.STOPPING: ("busy", ""),
    Standing.STOPPED: ("off", "dim"),
    Standing.LOST: ("bad", "red"),
    Standing.UNSEEN: ("bad", "red"),
    Standing.GONE: ("off", "dim"),
}
_SAID: Final = {
    Standing.LOST: Sentence.of("no sign of life"),
    Standing.UNSEEN: Sentence.of("never seen"),
    Standing.GONE: Sentence.of("taken out of the club"),
}
_GOOD: Final[Look] = ("good", "green")
_WARNING: Final[Look] = ("warning", "yellow")
_BAD: Final[Look] = ("bad", "red")
_STATION_TITLES: Final = (
    Sentence.of("station"),
    Sentence.of("state"),
    Sentence.of("last seen"),
    Sentence.of("version"),
)
_LEASE_TITLES: Final = (Sentence.of("operation"), Sentence.of("done by"), Sentence.of("since"))


def render_club(club: ClubView, concerns: Sequence[Concern], terminal: Terminal, language: str, now: datetime) -> str:
    """Return the page. `now` is aware: its zone is the reader's."""
    page = _Page(club, terminal, language, now)
    return "\n".join((*page.summary(concerns), "", *page.stations(), *page.leases()))


class _Page:
    """One rendering: what the reader's terminal, language and clock have in common for every line."""

    def __init__(self, club: ClubView, terminal: Terminal, language: str, now: datetime) -> None:
        self._club = club
        self._terminal = terminal
        self._language = language
        self._now = now
        self._outdated = outdated(club)

    def summary(self, concerns: Sequence[Concern]) -> Iterator[str]:
        """Give the line that sums up, then what needs attention and what to do."""
        count = Sentence.counted("{n} station", "{n} stations", len(self._club.stations))
        if not concerns:
            said = Sentence.of("{club}: all is well ({stations})", club=self._club.name, stations=count)
            yield from self._marked(_GOOD, said, "")
            return
        said = Sentence.counted(
            "{club}: {n} thing needs attention ({stations})",
            "{club}: {n} things need attention ({stations})",
            len(concerns),
            club=self._club.name,
            stations=count,
        )
        yield from self._marked(_BAD if concerns[0].is_grave else _WARNING, said, "")
        for concern in concerns:
            yield from self._marked(_BAD if concern.is_grave else _WARNING, concern.sentence, "  ")

    def stations(self) -> Iterator[str]:
        """Give the table of the stations."""
        yield from self._table(_STATION_TITLES, [self._station(station) for station in self._club.stations], elastic=0)

    def leases(self) -> Iterator[str]:
        """Give the table of who holds what, with the empty line before it; nothing when there is no such operation."""
        if self._club.leases:
            yield ""
            yield from self._table(_LEASE_TITLES, [self._lease(lease) for lease in self._club.leases], elastic=1)

    def _station(self, station: StationView) -> Row:
        report = station.report
        standing = station.standing
        look = _LOOK[standing]
        if standing is Standing.WELL and (station.name in self._outdated or not station.is_expected):
            look = _WARNING
        said = _SAID.get(standing) or word(AGGREGATE, report.state if report is not None else "")
        seen_at = report.seen_at if report is not None else None
        return Row(
            look,
            (
                station.name,
                self._text(said),
                instant(seen_at.isoformat(), self._now, self._language) if seen_at is not None else "-",
                report.version if report is not None else "-",
            ),
            tuple(map(self._text, self._beneath(station))),
        )

    def _beneath(self, station: StationView) -> Iterator[Sentence]:
        holds = self._club.holds(station)
        if holds:
            yield Sentence.of("holds {operations}", operations=", ".join(holds))
        if station.name in self._outdated:
            yield Sentence.of("to be updated to version {version}", version=self._outdated[station.name])
        if station.is_alive and not station.is_expected:
            yield Sentence.of("not in the settings file here")

    def _lease(self, lease: LeaseView) -> Row:
        row = lease.row
        if lease.holder is None or row is None:
            return Row(_BAD, (lease.operation, self._text(Sentence.of("nobody")), "-"), self._candidates(lease))
        since = instant(row.acquired_at.isoformat(), self._now, self._language) if row.acquired_at is not None else "-"
        look = _WARNING if lease.is_misplaced else _GOOD
        return Row(look, (lease.operation, lease.holder, since), self._candidates(lease))

    def _candidates(self, lease: LeaseView) -> tuple[str, ...]:
        said = []
        if lease.wanted is not None:
            said.append(
                Sentence.of("goes over to {name} as soon as its work in hand is done", name=lease.wanted)
                if lease.holder is not None
                else Sentence.of("was to go over to {name}", name=lease.wanted)
            )
        if lease.is_by_hand:
            said.append(
                Sentence.of("put there by hand: {name} does not take it back by itself", name=lease.candidates[0])
            )
        if len(lease.candidates) > 1 or (lease.candidates and lease.is_misplaced):
            said.append(Sentence.of("by the settings: {candidates}", candidates=ranked(lease.candidates)))
        return tuple(map(self._text, said))

    def _table(self, titles: Sequence[Sentence], rows: Sequence[Row], *, elastic: int) -> Iterator[str]:
        """Give a table whose cells that had to be cut are told whole beneath their line."""
        said = tuple(map(self._text, titles))
        widths = fitting(said, rows, self._terminal.columns, elastic=elastic)
        whole = [
            Row(
                row.look,
                row.cells,
                (
                    *(cell for cell, columns in zip(row.cells, widths, strict=True) if width(clean(cell)) > columns),
                    *row.beneath,
                ),
            )
            for row in rows
        ]
        yield from table(said, widths, whole, self._terminal)

    def _marked(self, look: Look, sentence: Sentence, indent: str) -> Iterator[str]:
        start = indent + marked(look, self._terminal)
        further = indent + "  "
        for line in wrap(self._text(sentence), self._terminal.columns - width(further)):
            yield start + line
            start = further

    def _text(self, sentence: Sentence) -> str:
        return sentence.render(self._language)
