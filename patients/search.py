"""Finding patients: by a part of a name, telephone number, birth date or record number, and by likeness."""

import re
from datetime import date

from django.db.models import F, FloatField, Func, Q, TextField, Value
from django.utils.dateparse import parse_date

from clinic.models import User
from patients.models import Patient
from patients.models.patient import PatientQuerySet

#: pg_trgm similarity (0 to 1) of two whole names from which they may be one person's: lets through a slip or two of
#: the finger in each.
ALIKE = 0.4
#: Words of a search that are looked at; more would only make the query long.
WORDS = 8
#: Digits from which a number may be a part of a telephone number.
PHONE_DIGITS = 3
#: The highest record number that the column can hold.
MOST = 2**31 - 1


class PlainName(Func):
    """The name as search sees it: "given family" in lower case without accents (the function and index of migration
    0004)."""

    function = "patients_plain"
    arg_joiner = " || ' ' || "
    output_field = TextField()


class Plain(Func):
    """A text as search sees it."""

    function = "patients_plain"
    output_field = TextField()


def search(user: User, text: str) -> PatientQuerySet:
    """The user's patients whom every word of `text` fits: a part of a name or telephone number, the birth date, the
    record number.

    Dates are read as 1980-05-17 or 05/17/1980. An empty text finds all. Ordered by name.
    """
    found = Patient.objects.filter(pk__in=Patient.objects.for_user(user).order_by().values("pk"))
    words = text.replace("\x00", "").split()[:WORDS]
    if words:
        found = found.alias(plain_name=PlainName(F("given_name"), F("family_name")))
    for word in words:
        found = found.filter(_fits(word))
    return found


def _fits(word: str) -> Q:
    day = parse_day(word)
    if day is not None:
        return Q(birth_date=day)
    fits = Q(plain_name__contains=Plain(Value(word)))
    digits = re.sub(r"[^0-9]", "", word)
    if digits and re.fullmatch(r"[#+()./0-9-]+", word):
        if int(digits) <= MOST:
            fits |= Q(record_number=int(digits))
        if len(digits) >= PHONE_DIGITS:
            # The zero before an area code is dialled at home and not stored.
            fits |= Q(phone__contains=digits.lstrip("0") or digits)
    return fits


def parse_day(word: str) -> date | None:
    """A date as people here type it: 1980-05-17, or month first with slashes. None when it is none."""
    match = re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", word)
    try:
        return date(int(match[3]), int(match[1]), int(match[2])) if match else parse_date(word)
    except ValueError:
        return None


def possible_duplicates(
    user: User, *, given_name: str, family_name: str, birth_date: date, phone: str = ""
) -> list[Patient]:
    """At most five of the user's patients who may be the same person: a like name and either the birth date or the
    telephone number.

    `phone` in E.164, or empty.
    """
    same = Q(birth_date=birth_date) | (Q(phone=phone) if phone else Q(pk__in=[]))
    likeness = Func(
        PlainName(F("given_name"), F("family_name")),
        Plain(Value(f"{given_name} {family_name}")),
        function="similarity",
        output_field=FloatField(),
    )
    mine = Patient.objects.for_user(user).order_by().values("pk")
    return list(
        Patient.objects.filter(same, pk__in=mine)
        .annotate(likeness=likeness)
        .filter(likeness__gte=ALIKE)
        .order_by("-likeness")[:5]
    )
