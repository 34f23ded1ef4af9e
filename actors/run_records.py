"""What every operation needs of its runs: a stopwatch, the board, the club's history, and one log line per outage."""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from actors.board import Outcome, Run
from actors.operation import Workplace
from club import DatabaseAway, DatabaseUnfit, Runs
from config.sentence import Sentence

logger = logging.getLogger(__name__)


class Stopwatch:
    """Measures one run from now on."""

    def __init__(self) -> None:
        self._started_at = datetime.now(UTC)
        self._since = time.monotonic()

    def run(self, outcome: Outcome, summary: Sentence, counters: Mapping[str, int]) -> Run:
        """Return the run that ends now."""
        return Run(self._started_at, time.monotonic() - self._since, outcome, summary, counters)


class RunRecords:
    """Puts the runs of one operation where people look: on the board, and in the history when they say something.

    A minute with nothing to do, or in which the same trouble goes on, is no line of history: it would hide the others
    (docs/decisions/0040).
    """

    def __init__(self, workplace: Workplace, operation: str) -> None:
        self._desk = workplace.desk
        self._language = workplace.language
        self._operation = operation
        self._runs = Runs(workplace.database, workplace.station, workplace.process)
        self._trouble: Sentence | None = None

    def add(self, run: Run) -> None:
        """Note a run that has just ended."""
        self._desk.ran(run)
        goes_on = run.outcome is Outcome.FAILED and run.summary == self._trouble
        has_ended = run.outcome is Outcome.OK and self._trouble is not None
        self._trouble = run.summary if run.outcome is Outcome.FAILED else None
        if goes_on or not (run.counters or has_ended or self._trouble):
            return
        event = {"event": f"{self._operation}.{'failed' if self._trouble else 'ran'}"}
        logger.log(
            logging.WARNING if self._trouble else logging.INFO,
            "%s works again: %s" if has_ended else "%s: %s",
            self._operation,
            run.summary,
            extra=event,
        )
        try:
            self._runs.record(self._operation, run.outcome.value, run.seconds, run.summary.render(self._language))
        except (DatabaseAway, DatabaseUnfit) as away:
            logger.info("%s: run not recorded: %s", self._operation, away, extra={"event": "run.not_recorded"})
