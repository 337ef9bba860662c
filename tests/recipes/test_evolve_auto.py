"""The optimization of a method, with a teacher whose failures are known."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from instgen.errors import InputError
from instgen.prompts.book import PromptBook, built_in
from instgen.prompts.template import Sampling, parse_template
from instgen.recipes.evolve import Evolve, Evolving, Wording
from instgen.recipes.evolve_auto import (
    AutoEvolve,
    Found,
    Optimized,
    Optimizer,
    Optimizing,
    candidates,
    drawn,
    evolving_by,
    method_of,
    optimize,
    rewritten,
    side_by_side,
    trial,
)
from instgen.recipes.flow import ask, ask_all
from instgen.records import Completion, Message, Prompt, Record, born

ROWS = [born(Record(f"Name river number {number}.")) for number in range(40)]
FILE = built_in()["en/evolve-auto"]
Answer = Callable[[str, int], str | Completion]


def optimizer(language: str) -> Optimizer:
    book = PromptBook(language)
    file = built_in()[f"{language}/evolve-auto"]
    return Optimizer(file, book.template("evolve-auto-analyse"), book.template("evolve-auto-rewrite"))


def optimizing(**more: Any) -> Optimizing:
    wordings = {language: Wording({}, PromptBook(language).template("respond")) for language in ("en", "zh")}
    languages = {language: optimizer(language) for language in ("en", "zh")}
    return Optimizing(
        **{
            "name": "mine",
            "languages": languages,
            "evolving": Evolving(wordings, (), rounds=1),
            "sampling": Sampling(),
            "steps": 3,
            **more,
        }
    )


def text(prompt: Prompt) -> str:
    return prompt.text or "\n".join(turn.content for turn in prompt.messages)


def played(flow: Any, answer: Answer, log: list[tuple[Prompt, ...]] | None = None) -> Any:
    """What a flow returns when `answer` is its teacher, of a prompt's text and its sample number."""
    try:
        prompts = next(flow)
        while True:
            if log is not None:
                log.append(prompts)
            said = [answer(text(prompt), prompt.sample) for prompt in prompts]
            prompts = flow.send(tuple(Completion(each) if isinstance(each, str) else each for each in said))
    except StopIteration as end:
        return end.value


def river(prompt: str) -> int:
    return int(re.findall(r"number (\d+)", prompt)[-1])


def teacher(prompt: str, sample: int) -> str:
    """Fails every third river by the first method, every sixth by FAIR, and none by GOOD; sample 2 finds GOOD."""
    if "Find the rounds" in prompt:
        return f"Findings {sample}."
    if "Write a better version" in prompt:
        method = {1: "FAIR", 2: "GOOD"}.get(sample, "Step 1. The same as ever.")
        return f"<method>{method}</method>"
    if "You make tasks harder" in prompt:
        rate = 0 if "GOOD" in prompt else 6 if "FAIR" in prompt else 3
        number = river(prompt)
        bad = "BAD" if rate and number % rate == 0 else "well"
        return (
            f"Step 1. Ways.\n<instruction>Tell me {bad} how long it is and where it ends: number {number}</instruction>"
        )
    return "Sure, which one do you mean?" if "BAD" in prompt else "It is long and ends in the sea."


def gradual(prompt: str, sample: int) -> str:
    """Fails a quarter less with each rewriting, which adds a plus; all rewritten methods differ."""
    if "Write a better version" in prompt:
        return f"<method>{sample}{'+' * (prompt.count('+') + 1)}</method>"
    if "You make tasks harder" in prompt:
        number = river(prompt)
        bad = "BAD" if number % 40 > 10 * prompt.count("+") else "well"
        return f"<instruction>Say {bad} and in full how long this one is: number {number}</instruction>"
    return teacher(prompt, sample)


def test_the_candidate_that_fails_least_takes_the_methods_place() -> None:
    given = optimizing(development=12)
    development = drawn(ROWS, given)
    found: Found = played(optimize(development, given.languages["en"], given), teacher)
    assert method_of(found.file) == "GOOD"
    failing = sum(river(row.instruction) % 3 == 0 for row in development.development)
    assert failing > 0
    assert [(each.failed, each.of) for each in found.course] == [(failing, 12), (0, 12)]


def test_it_ends_when_no_candidate_fails_less() -> None:
    def stubborn(prompt: str, sample: int) -> str:
        return teacher(prompt.replace("GOOD", "").replace("FAIR", ""), sample)

    log: list[tuple[Prompt, ...]] = []
    given = optimizing()
    found: Found = played(optimize(drawn(ROWS, given), given.languages["en"], given), stubborn, log)
    assert found.file == FILE
    assert len(found.course) == 1
    assert sum("Find the rounds" in text(prompts[0]) for prompts in log) == 1, "one step, then no more"


