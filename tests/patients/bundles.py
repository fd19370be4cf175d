"""FHIR bundles as other systems write them, made small."""

import json
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from clinic import clock
from clinic.actor import Actor
from clinic.models import Site
from patients.fhir.files import FileResult, import_bytes
from tests.factories import NOW

Json = dict[str, Any]
BY = Actor.system("test")
HERE = "urn:uuid:0f6ad6b1-3d0e-4b3a-8d39-0f0f5a7f0001"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"


def patient(**changes: Any) -> Json:
    """A Patient resource; a change to None leaves the element out."""
    resource: Json = {
        "resourceType": "Patient",
        "id": HERE.removeprefix("urn:uuid:"),
        "identifier": [
            {"system": "https://records.example/synthetic", "value": "p-1"},
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "SS"}]},
                "system": "http://hl7.org/fhir/sid/us-ssn",
                "value": "999-61-3984",
            },
        ],
        "name": [{"use": "official", "family": "Atencio", "given": ["Alberto", "José"], "prefix": ["Mr."]}],
        "telecom": [{"system": "phone", "value": "555-961-9901", "use": "home"}],
        "gender": "male",
        "birthDate": "1993-06-07",
        "address": [
            {"line": ["849 Koch Crossroad"], "city": "Boston", "state": "Massachusetts", "postalCode": "02108"}
        ],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "es"}], "text": "Spanish"}}],
    }
    resource["address"][0]["country"] = "US"
    return _changed(resource, changes)


def condition(concept: str = "84757009", display: str = "Epilepsy", status: str = "active", **changes: Any) -> Json:
    """A Condition of the patient."""
    resource: Json = {
        "resourceType": "Condition",
        "id": f"c-{concept}",
        "clinicalStatus": {"coding": [{"code": status}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": SNOMED, "code": concept, "display": display}], "text": display},
        "subject": {"reference": HERE},
        "onsetDateTime": "2007-06-04T05:28:45+00:00",
    }
    return _changed(resource, changes)


def pain(value: Any = 4.0751, at: str = "2012-02-27T05:28:45+00:00", **changes: Any) -> Json:
    """A pain score of the patient."""
    resource: Json = {
        "resourceType": "Observation",
        "id": f"pain-{at}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "72514-3"}]},
        "subject": {"reference": HERE},
        "effectiveDateTime": at,
        "valueQuantity": {"value": value, "unit": "{score}", "code": "{score}"},
    }
    return _changed(resource, changes)


def pressure(
    systolic: float = 124.1345, diastolic: float = 83.1453, at: str = "2012-02-27T05:28:45+00:00", **changes: Any
) -> Json:
    """A blood pressure of the patient."""

    def half(code: str, value: float) -> Json:
        return {
            "code": {"coding": [{"system": LOINC, "code": code}]},
            "valueQuantity": {"value": value, "unit": "mm[Hg]", "code": "mm[Hg]"},
        }

    resource: Json = {
        "resourceType": "Observation",
        "id": f"bp-{at}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "55284-4"}]},
        "subject": {"reference": HERE},
        "effectiveDateTime": at,
        "component": [half("8462-4", diastolic), half("8480-6", systolic)],
    }
    return _changed(resource, changes)


def bundle(*resources: Json, kind: str = "transaction") -> Json:
    """A bundle of these resources, addressed by urn:uuid where the id is one."""
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in resources],
    }


def with_member(root: Json, path: Iterable[str | int], value: Any) -> Json:
    """A copy of `root` with another value at a place."""
    copy = deepcopy(root)
    *way, last = path
    at: Any = copy
    for step in way:
        at = at[step]
    at[last] = value
    return copy


def imported(site: Site, content: Json | bytes, name: str = "file.json") -> FileResult:
    """Import a bundle, or whatever bytes, at the tests' usual moment."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    with clock.at_moment(NOW):
        return import_bytes(data, name, by=BY, site=site)


def _changed(resource: Json, changes: Json) -> Json:
    return {key: value for key, value in (resource | changes).items() if value is not None}
