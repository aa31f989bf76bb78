"""What a release's estimators learn from recorded answers with scores: one state per estimator.

Recordings ── read ──> ReadQuestion ── fit_voters, fit_confidence, fit_picker, fit_chain
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from msgspec import Struct

from teppan.estimate import chain, confidence, picker, voters
from teppan.estimate.answers import Answer, AnswerKind, read_answers
from teppan.estimate.scorer import wording_of
from teppan.estimate.table import Example, Given
from teppan.estimate.voters import Question, VoterWeights, Votes, question_of
from teppan.providers.replay import Prompt, Recorded, Recordings, called

RIGHT = 0.5
"""A score above this is a right answer."""

_PRIOR_ANSWERS = 4.0


class ReadQuestion(Struct, frozen=True):
    """One prompt with what every model answered, read once."""

    prompt: Prompt
    question: Question
    kind: AnswerKind
    rows: Mapping[str, Recorded]
    answers: Mapping[str, Answer]

    @property
    def exact(self) -> bool:
        return self.kind != "open"


def read(recordings: Recordings) -> list[ReadQuestion]:
    """Every prompt that all models answered, its answers read."""
    questions = []
    for prompt in recordings.prompts:
        rows = {
            called(model): recordings.rows[prompt.prompt_id][model][0]
            for model in recordings.models
        }
        texts = [row.response or "" for row in rows.values()]
        kind, answers = read_answers(prompt.text, texts, prompt.category)
        questions.append(
            ReadQuestion(
                prompt,
                question_of(prompt.text, prompt.category),
                kind,
                rows,
                dict(zip(rows, answers, strict=True)),
            )
        )
    return questions


def votes_of(read: ReadQuestion) -> Votes:
    """The question as voters learn from it.

    Where answers are compared exactly a vote is for the answer. Where they are open every model
    stands for itself, and the best judged are right: a weight is then how often a model is best.
    """
    scores = {model: row.score or 0.0 for model, row in read.rows.items()}
    if not read.exact:
        top = max(scores.values())
        return Votes(
            read.question,
            {model: model for model in scores},
            frozenset(model for model, score in scores.items() if score == top),
        )
    answers = {model: each.value for model, each in read.answers.items() if each.value}
    right = frozenset(value for model, value in answers.items() if scores[model] > RIGHT)
    return Votes(read.question, answers, right)


def votes_of_scores(
    rows: Sequence[Recorded], prompts: Mapping[str, Prompt], models: frozenset[str]
) -> dict[str, Votes]:
    """Votes by prompt id from final answers without texts, of these models only.

    `models` are the names they are called by.
    """
    grouped: dict[str, list[Recorded]] = defaultdict(list)
    for row in rows:
        if called(row.model) in models and row.answer and row.prompt_id in prompts:
            grouped[row.prompt_id].append(row)
    return {
        prompt_id: Votes(
            question_of(prompts[prompt_id].text, prompts[prompt_id].category),
            {called(row.model): row.answer for row in some if row.answer},
            frozenset(row.answer for row in some if row.answer and (row.score or 0.0) > RIGHT),
        )
        for prompt_id, some in grouped.items()
    }


def fit_trust(questions: Sequence[ReadQuestion]) -> dict[str, float]:
    """The mean score of each model, pulled to one half where answers are few."""
    sums: dict[str, list[float]] = defaultdict(list)
    for each in questions:
        for model, row in each.rows.items():
            sums[model].append(row.score or 0.0)
    return {
        model: (sum(scores) + 0.5 * _PRIOR_ANSWERS) / (len(scores) + _PRIOR_ANSWERS)
        for model, scores in sums.items()
    }


def fit_voters(questions: Sequence[ReadQuestion], more: Sequence[Votes] = ()) -> VoterWeights:
    """Voter weights from these questions, and from votes whose texts were not kept."""
    return voters.fit([*(votes_of(each) for each in questions), *more])


def fit_confidence(
    questions: Sequence[ReadQuestion], weights: VoterWeights
) -> confidence.Calibrations:
    """Curves of the vote share, by the kind of question and for all kinds together."""
    seen: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for each in questions:
        if each.exact and (fallen := _vote(each, weights)) is not None:
            seen["vote share"].append(fallen)
            seen[f"vote share/{each.question.kind}"].append(fallen)
    return confidence.Calibrations(
        {
            name: confidence.fit([raw for raw, _ in pairs], [right for _, right in pairs])
            for name, pairs in sorted(seen.items())
        }
    )


def fit_picker(questions: Sequence[ReadQuestion]) -> picker.Picker | None:
    """The picker of open answers; `None` when there were too few."""
    return picker.fit(
        [
            picker.Judged(
                each.prompt.text,
                tuple((model, row.response or "") for model, row in each.rows.items()),
                tuple(row.score or 0.0 for row in each.rows.values()),
            )
            for each in questions
            if not each.exact
        ]
    )


def fit_chains(
    questions: Sequence[ReadQuestion],
    weights: VoterWeights,
    budgets: Sequence[float],
    more: Sequence[Votes] = (),
) -> list[chain.Chain | None]:
    """The cascade of the highest quality for each budget, in micro-dollars a question.

    Of `more`, votes whose texts and costs were not kept, those on the same kinds of question help.
    """
    examples = [_example(each) for each in questions if each.exact]
    if not examples:
        return [None for _ in budgets]
    kinds = {each.question.kind for each in examples}
    examples += [_example_of_votes(each) for each in more if each.question.kind in kinds]
    models = sorted({model for each in examples for model in each.given})
    return chain.fit(examples, models, weights, budgets)


def _example(read: ReadQuestion) -> Example:
    return Example(
        read.question,
        {
            model: Given(
                read.answers[model].value,
                row.score or 0.0,
                wording_of(row.response or "", plain=read.answers[model].plain),
                row.cost,
            )
            for model, row in read.rows.items()
        },
    )


def _example_of_votes(votes: Votes) -> Example:
    return Example(
        votes.question,
        {
            model: Given(answer, float(answer in votes.right))
            for model, answer in votes.answers.items()
        },
    )


def _vote(read: ReadQuestion, weights: VoterWeights) -> tuple[float, float] | None:
    """The winner's share of the vote, and whether it was right."""
    votes = votes_of(read)
    fallen: dict[str, float] = defaultdict(float)
    for model, answer in votes.answers.items():
        fallen[answer] += weights.of(model, read.question)
    total = sum(max(0.0, weight) for weight in fallen.values())
    if total <= 0.0:
        return None
    winner = max(fallen, key=lambda answer: fallen[answer])
    return fallen[winner] / total, float(winner in votes.right)
