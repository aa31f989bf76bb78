"""`python -m teppan` is `teppan`."""

from teppan.cli.main import run

if __name__ == "__main__":
    run()
