"""Version 1 of the screening questions: (id, flag raised by "yes" or "unsure", English, Spanish).

What is asked after: the project's source articles (thyroid disease, high blood pressure, past seizures) and the
consensus guidelines of ASRA, AAPM and ASA on intravenous ketamine, 2018 (the others)."""

QUESTIONS: tuple[tuple[str, str, str, str], ...] = (
    (
        "high-blood-pressure",
        "blood_pressure",
        "Do you have high blood pressure, or do you take medicine for it?",
        "¿Tiene la presión arterial alta o toma medicamentos para controlarla?",
    ),
    (
        "seizure",
        "seizure",
        "Have you ever had a seizure or been told that you have epilepsy?",
        "¿Ha tenido alguna vez una convulsión o le han dicho que tiene epilepsia?",
    ),
    (
        "thyroid",
        "thyroid",
        "Do you have a disease of the thyroid gland?",
        "¿Tiene alguna enfermedad de la tiroides?",
    ),
    (
        "heart",
        "heart",
        "Do you have heart disease, such as angina, heart failure or an irregular heartbeat, or have you had a heart attack?",
        "¿Tiene alguna enfermedad del corazón, como angina, insuficiencia cardíaca o arritmia, o ha tenido un infarto?",
    ),
    (
        "stroke",
        "stroke",
        "Have you ever had a stroke, a small stroke or bleeding in the head?",
        "¿Ha tenido alguna vez un derrame cerebral, un ataque isquémico transitorio o una hemorragia en la cabeza?",
    ),
    (
        "liver",
        "liver",
        "Do you have a liver disease, such as hepatitis or cirrhosis?",
        "¿Tiene alguna enfermedad del hígado, como hepatitis o cirrosis?",
    ),
    (
        "pressure",
        "pressure",
        "Have you been told that the pressure in your eyes (glaucoma) or in your head is raised?",
        "¿Le han dicho que tiene alta la presión en los ojos (glaucoma) o en la cabeza?",
    ),
    (
        "psychosis",
        "psychosis",
        "Have you ever heard or seen things that others did not, or been told that you have schizophrenia or a psychosis?",
        "¿Ha oído o visto cosas que otras personas no percibían, o le han dicho que tiene esquizofrenia o psicosis?",
    ),
    (
        "pregnancy",
        "pregnancy",
        "Are you pregnant, could you be, or are you planning to be soon?",
        "¿Está embarazada, podría estarlo o piensa estarlo pronto?",
    ),
    (
        "substance",
        "substance",
        "Have you ever had a problem with alcohol or drugs, or taken an overdose?",
        "¿Ha tenido alguna vez un problema con el alcohol o las drogas, o una sobredosis?",
    ),
    (
        "interaction",
        "interaction",
        "Do you take any of these: an MAO inhibitor, an opioid, a sleeping pill or a benzodiazepine, a stimulant, lamotrigine, theophylline?",
        "¿Toma alguno de estos medicamentos: un inhibidor de la MAO, un opioide, pastillas para dormir o una benzodiazepina, un estimulante, "
        "lamotrigina, teofilina?",
    ),
    (
        "allergy",
        "other",
        "Have you ever reacted badly to ketamine or to an anesthetic?",
        "¿Ha tenido alguna vez una mala reacción a la ketamina o a un anestésico?",
    ),
)
