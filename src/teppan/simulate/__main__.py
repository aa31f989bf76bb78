"""`python -m teppan.simulate [PORT] [BANK ...]`: the fleet on its own, without the CLI."""

import asyncio
import sys
from pathlib import Path

from teppan.simulate.questions import load_bank
from teppan.simulate.server import Fleet, Settings, serve


def _announce(fleet: Fleet) -> None:
    lines = [f"{name:<12} {fleet.address(name)}" for name in fleet.cast.vendors]
    lines.append(f"simulated vendors; key: {fleet.settings.keys[0]}")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> None:
    """Serve until interrupted."""
    port = int(arguments[0]) if arguments else 8900
    settings = Settings(port=port, bank=load_bank(*map(Path, arguments[1:])))
    try:
        asyncio.run(serve(settings, _announce))
    except KeyboardInterrupt:
        sys.stdout.write("stopped\n")


if __name__ == "__main__":
    main(sys.argv[1:])
