"""A judge's scores, asked and told by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from instgen.prompts.book import PromptBook
from instgen.recipes.flow import Outcome
from instgen.recipes.judge import MOST_SIBLINGS, VOTING, Entry, Judge, Judging, Wording, grouped, judge_flow, median
from instgen.records import Candidate, Completion, Message, Prompt, Record, Step, born
from instgen.scores.find import built_in
from instgen.scores.rubric import Rubric, parse_rubric

WORDINGS = {
    language: Wording(book.template("judge"), book.template("judge-siblings"))
    for language, book in (("en", PromptBook()), ("zh", PromptBook("zh")))
}
RUBRICS = {name: parse_rubric(name, content) for name, content in built_in().items()}
ROW = born(Record("Name a tree.", output="The oak.", extra={"source": "mine", "solution": 42}))


def judging(*names: str, **more: Any) -> Judging:
    return Judging(tuple(RUBRICS[name] for name in names), WORDINGS, **more)


def asked(entry: Entry | Record, given: Judging) -> tuple[Prompt, ...]:
    return next(judge_flow(entry if isinstance(entry, Entry) else Entry(entry), given))


def told(entry: Entry | Record, given: Judging, *replies: str | Completion) -> Outcome:
    flow = judge_flow(entry if isinstance(entry, Entry) else Entry(entry), given)
    try:
        next(flow)
        flow.send(tuple(Completion(each, teacher="j") if isinstance(each, str) else each for each in replies))
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome
    raise AssertionError("the flow did not end")


def reasons(outcome: Outcome) -> list[str]:
    return [rejection.verdict.reason for rejection in outcome.rejections]


def said(prompt: Prompt) -> str:
    return prompt.messages[-1].content


def test_the_prompt_is_the_judges_and_has_a_schema_that_reasons_first() -> None:
    (prompt,) = asked(ROW, judging("quality"))
    assert prompt.role == "judge"
    assert prompt.schema is not None
    assert list(prompt.schema["properties"]) == ["reasoning", "helpfulness", "accuracy", "quality"]
    assert prompt.schema["properties"]["quality"] == {"type": "integer", "minimum": 0, "maximum": 5}
    assert prompt.schema["required"] == list(prompt.schema["properties"])


def test_the_record_gains_its_scores_and_a_step_and_keeps_the_rest() -> None:
    (scored,) = told(ROW, judging("quality"), '{"helpfulness": 4, "accuracy": 3, "quality": 4}').records
    assert scored.scores == {"quality": 4, "quality.helpfulness": 4, "quality.accuracy": 3}
    assert (scored.id, scored.output, scored.extra) == (ROW.id, ROW.output, ROW.extra)
    (step,) = scored.origin
    assert (step.command, step.op, step.teacher, step.seed) == ("score", "quality", "j", 0)
    assert [source.partition("@")[0] for source in step.prompts] == ["rubric/quality", "en/judge"]


def test_several_rubrics_are_asked_at_once_and_make_one_step() -> None:
    given = judging("safety", "difficulty")
    assert len(asked(ROW, given)) == 2
    (scored,) = told(ROW, given, '{"safety": 5}', "Score: 2/10").records
    assert scored.scores == {"safety": 5, "difficulty": 2}
    assert [step.op for step in scored.origin] == ["safety difficulty"]


def test_what_has_its_scores_passes_as_it_came_unless_they_are_to_be_replaced() -> None:
    row = replace(ROW, scores={"safety": 1.0})
    with pytest.raises(StopIteration) as ended:
        asked(row, judging("safety"))
    assert ended.value.value == Outcome((row,))
    assert told(row, judging("safety", replace=True), "[[4]]").records[0].scores == {"safety": 4}
    assert len(asked(row, judging("safety", "helpfulness"))) == 1


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("I like it.", "unparseable-verdict"),
        ('{"safety": 10}', "out-of-scale"),
        (Completion('{"safety": 5', "length"), "truncated"),
        (Completion("I will not judge this.", "refusal"), "refusal"),
    ],
)
def test_what_is_no_verdict_is_a_rejection_with_the_raw_reply(reply: str | Completion, reason: str) -> None:
    outcome = told(ROW, judging("safety"), reply)
    assert (outcome.records, reasons(outcome)) == ((), [reason])
    assert outcome.rejections[0].record == ROW
    assert outcome.rejections[0].verdict.evidence == (reply if isinstance(reply, str) else reply.text)


def test_a_judge_that_fails_costs_the_record_as_failed() -> None:
    assert reasons(told(ROW, judging("safety"), Completion("", "failed", error="x"))) == ["teacher-failed"]


def test_a_record_is_written_with_all_its_scores_or_not_at_all() -> None:
    outcome = told(ROW, judging("safety", "helpfulness"), "[[4]]", "no idea")
    assert (outcome.records, reasons(outcome)) == ((), ["unparseable-verdict"])
    assert outcome.rejections[0].record == replace(ROW, scores={"safety": 4})


def test_a_score_that_does_not_apply_is_left_out_and_costs_nothing() -> None:
    outcome = told(ROW, judging("honesty"), '{"reasoning": "a poem", "honesty": null}')
    assert [record.scores for record in outcome.records] == [{}]
    assert outcome.records[0].origin


def test_no_answer_is_not_judged_but_may_be_audited() -> None:
    empty = replace(ROW, output=" ")
    assert reasons(told(empty, judging("difficulty", "quality"))) == ["no-answer"]
    reply = '{"task-valid": 1, "input-appropriate": 1, "output-correct": 0}'
    (scored,) = told(empty, judging("audit"), reply).records
    assert scored.scores["audit"] == 0
    assert len(asked(empty, judging("difficulty"))) == 1


def test_an_audit_is_passed_where_all_three_are() -> None:
    reply = '{"task-valid": 1, "input-appropriate": 1, "output-correct": 1}'
    recipe = Judge(judging("audit", "safety"))
    outcome = recipe.admit(told(ROW, judging("audit"), reply))
    assert outcome.records[0].scores["audit"] == 1
    (counts,) = recipe.counts
    assert [(rate.name, rate.ones, rate.judged, rate.paper) for rate in counts.rates()] == [
        ("audit.task-valid", 1, 1, 0.92),
        ("audit.input-appropriate", 1, 1, 0.79),
        ("audit.output-correct", 1, 1, 0.58),
        ("audit", 1, 1, 0.54),
    ]


def test_an_audit_counts_where_another_score_could_not_be_had() -> None:
    recipe = Judge(judging("audit", "safety"))
    reply = '{"task-valid": 1, "input-appropriate": 0, "output-correct": 1}'
    recipe.admit(told(ROW, judging("audit", "safety"), reply, "no idea"))
    assert [rate.ones for rate in recipe.counts[0].rates()] == [1, 0, 1, 0]


class TestVotes:
    def test_each_is_a_purchase_of_its_own_and_drawn_with_some_heat(self) -> None:
        prompts = asked(ROW, judging("safety", votes=3))
        assert [(prompt.sample, prompt.temperature) for prompt in prompts] == [(n, VOTING) for n in range(3)]
        assert asked(ROW, judging("safety"))[0].temperature == 0

    def test_the_median_counts(self) -> None:
        (scored,) = told(ROW, judging("safety", votes=3), "[[1]]", "[[5]]", "[[4]]").records
        assert scored.scores == {"safety": 4}

    def test_a_bad_vote_is_told_of_and_the_others_count(self) -> None:
        outcome = told(ROW, judging("safety", votes=3), "[[2]]", "hm", "[[3]]")
        assert [record.scores for record in outcome.records] == [{"safety": 2.5}]
        assert reasons(outcome) == ["unparseable-verdict"]

    def test_no_more_than_half_of_them_make_no_score(self) -> None:
        outcome = told(ROW, judging("safety", votes=2), "[[2]]", "hm")
        assert (outcome.records, reasons(outcome)) == ((), ["unparseable-verdict"])

    def test_the_median_of_what_may_not_apply(self) -> None:
        assert median([None, 3, 5]) == 4
        assert median([None, 3]) is None
        assert median([None]) is None


def test_a_reference_is_shown_where_the_row_has_one() -> None:
    with_it = said(asked(ROW, judging("truthfulness", reference_key="solution"))[0])
    assert "<reference " in with_it
    assert "\n42\n" in with_it
    assert "<reference " not in said(asked(ROW, judging("truthfulness", reference_key="other"))[0])
    assert "<reference " not in said(asked(ROW, judging("difficulty", reference_key="solution"))[0])


def test_a_task_is_judged_without_its_answer() -> None:
    assert "oak" not in said(asked(ROW, judging("difficulty"))[0])
    talk = Record("", output="The oak.", messages=(Message("user", "Name a tree."), Message("assistant", "The oak.")))
    assert "oak" not in said(asked(talk, judging("difficulty"))[0])
    assert "oak" in said(asked(talk, judging("safety"))[0])


def test_candidates_are_judged_one_by_one_and_keep_their_own_scores() -> None:
    row = replace(
        ROW, candidates=(Candidate("The oak."), Candidate("The elm."), Candidate("A fir.", scores={"safety": 5}))
    )
    first, second = asked(row, judging("safety"))
    assert ("oak" in said(first), "elm" in said(second)) == (True, True)
    (scored,) = told(row, judging("safety"), "[[4]]", "[[2]]").records
    assert [candidate.scores for candidate in scored.candidates] == [{"safety": 4}, {"safety": 2}, {"safety": 5}]
    assert scored.scores == {}
    assert told(row, judging("difficulty"), "[[2]]").records[0].scores == {"difficulty": 2}


class TestSiblings:
    root = born(Record("Name a tree."))
    child = born(Record("Name a tall tree.", origin=(Step("evolve", root=root.id, parents=(root.id,)),)))
    other = born(Record("Name a bird."))

    def test_rows_of_one_root_in_a_row_know_of_each_other(self) -> None:
        entries = list(grouped(map(Entry, (self.root, self.child, self.other, self.child))))
        assert [len(entry.siblings) for entry in entries] == [2, 2, 1, 1]

    def test_a_group_has_an_end(self) -> None:
        sizes = [len(entry.siblings) for entry in grouped([Entry(self.root)] * (MOST_SIBLINGS + 2))]
        assert sizes == [MOST_SIBLINGS] * MOST_SIBLINGS + [2, 2]

    def test_they_are_compared_in_one_prompt_that_is_the_same_for_each(self) -> None:
        one, other = grouped(map(Entry, (self.root, self.child)))
        (first,), (second,) = asked(one, judging("complexity")), asked(other, judging("complexity"))
        assert first == second
        assert ("Name a tree." in said(first), "Name a tall tree." in said(first)) == (True, True)
        shown_first = said(first).index("Name a tree.") < said(first).index("Name a tall tree.")
        reply = '{"reasoning": "b", "variant-a": 1, "variant-b": 4}'
        scores = [told(entry, judging("complexity"), reply).records[0].scores["complexity"] for entry in (one, other)]
        assert scores == ([1, 4] if shown_first else [4, 1])

    def test_their_order_differs_from_vote_to_vote(self) -> None:
        group = [born(Record(f"Name {n} trees.", origin=(Step("evolve", root="r"),))) for n in range(8)]
        entry = next(grouped(map(Entry, group)))
        prompts = asked(entry, judging("complexity", votes=3))
        places = [[said(prompt).index(record.instruction) for record in group] for prompt in prompts]
        assert len({tuple(sorted(range(8), key=each.__getitem__)) for each in places}) == 3

    def test_neither_place_nor_name_tells_which_is_the_root(self) -> None:
        first = 0
        for n in range(200):
            root = Record(f"Root {n}.", id=f"r{n}")
            child = Record(f"Child {n}.", id=f"c{n}", origin=(Step("evolve", root=root.id),))
            text = said(asked(next(grouped(map(Entry, (root, child)))), judging("complexity"))[0])
            names = re.findall(r"<(variant-\w) \w+>\n(Root|Child)", text)
            assert [name for name, _ in names] == ["variant-a", "variant-b"]
            first += names[0][1] == "Root"
        assert 70 < first < 130

    def test_a_row_alone_is_judged_alone(self) -> None:
        (prompt,) = asked(next(grouped([Entry(self.other)])), judging("complexity"))
        assert "variant-" not in said(prompt)

    def test_a_missing_variant_makes_no_verdict(self) -> None:
        one, _ = grouped(map(Entry, (self.root, self.child)))
        assert reasons(told(one, judging("complexity"), '{"variant-a": 1}')) == ["unparseable-verdict"]


def test_one_row_more_changes_no_other_prompt() -> None:
    entry = Entry(ROW)
    assert asked(entry, judging("quality")) == asked(Entry(ROW, (ROW, TestSiblings.other)), judging("quality"))
    assert said(asked(entry, judging("quality", seed=1))[0]) != said(asked(entry, judging("quality"))[0])


def test_what_was_not_drawn_passes_as_it_came() -> None:
    with pytest.raises(StopIteration) as ended:
        next(Judge(judging("quality")).start(0, Entry(ROW, wanted=False)))
    assert ended.value.value == Outcome((ROW,))


def test_every_built_in_rubric_can_be_asked() -> None:
    for rubric in RUBRICS.values():
        assert isinstance(rubric, Rubric)
        (prompt,) = asked(ROW, judging(rubric.name))
        assert rubric.question in said(prompt)
        assert all(scale.means in said(prompt) for scale in rubric.scales)


HAN = born(Record("写一首关于秋天的诗。", output="秋风起，落叶黄。"))
PLAIN = 'about = "a"\nof = "answer"\nquestion = "QUESTION"\n[scores.plain]\nfrom = 1\nto = 5\nmeans = "m"\n'


@pytest.mark.parametrize("name", sorted(RUBRICS))
def test_a_record_in_han_letters_is_judged_in_chinese_all_over(name: str) -> None:
    (prompt,) = asked(HAN, judging(name))
    words = "".join(message.content for message in prompt.messages)
    assert not re.search(r"[A-Za-z]+ [A-Za-z]+ [A-Za-z]+", words)
    assert prompt.schema == asked(ROW, judging(name))[0].schema
    assert [source.partition("@")[0] for source in prompt.sources] == [f"rubric/{name}", "zh/judge"]


def test_siblings_in_han_letters_are_compared_in_chinese() -> None:
    (prompt,) = asked(Entry(HAN, (HAN, replace(HAN, id="other"))), judging("complexity"))
    assert prompt.sources[1].startswith("zh/judge-siblings@")
    assert RUBRICS["complexity"].worded("zh").question in said(prompt)


@pytest.mark.parametrize(("question", "language"), [("How well does it read?", "en"), ("这个回答读起来通顺吗？", "zh")])
@pytest.mark.parametrize("record", [ROW, HAN], ids=["English", "Chinese"])
def test_a_rubric_with_one_language_is_framed_in_it(question: str, language: str, record: Record) -> None:
    rubric = parse_rubric("plain", PLAIN.replace("QUESTION", question))
    (prompt,) = asked(record, Judging((rubric,), WORDINGS))
    assert prompt.sources[1].startswith(f"{language}/judge@")
