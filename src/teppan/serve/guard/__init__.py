"""The rules of a business, kept in code: what may not be said is not said.

guard     keep: check, ask once more, else the safe answer    the face of this folder
checks    one kind of check each
amounts   which amounts follow from the facts
saying    what is offered, denied, promised
reading   a text as rules read it
words     how people deny and offer, per language (`words.toml`)
"""
