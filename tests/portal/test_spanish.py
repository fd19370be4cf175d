"""Everything on the pages behind links has its Spanish."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from clinic import clock
from patients.models import Contact, Patient
from scheduling.messages import links
from scheduling.models import Appointment, Link
from scheduling.when import day_words, time_words
from tests import factories
from tests.portal.conftest import open_link

FOLDER = Path(__file__).resolve().parent.parent.parent / "templates" / "portal"
SIMPLE = re.compile(r'{% translate "([^"]+)"(?: as \w+)? %}')
BLOCK = re.compile(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", re.DOTALL)
PLURAL = "{% plural %}"
VARIABLE = re.compile(r"{{ (\w+) }}")


def sentences(template: str) -> set[str]:
    """The strings of a template as the catalogue knows them."""
    blocks = {VARIABLE.sub(r"%(\1)s", block.split(PLURAL)[0]) for block in BLOCK.findall(template)}
    return set(SIMPLE.findall(template)) | blocks


@pytest.mark.parametrize("template", sorted(FOLDER.glob("*.html")), ids=lambda path: path.name)
def test_every_sentence_of_a_page_is_in_spanish(template: Path) -> None:
    with translation.override("es"):
        missing = [text for text in sentences(template.read_text()) if translation.gettext(text) == text]

    assert missing == []


def test_the_search_for_sentences_finds_them() -> None:
    found = set().union(*(sentences(path.read_text()) for path in FOLDER.glob("*.html")))

    assert {"How to prepare", "Hello %(name)s"} <= found
    assert len(found) > 50


def test_no_spanish_stands_for_a_sentence_that_nobody_says_any_more() -> None:
    root = FOLDER.parent.parent
    files = [one for part in ("clinic", "patients", "scheduling", "templates") for one in (root / part).rglob("*")]
    written = _as_in_the_catalogue("".join(one.read_text() for one in files if one.suffix in {".py", ".html", ".txt"}))
    catalogue = (Path(settings.LOCALE_PATHS[0]) / "es" / "LC_MESSAGES" / "django.po").read_text()
    quoted = re.findall(r'^msgid(?:_plural)? "(.+)"$', catalogue, re.MULTILINE)

    assert len(quoted) > 100
    assert [one for one in quoted if _as_in_the_catalogue(one).replace("%%", "%") not in written] == []


def _as_in_the_catalogue(text: str) -> str:
    """Source text on one line, with literals joined and variables as the catalogue writes them."""
    joined = re.sub(r'"\s*\n\s*"', "", text)
    return " ".join(VARIABLE.sub(r"%(\1)s", joined).replace(r"\"", '"').replace(r"\n", " ").replace("%%", "%").split())


def test_dates_and_times_are_written_as_in_spanish(clinic: factories.Clinic) -> None:
    moment = clinic.at(factories.FIRST_DAY, 14, 30)

    with translation.override("es"):
        words = (day_words(moment, clinic.site.zone), time_words(moment, clinic.site.zone))

    assert words == ("martes 6 de abril de 2027", "14:30")


def test_the_patients_page_speaks_spanish(client: Client, ada: Patient, visits: list[Appointment]) -> None:
    Patient.objects.filter(pk=ada.pk).update(language="es")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.PATIENT))

    page = client.get("/my/").content.decode()

    for words in ("Hola, Ada", "lunes 12 de abril de 2027", "No coma nada después de las 03:00", "No coma nada antes"):
        assert words in page
    answer = client.post("/my/driver/", {"companion": "new", "phone": "12"})
    assert "Quien le lleve a casa debe tener 18 años" in answer.content.decode()


def test_the_companions_page_speaks_the_companions_language(
    client: Client, ada: Patient, ben: Contact, visits: list[Appointment]
) -> None:
    Contact.objects.filter(pk=ben.pk).update(language="es")
    open_link(client, links.issue(patient=ada, purpose=Link.Purpose.COMPANION, contact=ben))

    with clock.at_moment(factories.NOW):
        page = client.get("/my/").content.decode()

    assert "Hola, Ben Quill" in page
    assert "no hay nada que hacer" in page
