"""One patient's story in a browser through nginx: from the first call to a driver who is named and a visit that moved.

Before each step something is killed, and comes back while the step is under way.
"""

import sys
from collections.abc import Callable

from django.db import connections
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from patients.models import Patient
from scheduling.drill.keeper import Kept, wait_until
from scheduling.models import Appointment, Series
from tests.browser.people import link_in
from tests.clinic.signing import PASSWORD, clerk_of, code_now
from tests.conftest import CHROMIUM
from tests.factories import Clinic, clear
from tests.topology.findings import Findings
from tests.topology.fire import next_week
from tests.topology.machines import PATIENCE, Topology

MAIL = "bea.marlowe@example.org"
FAMILY = "Marlowe"
DRIVER = "Ben Quill"


def run(topology: Topology, clinic: Clinic, findings: Findings) -> None:
    """Live the story, and say which steps came to their end."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        story = Story(topology, clinic, browser)
        steps: list[tuple[Kept, Callable[[], None]]] = [
            (topology.redis, story.the_clerk_signs_in_with_the_second_factor),
            (topology.webs[0], story.the_clerk_adds_the_patient),
            (topology.redis, story.the_clerk_books_six_visits),
            (topology.workers[0], story.the_patient_gets_the_mail),
            (topology.webs[1], story.the_patient_names_who_drives),
            (topology.postgres, story.the_clerk_cancels_one_visit),
        ]
        for victim, step in steps:
            step_name = step.__name__.replace("_", " ")
            victim.kill()
            if victim is topology.postgres:
                # Nothing can be shown without a database: whoever sits there waits until it is back.
                wait_until(topology.is_whole, PATIENCE, meanwhile=topology.keeper.look)
            # Those of this process ended with the database.
            connections.close_all()
            try:
                step()
            except Exception:
                story.show()
                raise
            back = wait_until(topology.is_whole, PATIENCE, meanwhile=topology.keeper.look)
            findings.note(f"{step_name}, {victim.name} killed", "done", "done, and all is well again", back)
        browser.close()
    findings.check("names, addresses and numbers of people in the logs of all processes", len(told_in_logs(topology)))


def told_in_logs(topology: Topology) -> set[str]:
    """What the logs of web servers, workers, beat, nginx and the stores say of patients and companions."""
    planted = {FAMILY, MAIL, DRIVER, *Patient.objects.values_list("email", flat=True)}
    planted |= set(Patient.objects.values_list("phone", flat=True))
    said = "".join(log.read_text(errors="replace") for log in (topology.folder / "logs").iterdir())
    return {word for word in planted if word and word in said}


class Story:
    """The clerk at the screen, the patient with a telephone."""

    def __init__(self, topology: Topology, clinic: Clinic, browser: Browser) -> None:
        self.topology, self.clinic, self.browser = topology, clinic, browser
        self.clerk = self._page()

    def _page(self) -> Page:
        page = self.browser.new_context(base_url=self.topology.url, ignore_https_errors=True).new_page()
        page.set_default_timeout(60_000)
        return page

    def show(self) -> None:
        """Print what stands on the open pages."""
        for context in self.browser.contexts:
            for page in context.pages:
                sys.stderr.write(f"--- {page.url}\n{page.locator('body').inner_text()[:1500]}\n")

    @property
    def patient(self) -> Patient:
        """The one patient of the story."""
        return Patient.objects.get(family_name=FAMILY)

    def the_clerk_signs_in_with_the_second_factor(self) -> None:
        page, user = self.clerk, clerk_of(self.clinic)
        page.goto(reverse("account_login"))
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.locator("input[name=code]").fill(code_now())
        page.get_by_role("button", name="Sign in").first.click()
        expect(page).to_have_url(f"{self.topology.url}{reverse('desk:work')}", timeout=60_000)

    def the_clerk_adds_the_patient(self) -> None:
        page = self.clerk
        page.goto(reverse("desk:patient_new"))
        page.get_by_label("Given names").fill("Bea")
        page.get_by_label("Family name").fill(FAMILY)
        page.get_by_label("Birth date").fill("1971-11-03")
        page.get_by_label("Telephone", exact=True).fill("518 555 7142")
        page.get_by_label("Email", exact=True).fill(MAIL)
        page.get_by_label("Agrees to email").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name=f"Bea {FAMILY}")).to_be_visible(timeout=60_000)
        clear(self.patient, self.clinic.site)

    def the_clerk_books_six_visits(self) -> None:
        page = self.clerk
        page.goto(reverse("desk:book_series", args=[self.patient.pk]))
        page.get_by_label("Protocol").select_option(label="Six infusions")
        page.get_by_label("First possible day").fill(next_week(self.clinic).isoformat())
        page.get_by_role("button", name="Show the best plans").click()
        page.get_by_role("button", name="of plan 1").click()
        expect(page.get_by_role("heading", name=f"Bea {FAMILY}")).to_be_visible(timeout=60_000)
        assert Series.objects.get(patient=self.patient).appointments.count() == 6

    def the_patient_gets_the_mail(self) -> None:
        look = self.topology.keeper.look
        assert wait_until(lambda: bool(self.topology.sink.to(MAIL)), PATIENCE, meanwhile=look), "no mail came"

    def the_patient_names_who_drives(self) -> None:
        phone = self._page()
        phone.goto(link_in(self.topology.sink.to(MAIL)[0]))
        phone.get_by_role("link", name="Say who drives you").click()
        phone.get_by_label("Name", exact=False).first.fill(DRIVER)
        phone.get_by_label("Telephone", exact=False).first.fill("518 555 0188")
        phone.get_by_label("18 or older", exact=False).check(force=True)
        for box in phone.locator("input[type=checkbox][name=visits]").all():
            box.check(force=True)
        phone.get_by_role("button", name="Save who drives me").click()
        expect(phone.get_by_text(DRIVER).first).to_be_visible(timeout=60_000)
        assert {visit.ride.status for visit in self._visits()} <= {"named", "confirmed"}

    def the_clerk_cancels_one_visit(self) -> None:
        page, last = self.clerk, self._visits()[-1]
        page.goto(reverse("desk:cancel", args=[last.pk]))
        page.get_by_label("Why").fill("Away that day.")
        page.get_by_role("button", name="Cancel it").click()
        page.wait_for_load_state()
        assert wait_until(lambda: len(self._visits()) == 5, PATIENCE), "the visit is still booked"

    def _visits(self) -> list[Appointment]:
        return list(Appointment.objects.blocking().filter(patient=self.patient).order_by("starts"))
