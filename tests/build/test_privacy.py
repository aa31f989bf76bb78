"""The detector of the settings: patterns, an operator's own file, and what it must not say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from teppan.build.privacy import Remembering, fingerprint_of, open_scrubber
from teppan.config.schema import Settings
from teppan.core.errors import ConfigError
from teppan.learn.privacy.detector import PatternDetector

OWN = """
def find(text, languages):
    at = text.find("Zoraquill")
    return [(at, at + 9, "handle")] if at >= 0 else []
"""


def settings(**privacy: Any) -> Settings:
    return Settings.model_validate({"learn": {"privacy": privacy}})


def own(tmp_path: Path, text: str = OWN) -> Settings:
    path = tmp_path / "detector.py"
    path.write_text(text, "utf-8")
    return settings(detector=str(path))


def test_patterns_are_there_without_any_setting() -> None:
    assert open_scrubber(settings(), None).text("mail a@b.com") == "mail [EMAIL_1]"


def test_an_operators_file_finds_more_and_replaces_nothing(tmp_path: Path) -> None:
    scrubbed = open_scrubber(own(tmp_path), None).text("I am on chat as Zoraquill, mail a@b.com")
    assert scrubbed == "I am on chat as [HANDLE_1], mail [EMAIL_1]"


@pytest.mark.parametrize(
    "answer",
    ['[(0, 99, "name")]', '[(3, 2, "name")]', '[(0, 2, "secret word")]', '[(-1, 2, "id")]'],
)
def test_a_wrong_answer_stops_everything(tmp_path: Path, answer: str) -> None:
    told = own(tmp_path, f"def find(text, languages):\n    return {answer}\n")
    with pytest.raises(ConfigError, match="no place or kind"):
        open_scrubber(told, None).text("a text")


def test_a_file_that_is_no_detector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        open_scrubber(settings(detector=str(tmp_path / "none.py")), None)
    with pytest.raises(ConfigError, match="has no function"):
        open_scrubber(own(tmp_path, "found = 1\n"), None)


def test_regions_and_kinds_are_those_of_the_settings() -> None:
    plain, told = settings(), settings(regions=["US"], without=["ip"])
    text = "Server 10.1.2.3, phone (916) 555-0134"
    assert "10.1.2.3" not in open_scrubber(plain, None).text(text)
    assert open_scrubber(told, None).text(text) == "Server 10.1.2.3, phone [PHONE_1]"


def test_the_fingerprint_changes_with_what_scrubbing_depends_on(tmp_path: Path) -> None:
    told = [settings(), settings(regions=["US"]), settings(without=["code"]), own(tmp_path)]
    prints = [fingerprint_of(each, None) for each in told]
    prints.append(fingerprint_of(own(tmp_path, OWN + "\n# changed\n"), None))
    assert len(set(prints)) == 5
    assert fingerprint_of(settings(), None) == prints[0]


def test_a_text_that_comes_again_is_not_looked_at_again() -> None:
    seen: list[str] = []

    class Counting(PatternDetector):
        def find(self, text: str, languages: Any = ()) -> Any:
            seen.append(text)
            return super().find(text, languages)

    detector = Remembering(Counting())
    first = detector.find("mail a@b.com", ["en"])
    first.clear()
    assert len(detector.find("mail a@b.com", ["en"])) == 1
    assert seen == ["mail a@b.com"]
