"""Medicines that interact with ketamine, by what is to be thought of; generic names and the commonest brands of the
United States. Where each comes from:

- Opioids, benzodiazepines, sleeping pills: Ketalar's prescribing information (2020 and later), section 7 (other
  depressants: deep sedation, breathing); Spravato's, section 7.1.
- Benzodiazepines, weaker effect: Andrade 2017 (doi 10.4088/JCP.17f11802) and a study of 2020
  (doi 10.3389/fpsyt.2020.00844: fewer responders above 8 mg of diazepam a day).
- Stimulants and monoamine oxidase inhibitors: Spravato's prescribing information, sections 7.2 and 7.3, which name
  amphetamines, methylphenidate, modafinil, armodafinil. Pseudoephedrine as a sympathomimetic: Ketalar's, section 7.
- Theophylline, aminophylline: Ketalar's prescribing information, section 7 (seizure threshold).
- Thyroid hormones: two patients with 240/140 and 210/130 mmHg (Kaplan, Cooperman 1971, Anesthesiology 35, 229-230).
- Lamotrigine: fewer of ketamine's effects on perception (Anand 2000, doi 10.1001/archpsyc.57.3.270); whether it takes
  away the benefit is not known (Andrade 2017).

The list is a beginning: a doctor of the clinic confirms it and changes it on the page of codes."""

MEDICINES: dict[str, str] = {
    "an opioid; deep sedation, and breathing": (
        "oxycodone hydrocodone morphine fentanyl methadone tramadol tapentadol buprenorphine codeine hydromorphone "
        "percocet vicodin oxycontin ultram nucynta suboxone"
    ),
    "a benzodiazepine; deep sedation, and a weaker effect": (
        "alprazolam clonazepam diazepam lorazepam temazepam midazolam xanax klonopin valium ativan restoril"
    ),
    "a sleeping pill; deep sedation": "zolpidem eszopiclone ambien lunesta",
    "a stimulant; blood pressure": (
        "amphetamine dextroamphetamine lisdexamfetamine methylphenidate modafinil armodafinil pseudoephedrine "
        "adderall vyvanse ritalin concerta provigil nuvigil"
    ),
    "a monoamine oxidase inhibitor; blood pressure": (
        "phenelzine tranylcypromine selegiline isocarboxazid nardil parnate emsam marplan"
    ),
    "a lower threshold for seizures": "theophylline aminophylline",
    "a thyroid hormone; blood pressure and pulse": "levothyroxine liothyronine synthroid levoxyl cytomel",
    "fewer effects on perception; whether also less benefit is not known": "lamotrigine lamictal",
}
