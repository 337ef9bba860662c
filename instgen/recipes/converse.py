"""Extend records into conversations: a teacher plays the user, the assistant answers, for a number of exchanges.

The rule: turns strictly alternate, each turn is checked before the next one is requested, and a bad turn ends the
conversation before its exchange. The good exchanges are kept if any were added; else the record is rejected. Persona,
length and intents are drawn from the seed and the record's id alone.
"""

from __future__ import annotations

import random
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from instgen.filters.conversation import TURN_ORDER
from instgen.formats.turns import strings_of
from instgen.prompts.template import Template
from instgen.recipes.converse_checks import bad_answer, bad_question
from instgen.recipes.converse_split import Part, split
from instgen.recipes.converse_turns import MARKER, Turns, draw_intent, read_user, spoken
from instgen.recipes.flow import TEACHER_FAILED, Flow, Outcome, ask, failure
from instgen.recipes.show import drawn_mark
from instgen.recipes.wording import language_for
from instgen.records import Completion, Message, Prompt, Record, Rejection, Step, Verdict, born, root_of

COMMAND = "converse"
INTENT = "intent "
"""The prefix of the names of the prompt file's parts for intents."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The prompt files of one language. A `user` with a part `[[text]]` is for a model that continues a document."""

    user: Template
    respond: Template
    personas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConverseSettings:
    """The settings for extending records."""

    wordings: Mapping[str, Wording]
    """By language; `en` is used for languages that have no prompt files."""
    turns: Turns
    split_tokens: int | None = None
    """The most tokens of a conversation; longer ones are split into parts. None for no limit."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn for one conversation before it starts; `rng` then draws the intent of each message."""

    exchanges: int
    """How many exchanges it is to have in all."""
    persona: str
    mark: str
    """The line around the turns in the prompt for the simulated user."""
    rng: random.Random


@dataclass(slots=True)
class Grown:
    """A conversation while it is being extended."""

    turns: list[Message]
    before: int
    """Exchanges that the record came with."""
    intents: list[str] = field(default_factory=list)
    teacher: str = ""
    sources: dict[str, None] = field(default_factory=dict)
    why: Rejection | None = None
    """Why it ended early, if it did."""

    @property
    def exchanges(self) -> int:
        """The number of answered questions."""
        return sum(1 for turn in self.turns if turn.role == "assistant")


