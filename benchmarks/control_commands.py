"""How long `status` and `restart` take as whole commands, beside `supervisorctl`.

    .venv/bin/python benchmarks/control_commands.py [--runs 30]

A whole command is what an operator waits for: the interpreter's start, imports, the request, the answer, the exit.
"""

import argparse
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import perf_counter

ROOT = Path(__file__).parents[1]
COMMAND = Path(sys.executable).parent / "heitz-service"
PEER = ROOT / "build" / "supervisord-venv"
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


def quiet(*words: str | Path, env: dict[str, str] | None = None) -> int:
    ended = subprocess.run(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env, check=False, timeout=60
    )
    return ended.returncode


def measured(runs: int, *words: str | Path, env: dict[str, str] | None = None) -> list[float]:
    """Return the milliseconds of each run, after one that warms the caches."""
    quiet(*words, env=env)
    times = []
    for _ in range(runs):
        begun = perf_counter()
        quiet(*words, env=env)
        times.append((perf_counter() - begun) * 1000)
    return times


def show(name: str, times: list[float], aim: int | None = None) -> None:
    p90 = statistics.quantiles(times, n=10)[-1]
    said = "" if aim is None else f"   aim {aim}"
    best, median = min(times), statistics.median(times)
    print(f"{name:<44} best {best:6.1f} ms   median {median:6.1f} ms   p90 {p90:6.1f} ms{said}")


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


def measure_ours(name: str, runs: int, env: dict[str, str]) -> None:
    await_success(name, lambda: quiet(COMMAND, "status", env=env) in {0, 1})
    show(f"status, {name}", measured(runs, COMMAND, "status", env=env), AIM_MS["status"])
    show(f"restart email, {name}", measured(runs, COMMAND, "restart", "email", env=env), AIM_MS["restart"])


def measure_channel_alone(runs: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"HEITZ_SERVICE_HOME": home, "PYTHONPATH": str(ROOT)}
        program = ROOT / "tests" / "service" / "station_program.py"
        with process(sys.executable, program, "BENCH", "active", env=env, cwd=ROOT):
            measure_ours("the control channel alone", runs, env)


def measure_program(runs: int) -> None:
    if importlib.util.find_spec("service.run") is None:
        print("heitz-service run: not in this tree, skipped")
        return
    with tempfile.TemporaryDirectory() as home:
        env = os.environ | {"HEITZ_SERVICE_HOME": home}
        settings = Path(home) / "heitz-service.toml"
        settings.write_text(SETTINGS, encoding="utf-8")
        quiet(COMMAND, "database", "init", "--config", settings, env=env)
        words = (COMMAND, "run", "--headless", "--config", settings, "--station", "BENCH")
        with process(*words, env=env, cwd=Path(home)):
            measure_ours("heitz-service run", runs, env)


def peer_is_installed() -> bool:
    """Install supervisord in a virtual environment of its own: its package is named like our folder."""
    if (PEER / "bin" / "supervisorctl").exists():
        return True
    venv.create(PEER, with_pip=True, clear=True)
    return quiet(PEER / "bin" / "pip", "install", "--quiet", "supervisor", "setuptools<81") == 0


def measure_peer(runs: int) -> None:
    if not peer_is_installed():
        print("supervisorctl: supervisor can't be installed here, skipped")
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
        env = dict(os.environ)
        ctl = (PEER / "bin" / "supervisorctl", "-c", config)
        with process(PEER / "bin" / "supervisord", "-c", config, env=env, cwd=Path(home)):
            await_success("supervisord", lambda: quiet(*ctl, "status") == 0)
            show("status, supervisorctl", measured(runs, *ctl, "status"))
            show("restart email, supervisorctl", measured(runs, *ctl, "restart", "email"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=30)
    runs = parser.parse_args().runs
    show("python -c pass (what no command can beat)", measured(runs, sys.executable, "-c", "pass"))
    measure_channel_alone(runs)
    measure_program(runs)
    measure_peer(runs)


if __name__ == "__main__":
    main()
