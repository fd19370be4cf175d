"""The Patient resource: name, birth date, sex, telecom, address, identifiers, language, death."""

import re
from uuid import UUID

from patients.contact_points import is_email, read_phone
from patients.fhir.dates import read_day
from patients.fhir.json_tree import BadFile, Node, fits
from patients.fhir.records import FieldValue, PersonRecord, Surroundings

#: Numbers of a government's (v2-0203 codes): neither needed nor kept. docs/decisions/import-identity.md
GOVERNMENT = frozenset({"SS", "SB", "DL", "PPN", "TAX"})
GOVERNMENT_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/us-ssn"})
URI = "urn:ietf:rfc:3986"
#: For a record without a better key: its id alone, which only its own server keeps apart from others'.
PATIENT_ID = "urn:fhir:patient-id"

_NAME_USES = ("official", "usual", "", "nickname", "anonymous", "temp", "maiden", "old")
_PHONE_USES = ("mobile", "home", "", "temp", "work")
_COUNTRIES = {"USA": "US", "UNITED STATES": "US", "UNITED STATES OF AMERICA": "US", "CANADA": "CA", "CAN": "CA"}
_COUNTRIES |= {"MEXICO": "MX", "MÉXICO": "MX", "MEX": "MX", "UNITED KINGDOM": "GB", "GBR": "GB"}


def read_person(patient: Node, full_url: str, around: Surroundings) -> PersonRecord:
    """The person whom a Patient resource describes. Raises BadFile when a name, the birth date or a key is missing,
    or anything is wrong."""
    notes: list[str] = []
    given, family = _name(patient)
    born = read_day(patient, "birthDate", around, whole=True)
    if born is None:
        raise BadFile("The Patient has no birth date.")
    fields: dict[str, FieldValue] = {"given_name": given, "family_name": family, "birth_date": born}
    fields |= _sex(patient)
    fields |= _language(patient)
    fields |= _telecom(patient, around, notes)
    fields |= _address(patient, notes)
    fields |= _life(patient, around, notes)
    died = fields.get("deceased_at")
    if died is not None and not isinstance(died, str | bool) and died < born:
        raise BadFile("The Patient died before being born, by the dates in the file.")
    if notes:
        fields["note"] = "\n".join(notes)
    return PersonRecord(keys=_keys(patient, full_url), fields=fields)


def _name(patient: Node) -> tuple[str, str]:
    names = patient.nodes("name")
    uses = [name.text("use") for name in names]
    ranks = [_NAME_USES.index(use) if use in _NAME_USES else len(_NAME_USES) for use in uses]
    for _rank, _place, name in sorted(zip(ranks, range(len(names)), names, strict=True), key=lambda item: item[:2]):
        family, given = name.text("family"), " ".join(name.texts("given"))
        words = name.text("text").split()
        if not family and not given and len(words) > 1:
            given, family = " ".join(words[:-1]), words[-1]
        if family and given:
            return fits(given, 120, f"{name.path}.given"), fits(family, 120, f"{name.path}.family")
    raise BadFile("The Patient has no name with both a given and a family name.")


def _sex(patient: Node) -> dict[str, FieldValue]:
    gender = patient.text("gender")
    if gender and gender not in {"female", "male", "other", "unknown"}:
        raise BadFile("Patient.gender is none of female, male, other and unknown.")
    return {"sex": gender} if gender else {}


def _language(patient: Node) -> dict[str, FieldValue]:
    spoken = sorted(patient.nodes("communication"), key=lambda item: not item.boolean("preferred"))
    concept = spoken[0].node("language") if spoken else None
    if concept is None:
        return {}
    codings = concept.nodes("coding")
    code = codings[0].text("code").lower() if codings else ""
    words = concept.text("text") or (codings[0].text("display") if codings else "") or code
    main = re.split(r"[-_]", code)[0]
    if main in {"en", "es"}:
        return {"language": main, "interpreter": ""}
    if not words:
        return {}
    return {"language": "en", "interpreter": fits(words, 40, f"{concept.path}.text")}


