"""A counter module on Modbus RTU: pymodbus's own server at the far end of a wire that tests may damage."""

import asyncio
import os
import pty
import select
import threading
import tty
from collections.abc import Callable
from pathlib import Path

from pymodbus.constants import ExcCodes
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice
from sensor_simulators import Cable

SIZE = 200
_COILS = (1, 5, 15)


class Module:
    """Unit 1, with registers and coils from 0 to 199; `registers` and `coils` are the test's to set."""

    def __init__(self, link: Path, unit: int = 1) -> None:
        self.registers = [0] * SIZE
        self.coils = [False] * SIZE
        self.damage: Callable[[bytes], bytes] = lambda answer: answer
        self.echoes = self.sticks = False
        """Whether the adapter sends back what is sent; whether the relay does not move."""
        self.cable = Cable(link)
        self._unit = unit
        self._master, self._slave = pty.openpty()
        tty.setraw(self._master)
        tty.setraw(self._slave)
        self._is_over = threading.Event()
        self._is_ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._threads = [
            threading.Thread(target=run, name=f"simulated module: {run.__name__}", daemon=True)
            for run in (self._serve, self._carry)
        ]
        for thread in self._threads:
            thread.start()
        assert self._is_ready.wait(90)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._is_done.set)
        self._is_over.set()
        for thread in self._threads:
            thread.join(90)
        self._loop.close()
        os.close(self._master)
        os.close(self._slave)
        self.cable.unplug()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._served())

    async def _served(self) -> None:
        bits = [SimData(0, values=[False] * SIZE, datatype=DataType.BITS)]
        words = [SimData(0, count=SIZE, values=0, datatype=DataType.REGISTERS)]
        device = SimDevice(self._unit, simdata=(bits, list(bits), words, list(words)), action=self._act)
        self._server = ModbusSerialServer(
            device, framer=FramerType.RTU, port=os.ttyname(self._slave), baudrate=9600, ignore_missing_devices=True
        )
        self._is_done = asyncio.Event()
        await self._server.serve_forever(background=True)
        self._is_ready.set()
        await self._is_done.wait()
        await self._server.shutdown()  # type: ignore[no-untyped-call]

    async def _act(
        self,
        function: int,
        _start: int,
        address: int,
        count: int,
        current: list[int],
        written: list[int] | list[bool] | None,
    ) -> ExcCodes | None:
        if written is not None and not self.sticks:
            self.coils[address : address + count] = [bool(each) for each in written]
        if function in _COILS:
            for place in range(0, SIZE, 16):
                word = self.coils[place : place + 16]
                current[place // 16] = sum(bit << at for at, bit in enumerate(word))
        else:
            current[:] = self.registers[: len(current)]
        return None

    def _carry(self) -> None:
        """Be the wire."""
        while not self._is_over.is_set():
            question = self.cable.hear(0.01)
            if question:
                if self.echoes:
                    self.cable.say(question)
                if question[0] == self._unit:  # the server answers for others too, with an error
                    os.write(self._master, question)
            if select.select([self._master], [], [], 0.0)[0]:
                self.cable.say(self.damage(os.read(self._master, 4096)))
