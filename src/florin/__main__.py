"""`python -m florin` is the `florin` command."""

from florin.cli import main

main()
