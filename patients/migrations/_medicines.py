"""Medicines that interact with ketamine, by what is to be thought of; generic names and the commonest brands of the
United States.

Sources: Ketalar's prescribing information, section 7 (theophylline and aminophylline; sympathomimetics; benzodiazepines,
opioids and other depressants); Spravato's, section 7 (depressants, psychostimulants, monoamine oxidase inhibitors).
Lamotrigine may weaken the effect (Anand 2000, doi 10.1001/archpsyc.57.3.270)."""

MEDICINES: dict[str, str] = {
    "an opioid; deep sedation, and breathing": (
        "oxycodone hydrocodone morphine fentanyl methadone tramadol tapentadol buprenorphine codeine hydromorphone "
        "percocet vicodin oxycontin ultram nucynta suboxone"
    ),
    "a benzodiazepine or sleeping pill; deep sedation, and a weaker effect": (
        "alprazolam clonazepam diazepam lorazepam temazepam midazolam zolpidem eszopiclone "
        "xanax klonopin valium ativan restoril ambien lunesta"
    ),
    "a stimulant; blood pressure": (
        "amphetamine dextroamphetamine lisdexamfetamine methylphenidate modafinil armodafinil pseudoephedrine "
        "adderall vyvanse ritalin concerta provigil nuvigil"
    ),
    "a monoamine oxidase inhibitor; blood pressure": (
        "phenelzine tranylcypromine selegiline isocarboxazid nardil parnate emsam marplan"
    ),
    "a lower threshold for seizures": "theophylline aminophylline",
    "may weaken the effect": "lamotrigine lamictal",
}
