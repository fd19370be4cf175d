"""The plot of a report: bars, or a square for each hour of the week, drawn as the doctor's curve is: by Vega."""

from typing import Any

from django.utils.safestring import SafeString

from scheduling import plots
from scheduling.selectors.reports import Report, Row

#: In the drawing's own units: how long the longest bar is, how high it is, and a line with it.
WIDTH, BAR, LINE = 420, 15, 22
#: One square. The fullest is tinted by half, so that words on it are read in light and in dark.
SQUARE_WIDTH, SQUARE_HEIGHT, FULLEST = 92, 40, 0.5
#: How long a label may be, the size of type, that of the numbers of staff, and room beside labels for a page whose font
#: is wider than Vega's.
LONGEST, TYPE, SMALL, ROOM = 300, 13, 11, {"left": 28, "right": 28, "top": 0, "bottom": 4}


def drawn_of(report: Report) -> SafeString | None:
    """The drawing; None where there is nothing to draw. Its table says the same, so nothing in it bears a name."""
    drawn = [row for row in report.rows if row.drawn is not None]
    if not drawn:
        return None
    return plots.drawn(_squares(report, drawn) if report.grid else _bars(report, drawn))


def _bars(report: Report, rows: list[Row]) -> dict[str, Any]:
    """One bar below the other, with a label before and its number behind it."""
    most = max(100.0 if report.unit == "%" else 0.0, *(row.drawn or 0.0 for row in rows)) or 1.0
    values = [
        {"line": number, "label": row.cells[0], "drawn": row.drawn, "words": f"{row.drawn:g} {report.unit}".strip()}
        for number, row in enumerate(rows)
    ]
    x = {"field": "drawn", "type": "quantitative", "scale": {"domain": [0, most], "nice": False}, "axis": None}
    label = _text("label", align="right", dx=-8, limit=LONGEST)
    return {
        "padding": ROOM,
        "width": WIDTH,
        "height": {"step": LINE},
        "data": {"values": values},
        "encoding": {"y": {"field": "line", "type": "ordinal", "axis": None}},
        "layer": [
            {**label, "name": "labels", "encoding": {**label["encoding"], "x": {"value": 0}}},
            {
                "name": "bars",
                "mark": {"type": "bar", "height": BAR, "cornerRadius": 3, "aria": False},
                "encoding": {"x": x},
            },
            {**(words := _text("words", align="left", dx=6)), "encoding": {**words["encoding"], "x": x}},
        ],
    }


def _squares(report: Report, rows: list[Row]) -> dict[str, Any]:
    """A square for each row, placed by its first two cells, with the others in it; the more is drawn, the more colour
    it has, from 0 to FULLEST.
    """
    most = max(row.drawn or 0.0 for row in rows) or 1.0
    values = [
        {
            "column": row.cells[0],
            "line": row.cells[1],
            "words": row.cells[2],
            "second": row.cells[3],
            "tint": round(FULLEST * (row.drawn or 0.0) / most, 2),
        }
        for row in rows
    ]
    square = {"type": "rect", "width": SQUARE_WIDTH - 2, "height": SQUARE_HEIGHT - 2, "cornerRadius": 4, "aria": False}
    axis = {"labelAngle": 0, "labelLimit": 0, "labelFlush": False, "labelFontSize": TYPE}
    return {
        "padding": ROOM,
        "width": {"step": SQUARE_WIDTH},
        "height": {"step": SQUARE_HEIGHT},
        "data": {"values": values},
        "encoding": {
            "x": {"field": "column", "type": "ordinal", "sort": None, "axis": {**axis, "orient": "top"}},
            "y": {"field": "line", "type": "ordinal", "sort": list(report.grid), "axis": axis},
        },
        "layer": [
            {"name": "squares", "mark": square},
            {
                "name": "tints",
                "mark": square,
                "encoding": {"fillOpacity": {"field": "tint", "type": "quantitative", "scale": None}},
            },
            {**_text("words", dy=-6), "name": "shares"},
            {**_text("second", dy=9, fontSize=SMALL), "name": "seconds"},
        ],
    }


def _text(field: str, **look: Any) -> dict[str, Any]:
    return {
        "mark": {"type": "text", "aria": False, "fontSize": TYPE, **look},
        "encoding": {"text": {"field": field, "type": "nominal"}},
    }
