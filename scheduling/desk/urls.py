"""Addresses of the desk's home, board and booking."""

from django.urls import path, register_converter

from scheduling.desk import (
    board,
    board_free,
    board_panel,
    board_week,
    booking,
    booking_series,
    home,
    moving,
    offers,
    pausing,
    replanning,
)
from scheduling.desk.converters import DayConverter

register_converter(DayConverter, "day")

urlpatterns = [
    path("", home.home, name="home"),
    path("desk/", home.work, name="work"),
    path("board/", board.today, name="today"),
    path("board/<uuid:site>/<day:day>/", board.board, name="board"),
    path("board/<uuid:site>/<day:day>/changes/", board.changes, name="board_changes"),
    path("board/<uuid:site>/<day:day>/free/", board_free.free, name="board_free"),
    path("board/<uuid:site>/week/<day:day>/", board_week.week, name="board_week"),
    path("board/visit/<uuid:pk>/", board_panel.visit, name="board_visit"),
    path("book/consult/<uuid:patient>/", booking.consult, name="book_consult"),
    path("book/series/<uuid:patient>/", booking_series.series, name="book_series"),
    path("book/kept/<uuid:pk>/", offers.offer, name="offer"),
    path("book/kept/<uuid:pk>/decline/", offers.decline, name="decline_offer"),
    path("appointments/<uuid:pk>/move/", moving.move, name="move"),
    path("appointments/<uuid:pk>/cancel/", moving.cancel, name="cancel"),
    path("appointments/<uuid:pk>/move-along/", replanning.move_along, name="move_along"),
    path("appointments/<uuid:pk>/move-rest/", replanning.move_rest, name="move_rest"),
    path("appointments/<uuid:pk>/drop/", replanning.drop, name="drop"),
    path("appointments/<uuid:pk>/pin/", replanning.pin, name="pin"),
    path("series/<uuid:pk>/rest/", replanning.rest, name="rest"),
    path("series/<uuid:pk>/course/", replanning.course, name="course"),
    path("series/<uuid:pk>/finish/", replanning.finish, name="finish"),
    path("series/<uuid:pk>/stop/", moving.stop_series, name="stop_series"),
    path("series/<uuid:pk>/pause/", pausing.pause, name="pause_series"),
    path("series/<uuid:pk>/resume/", pausing.resume, name="resume_series"),
]
