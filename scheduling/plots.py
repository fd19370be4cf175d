"""Charts drawn on the server by Vega (vl-convert): as SVG that stands in a page, or as a picture for paper.

Vega writes geometry and colours into attributes: no style, no script, nothing for the Content-Security-Policy to open.
Colours come from the page's stylesheet all the same, since a rule there outweighs an attribute: each layer with a
`name` (letters and underscores) has the class `<name>_marks`. docs/decisions/curves-by-vega.md says why it is this
library.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import vl_convert
from django.utils.safestring import SafeString, mark_safe
from font_roboto import Roboto

from clinic import clock

#: What every chart of the program has in common.
_CONFIG: dict[str, Any] = {
    "background": None,
    "padding": 0,
    "view": {"stroke": None},
    "axis": {"labelFontSize": 12, "title": None, "domain": False, "ticks": False, "labelFlush": True, "aria": False},
}
#: A mark that bears a name, as Vega writes it.
_NAMED = re.compile(r'<(path|line|rect)( aria-label="([^"]*)"[^>]*)/>')


def drawn(spec: Mapping[str, Any]) -> SafeString:
    """The chart that a Vega-Lite specification describes. What is typed by people may stand in its data, which Vega
    escapes; it must not stand in expressions.

    A mark's `description` is its name for screen readers, and what a pointer shows that rests on it.
    """
    return _drawn(json.dumps({"config": _CONFIG, **spec}))


@lru_cache(maxsize=100)
def _drawn(spec: str) -> SafeString:
    """Kept for a while: it takes some 50 ms, and a page is often shown again as it was."""
    svg = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    named = _NAMED.sub(r"<\1\2><title>\3</title></\1>", svg)
    return mark_safe(named)  # noqa: S308 -- Vega escapes what is in the data


def picture(spec: Mapping[str, Any]) -> bytes:
    """The same as a PNG on white, in the colours that the specification names and in the letter's font."""
    _know_fonts()
    config = {**_CONFIG, "background": "white", "font": "Roboto"}
    return vl_convert.vegalite_to_png({"config": config, **spec}, scale=3, allowed_base_urls=[])


@cache
def _know_fonts() -> None:
    """Roboto, which the letter embeds: a server may have no fonts of its own."""
    vl_convert.register_font_directory(str(Path(Roboto).parent))


def moment(at: datetime, zone: ZoneInfo) -> int:
    """Where an aware moment lies on an axis of the scale type "utc": the wall clock of `zone`, in milliseconds."""
    return int(clock.local(at, zone).replace(tzinfo=UTC).timestamp() * 1000)
