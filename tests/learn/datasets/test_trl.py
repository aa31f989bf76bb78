"""TRL trains on the exports: a tiny model, made here, takes one step on each."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dataset_signals import question
from teppan.core.chat import Message, Text, Tool, ToolCall, ToolResult, say
from teppan.learn.datasets.examples import Example
from teppan.learn.datasets.formats import format_of
from teppan.learn.datasets.formats.files import Place

MISSING = [name for name in ("torch", "transformers", "trl", "datasets") if not find_spec(name)]
pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(bool(MISSING), reason=f"{MISSING} not installed (extra `train`)"),
]

TEMPLATE = (
    "{% if tools %}<|tools|>{{ tools | tojson }}\n{% endif %}"
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] or '' }}"
    "{% for call in message.get('tool_calls') or [] %}{{ call['function'] | tojson }}{% endfor %}"
    "{{ eos_token }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
TABLE = Tool("free_table", "Is a table free?", {"type": "object", "properties": {"day": {}}})
ROUTE = Tool("route", "How far?", {"type": "object", "properties": {"to": {"type": "string"}}})


def acted(tool: Tool, arguments: str) -> tuple[Message, ...]:
    return (
        say("user", "Is there a table?"),
        Message("assistant", (ToolCall("c1", tool.name, arguments),)),
        Message("tool", (ToolResult("c1", (Text("yes"),)),)),
    )


def examples() -> list[Example]:
    plain = [
        Example(id=f"{n}", messages=(say("user", question(n)),), chosen="Yes.", rejected=("No.",))
        for n in range(7)
    ]
    turns = (say("system", "You help."), *plain[0].messages, say("assistant", "b"))
    more = [
        Example(id="7", messages=(*turns, say("user", "And?")), chosen="c", rejected=("d",)),
        Example(id="8", messages=acted(TABLE, '{"day": 1}'), tools=(TABLE,), chosen="Yes, one.",
                rejected=("No, none.",)),
        Example(id="9", messages=acted(ROUTE, '{"to": "town"}'), tools=(ROUTE, TABLE),
                chosen="Not far.", rejected=("Far.",)),
    ]  # fmt: skip
    return [*plain, *more]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """One token for each byte, and a chat template."""
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = {letter: place for place, letter in enumerate(["<pad>", "<eos>", *letters])}
    made = Tokenizer(BPE(words, []))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    found = PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<eos>")
    found.chat_template = TEMPLATE
    return found


def model(tokenizer: Any) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(1)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=1024,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
        )
    )


def loaded(name: str, folder: Path) -> Any:
    """The export, as TRL's users load it."""
    from datasets import load_dataset

    format_ = format_of(name)
    place = Place(folder)
    writer = format_.load().writer(place, format_.limits)
    for example in examples():
        writer.add("train", example)
    writer.close()
    assert list(format_.load().check(place, format_.limits)) == []
    files = str(folder / f"train{format_.suffix}")
    return load_dataset("json", data_files=files, split="train", cache_dir=str(folder / "cache"))


def settings(folder: Path) -> dict[str, Any]:
    return {
        "output_dir": str(folder / "out"),
        "max_steps": 1,
        "per_device_train_batch_size": 10,
        "report_to": [],
        "use_cpu": True,
        "bf16": False,
        "save_strategy": "no",
        "disable_tqdm": True,
    }


def test_sft_takes_a_step_and_learns_the_completion_alone(tmp_path: Path, tokenizer: Any) -> None:
    from trl import SFTConfig, SFTTrainer

    data = loaded("trl-sft", tmp_path)
    trainer = SFTTrainer(
        model=model(tokenizer),
        args=SFTConfig(**settings(tmp_path), max_length=1024),
        train_dataset=data,
        processing_class=tokenizer,
    )
    batch = next(iter(trainer.get_train_dataloader()))
    learned = {
        tokenizer.decode([token for token in row if token != -100]).replace("<eos>", "").strip()
        for row in batch["labels"].tolist()
    }
    assert {each.removeprefix("<|assistant|>") for each in learned} == {
        "Yes.", "c", "Yes, one.", "Not far."
    }  # fmt: skip
    assert trainer.train().training_loss > 0


def test_dpo_takes_a_step_on_pairs(tmp_path: Path, tokenizer: Any) -> None:
    from trl import DPOConfig, DPOTrainer

    data = loaded("trl-dpo", tmp_path)
    trainer = DPOTrainer(
        model=model(tokenizer),
        ref_model=model(tokenizer),
        args=DPOConfig(**settings(tmp_path), max_length=1024),
        train_dataset=data,
        processing_class=tokenizer,
    )
    assert len(data) == len(examples())
    assert trainer.train().training_loss > 0


def test_tools_of_different_shapes_stand_in_one_column(tmp_path: Path) -> None:
    data = loaded("trl-sft", tmp_path)
    told = [json.loads(each) for each in data["tools"] if each]
    assert [len(each) for each in told] == [1, 2]


def test_conversations_for_hosted_training_are_conversations_for_trl_too(tmp_path: Path) -> None:
    from trl.data_utils import is_conversational

    data = loaded("openai", tmp_path)
    assert all(is_conversational(row) for row in data)
