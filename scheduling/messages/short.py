"""Content into a text message: the subject line of the message's own template, the first date, and where to read on.

It is to fit into two SMS of the GSM alphabet (3GPP TS 23.038), three where it says how to prepare: a meal at the wrong
hour costs the visit. A single letter outside of that alphabet would halve what one SMS holds, so accents that it lacks
are left out.
"""

import unicodedata

from django.template import Context, Engine
from django.utils import translation
from django.utils.translation import gettext as _

from scheduling.messages import joining, links, texts
from scheduling.messages.content import ANNOUNCING, Content
from scheduling.messages.texts import LINK_LEFT_OUT, Rendered
from scheduling.models import Message

Kind = Message.Kind

#: Kinds that ask who drives home; the subject of RIDE_MISSING does by itself.
ASKING_WHO_DRIVES = frozenset({*ANNOUNCING, Kind.HELD, Kind.PREPARE, Kind.TODAY})
#: Kinds that say how to prepare whenever they have something to say about it.
PREPARING = frozenset({Kind.PREPARE, Kind.TODAY})
#: Kinds that say it of other visits than the first that they name, and so with the day of the week.
PREPARING_BY_DAY = frozenset({joining.TOGETHER, Kind.AFTERCARE})
#: Characters of two SMS that belong together, and of three: 153 each.
LONGEST, LONGEST_WITH_STEPS = 306, 459
#: The GSM 7-bit default alphabet without control characters, and its extension, whose characters count twice.
BASIC = set(
    "@£$¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà\n"
)
EXTENSION = set("^{}\\[~]|€")
#: What stands for signs that are only typography.
PLAIN = str.maketrans(
    {
        **{"“": '"', "”": '"', "\u2018": "'", "\u2019": "'"},
        **{"\u2013": "-", "\u2014": "-", "…": "...", "\u00a0": " ", "\u202f": " "},
    }
)


def render(message: Message, content: Content, link: str = "") -> Rendered:
    """The message as a text in its language. What does not fit is left to the page behind `link`: first the site's own
    subject, then how to prepare.
    """
    missing = max(0, links.length() - len(link)) if link else 0
    with translation.override(message.language):
        subject = texts.subject_of(content)
        own = str(content.words.get("site_subject") or subject)
        steps = _steps(content)
        tries = [(own, steps, LONGEST_WITH_STEPS), (subject, steps, LONGEST_WITH_STEPS)] if steps else []
        if steps and link:
            tries.append((subject, [_("How to prepare is on your page.")], LONGEST_WITH_STEPS))
        tries += [(line, place, LONGEST) for place in _places(content) for line in (own, subject)]
        for line, some, longest in tries:
            text = _body(content, line, link, some)
            if length(text) + missing <= longest:
                break
    kept = text.replace(link, LINK_LEFT_OUT) if link else text
    return Rendered(subject=own, text=text, html="", kept=kept)


def length(text: str) -> int:
    """How many places `text` takes in an SMS of the GSM alphabet."""
    return len(text) + sum(letter in EXTENSION for letter in text)


def gsm(text: str) -> str:
    """`text` in the GSM alphabet as far as it goes: a name in another script stays as it is."""
    return "".join(_letter(letter) for letter in text.translate(PLAIN))


def _letter(letter: str) -> str:
    if letter in BASIC or letter in EXTENSION:
        return letter
    bare = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    return bare if bare and set(bare) <= BASIC else letter


def _places(content: Content) -> list[list[str]]:
    """Where to come, at length and in short: who drives has heard of no clinic before, and wonders who writes. The
    others know.
    """
    if content.template != Kind.COMPANION_NAMED:
        return [[]]
    clinic, address = content.words["clinic"], content.words["address"]
    return [[f"{clinic}, {address}"], [clinic]]


def _steps(content: Content) -> list[str]:
    """How to prepare for the first visit that the message names; for others, with the day of the week before each step.
    Nothing where the kind says nothing of it.
    """
    first, soon = content.words["first"], content.words.get("soon")
    if content.template not in {*PREPARING, *PREPARING_BY_DAY, *ANNOUNCING}:
        return []
    of_first = content.template in PREPARING or (content.template in ANNOUNCING and soon is not None and soon == first)
    steps = content.words.get("prepare" if of_first else "prepare_briefly", [])
    note = [_("Please read the note on your page before you come.")] if content.words.get("medicines") else []
    return [*steps, *note]


def _body(content: Content, subject: str, link: str, steps: list[str]) -> str:
    first = content.words["first"]
    words = content.words | {
        "subject": subject,
        "kind": content.template,
        "link": link,
        "more": max(0, len(content.words["visits"]) - 1),
        "steps": steps,
        "asks_ride": content.words["ride_open"] and content.template in ASKING_WHO_DRIVES,
        # What the subject has said need not be said again.
        "date_told": first is not None and first.day in subject,
        "time_told": content.template == Kind.TODAY and first is not None and first.starts in subject,
    }
    printed = Engine.get_default().get_template("messages/text.txt").render(Context(words, autoescape=False))
    lines = (" ".join(line.split()) for line in printed.splitlines())
    return gsm("\n".join(line for line in lines if line))
