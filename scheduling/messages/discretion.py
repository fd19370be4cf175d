"""Promise 8 while somebody types: words that say what a person is treated for, or with.

A message, a site's neutral name and a calendar entry lie open on other people's screens. A word list finds the plain
slips; it warns and never has the last word, since a street may well be called Bridge Street.
"""

import re

#: Beginnings of words in English and Spanish: drugs, ways of treatment, what is treated, and what a chart has.
_BEGINNINGS = (
    # drugs and how they are given
    *("ketami", "ketalar", "esketam", "spravato", "lidoca", "magnesium inf", "propofol", "infusi", "infusión"),
    *("infundir", "booster", "drip", "intraven", "intramus", "inject", "inyecc", "dose", "dosis", "dosag", "psychedel"),
    *("psicod", "anesthe", "anaesthe", "anestes", "iv therap", "iv clinic", "medicat", "goteo"),
    # what is treated
    *("pain", "dolor", "depress", "depres", "fibromyal", "fibromial", "migrain", "migrañ", "anxiet", "ansied"),
    *("ptsd", "trauma", "bipolar", "suicid", "addict", "adicc", "crps", "neuropath", "neuropat", "psychiat"),
    *("psiquiat", "mental", "mood", "oncolog", "cancer", "cáncer", "rehab", "detox"),
    # what a chart has
    *("diagnos", "therap", "terap", "treatment", "tratamient", "blood pressure", "presión arterial", "pregnan"),
    *("embaraz", "score", "puntuaci"),
)
_FOUND = re.compile(rf"\b(?:{'|'.join(map(re.escape, _BEGINNINGS))})\w*", re.IGNORECASE)


def telling_words(*texts: str) -> list[str]:
    """The words of `texts` that say something about a treatment, as they stand there, each once."""
    return list(dict.fromkeys(word for text in texts for word in _FOUND.findall(text)))


def listed(words: list[str]) -> str:
    """Them in a sentence: “ketamine”, “pain”."""
    return ", ".join(f"“{word}”" for word in words)
