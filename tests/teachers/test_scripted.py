from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError, ItemFailed, TeacherRefused, UsageError
from instgen.records import Completion, Message, Prompt, Usage
from instgen.teachers import scripted
from instgen.teachers.scripted import Scripted
from instgen.teachers.teacher import Settings


def user(text: str, **more: Any) -> Prompt:
    return Prompt((Message("user", text),), **more)


def ask(teacher: Scripted, *prompts: Prompt) -> list[Completion]:
    async def run() -> list[Completion]:
        return await asyncio.gather(*map(teacher.complete, prompts))

    return asyncio.run(run())


def answer(rules: list[dict[str, Any]], prompt: Prompt) -> Completion:
    return ask(Scripted(rules), prompt)[0]


def test_the_first_rule_that_applies_answers() -> None:
    rules = [{"when": "judge", "reply": "5"}, {"match": "^poe.y$", "reply": "roses"}, {"reply": "other"}]
    texts = [reply.text for reply in ask(Scripted(rules), user("please judge"), user("poetry"), user("prose"))]
    assert texts == ["5", "other", "other"]


def test_a_pattern_is_searched_for() -> None:
    assert answer([{"match": r"(?i)\bPOEM\b", "reply": "roses"}], user("a poem, please")).text == "roses"


def test_when_no_rule_applies_the_item_fails_and_names_the_script() -> None:
    with pytest.raises(ItemFailed, match="scripted/mine: no rule applies"):
        ask(Scripted([{"when": "x", "reply": "y"}], "mine"), user("z"))


def test_a_system_message_is_part_of_what_is_asked() -> None:
    prompt = Prompt((Message("system", "Be brief."), Message("user", "Hi")))
    assert answer([{"when": "Be brief", "reply": "Hi."}, {"reply": "Hello there."}], prompt).text == "Hi."


@given(st.lists(st.text(max_size=5), unique=True, max_size=8), st.randoms(use_true_random=False))
def test_answers_do_not_depend_on_the_order_of_asking(texts: list[str], random: Any) -> None:
    teacher = Scripted([{"chance": 0.5, "reply": ["{{words 4}}", "{{number 1 99}}"]}, {"reply": "{{digest}}"}])
    shuffled = random.sample(texts, len(texts))
    before = {text: reply.text for text, reply in zip(texts, ask(teacher, *map(user, texts)), strict=True)}
    after = {text: reply.text for text, reply in zip(shuffled, ask(teacher, *map(user, shuffled)), strict=True)}
    assert before == after


@pytest.mark.parametrize("other", [user("a", sample=1), user("a", seed=1), user("b"), Prompt(text="a")])
def test_another_prompt_sample_or_seed_is_another_draw(other: Prompt) -> None:
    first, second = ask(Scripted([{"reply": "{{words 9}}"}]), user("a"), other)
    assert first.text != second.text


def test_settings_of_the_prompt_change_nothing() -> None:
    teacher = Scripted([{"reply": "{{words 9}}"}])
    first, second = ask(teacher, user("a"), user("a", temperature=0.1, max_tokens=3, stop=("x",), sources=("p@1",)))
    assert first == second


def test_one_of_several_replies_is_taken() -> None:
    teacher = Scripted([{"reply": ["a", "b", "c"]}])
    assert {reply.text for reply in ask(teacher, *(user(str(n)) for n in range(60)))} == {"a", "b", "c"}


def test_a_chance_is_the_share_of_prompts() -> None:
    teacher = Scripted([{"chance": 0.25, "reply": "rare"}, {"reply": "usual"}])
    rare = [reply.text for reply in ask(teacher, *(user(str(n)) for n in range(400)))].count("rare")
    assert 70 <= rare <= 130


def test_the_chances_of_two_rules_are_independent() -> None:
    teacher = Scripted([{"chance": 0.5, "reply": "a"}, {"chance": 0.5, "reply": "b"}, {"reply": "c"}])
    assert {reply.text for reply in ask(teacher, *(user(str(n)) for n in range(40)))} == {"a", "b", "c"}


def test_last_is_the_last_user_message() -> None:
    prompt = Prompt((Message("user", "one"), Message("assistant", "two"), Message("user", "three")))
    assert answer([{"reply": "{{last}}"}], prompt).text == "three"


def test_last_is_the_document_where_there_is_one() -> None:
    assert answer([{"reply": "{{line 2}}"}], Prompt(text="one\ntwo")).text == "two"