class Converse:
    """The recipe: one flow per record, independent of all others."""

    command = COMMAND

    def __init__(self, settings: ConverseSettings) -> None:
        """Set how records are extended."""
        self._settings = settings
        self.untouched = 0
        """Records passed through because they already had the number of exchanges drawn for them."""

    def start(self, number: int, item: Record) -> Flow:
        """The flow that extends one record."""
        del number
        return converse_flow(item if item.id else born(item), self._settings)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged; counts untouched records."""
        last = outcome.records[0].origin[-1:] if outcome.records else ()
        self.untouched += bool(outcome.records) and not any(step.command == COMMAND for step in last)
        return outcome


def converse_flow(record: Record, settings: ConverseSettings) -> Flow:
    """The record as a conversation, split if it is too long, with a rejection for whatever was left out."""
    base = Record(record.instruction, messages=record.messages)
    if record.messages and ((hit := TURN_ORDER(base)) or any(turn.role == "tool" for turn in record.messages)):
        verdict = hit or Verdict("turn-order", "turn-order", evidence="a conversation with tools cannot be extended")
        return Outcome(rejections=(Rejection(COMMAND, verdict, record),))
    wording = settings.wordings[language_for(record.instruction, settings.wordings)]
    turns = opening(record, wording.respond)
    drawn = _draw(record, turns, settings, wording)
    grown = Grown(list(turns), sum(1 for turn in turns if turn.role == "assistant"))
    yield from grow(grown, drawn, wording)
    if grown.why is not None and (grown.exchanges <= grown.before or grown.why.verdict.reason == TEACHER_FAILED):
        return Outcome(rejections=(replace(grown.why, record=record),))
    rejections = (grown.why,) if grown.why else ()
    if grown.exchanges > grown.before:
        record = _conversation(record, grown, settings)
    made = in_parts(record, turns if grown.exchanges == grown.before else tuple(grown.turns), settings)
    return Outcome(made.records, (*rejections, *made.rejections))


def opening(record: Record, template: Template) -> tuple[Message, ...]:
    """The record as turns: its messages, or else its system text, its instruction with the input, and its output.

    An empty last answer is left out.
    """
    if record.messages:
        answered = record.messages[-1].role != "assistant" or bool(record.messages[-1].content.strip())
        return record.messages if answered else record.messages[:-1]
    if record.input:
        question = template.block("question with input", instruction=record.instruction, input=record.input)
    else:
        question = template.block("question", instruction=record.instruction)
    turns = [Message("system", record.system)] if record.system else []
    turns.append(Message("user", question))
    if record.output.strip():
        turns.append(Message("assistant", record.output))
    return tuple(turns)


def grow(grown: Grown, drawn: Draw, wording: Wording) -> Generator[tuple[Prompt, ...], tuple[Completion, ...], None]:
    """Add exchanges to `grown` until there are as many as drawn, the user ends the conversation, or a turn is bad.

    No question is left unanswered: a question whose answer is bad is removed.
    """
    while grown.exchanges < drawn.exchanges or grown.turns[-1].role == "user":
        if grown.turns[-1].role == "assistant":
            intent = draw_intent(drawn.rng)
            prompt = user_prompt(grown, intent, drawn, wording.user)
            reply = yield from ask(prompt)
            message = read_user(reply.text)
            if message.stops and reply.finish == "stop":
                if grown.exchanges == grown.before:
                    grown.why = Rejection(COMMAND, Verdict("user-stopped", "user"), text=reply.text)
                return
            if _ended(grown, reply, _bad_message(message.text, reply, drawn, grown.turns)):
                return
            _add(grown, "user", message.text, prompt, reply)
            grown.intents.append(intent)
        prompt = replace(wording.respond.defaults, messages=tuple(grown.turns))
        reply = yield from ask(prompt)
        answer = spoken(reply.text)
        if _ended(grown, reply, bad_answer(answer, reply, grown.turns)):
            _drop_open_question(grown)
            return
        _add(grown, "assistant", answer, prompt, reply)


def user_prompt(grown: Grown, intent: str, drawn: Draw, template: Template) -> Prompt:
    """The prompt for the teacher that plays the user."""
    shown = "\n".join(
        template.block(f"turn {turn.role}", content=turn.content) for turn in grown.turns if turn.role != "system"
    )
    slots = {"conversation": shown.strip("\n"), "intent": template.block(INTENT + intent)}
    if template.text:
        return template.render(**slots)
    may_stop = grown.exchanges > grown.before
    slots |= {"persona": drawn.persona, "mark": drawn.mark}
    return template.render(stop=template.block("stop", marker=MARKER) if may_stop else "", **slots)


def in_parts(record: Record, turns: Sequence[Message], settings: ConverseSettings) -> Outcome:
    """The record itself, or the parts it is split into; a single exchange over the limit is rejected."""
    if settings.split_tokens is None:
        return Outcome((record,))
    parts = split(turns, settings.split_tokens)
    if len(parts) == 1 and parts[0].fits:
        return Outcome((record,))
    made = [_part(record, part, number, len(parts), settings) for number, part in enumerate(parts, 1)]
    good = tuple(each for each, part in zip(made, parts, strict=True) if part.fits)
    long = tuple(
        Rejection(COMMAND, Verdict("exchange-too-long", "split-tokens", part.tokens, settings.split_tokens), each)
        for each, part in zip(made, parts, strict=True)
        if not part.fits
    )
    return Outcome(good, long)


def _draw(record: Record, turns: Sequence[Message], settings: ConverseSettings, wording: Wording) -> Draw:
    rng = random.Random(f"{settings.seed}:{record.id}")
    exchanges = settings.turns.draw(rng)
    persona = wording.personas[rng.randrange(len(wording.personas))] if wording.personas else ""
    mark = drawn_mark(rng, (turn.content for turn in turns))
    return Draw(exchanges, persona, f"=={mark}==", rng)


def _bad_message(text: str, reply: Completion, drawn: Draw, before: Sequence[Message]) -> Verdict | None:
    """What is wrong with the user's next message, if anything; one that repeats the mark is bad as well."""
    if drawn.mark in text:
        return Verdict("role-leak", "mark", evidence=drawn.mark)
    return bad_question(text, reply, before)


def _ended(grown: Grown, reply: Completion, verdict: Verdict | None) -> bool:
    """Whether the conversation ends before this turn; if so, the reason is stored in `grown.why`."""
    if reply.finish == "failed":
        grown.why = failure(COMMAND, reply)
    elif verdict is not None:
        grown.why = Rejection(COMMAND, verdict, text=reply.text)
    return grown.why is not None


def _add(grown: Grown, role: str, text: str, prompt: Prompt, reply: Completion) -> None:
    grown.turns.append(Message(role, text))
    grown.teacher = grown.teacher or reply.teacher
    grown.sources |= dict.fromkeys(prompt.sources)


def _drop_open_question(grown: Grown) -> None:
    """Remove user turns at the end that have no answer."""
    while grown.turns and grown.turns[-1].role == "user":
        grown.turns.pop()


def _conversation(record: Record, grown: Grown, settings: ConverseSettings) -> Record:
    """The record with all its turns, without scores, reasoning and candidates, which concern only its first answer."""
    step = Step(
        COMMAND,
        op=",".join(grown.intents),
        teacher=grown.teacher,
        prompts=tuple(grown.sources),
        seed=settings.seed,
    )
    return _with_turns(record, tuple(grown.turns), step)


def _part(record: Record, part: Part, number: int, of: int, settings: ConverseSettings) -> Record:
    """A part as a new record; the record itself if there is only one part."""
    step = Step(COMMAND, "split", number, root_of(record), (record.id,), seed=settings.seed)
    if of == 1:
        return record
    made = _with_turns(record, part.messages, step)
    return born(replace(made, extra={key: value for key, value in made.extra.items() if key not in ("id", "messages")}))


def _with_turns(record: Record, turns: tuple[Message, ...], step: Step) -> Record:
    strings = strings_of(turns)
    return replace(
        record,
        instruction=strings.instruction,
        input="",
        output=strings.output,
        system=strings.system,
        messages=turns,
        reasoning=None,
        candidates=(),
        scores={},
        origin=(*record.origin, step),
    )
