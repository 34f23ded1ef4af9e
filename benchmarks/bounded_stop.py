"""Measures how long the stop of 50 children takes when 10 of them hang. Usage: bounded_stop.py [SHUTDOWN_SECONDS]"""

import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from supervisor import ChildSpec, Intensity, SupervisedActor, SupervisorFlags, Tree

CHILDREN = 50
HUNG = 10
_PATIENCE = 90
_STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); [time.sleep(60) for _ in iter(int, 1)]"
_OBEDIENT = "import time; [time.sleep(60) for _ in iter(int, 1)]"


class Stubborn(SupervisedActor):
    """Never comes back from a handler."""

    def on_receive(self, _message: object) -> None:
        threading.Event().wait()


def _ours(seconds: float) -> str:
    specs = [ChildSpec(id=f"c{n}", start=Stubborn, shutdown_seconds=seconds) for n in range(CHILDREN)]
    tree = Tree(SupervisorFlags(intensity=Intensity(5, 600)), specs)
    tree.start()
    for n in range(HUNG):
        tree.child(f"c{n}").tell("hang")
    began = time.perf_counter()
    report = tree.stop()
    took = time.perf_counter() - began
    return f"{took:7.2f} s   {len(report.abandoned)} threads left behind, named, fenced"


def _daemon(command: list[str], files: dict[str, str]) -> str:
    if shutil.which(command[0]) is None:
        return f"{command[0]} is not installed here (it needs an environment of its own)"
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text.replace("@", folder))
        env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}  # it is not ours to import
        daemon = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        threading.Event().wait(8)  # fifty interpreters need some seconds to install their handlers
        began = time.perf_counter()
        daemon.send_signal(signal.SIGTERM)
        try:
            daemon.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            daemon.kill()
            return f"   more than {_PATIENCE} s"
        return f"{time.perf_counter() - began:7.2f} s   (processes, killed by the system)"


def _supervisord(seconds: float) -> str:
    sections = ["[supervisord]\nnodaemon=true\nlogfile=@/log\npidfile=@/pid\n"]
    for n in range(CHILDREN):
        code = _STUBBORN if n < HUNG else _OBEDIENT
        sections.append(f'[program:c{n}]\ncommand={sys.executable} -c "{code}"\nstopwaitsecs={seconds:g}\n')
    return _daemon(["supervisord", "-c", "s.conf"], {"s.conf": "\n".join(sections)})


def _circus(seconds: float) -> str:
    sections = ["[circus]\nendpoint=ipc://@/e\npubsub_endpoint=ipc://@/p\n"]
    for n in range(CHILDREN):
        name = "stubborn.py" if n < HUNG else "obedient.py"
        sections.append(f"[watcher:c{n}]\ncmd={sys.executable} @/{name}\ngraceful_timeout={seconds:g}\n")
    files = {"c.ini": "\n".join(sections), "stubborn.py": _STUBBORN, "obedient.py": _OBEDIENT}
    return _daemon(["circusd", "c.ini"], files)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    logging.disable(logging.CRITICAL)
    print(f"stop of {CHILDREN} children, {HUNG} of them hung, {seconds:g} s to obey; aim: that + 0.5 s")
    for name, run in (("this runtime", _ours), ("supervisord", _supervisord), ("circus", _circus)):
        print(f"{name:16}{run(seconds)}", flush=True)


if __name__ == "__main__":
    main()