@pytest.mark.parametrize(
    ("length", "text", "finish"), [(3, "abc", "length"), (5, "abcde", "stop"), (9, "abcde", "stop")]
)
def test_a_reply_longer_than_the_cut_ends_with_length(length: int, text: str, finish: str) -> None:
    reply = answer([{"reply": "abcde", "cut": length}], user("x"))
    assert (reply.text, reply.finish) == (text, finish)


def test_a_refusal_is_a_completion() -> None:
    reply = answer([{"reply": "I cannot.", "finish": "refusal"}], user("x"))
    assert (reply.text, reply.finish) == ("I cannot.", "refusal")


def test_an_error_fails_the_item() -> None:
    with pytest.raises(ItemFailed, match="too long"):
        answer([{"error": "too long"}], user("x"))


def test_a_fatal_rule_refuses() -> None:
    with pytest.raises(TeacherRefused, match="no quota"):
        answer([{"fatal": "no quota"}], user("x"))


def test_usage_is_words_and_marked_as_an_estimate() -> None:
    assert answer([{"reply": "three words here"}], user("two words")).usage == Usage(2, 3, estimated=True)


def test_what_is_reported_can_be_said() -> None:
    rule = {"reply": "x", "tokens": {"prompt": 70, "completion": 30}, "cost": 0.5, "reasoning": "hm"}
    reply = answer([rule], user("x"))
    assert (reply.usage, reply.cost, reply.reasoning) == (Usage(70, 30), 0.5, "hm")


def test_the_completion_names_its_teacher() -> None:
    assert ask(Scripted([{"reply": "x"}], "mine"), user("x"))[0].teacher == "scripted/mine"


def test_many_wait_at_once(tmp_path: Path) -> None:
    teacher = Scripted([{"log": str(tmp_path / "log")}, {"reply": "x", "latency": [3600, 7200]}])

    async def run() -> tuple[int, int]:
        tasks = [asyncio.create_task(teacher.complete(user(str(n)))) for n in range(50)]
        await asyncio.sleep(0)
        begun, done = len((tmp_path / "log").read_text().splitlines()), sum(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        return begun, done

    assert asyncio.run(run()) == (50, 0)


def test_each_call_is_logged_by_its_digest(tmp_path: Path) -> None:
    log = tmp_path / "log"
    teacher = Scripted([{"log": str(log)}, {"reply": "{{digest}}"}])
    replies = [reply.text for reply in ask(teacher, user("a"), user("b"), user("a"))]
    assert log.read_text().splitlines() == replies


def test_a_call_that_fails_is_logged_too(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with pytest.raises(ItemFailed):
        ask(Scripted([{"log": str(log)}, {"error": "no"}]), user("a"))
    assert len(log.read_text().splitlines()) == 1


def test_a_log_that_cannot_be_written_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="log cannot be written"):
        ask(Scripted([{"log": str(tmp_path)}, {"reply": "x"}]), user("a"))


def test_a_file_is_read_with_its_head(tmp_path: Path) -> None:
    path = tmp_path / "rules.jsonl"
    path.write_text('{"traits": {"tasks_per_call": 1}}\n\n{"reply": "x"}\n')
    teacher = scripted.open(str(path), Settings())
    assert (teacher.name, teacher.traits.tasks_per_call) == (f"scripted/{path}", 1)


def test_the_identity_is_the_digest_of_the_file(tmp_path: Path) -> None:
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    one.write_text('{"reply": "x"}\n')
    same.write_text('{"reply": "x"}\n')
    other.write_text('{"reply": "x"}\n\n')
    first, second, third = (scripted.open(str(path), Settings()).identity for path in (one, same, other))
    assert first == second != third
    assert first.startswith("scripted@")


def test_rules_in_memory_have_an_identity_too() -> None:
    assert (
        Scripted([{"reply": "x"}]).identity
        == Scripted([{"reply": "x"}]).identity
        != Scripted([{"reply": "y"}]).identity
    )


def test_an_error_in_a_file_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.jsonl"
    path.write_text('{"reply": "x"}\n\n{"repyl": "x"}\n')
    with pytest.raises(InputError) as caught:
        scripted.open(str(path), Settings())
    assert caught.value.where == f"{path}:3"


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "rules.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError):
        scripted.open(str(path), Settings())


def test_a_file_must_be_named() -> None:
    with pytest.raises(UsageError):
        scripted.open("", Settings())


def test_lines_make_a_teacher() -> None:
    assert ask(Scripted.from_lines(['{"reply": "x"}']), user("a"))[0].text == "x"
