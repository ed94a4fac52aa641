"""How a kernel is started: forked from the fork server, or cold behind a command line."""

import asyncio
import os
import subprocess
import time
import uuid
from typing import Any

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Dict, Instance, Unicode

from grader.sandbox import bubblewrap, containers
from grader.sandbox.confinement import Confinement
from grader.sandbox.forking import ForkedProcess, ForkServer


class _Confined(LocalProvisioner):
    """Sockets lie in a folder of the kernel's own, and nothing of our environment goes along."""

    confinement = Instance(Confinement)
    environment = Dict(value_trait=Unicode(), key_trait=Unicode())

    async def pre_launch(self, **arguments: Any) -> dict[str, Any]:
        """Place the connection file; the kernel manager must use IPC already."""
        arguments = await super().pre_launch(**arguments)
        arguments["env"] = dict(self.environment)
        owner = self.confinement.uid
        if owner is not None:
            for path in (self.confinement.connection, *self.confinement.connection.iterdir()):
                os.chown(path, owner, owner)
        return arguments

    @property
    def lost_its_server(self) -> bool:
        """Did the kernel end because what it was forked from ended?"""
        return False

    async def kill(self, restart: bool = False) -> None:
        """Kill everything at once."""
        if self.process:
            self.process.kill()

    async def wait(self) -> int | None:
        """Wait in short steps: an ended kernel is noticed at once."""
        deadline = time.monotonic() + 20
        while self.process and self.process.poll() is None and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        code = self.process.poll() if self.process else 0
        self.process = None
        return code


class ForkedProvisioner(_Confined):
    """A kernel forked from a process that has imported the heavy libraries."""

    server = Instance(ForkServer)
    _forked: ForkedProcess | None = None

    @property
    def lost_its_server(self) -> bool:
        """Did the kernel end because what it was forked from ended?"""
        return self._forked is not None and self._forked.lost_its_server

    async def launch_kernel(self, cmd: list[str], **arguments: Any) -> KernelConnectionInfo:
        """Fork it; the fork confines itself before it reads anything of a student's."""
        request = {
            "arguments": cmd[cmd.index("ipykernel_launcher") + 1 :],
            "environment": arguments["env"],
            "confinement": self.confinement.model_dump_json(),
            "log": os.environ.get("FINETUNING_COURSE_KERNEL_LOG", ""),
        }
        forked = await asyncio.to_thread(self.server.fork, request)
        self._forked = forked
        # Of a process it has all that the provisioner calls.
        self.process = forked  # type: ignore[assignment]
        self.pid, self.pgid = forked.pid, None
        return self.connection_info


class ColdProvisioner(_Confined):
    """A kernel behind bubblewrap, Docker or Podman: imports everything anew."""

    sandbox = Unicode()

    async def launch_kernel(self, cmd: list[str], **arguments: Any) -> KernelConnectionInfo:
        """Start it with the sandbox's command line in front."""
        environment = arguments["env"]
        if self.sandbox == "bwrap":
            command, given = [*bubblewrap.command(self.confinement), *cmd], environment
        else:
            self._container = f"finetuning-course-{uuid.uuid4().hex[:12]}"
            words = containers.command(self.sandbox, self.confinement, self._container)
            words += [word for name, value in environment.items() for word in ("--env", f"{name}={value}")]
            command, given = [*words, containers.image(), "python", *cmd[1:]], dict(os.environ)
        self.process = subprocess.Popen(
            command,
            env=given,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.pid, self.pgid = self.process.pid, self.process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """A container outlives the command that started it."""
        if self.sandbox in ("docker", "podman") and self.process:
            words = [self.sandbox, "kill", self._container]
            await asyncio.to_thread(
                subprocess.run, words, capture_output=True, timeout=20, check=False, stdin=subprocess.DEVNULL
            )
        await super().kill(restart)
