"""Names that point nowhere and circles are found before anything is served."""

from __future__ import annotations

from teppan.config.check import check_names


def test_known_names_are_no_problem() -> None:
    assert (
        check_names({"support": ["a/x", "b/y"]}, {"gateway.fallback": ["support"]}, {"a", "b"})
        == []
    )


def test_an_unknown_member_is_named_with_the_nearest_one() -> None:
    (problem,) = check_names({"support": ["mistrall/x"]}, {}, {"mistral"})
    assert problem.path == "models.support"
    assert "mistral" in problem.remedy


def test_a_circle_of_virtual_models_is_found() -> None:
    problems = check_names({"a": ["b"], "b": ["a"]}, {}, set())
    assert {problem.path for problem in problems} == {"models.a", "models.b"}


def test_a_setting_that_names_a_model_is_checked_too() -> None:
    (problem,) = check_names({}, {"shadow.model": ["olama/llama"]}, {"ollama"})
    assert problem.path == "shadow.model"
    assert "ollama" in problem.remedy
