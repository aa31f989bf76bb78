"""Languages: which one a customer speaks, answers in it, and translations where a model is weak."""

from teppan.serve.language.crossing import Crossing
from teppan.serve.language.hearing import Tongue, language_of
from teppan.serve.language.interpreter import Interpreter, LanguagePolicy
from teppan.serve.language.spoken import Spoken
from teppan.serve.language.translating import Book, Translator

__all__ = [
    "Book",
    "Crossing",
    "Interpreter",
    "LanguagePolicy",
    "Spoken",
    "Tongue",
    "Translator",
    "language_of",
]
