"""The pages in English."""

TEXTS: dict[str, str] = {
    "brand": "Florin",
}
