"""Vendors seen from the other side: simulated models behind five real wire dialects.

For the demo, for tests and benches, and for users' own tests. Everything here says that it is
simulated. Start with `Fleet` and `Settings` in `server.py`; who plays is in `personas.toml`, what
can go wrong in `faults.py`, what is asked in `questions.py`.
"""

from teppan.simulate.personas import Persona, load_cast
from teppan.simulate.questions import Bank, Question, load_bank
from teppan.simulate.server import Fleet, Settings, serve

__all__ = ["Bank", "Fleet", "Persona", "Question", "Settings", "load_bank", "load_cast", "serve"]
