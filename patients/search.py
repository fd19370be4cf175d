"""Finding patients: by a part of a name, telephone number, birth date or record number, and by likeness.

What is typed is read in every way that it can be meant: "1980" is a part of a telephone number, the beginning of a
record number and a year of birth. The indexes of migrations 0004 and 0005 serve each of them.
"""

import re
from datetime import date
from functools import reduce
from operator import add, and_, or_

from django.db import connections, transaction
from django.db.models import Case, F, FloatField, Func, IntegerField, Q, TextField, Value, When

from clinic.models import User
from patients.models import Patient
from patients.models.patient import PatientQuerySet
from patients.typed_dates import find_days

#: pg_trgm similarity (0 to 1) of two whole names from which they may be one person's: lets through a slip or two of
#: the finger in each.
ALIKE = 0.4
#: The same where the birth dates differ too, in nothing but swapped day and month or one part.
VERY_ALIKE = 0.7
#: pg_trgm word_similarity of a typed word with a name from which it may be meant: two letters of five swapped pass.
MEANT = 0.4
#: People shown as alike at most; further down nobody looks.
MOST_ALIKE = 20
#: Characters of a search that a page takes over from its field.
LONGEST = 100
#: Words of a search that are looked at; more would only make the query long.
WORDS = 8
#: Digits from which a number may be a part of a telephone number.
PHONE_DIGITS = 3
#: Letters from which a word is looked for inside of names (a trigram); shorter ones only at a name's beginning.
INSIDE = 3
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
    """The user's patients whom every word of `text` fits: a part of a name or telephone number, the birth date or a
    part of it, the record number or its beginning.

    Dates are read as patients.typed_dates says. A record that was merged into another is found by its number as the
    one that stays. An empty text finds all. Ordered by how well they fit, then by name.
    """
    found = Patient.objects.for_user(user)
    typed = text.replace("\x00", "").strip()
    if not typed:
        return found
    found = found.alias(plain_name=PlainName(F("given_name"), F("family_name")))
    fits = _every_word(typed.split()[:WORDS])
    days, rest = find_days(typed)
    if days:
        born = reduce(or_, (Q(birth_date__range=one) for one in days))
        fits |= born & _every_word(rest.replace(",", " ").split()[:WORDS])
    return found.filter(fits).order_by(_how_well(typed), "family_name", "given_name", "birth_date")


def alike(user: User, text: str) -> list[Patient]:
    """The user's patients whose names are like what was typed, slips of the finger forgiven; the likest first.

    For when `search` finds nobody. The words have to be like some part of the name on average; numbers are left out.
    """
    words = [word for word in text.replace("\x00", "").split()[:WORDS] if re.search(r"[^\W\d_]{2}", word)]
    if not words:
        return []
    plain = PlainName(F("given_name"), F("family_name"))
    likeness = [
        Func(Plain(Value(word)), plain, function="word_similarity", output_field=FloatField()) for word in words
    ]
    one_is_like = reduce(or_, (Q(plain_name__trigram_word_similar=Plain(Value(word))) for word in words))
    found = (
        Patient.objects.for_user(user)
        .alias(plain_name=plain)
        .filter(one_is_like)
        .annotate(likeness=reduce(add, likeness))
        .filter(likeness__gte=MEANT * len(words))
    )
    with transaction.atomic(using=found.db), connections[found.db].cursor() as cursor:
        # The operator that the index serves takes its threshold from here only.
        cursor.execute("SELECT set_config('pg_trgm.word_similarity_threshold', %s, true)", [str(MEANT)])
        return list(found.order_by("-likeness", "family_name", "given_name")[:MOST_ALIKE])


def _every_word(words: list[str]) -> Q:
    """All words fit; neighbouring numbers also as one, as in a telephone number."""
    return reduce(and_, map(_fits, _together(words)), Q())


def _together(words: list[str]) -> list[str]:
    """Words, with neighbouring ones of digits joined by a blank."""
    joined: list[str] = []
    for word in words:
        if joined and _is_number(word) and _is_number(joined[-1]):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    return joined