def test_steps_go_on_while_the_rate_falls_and_end_with_their_number() -> None:
    given = optimizing(steps=2)
    found: Found = played(optimize(drawn(ROWS, given), given.languages["en"], given), gradual)
    rates = [each.rate for each in found.course]
    assert len(rates) == 3
    assert rates == sorted(rates, reverse=True)
    assert found.file.startswith("# Optimized by `instgen evolve --auto` in 2 steps: ")


def test_nothing_is_rewritten_where_nothing_fails() -> None:
    log: list[tuple[Prompt, ...]] = []
    given = optimizing(languages={"en": replace(optimizer("en"), file=FILE.replace("Step 1.", "GOOD 1."))})
    found: Found = played(optimize(drawn(ROWS, given), given.languages["en"], given), teacher, log)
    assert len(log) == 2, "one round of evolving and one of answers"
    assert len(found.course) == 1


def test_candidates_come_from_findings_of_their_own_about_the_trajectories() -> None:
    given = optimizing(batch=4)
    batch = drawn(ROWS, given).batches[0]
    log: list[tuple[Prompt, ...]] = []
    files = played(candidates(FILE, batch, "-----", given.languages["en"], given), teacher, log)
    assert [method_of(file) for file in files] == ["Step 1. The same as ever.", "FAIR", "GOOD"]
    first, second, analyses, rewrites = log
    assert (len(first), len(second), len(analyses), len(rewrites)) == (4, 4, 5, 5)
    assert [prompt.sample for prompt in analyses] == [0, 1, 2, 3, 4]
    assert {prompt.role for prompt in (*analyses, *rewrites)} == {"judge"}
    shown = text(analyses[0])
    assert all(row.instruction in shown for row in batch)
    assert shown.count("Round 2: Tell me") == 4
    assert "Findings 3." in text(rewrites[3])


def test_a_round_that_gave_no_task_is_shown_as_one() -> None:
    def mute(prompt: str, sample: int) -> str:
        return "" if "You make tasks harder" in prompt else teacher(prompt, sample)

    log: list[tuple[Prompt, ...]] = []
    given = optimizing(batch=1)
    played(candidates(FILE, ROWS[:1], "-----", given.languages["en"], given), mute, log)
    assert "Round 1: (no task came)" in text(log[1][0])


def test_a_long_row_is_shown_in_part() -> None:
    row = born(Record("Sum up the text.", "word " * 5000))
    log: list[tuple[Prompt, ...]] = []
    given = optimizing(batch=1)
    played(candidates(FILE, [row], "-----", given.languages["en"], given), teacher_of_texts, log)
    assert len(text(log[2][0])) < 8000


def teacher_of_texts(prompt: str, sample: int) -> str:
    if "You make tasks harder" in prompt:
        return "<instruction>Sum up the text in one line.</instruction><input>unchanged</input>"
    return teacher(prompt, sample)


@pytest.mark.parametrize(
    "reply",
    [
        Completion("I cannot."),
        Completion("<method></method>"),
        Completion("<method>Use {{task}}.</method>"),
        Completion("<method>One.\n[[task]]\nTwo.</method>"),
        Completion("<method>One.\n[[other]]\nTwo.</method>"),
        Completion("<method>Step 1. And th", "length"),
        Completion("", "failed"),
    ],
)
def test_what_is_no_method_is_no_candidate(reply: Completion) -> None:
    assert rewritten(FILE, reply, optimizing()) == ""


def test_a_rewritten_method_stands_in_the_place_of_the_old_one_and_nothing_else_changes() -> None:
    made = rewritten(FILE, Completion("Here:\n<method>\nOne.\nTwo \\1.\n</method>"), optimizing())
    assert method_of(made) == "One.\nTwo \\1."
    assert made.replace("One.\nTwo \\1.", method_of(FILE)) == FILE
    assert parse_template("t", made).blocks.keys() == parse_template("t", FILE).blocks.keys()


def test_a_method_without_the_part_cannot_be_rewritten() -> None:
    with pytest.raises(InputError, match=r"no part \[\[method\]\]"):
        method_of("---\n[[user]]\n{{task}}\n")


def test_calls_that_were_never_answered_are_not_the_methods_fault() -> None:
    def patchy(prompt: str, sample: int) -> str | Completion:
        if "You make tasks harder" in prompt and river(prompt) % 2:
            return Completion("", "failed", error="overloaded")
        return teacher(prompt, sample)

    done = played(trial(FILE, ROWS[:12], optimizing()), patchy)
    assert (done.failed, done.of) == (2, 6)


