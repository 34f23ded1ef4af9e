"""How long `status` and `restart` take as whole commands, beside `supervisorctl`.

    .venv/bin/python benchmarks/control_commands.py [--rounds 30]

A whole command is what an operator waits for: the interpreter's start, imports, the request, the answer, the exit.
"""

import argparse
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import perf_counter
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
COMMAND = Path(sys.executable).parent / "heitz-service"
AIM_MS = {"status": 80, "restart": 120}
SETTINGS = """
[club]
name = "Benchmark"
database = "sqlite:///club.db"
[stations.BENCH]
server = true
[email]
station = "BENCH"
[email.smtp]
host = "127.0.0.1"
port = 9
security = "none"
sender = "Benchmark <benchmark@example.org>"
"""


# Without a timeout: with one, subprocess looks for the end only every 50 ms.
def quiet(*words: str | Path, env: dict[str, str] | None = None) -> int:
    ended = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, check=False)
    return ended.returncode


class Case(NamedTuple):
    """One command to measure, and the milliseconds that it should stay below."""

    name: str
    words: tuple[str | Path, ...]
    env: dict[str, str] | None = None
    aim: int | None = None


def measure(cases: list[Case], rounds: int) -> None:
    """Run every case once a round, so that what else the machine does falls on all of them alike; print the table."""
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds + 1):
        for case in cases:
            begun = perf_counter()
            quiet(*case.words, env=case.env)
            times[case.name].append((perf_counter() - begun) * 1000)
    print(f"{'':<44} {'best':>7} {'median':>7} {'p90':>7}   aim, in ms")
    for case in cases:
        taken = times[case.name][1:]  # the first round warms the caches
        p90 = statistics.quantiles(taken, n=10)[-1]
        aim = "" if case.aim is None else f"   {case.aim}"
        print(f"{case.name:<44} {min(taken):7.1f} {statistics.median(taken):7.1f} {p90:7.1f}{aim}")


def await_success(what: str, probe: Callable[[], bool]) -> None:
    begun = perf_counter()
    while not probe():
        if perf_counter() - begun > 30:
            raise TimeoutError(what)
        Event().wait(0.1)


@contextmanager
def process(*words: str | Path, env: dict[str, str], cwd: Path) -> Iterator[None]:
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, cwd=cwd) as running:
        try:
            yield
        finally:
            running.terminate()


def our_cases(name: str, env: dict[str, str]) -> list[Case]:
    await_success(name, lambda: quiet(COMMAND, "status", env=env) in {0, 1})
    return [
        Case(f"status, {name}", (COMMAND, "status"), env, AIM_MS["status"]),
        Case(f"restart email, {name}", (COMMAND, "restart", "email"), env, AIM_MS["restart"]),
    ]


@contextmanager
def channel_alone() -> Iterator[list[Case]]:
    """Run the program's outer parts without anything behind them."""
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"HEITZ_SERVICE_HOME": home, "PYTHONPATH": str(ROOT)}
        program = ROOT / "tests" / "service" / "station_program.py"
        with process(sys.executable, program, "BENCH", "active", env=env, cwd=ROOT):
            yield our_cases("the control channel alone", env)


@contextmanager
def whole_program() -> Iterator[list[Case]]:
    if importlib.util.find_spec("service.run") is None:
        print("heitz-service run: not in this tree, skipped")
        yield []
        return
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"HEITZ_SERVICE_HOME": home}
        settings = Path(home) / "heitz-service.toml"
        settings.write_text(SETTINGS, encoding="utf-8")
        quiet(COMMAND, "database", "init", "--config", settings, env=env)
        words = (COMMAND, "run", "--headless", "--config", settings, "--station", "BENCH")
        with process(*words, env=env, cwd=Path(home)):
            yield our_cases("heitz-service run", env)


@contextmanager
def peer() -> Iterator[list[Case]]:
    supervisord, supervisorctl = shutil.which("supervisord"), shutil.which("supervisorctl")
    if supervisord is None or supervisorctl is None:
        print("supervisorctl: not installed here, skipped (sh benchmarks/run installs it in an environment of its own)")
        yield []
        return
    with tempfile.TemporaryDirectory() as home:
        config = Path(home) / "supervisord.conf"
        config.write_text(
            f"[supervisord]\nnodaemon=true\nlogfile={home}/log\npidfile={home}/pid\n"
            f"[unix_http_server]\nfile={home}/s.sock\n[supervisorctl]\nserverurl=unix://{home}/s.sock\n"
            "[rpcinterface:supervisor]\n"
            "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n"
            "[program:email]\ncommand=/bin/sleep 1000\nstartsecs=0\n",
            encoding="utf-8",
        )
        # Our folder has a `supervisor`, too.
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ctl = (supervisorctl, "-c", config)
        with process(supervisord, "-c", config, env=env, cwd=Path(home)):
            await_success("supervisord", lambda: quiet(*ctl, "status", env=env) == 0)
            yield [
                Case("status, supervisorctl", (*ctl, "status"), env),
                Case("restart email, supervisorctl", (*ctl, "restart", "email"), env),
            ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    with channel_alone() as channel, whole_program() as program, peer() as others:
        start = Case("python -c pass (no command can beat it)", (sys.executable, "-c", "pass"))
        measure([start, *channel, *program, *others], rounds)


if __name__ == "__main__":
    main()
