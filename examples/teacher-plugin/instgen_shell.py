"""`shell/COMMAND`: a teacher that runs a command, with the prompt on its stdin and the answer on its stdout.

instgen respond tasks.jsonl -t 'shell/ollama run qwen3'
"""

import asyncio
import shlex
import shutil

from instgen.errors import ItemFailed, UsageError
from instgen.records import Completion, Prompt
from instgen.teachers.teacher import Settings, Traits


def open(model: str, settings: Settings) -> "Shell":
    """Called once, when the teacher is looked up; must be fast, because a replayed run makes no calls."""
    if not shutil.which((shlex.split(model) or [""])[0]):
        raise UsageError(f"shell/{model}: no such command", "for example -t 'shell/ollama run qwen3'")
    return Shell(model, settings.timeout)


class Shell:
    """A teacher that starts the command once per prompt."""

    def __init__(self, command: str, timeout: float) -> None:
        self.name = self.identity = f"shell/{command}"  # the identity is part of the journal's keys
        self.traits = Traits(concurrency=4, window=8, tasks_per_call=5, paid=False)
        self._words = shlex.split(command)
        self._timeout = timeout

    async def complete(self, prompt: Prompt) -> Completion:
        """Run the command on a prompt; its output is the answer.

        Raises:
            ItemFailed: it timed out, or its exit code is not 0.
        """
        text = prompt.text or "\n\n".join(message.content for message in prompt.messages)
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self._words, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            out, err = await asyncio.wait_for(process.communicate(text.encode()), self._timeout)
        except TimeoutError:
            process.kill()
            raise ItemFailed(f"{self.name}: no answer in {self._timeout:g} s") from None
        if process.returncode:
            raise ItemFailed(f"{self.name}: exit code {process.returncode}: {err.decode(errors='replace')[:80]}")
        return Completion(out.decode(errors="replace").strip(), teacher=self.name)

    async def aclose(self) -> None:
        """Do nothing: no resources are held between calls."""