def _telecom(patient: Node, around: Surroundings, notes: list[str]) -> dict[str, FieldValue]:
    points = [point for point in patient.nodes("telecom") if point.text("use") != "old"]
    phones: list[tuple[tuple[int, int], str]] = []
    mails: list[str] = []
    for place, point in enumerate(points):
        system, value, use = point.text("system"), point.text("value"), point.text("use")
        fits(value, 200, f"{point.path}.value")
        if not value:
            continue
        if system in {"phone", "sms"}:
            number = read_phone(value.removeprefix("tel:"), around.country)
            if number is None:
                notes.append(f"Telephone number in the imported record that cannot be dialled as it stands: {value}")
            else:
                rank = _PHONE_USES.index(use) if use in _PHONE_USES else len(_PHONE_USES)
                phones.append(((rank, place), number))
        elif system == "email":
            if is_email(value.removeprefix("mailto:")):
                mails.append(value.removeprefix("mailto:"))
            else:
                notes.append(f"Email address in the imported record that cannot be written to: {value}")
    numbers = list(dict.fromkeys(number for _rank, number in sorted(phones)))
    if numbers[1:]:
        notes.append("Other telephone numbers in the imported record: " + ", ".join(numbers[1:]))
    if mails[1:]:
        notes.append("Other email addresses in the imported record: " + ", ".join(mails[1:]))
    fields: dict[str, FieldValue] = {}
    if numbers:
        fields["phone"] = numbers[0]
    if mails:
        fields["email"] = mails[0]
    return fields


def _address(patient: Node, notes: list[str]) -> dict[str, FieldValue]:
    addresses = sorted(patient.nodes("address"), key=lambda item: item.text("use") in {"old", "temp", "billing"})
    if not addresses:
        return {}
    address = addresses[0]
    country = address.text("country")
    code = country.upper() if re.fullmatch(r"[A-Za-z]{2}", country) else _COUNTRIES.get(country.upper(), "")
    if country and not code:
        notes.append(f"Country in the imported record: {fits(country, 80, f'{address.path}.country')}")
    return {
        "address_line": fits(", ".join(address.texts("line")), 200, f"{address.path}.line"),
        "city": fits(address.text("city"), 80, f"{address.path}.city"),
        "state": fits(address.text("state"), 40, f"{address.path}.state"),
        "postal_code": fits(address.text("postalCode"), 20, f"{address.path}.postalCode"),
        "country": code,
    }


def _life(patient: Node, around: Surroundings, notes: list[str]) -> dict[str, FieldValue]:
    fields: dict[str, FieldValue] = {}
    active = patient.boolean("active")
    if active is not None:
        fields["is_active"] = active
    died = read_day(patient, "deceasedDateTime", around)
    has_died = patient.boolean("deceasedBoolean")
    if died is not None:
        fields["deceased_at"] = died
    elif has_died:
        # A day that nobody told is not made up: the person is out of care, and the note says why.
        fields["is_active"] = False
        notes.append("The imported record says that the patient has died, and not when.")
    elif has_died is False:
        fields["deceased_at"] = None
    return fields


def _keys(patient: Node, full_url: str) -> tuple[tuple[str, str], ...]:
    keys: list[tuple[str, str]] = []
    for identifier in patient.nodes("identifier"):
        system, value = identifier.text("system"), identifier.text("value")
        concept = identifier.node("type")
        types = {coding.text("code") for coding in concept.nodes("coding")} if concept is not None else set()
        if types & GOVERNMENT or system in GOVERNMENT_SYSTEMS or identifier.text("use") in {"old", "temp"}:
            continue
        if system and value:
            keys.append((fits(system, 200, f"{identifier.path}.system"), fits(value, 200, f"{identifier.path}.value")))
    return tuple(dict.fromkeys(keys)) or (_own_key(patient, full_url),)


def _own_key(patient: Node, full_url: str) -> tuple[str, str]:
    """The key of a record without identifiers."""
    own = patient.text("id")
    fits(full_url, 200, "Bundle.entry.fullUrl")
    fits(own, 200, "Patient.id")
    if _is_uuid(own):
        return URI, f"urn:uuid:{own.lower()}"
    if full_url.startswith(("http://", "https://", "urn:uuid:", "urn:oid:")):
        return URI, full_url
    if own:
        return PATIENT_ID, own
    raise BadFile("The Patient has neither an identifier nor an id, so that it could not be found again.")


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
