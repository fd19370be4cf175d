"""Charts drawn on the server: nothing that the Content-Security-Policy blocks, and words that cannot break out."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling import plots

BLOCKED = re.compile(r"\sstyle=|<style|<script|\son\w+=|href=|<foreignObject|<image")


def points(*words: str) -> dict[str, Any]:
    """A chart with a point for each of `words`."""
    rows = [{"at": number, "words": one} for number, one in enumerate(words)]
    at = {"field": "at", "type": "quantitative"}
    encoding = {"x": at, "y": at, "description": {"field": "words"}}
    return {"name": "dots", "data": {"values": rows}, "mark": {"type": "point", "filled": True}, "encoding": encoding}


def test_each_mark_bears_its_name_for_who_reads_and_for_who_points() -> None:
    svg = plots.drawn(points("May 3: 8", "May 9: 4"))
    assert re.findall(r'aria-label="([^"]*)"[^>]*><title>([^<]*)</title></path>', svg) == [
        ("May 3: 8", "May 3: 8"),
        ("May 9: 4", "May 9: 4"),
    ]
    assert 'class="mark-symbol role-mark dots_marks"' in svg, "what the stylesheet goes by"


def test_nothing_in_it_is_blocked_by_the_policy() -> None:
    assert not BLOCKED.search(plots.drawn(points("one", "two")))
    # The control: what other libraries write is seen.
    assert BLOCKED.search('<path style="fill: none"/>')


@pytest.mark.parametrize("typed", ['"><script>alert(1)</script>', "</title><svg onload=alert(1)>", "'; & <b>"])
def test_what_people_typed_stays_words(typed: str) -> None:
    svg = plots.drawn(points(typed))
    assert not BLOCKED.search(svg.replace("&lt;script", "").replace("&lt;svg onload=", ""))
    assert "<b>" not in svg
    assert svg.count("<title>") == 1


def test_nothing_is_fetched() -> None:
    with pytest.raises(ValueError, match="not allowed"):
        plots.drawn({**points("one"), "data": {"url": "https://example.org/data.json"}})


def test_a_moment_lies_where_the_wall_clock_of_the_site_puts_it() -> None:
    eleven_at_night = datetime(2027, 4, 6, 3, tzinfo=UTC)
    assert (
        plots.moment(eleven_at_night, ZoneInfo("America/New_York"))
        == datetime(2027, 4, 5, 23, tzinfo=UTC).timestamp() * 1000
    )