def test_where_no_call_is_answered_the_method_stays() -> None:
    given = optimizing()
    found: Found = played(
        optimize(drawn(ROWS, given), given.languages["en"], given), lambda *_: Completion("", "failed", error="x")
    )
    assert (found.file, found.course[0].of) == (FILE, 0)


def test_what_is_drawn_depends_on_the_seed_and_the_rows_alone() -> None:
    given = optimizing(development=15, batch=5)
    one, again = drawn(ROWS, given), drawn(ROWS, given)
    other = drawn(ROWS, replace(given, evolving=replace(given.evolving, seed=1)))
    assert one == again != other
    assert len(one.development) == 15
    assert [len(batch) for batch in one.batches] == [5, 5, 5]
    assert not {row.id for batch in one.batches for row in batch} & {row.id for row in one.development}


@pytest.mark.parametrize(("rows", "development", "batch"), [(1, 1, 1), (2, 1, 1), (3, 2, 1), (12, 6, 6)])
def test_few_rows_are_shared_out(rows: int, development: int, batch: int) -> None:
    given = drawn(ROWS[:rows], optimizing())
    assert (len(given.development), len(given.batches[0])) == (development, batch)


def test_conversations_are_not_drawn() -> None:
    turns = tuple(Message(role, "Hello") for role in ("user", "assistant", "user"))
    rows = [born(Record("Hello", messages=turns)), ROWS[0]]
    assert drawn(rows, optimizing()).development == (ROWS[0],)
    assert drawn(rows[:1], optimizing()).development == ()


def test_chinese_rows_are_optimized_by_in_chinese() -> None:
    rows = [born(Record(f"写一首关于第{number}条河的诗。")) for number in range(4)]
    (prompt, *_) = next(AutoEvolve(optimizing()).start(0, [*rows, ROWS[0]]))
    assert "你的工作是" in text(prompt)


def test_the_first_row_brings_the_method_and_the_others_are_evolved_by_it() -> None:
    recipe = AutoEvolve(optimizing())
    with pytest.raises(RuntimeError):
        recipe.start(1, ROWS[1])
    outcome = recipe.admit(played(recipe.start(0, ROWS), teacher))
    assert isinstance(outcome, Optimized)
    assert recipe.found == outcome.found
    (child,) = outcome.records
    assert (child.origin[0].op, child.origin[0].root) == ("mine", ROWS[0].id)
    assert child.origin[0].prompts[0] == parse_template("mine", outcome.found.file).source
    (prompt,) = next(recipe.start(1, ROWS[1]))
    assert "GOOD" in text(prompt)


def test_afterwards_the_method_is_used_as_if_its_file_had_been_named() -> None:
    given = optimizing()
    recipe = AutoEvolve(given)
    outcome = recipe.admit(played(recipe.start(0, ROWS), teacher))
    assert isinstance(outcome, Optimized)
    named = Evolve(evolving_by(outcome.found.file, given))
    for number, row in enumerate(ROWS[1:4], 1):
        assert played(recipe.start(number, row), teacher) == played(named.start(number, row), teacher)
    assert outcome.records == played(named.start(0, ROWS[0]), teacher).records


def test_the_loop_asks_the_same_when_it_is_played_again() -> None:
    def asked() -> list[tuple[Prompt, ...]]:
        log: list[tuple[Prompt, ...]] = []
        played(AutoEvolve(optimizing()).start(0, ROWS), teacher, log)
        return log

    assert asked() == asked()


def test_flows_side_by_side_ask_together() -> None:
    def one(name: str, times: int) -> Any:
        said = ""
        for number in range(times):
            said += (yield from ask(Prompt(text=f"{name}{number}"))).text
        return said

    def several() -> Any:
        return tuple(each.text for each in (yield from ask_all((Prompt(text="x"), Prompt(text="y")))))

    log: list[tuple[Prompt, ...]] = []
    flow = side_by_side([one("a", 2), one("b", 0), several(), one("c", 3)])
    done = played(flow, lambda prompt, _: prompt.upper(), log)
    assert done == ("A0A1", "", ("X", "Y"), "C0C1C2")
    assert [[prompt.text for prompt in prompts] for prompts in log] == [["a0", "x", "y", "c0"], ["a1", "c1"], ["c2"]]


def test_most_calls_are_enough() -> None:
    given = optimizing(development=20, batch=4, steps=2)
    log: list[tuple[Prompt, ...]] = []
    played(optimize(drawn(ROWS, given), given.languages["en"], given), gradual, log)
    assert sum(map(len, log)) == given.most_calls
