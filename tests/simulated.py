"""A teacher with a mind of its own, and two recipes that make the engine's promises hard to keep."""

from __future__ import annotations

import asyncio
import random
from collections import Counter as Count
from dataclasses import dataclass, field

from instgen.calls import Calls
from instgen.engine import Run, Source, Target
from instgen.errors import InstgenError, ItemFailed
from instgen.journal import Journal, NoJournal
from instgen.recipes.flow import Flow, Outcome, ask, ask_all, failure
from instgen.records import Completion, Prompt, Record, Rejection, Verdict, born
from instgen.teachers.teacher import Traits


@dataclass
class Simulated:
    """Answers by the prompt alone, after a time that is anybody's guess; some prompts fail, some are refused."""

    luck: random.Random
    latency: float = 0.002
    failing: float = 0.0
    name: str = "simulated/one"
    identity: str = "simulated"
    host: str = ""
    traits: Traits = field(default_factory=Traits)
    asked: Count[str] = field(default_factory=Count)
    at_work: int = 0
    most_at_work: int = 0

    async def complete(self, prompt: Prompt) -> Completion:
        self.asked[f"{prompt.text}#{prompt.sample}"] += 1
        self.at_work += 1
        self.most_at_work = max(self.at_work, self.most_at_work)
        try:
            if self.latency:
                await asyncio.sleep(self.luck.random() * self.latency)
        finally:
            self.at_work -= 1
        fate = random.Random(prompt.text).random()
        if fate < self.failing:
            raise ItemFailed("no luck")
        return Completion(f"<{prompt.text}>", cost=0.0, teacher=self.name, host=self.host)

    async def aclose(self) -> None:
        pass


class Bootstrapping:
    """Like self-instruct: what a flow asks depends on what was admitted before it started."""

    command = "bootstrapping"

    def __init__(self) -> None:
        self.pool: list[str] = []

    def start(self, number: int, item: int) -> Flow:
        rng = random.Random(number)
        example = rng.choice(self.pool) if self.pool else "none"
        return bootstrapping_flow(number, item, example, len(self.pool))

    def admit(self, outcome: Outcome) -> Outcome:
        self.pool += [record.instruction[-40:] for record in outcome.records]
        return outcome


def bootstrapping_flow(number: int, item: int, example: str, size: int) -> Flow:
    first = yield from ask(Prompt(text=f"{number} {item} {example} {size}"))
    if first.finish == "failed":
        return Outcome(rejections=(failure("bootstrapping", first),))
    made = tuple(born(Record(f"{first.text} {part}")) for part in range(number % 3))
    dropped = () if made else (Rejection("bootstrapping", Verdict("nothing"), text=first.text),)
    return Outcome(made, dropped)


class Chaining:
    """Like evolve: several rounds for each item, two prompts at once in the second, none at all for some items."""

    command = "chaining"

    def start(self, number: int, item: str) -> Flow:
        del number
        return chaining_flow(item)

    def admit(self, outcome: Outcome) -> Outcome:
        return outcome


def chaining_flow(item: str) -> Flow:
    if item.startswith("done"):
        return Outcome((born(Record(item)),))
    first = yield from ask(Prompt(text=item))
    left, right = yield from ask_all((Prompt(text=first.text, sample=0), Prompt(text=first.text, sample=1)))
    if "failed" in {first.finish, left.finish, right.finish}:
        return Outcome(rejections=(failure("chaining", first if first.finish == "failed" else left),))
    return Outcome((born(Record(item, output=left.text + right.text)),))


class Given:
    """A source of items that are all there from the start."""

    error: BaseException | None = None

    def __init__(self, items: list[str]) -> None:
        self._items = items[::-1]

    @property
    def finished(self) -> bool:
        return not self._items

    def start(self, arrived: object) -> None:
        del arrived

    def take(self) -> str | None:
        return self._items.pop() if self._items else None

    def close(self) -> None:
        pass


@dataclass
class Ran:
    """What a run gave."""

    outcomes: list[Outcome]
    run: Run[int] | Run[str]
    problem: BaseException | None = None

    @property
    def texts(self) -> list[tuple[str, ...]]:
        kept = [tuple(record.instruction + record.output for record in each.records) for each in self.outcomes]
        left = [tuple(rejection.verdict.reason for rejection in each.rejections) for each in self.outcomes]
        return [one + other for one, other in zip(kept, left, strict=True)]


class Sampling:
    """Flows that ask the same several times at once."""

    command = "sampling"

    def __init__(self, samples: int) -> None:
        self._samples = samples

    def start(self, number: int, item: str) -> Flow:
        return _samples_of(item, self._samples)

    def admit(self, outcome: Outcome) -> Outcome:
        return outcome


def _samples_of(item: str, samples: int) -> Flow:
    replies = yield from ask_all(tuple(Prompt(text=item, sample=number) for number in range(samples)))
    return Outcome((born(Record(item, output=replies[-1].text)),))


def drive(
    recipe: Bootstrapping | Chaining | Sampling,
    source: Source[int] | Source[str],
    teacher: Simulated,
    *,
    concurrency: int,
    journal: Journal | None = None,
    ahead: int = 8,
    target: Target | None = None,
    stop_after: int | None = None,
    stop_with: BaseException | None = None,
) -> Ran:
    """Run a recipe to its end, or stop it after some outcomes."""
    return asyncio.run(
        _drive(recipe, source, teacher, concurrency, journal or NoJournal(), ahead, target, stop_after, stop_with)
    )


async def _drive(recipe, source, teacher, concurrency, journal, ahead, target, stop_after, stop_with) -> Ran:
    calls = Calls({"teacher": teacher}, journal, seed=0, concurrency=concurrency)
    run = Run(recipe, source, calls, ahead=ahead, target=target, grace=0.05)
    ran = Ran([], run)
    try:
        async for outcome in run.outcomes():
            ran.outcomes.append(outcome)
            if len(ran.outcomes) == stop_after:
                run.stop(stop_with or KeyboardInterrupt())
    except (InstgenError, KeyboardInterrupt, RuntimeError) as problem:
        ran.problem = problem
    return ran
