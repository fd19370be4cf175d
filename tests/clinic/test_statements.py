"""clinic.statements: what is put together once still answers for whom it is asked, each time anew."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from clinic import clock
from clinic.models import Site
from clinic.statements import Statement
from patients.models import Patient
from tests.factories import NOW, Clinic, make_clinic, make_patient

pytestmark = pytest.mark.django_db


@pytest.fixture
def two() -> tuple[Clinic, Clinic]:
    with clock.at_moment(NOW):
        return make_clinic(), make_clinic(name="Hilltop")


class Built:
    """Patients of a site with a certain name; counts how often the ORM is asked to put the query together."""

    times = 0

    def __call__(self, site: UUID, patient: UUID) -> QuerySet[Patient]:
        self.times += 1
        return Patient.objects.filter(pk=patient, sites=site, family_name="Quill")


def test_each_call_answers_for_its_own_ids_and_finds_what_was_written_since(two: tuple[Clinic, Clinic]) -> None:
    (harbor, hilltop), built = two, Built()
    statement = Statement(built, 2)
    ada, ben = (make_patient(one.site, family_name="Quill") for one in two)
    assert statement.instances(Patient, harbor.site.pk, ada.pk) == [ada]
    assert statement.instances(Patient, hilltop.site.pk, ada.pk) == []
    assert statement.instances(Patient, hilltop.site.pk, ben.pk) == [ben]
    Patient.objects.filter(pk=ben.pk).update(family_name="Other")
    assert statement.instances(Patient, hilltop.site.pk, ben.pk) == []
    assert built.times == 1


def test_rows_are_those_of_the_query_set_and_one_query(two: tuple[Clinic, Clinic]) -> None:
    harbor, _ = two

    def build(site: Any) -> QuerySet[Site, Any]:
        return Site.objects.filter(pk=site, is_active=True).values_list("pk", "name", "uncleared_hold_days")

    statement = Statement(build, 1)
    with CaptureQueriesContext(connection) as asked:
        rows = statement.rows(harbor.site.pk)
    assert rows == list(build(harbor.site.pk))
    assert len(asked) == 1
    assert statement.rows(uuid4()) == []


def test_an_instance_is_whole(two: tuple[Clinic, Clinic]) -> None:
    harbor, _ = two
    (site,) = Statement(lambda site: Site.objects.filter(pk=site), 1).instances(Site, harbor.site.pk)
    assert not site.get_deferred_fields()
    assert not site._state.adding
    with CaptureQueriesContext(connection) as asked:
        assert [getattr(site, field.attname) for field in Site._meta.concrete_fields]
    assert not asked.captured_queries
