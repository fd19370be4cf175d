"""The letter for the doctor who referred the patient: the course in a page or two."""

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import formats
from django.utils.text import capfirst
from django.views.decorators.http import require_POST

from clinic import clock, opening
from clinic.actor import Actor
from clinic.permissions import Permission
from clinic.rates import FILES_OUT, limited
from clinic.views import StaffRequest, needs
from patients.contact_points import show_phone
from patients.models import OtherTreatment
from scheduling.doctor.boosters import course_page
from scheduling.doctor.chart import LEGEND
from scheduling.doctor.course import CoursePage
from scheduling.doctor.letter_form import LetterForm
from scheduling.doctor.letter_pdf import FIGURE_AFTER, Figure, LetterText, write_pdf
from scheduling.relief import Outcome, listed
from scheduling.selectors.courses import as_course, courses
from scheduling.when import full_stop

#: So many of the newest treatments are listed one by one.
LISTED = 12


@require_POST
@needs(Permission.SET_BOOSTERS)
@limited(FILES_OUT)
def letter(request: StaffRequest, pk: UUID) -> HttpResponse:
    """The letter as a PDF to save; that it was written, by whom and to whom, goes on the audit trail."""
    course = as_course(get_object_or_404(courses(request.user), pk=pk))
    form = LetterForm(request.POST)
    if not form.is_valid():
        return course_page(request, course, form)
    data = form.cleaned_data
    page = CoursePage(course)
    member = Actor.of(request.user).staff_member
    text = text_of(page, to=data["to"], remarks=data["remarks"], signed=member.name if member is not None else "")
    first_line = data["to"].splitlines()[0]
    opening.write(page.patient.pk, "doctor:letter", request.user, f"letter to {first_line}"[:200])
    response = HttpResponse(write_pdf(text), content_type="application/pdf")
    # No name in the file's name: it stays in folders and in mails.
    response.headers["Content-Disposition"] = f'attachment; filename="letter-{page.patient.record_number}.pdf"'
    response.headers["Cache-Control"] = "no-store"
    return response


def text_of(page: CoursePage, *, to: str, remarks: str, signed: str) -> LetterText:
    """What the letter says about a course, by its main score. Dates are those of the site."""
    patient, site, series = page.patient, page.series.site, page.series
    sections = [
        ("Course", _course(page)),
        (FIGURE_AFTER, _response(page)),
        ("Side effects", [_effects(page)]),
        ("Plan", [_plan(page), *(remarks.splitlines() if remarks else [])]),
    ]
    if page.others:
        sections.insert(3, ("Other treatments", [f"{'; '.join(_other(one) for one in page.others)}."]))
    return LetterText(
        clinic=[site.neutral_name, site.one_line_address, show_phone(site.phone, site.country)],
        to=to,
        date=_date(clock.today(page.zone)),
        subject=f"{patient.name}, born {_date(patient.birth_date)}: {series.protocol_version.protocol.name}",
        sections=sections,
        table=_table(page),
        signed=[signed] if signed else [],
        country=site.country,
        figure=_figure(page),
    )


def _figure(page: CoursePage) -> Figure | None:
    """The curve of the score that the letter speaks of; none of a single value, which shows no course."""
    chart = page.chart
    if chart is None or chart.points < 2:
        return None
    numbers = f"{chart.points} values, {chart.visits} infusions and {chart.boosters} boosters"
    below = "".join(f" {number}: {words}." for number, words in enumerate(chart.others, start=1))
    return Figure(chart.picture, f"{chart.title}: {numbers}.", f"{capfirst(chart.title)}. {LEGEND}{below}")


def _course(page: CoursePage) -> list[str]:
    treated = page.treated
    if not treated:
        return ["No treatment was given yet."]
    infusions = sum(visit.kind == visit.Kind.INFUSION for visit in treated)
    boosters = len(treated) - infusions
    words = f"{infusions} of {page.series.sessions} infusions were given"
    words += f" and {boosters} booster{'s' if boosters != 1 else ''}" if boosters else ""
    first, last = (_date(clock.local(one.starts, page.zone)) for one in (treated[0], treated[-1]))
    return [f"{words}, from {first} to {last}." if first != last else f"{words}, on {first}."]


def _response(page: CoursePage) -> list[str]:
    found, values = page.response, page.values
    if found.baseline is None or not values:
        return ["There are not enough scores to say how the treatment helped."]
    seen = [str(one.days) for one in found.reliefs if one.outcome == Outcome.RETURNED]
    last = values[-1]
    day, name = _date(clock.local(last.effective_at, page.zone)), capfirst(str(page.measure.label))
    words = [f"{name}: {found.baseline:g} before treatment, {last.value.normalize():f} at the last report ({day})."]
    if seen:
        words.append(f"Relief that was seen to its end lasted {listed(seen)} days. {page.rule}")
    return words


def _effects(page: CoursePage) -> str:
    counts: dict[str, int] = {}
    for row in page.treatments:
        for effect in row.facts.effects:
            counts[effect] = counts.get(effect, 0) + 1
    if not counts:
        return "None were recorded."
    said = [f"{effect} at {number} visit{'s' if number != 1 else ''}" for effect, number in counts.items()]
    return capfirst(f"{'; '.join(said)}.")


def _other(treatment: OtherTreatment) -> str:
    if treatment.until:
        return f"{treatment.name}, from {_date(treatment.since)} until {_date(treatment.until)}"
    return f"{treatment.name}, since {_date(treatment.since)}"


def _plan(page: CoursePage) -> str:
    course, series = page.course, page.series
    if course.has_ended and series.ended_at is not None:
        ended = f"The course was ended on {_date(clock.local(series.ended_at, page.zone).date())}."
        return f"{ended} {full_stop(series.end_reason)}" if series.end_reason else ended
    if course.is_paused:
        until = f" until {_date(course.paused_until)}" if course.paused_until else ""
        return f"The course is paused{until}."
    if series.status == series.Status.ON_HOLD:
        return "The treatment is on hold until a doctor has decided anew."
    if page.now is None:
        return "How the treatment goes on is not decided yet."
    ends = f", until {_date(page.now.ends_on)}" if page.now.ends_on else ""
    return f"Boosters come {page.now.words}{ends}. {full_stop(page.now.reason)}"


def _table(page: CoursePage) -> list[list[str]]:
    rows = [["Visit", "Date", "Given", "Relief"]]
    for row in page.treatments[:LISTED]:
        visit = row.visit
        day = formats.date_format(clock.local(visit.starts, page.zone), "M j, Y")
        name = capfirst(f"{visit.get_kind_display()} {visit.number}")
        rows.append([name, day, ", ".join(row.facts.doses) or "not recorded", row.relief])
    return rows


def _date(day: date) -> str:
    return formats.date_format(day, "F j, Y")
