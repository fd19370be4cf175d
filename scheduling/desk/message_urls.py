"""Addresses of the call list and the messages."""

from django.urls import path

from scheduling.desk import calls, messages, ride_calls

urlpatterns = [
    path("calls/", calls.calls, name="calls"),
    path("calls/rides/", ride_calls.ride_list, name="rides"),
    path("calls/rides/<uuid:patient>/", ride_calls.ride_outcome, name="ride_call"),
    path("calls/rides/<uuid:patient>/name/", ride_calls.ride_name, name="ride_name"),
    path("calls/<uuid:pk>/", calls.outcome, name="call_outcome"),
    path("messages/", messages.ledger, name="messages"),
    path("messages/<uuid:pk>/", messages.message, name="message"),
    path("messages/<uuid:pk>/send-again/", messages.send_again, name="message_send_again"),
    path("messages/<uuid:pk>/call/", messages.call_instead, name="message_call_instead"),
    path("messages/<uuid:pk>/write/", messages.write_instead, name="message_write_instead"),
    path("messages/<uuid:pk>/leave/", messages.leave_unsent, name="message_leave_unsent"),
    path("sheets/<uuid:patient>/", messages.sheet, name="sheet"),
]
