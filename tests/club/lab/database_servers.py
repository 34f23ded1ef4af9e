"""Real database servers of our own: private data, a free loopback port, gone with the process that started them."""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Final

import psutil
import psycopg
import pyodbc

_START_SECONDS: Final = 90
_CHANCE: Final = random.SystemRandom()  # not the one that a test or a plugin seeds
MARIADB_DRIVER: Final = "MariaDB Unicode"


class Missing(Exception):  # noqa: N818  # named by what happened
    """What a server needs is not installed here."""


def _unprivileged(command: Sequence[str], on_our_death: signal.Signals = signal.SIGTERM) -> list[str]:
    """Return the command as `nobody` runs it (PostgreSQL refuses root), who dies when we die."""
    as_nobody = ["--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *as_nobody, f"--pdeathsig={on_our_death.name.removeprefix('SIG')}", *command]


def free_port() -> int:
    """Return a port that nothing has, and that no system gives away by itself while its server is down."""
    while True:
        port = _CHANCE.randrange(12_000, 32_000)  # below what Linux takes for the near end of connections
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


class Server(ABC):
    """One running server, and the databases in it."""

    engine: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]

    def __init__(self, *options: str) -> None:
        self.options = options
        # In /var/tmp: each parent must let `nobody` through, and a test's own folder does not.
        self.folder = Path(tempfile.mkdtemp(prefix=f"{self.engine}-", dir="/var/tmp"))
        if os.geteuid() == 0:
            os.chown(self.folder, pwd.getpwnam("nobody").pw_uid, -1)
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None: ...
    @abstractmethod
    def command(self) -> Sequence[str]: ...
    @abstractmethod
    def connect(self, database: str = "") -> Any: ...
    @abstractmethod
    def url(self, database: str, user: str = "", **query: str) -> str: ...

    def administer(self, *statements: str, database: str = "") -> None:
        """Run statements as the administrator."""
        connection = self.connect(database)
        try:
            for statement in statements:
                connection.execute(statement)
        finally:
            connection.close()

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                _unprivileged(self.command(), self.stop_signal),
                start_new_session=True,
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        pause = threading.Event()
        for _ in range(_START_SECONDS * 50):
            if self._process.poll() is not None:
                break
            try:
                self.connect().close()
            except (pyodbc.Error, psycopg.Error):
                pause.wait(0.02)
            else:
                return
        raise RuntimeError(f"{self.engine} does not start: {(self.folder / 'log').read_text()[-2000:]}")

    def kill(self) -> None:
        """End it as a crash of its machine would, all its processes at once."""
        for process in self._processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        assert self._process is not None
        self._process.wait(60)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it stand still: its sockets accept and take, and nothing ever answers."""
        processes = self._processes()
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # PostgreSQL's vacuum workers come and go
                process.suspend()
        try:
            yield
        finally:
            for process in processes:
                with suppress(psutil.NoSuchProcess):
                    process.resume()

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.stop_signal)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _processes(self) -> list[psutil.Process]:
        assert self._process is not None
        parent = psutil.Process(self._process.pid)
        return [parent, *parent.children(recursive=True)]

    def _run(self, *command: str) -> None:
        subprocess.run(_unprivileged(command), check=True, cwd=self.folder, capture_output=True, timeout=60)


class MariaDB(Server):
    engine = "mariadb"
    stop_signal = signal.SIGTERM

    def prepare(self) -> None:
        install = _program("mariadb-install-db")
        self._run(
            install,
            "--no-defaults",
            f"--datadir={self.folder}/data",
            "--skip-name-resolve",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )

    def command(self) -> Sequence[str]:
        return [
            _program("mariadbd"),
            "--no-defaults",
            f"--datadir={self.folder}/data",
            f"--socket={self.folder}/socket",
            f"--pid-file={self.folder}/pid",
            f"--port={self.port}",
            "--bind-address=127.0.0.1",
            "--skip-name-resolve",
            *self.options,
        ]

    def connect(self, database: str = "") -> Any:
        if MARIADB_DRIVER not in pyodbc.drivers():
            raise Missing(f"the ODBC driver {MARIADB_DRIVER} (package odbc-mariadb) is not installed")
        connection = pyodbc.connect(
            f"DRIVER={{{MARIADB_DRIVER}}};SERVER=127.0.0.1;PORT={self.port};DATABASE={database};UID=root;"
            "CHARSET=utf8mb4;OPTION=2;CONN_TIMEOUT=5",
            autocommit=True,
        )
        connection.setencoding("utf-8")  # else long texts arrive damaged: pyodbc issue 1375
        connection.setdecoding(pyodbc.SQL_CHAR, "utf-8")
        connection.maxwrite = 1 << 30
        return connection

    def url(self, database: str, user: str = "root", **query: str) -> str:
        options = "&".join(f"{name}={value}" for name, value in {"driver": MARIADB_DRIVER, **query}.items())
        return f"mariadb+pyodbc://{user}@127.0.0.1:{self.port}/{database}?{options}"


class PostgreSQL(Server):
    engine = "postgresql"
    stop_signal = signal.SIGINT  # on SIGTERM it would wait for its clients to go

    def prepare(self) -> None:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run(_program("initdb"), "-D", f"{self.folder}/data", *options)
        admitted = self.folder / "data" / "pg_hba.conf"  # the first line that fits counts
        admitted.write_text(f"host all guarded 127.0.0.1/32 scram-sha-256\n{admitted.read_text()}")

    def command(self) -> Sequence[str]:
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.folder}", *self.options]
        given = [part for setting in settings for part in ("-c", setting)]
        return [_program("postgres"), "-D", f"{self.folder}/data", "-p", str(self.port), *given]

    def connect(self, database: str = "postgres") -> Any:
        return psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            dbname=database or "postgres",
            connect_timeout=5,
            autocommit=True,
        )

    def url(self, database: str, user: str = "postgres", **query: str) -> str:
        options = "&".join(f"{name}={value}" for name, value in query.items())
        return f"postgresql+psycopg://{user}@127.0.0.1:{self.port}/{database}?{options}".rstrip("?")


def _program(name: str) -> str:
    folders = ["/usr/sbin", "/usr/bin", *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True)]
    found = shutil.which(name, path=os.pathsep.join([*folders, os.environ.get("PATH", "")]))
    if found is None:
        raise Missing(f"{name} is not installed: sh tools/test-packages names the packages")
    return found


@contextmanager
def running(kind: type[Server], *options: str) -> Iterator[Server]:
    """Start a server of its own kind with empty data; raises Missing when this machine has not what it needs."""
    if os.name != "posix":
        raise Missing("servers are started by the tests on Linux only")
    server = kind(*options)
    try:
        server.prepare()
        server.start()
        yield server
    finally:
        server.stop()
