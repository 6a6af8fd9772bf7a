"""Line drawings, inline so that they take the color of their text and cost no request."""

from __future__ import annotations

_OPEN = (
    '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
    'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
)
_PATHS = {
    "home": '<path d="M4 11.5 12 4.5l8 7M6.5 10v9h11v-9M10 19v-5h4v5"/>',
    "code": '<path d="M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.5v2.5H14zM20 14v2M17.5 20H20v-1.5M14 20v-.5"/>',
    "orders": '<path d="M6.5 8h11l1 12h-13zM9 10.5V7a3 3 0 0 1 6 0v3.5"/>',
    "bill": '<path d="M6 3.5h12v17l-2.4-1.6-1.8 1.6-1.8-1.6-1.8 1.6-1.8-1.6L6 20.5zM9 8.5h6M9 12.5h6"/>',
    "lock": '<path d="M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7"/>',
    "back": '<path d="M15 5l-7 7 7 7"/>',
    "next": '<path d="m9 5 7 7-7 7"/>',
    "alert": '<path d="M12 3.5 21 19.5H3zM12 10v4.5M12 17.2v.1"/>',
    "clock": '<path d="M12 7.5V12l3 2M20.5 12a8.5 8.5 0 1 1-17 0 8.5 8.5 0 0 1 17 0z"/>',
    "wallet": '<path d="M4 7.5h15a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1zM4 7.5 16 4.5v3M16 13.5h.1"/>',
    "card": '<path d="M4 6.5h16v11H4zM4 10.5h16M7 14.5h4"/>',
    "later": '<path d="M4.5 6.5h15v13h-15zM4.5 10.5h15M8.5 4v4M15.5 4v4M9 15l2 2 4-3.5"/>',
    "shop": '<path d="M4.5 9.5 6 4.5h12l1.5 5M6 12v7.5h12V12M4.5 9.5a2.5 2.5 0 0 0 5 0 2.5 2.5 0 0 0 5 0 2.5 2.5 0 0 0 5 0"/>',
    "key": '<path d="M8 8.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM11.5 12H20v3M16.5 12v2.5"/>',
    "plug": '<path d="M8 9h8v3.5a4 4 0 0 1-8 0zM10 9V4.5M14 9V4.5M12 16.5v4"/>',
    "closed": '<path d="M7 7l10 10M17 7 7 17"/>',
}
ICONS: dict[str, str] = {name: f"{_OPEN}{paths}</svg>" for name, paths in _PATHS.items()}
