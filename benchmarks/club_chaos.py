"""A club of three real stations under chaos: kills, freezes, dead servers, cut cables, stepped clocks.

    sh benchmarks/run club_chaos [engine ...] [--messages N] [--seconds N] [--seed N] [--without-fence]

Judged by the mail server's own log and the final rows; docs/chaos.md says how. The logs and the result as JSON are left
in build/chaos/. `--without-fence` runs a scratch copy of the program without its fence, which must fail.
"""

import argparse
import json
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Final

from chaos.fence import ROOT, unfenced_copy
from chaos.run import Options, Result, as_json, run
from chaos.weather import Kind

ENGINES: Final = ("sqlite", "mariadb", "postgresql")
KEPT: Final = ROOT / "build" / "chaos"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("engines", nargs="*", metavar="engine", help="default: all three, one after the other")
    parser.add_argument("--messages", type=int, default=8000)
    parser.add_argument("--seconds", type=float, default=600, help="how long the weather lasts")
    parser.add_argument("--seed", type=int, default=1, help="the same seed brings the same faults")
    parser.add_argument("--without-fence", action="store_true", help="a scratch copy without the fence: must fail")
    options = parser.parse_args()
    unknown = set(options.engines) - set(ENGINES)
    if unknown:
        parser.error(f"no such engine: {', '.join(sorted(unknown))}; there are {', '.join(ENGINES)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as Ctrl-C: everything is undone on the way out
    results = [_one(engine, options) for engine in options.engines or ENGINES]
    _print_table(results)
    if options.without_fence:
        blind = [result.options.engine for result in results if result.verdict.is_clean]
        sys.exit(f"without the fence nothing was found on {', '.join(blind)}: the chaos is blind" if blind else 0)
    sys.exit(0 if all(result.is_clean for result in results) else 1)


def _one(engine: str, options: argparse.Namespace) -> Result:
    began_at = monotonic()

    def say(words: str) -> None:
        print(f"{engine:<11} {monotonic() - began_at:6.1f}  {words}", flush=True)

    with tempfile.TemporaryDirectory(prefix="club-chaos-") as name:
        folder = Path(name)
        try:
            root = unfenced_copy(folder / "unfenced") if options.without_fence else ROOT
            say(f"seed {options.seed}, {options.messages} messages, {options.seconds:.0f} s of weather")
            result = run(
                Options(
                    engine=engine,
                    root=root,
                    messages=options.messages,
                    seconds=options.seconds,
                    seed=options.seed,
                    # Without the fence a row that was doubled is marked once more, and nobody settles it.
                    settle_seconds=60 if options.without_fence else 120,
                ),
                folder,
                say,
            )
            (folder / "result.json").write_text(json.dumps(as_json(result), indent=1, ensure_ascii=False), "utf-8")
        finally:
            _keep(folder, f"{engine}-{options.seed}{'-without-fence' if options.without_fence else ''}")
    return result


def _keep(folder: Path, name: str) -> None:
    """Keep what tells the story: the mail server's log, the stations' logs, the result."""
    kept = KEPT / name
    shutil.rmtree(kept, ignore_errors=True)
    for pattern in ("accepted.log", "result.json", "*/output", "*/home/logs/*"):
        for file in folder.glob(pattern):
            (kept / file.relative_to(folder)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, kept / file.relative_to(folder))


def _print_table(results: list[Result]) -> None:
    print(f"\n{'engine':<11}{'accepted':>9}{'doubled':>8}{'lost':>6}{'two holders':>12}{'uncertain':>10}{'arrived':>8}"
          f"{'by server':>10}{'takeovers':>10}{'median':>8}{'most':>7}  states")  # fmt: skip
    for result in results:
        verdict, killed = result.verdict, result.takeover_seconds(Kind.KILL_UNTIL_TAKEOVER)
        print(
            f"{result.options.engine:<11}{verdict.accepted:>9}{len(verdict.doubled):>8}"
            f"{len(verdict.lost) + len(verdict.returned):>6}{len(verdict.backwards) + len(verdict.shared):>12}"
            f"{verdict.uncertain:>10}{verdict.uncertain_arrived:>8}{result.uncertain_by_server:>10}{len(killed):>10}"
            f"{median(killed) if killed else 0:>8.1f}{max(killed, default=0):>7.1f}  {dict(verdict.states)}"
        )
    for result in results:
        verdict = result.verdict
        print(f"\n{result.options.engine}: {'clean' if result.is_clean else 'NOT CLEAN'}, {result.seconds:.0f} s")
        for kind, count in sorted(Counter(outage.kind for outage in result.outages).items()):
            print(f"  {count:>3} x {kind}")
        print(f"  memory at most, MiB: {result.most_mebibytes}; lines of log: {result.log_lines}")
        frozen = [f"{seconds:.1f}" for seconds in result.takeover_seconds(Kind.FREEZE_LONG)]
        print(f"  takeovers from a frozen holder, s: {', '.join(frozen) or 'none'}; exit codes {result.exit_codes}")
        for what, found in (
            ("doubled", verdict.doubled),
            ("lost", verdict.lost),
            ("returned", verdict.returned),
            ("under an older token", verdict.backwards),
            ("one token, two stations", verdict.shared),
            ("the token stepped back", result.token_steps_back),
            ("left running", result.orphans),
        ):
            if found:
                print(f"  {what}: {len(found)}: {'; '.join(map(str, found[:5]))}")


if __name__ == "__main__":
    main()
