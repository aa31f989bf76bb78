"""Settings in, a wired house out: the one room that knows every class.

    async with open_house(settings) as house:
        answer = await house.gateway.answer(request, scope)

`opening` wires the gateway from `vendors` and `virtual` models into a `house`; `replaying` wires
a strategy over recorded answers instead.
"""

from teppan.build.house import House, Named
from teppan.build.opening import open_house, open_store
from teppan.build.vendors import open_catalogue
from teppan.build.virtual import direct

__all__ = ["House", "Named", "direct", "open_catalogue", "open_house", "open_store"]
