"""The doctor's order for a visit or its series."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from clinic.actor import Actor
from clinic.errors import Refused
from clinic.permissions import Permission
from clinic.views import StaffRequest, form_status, needs, refuse
from scheduling.actions.visit_questions import write_order
from scheduling.models import Appointment
from scheduling.nurse.doctor_forms import OrderForm
from scheduling.nurse.steps import visit_of
from scheduling.selectors.at_the_chair import order_for, orders_of


@require_http_methods(["GET", "POST"])
@needs(Permission.ORDER)
def order(request: StaffRequest, pk: UUID) -> HttpResponse:
    """What stands, what stood before, and a form for a new order. A newer one replaces it; nothing is erased."""
    found = visit_of(request.user, pk)
    form = OrderForm(request.POST if request.method == "POST" else None, visit=found)
    if request.method == "POST" and form.is_valid() and _wrote(request, found, form):
        return redirect("nurse:visit", pk=found.pk)
    context = {
        "visit": found,
        "form": form,
        "standing": order_for(found),
        "earlier": orders_of(found),
    }
    return render(request, "nurse/order.html", context, status=form_status(form))


def _wrote(request: StaffRequest, found: Appointment, form: OrderForm) -> bool:
    """Whether the order was written; a refusal is on the form."""
    try:
        written = write_order(by=Actor.of(request.user), appointment=found, **form.facts)
    except Refused as error:
        refuse(form, error)
        return False
    messages.success(request, f"Ordered: {written}.")
    return True