def _is_number(word: str) -> bool:
    return bool(re.fullmatch(r"[#+()./0-9 -]*[0-9][#+()./0-9 -]*", word))


def _fits(word: str) -> Q:
    if not _is_number(word):
        return _in_name(word)
    whole = _fits_number(re.sub(r"[^0-9]", "", word))
    parts = word.split()
    return whole if len(parts) == 1 else whole | reduce(and_, map(_fits, parts))


def _in_name(word: str) -> Q:
    if len(word) >= INSIDE:
        return Q(plain_name__contains=Plain(Value(word)))
    return Q(plain_name__startswith=Plain(Value(word))) | Q(plain_name__contains=Plain(Value(f" {word}")))


def _fits_number(digits: str) -> Q:
    fits = _numbered(digits)
    if len(digits) >= PHONE_DIGITS:
        # The zero before an area code is dialled at home and not stored.
        fits |= Q(phone__contains=digits.lstrip("0") or digits)
    return fits


def _numbered(digits: str) -> Q:
    """Record numbers that begin with these digits, as ranges that the index serves; the merged ones lead to theirs."""
    fits, lowest, highest = Q(pk__in=[]), int(digits), int(digits)
    while 0 < lowest <= MOST:
        fits |= Q(record_number__range=(lowest, min(highest, MOST)))
        lowest, highest = 10 * lowest, 10 * highest + 9
    if 0 < int(digits) <= MOST:
        merged = Patient.objects.filter(record_number=int(digits), merged_into__isnull=False)
        # As values, since an alternative with a subquery keeps PostgreSQL from using the indexes of the others.
        fits |= Q(pk__in=list(merged.order_by().values_list("merged_into", flat=True)))
    return fits


def _how_well(text: str) -> Case:
    """0 for the record number itself, 1 for a name that begins with the first word, 2 for the rest."""
    first = text.split()[0]
    cases = [
        When(Q(plain_name__startswith=Plain(Value(first))), then=1),
        When(Q(plain_name__contains=Plain(Value(f" {first}"))), then=1),
    ]
    digits = text.lstrip("#")
    if digits.isascii() and digits.isdigit() and int(digits) <= MOST:
        cases.insert(0, When(Q(record_number=int(digits)), then=0))
    return Case(*cases, default=2, output_field=IntegerField())


def possible_duplicates(
    user: User, *, given_name: str, family_name: str, birth_date: date, phone: str = "", email: str = ""
) -> list[Patient]:
    """At most five of the user's patients who may be the same person: a like name and the birth date, the telephone
    number or the address; or nearly the same name, and a birth date with day and month swapped or one part mistyped.

    `phone` in E.164, or empty.
    """
    same = Q(birth_date=birth_date)
    if phone:
        same |= Q(phone=phone)
    if email.strip():
        same |= Q(email__iexact=email.strip())
    name = Plain(Value(f"{given_name} {family_name}"))
    likeness = Func(
        PlainName(F("given_name"), F("family_name")), name, function="similarity", output_field=FloatField()
    )
    # The operator's own threshold (0.3) lies below both of ours: it lets the index find whoever could pass.
    found = (
        Patient.objects.for_user(user)
        .alias(plain_name=PlainName(F("given_name"), F("family_name")))
        .filter(plain_name__trigram_similar=name)
        .annotate(likeness=likeness)
        .filter(Q(likeness__gte=ALIKE) & same | Q(likeness__gte=VERY_ALIKE) & _slipped(birth_date))
    )
    return list(found.order_by("-likeness")[:5])


def _slipped(day: date) -> Q:
    """Birth dates that one slip makes of another: one part differs, or day and month are swapped."""
    year, month, number = Q(birth_date__year=day.year), Q(birth_date__month=day.month), Q(birth_date__day=day.day)
    swapped = (
        year & Q(birth_date__month=day.day, birth_date__day=day.month) if day.day in range(1, 13) else Q(pk__in=[])
    )
    return year & month | year & number | month & number | swapped
