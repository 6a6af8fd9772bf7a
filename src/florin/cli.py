"""The `florin` command: how an operator reaches the parts.

Thin on purpose. Each command imports what it needs when it runs, so `florin --help` answers at once.
"""

import typer

app = typer.Typer(name="florin", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def florin() -> None:
    """Shop now, pay later, run by the owner of the shops."""


def main() -> None:
    """The entry point of the installed command."""
    app()
