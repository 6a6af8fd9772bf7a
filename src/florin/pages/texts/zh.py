"""页面的中文文案。"""

TEXTS: dict[str, str] = {
    "brand": "弗罗林",
}
