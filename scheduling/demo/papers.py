"""The demo's papers: the text that patients sign, their signatures, and sessions that a payer has authorised."""

import json
import math
from datetime import date, timedelta

from clinic.actor import Actor
from patients import actions as people
from patients.documents import HEIGHT, WIDTH, read_drawing
from patients.models import Authorisation, ConsentForm, Patient

TEXT = {
    "en": (
        "My treatment here was explained to me: what is done, how long it takes, what I may feel during it and after "
        "it, and which other treatments there are. I could ask questions, and they were answered.\n\n"
        "I have told the clinic about my illnesses and about all medicines that I take, and I will say when something "
        "changes.\n\n"
        "I will not drive, use machines or sign anything important until the next day, after a night's sleep. An adult "
        "takes me home.\n\n"
        "I agree to the treatment. I can take this back at any time, without giving a reason."
    ),
    "es": (
        "Me han explicado el tratamiento: qué se hace, cuánto dura, qué puedo sentir durante y después, y qué otros "
        "tratamientos hay. Pude preguntar y me respondieron.\n\n"
        "He informado a la clínica de mis enfermedades y de todos los medicamentos que tomo, y avisaré si algo "
        "cambia.\n\n"
        "No conduciré, no usaré máquinas ni firmaré nada importante hasta el día siguiente, después de dormir. Un "
        "adulto me lleva a casa.\n\n"
        "Estoy de acuerdo con el tratamiento. Puedo retirarlo en cualquier momento, sin dar razones."
    ),
}
VERSION = "Treatment consent 2026-01"
#: Who pays in the demo, and for how many sessions; every third patient has such a letter.
PAYERS = (("Union Health", 6), ("Lakeside Mutual", 8), ("Northwind Benefits", 4))


def make_text(by: Actor) -> None:
    """The text that is signed on the tablet."""
    people.add_consent_form(by=by, version=VERSION, text=TEXT, valid_days=365)


def sign(patient: Patient, by: Actor) -> None:
    """The patient signs on the screen, now."""
    form = ConsentForm.objects.get(is_current=True)
    people.sign_consent(by=by, patient=patient, form=form, signer=None, drawing=read_drawing(_signature(patient.name)))


def authorise(patient: Patient, by: Actor, day: date) -> None:
    """A letter of a payer for every third patient; some are for fewer sessions than the series has."""
    if patient.record_number % 3:
        return
    payer, sessions = PAYERS[patient.record_number // 3 % len(PAYERS)]
    people.authorise_sessions(
        by=by,
        patient=patient,
        kind=Authorisation.Kind.PAYER,
        payer=payer,
        sessions=sessions,
        valid_from=day,
        valid_until=day + timedelta(days=180),
        reference=f"A-{day:%y%m}-{patient.record_number}",
    )


def _signature(name: str) -> str:
    """A scrawl that goes up and down with the letters of a name."""
    step = (WIDTH - 80) / (len(name) * 8)
    points = [
        [
            round(40 + number * step + 9 * math.sin(number * 0.9)),
            round(HEIGHT / 2 + (ord(name[number // 8]) % 7 + 4) * 6 * math.sin(number * 0.8)),
        ]
        for number in range(len(name) * 8)
    ]
    return json.dumps([points])
