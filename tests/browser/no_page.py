"""Addresses that show no page of their own to look at in a browser, each with the reason."""

#: What answers a GET with something else than a whole page of its own, and with what.
NO_PAGE = {
    "healthz": "a line for machines",
    "readyz": "a line for machines",
    "metrics": "lines for machines",
    "account_logout": "leads to the sign-in",
    "mfa_authenticate": "leads to the sign-in, where no password was given yet",
    "mfa_reauthenticate": "leads on, where the password was given just now",
    "mfa_reauthenticate_webauthn": "leads on, where the password was given just now",
    "mfa_login_webauthn": "what a key is asked, for the script",
    **dict.fromkeys(
        (
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_add_webauthn",
        ),
        "asks for the password once more, on a page that is looked at",
    ),
    "mfa_download_recovery_codes": "a file",
    "mfa_edit_webauthn": "needs a key, which no test has in its hand",
    "mfa_remove_webauthn": "needs a key, which no test has in its hand",
    "desk:home": "leads to the page of the role",
    "desk:today": "leads to the board",
    "desk:board_changes": "a part of the board",
    "desk:consent_document": "a picture",
    "desk:emergency_record": "leads to the record, where it is one of the site's own",
    "desk:earlier_answer": "leads to the offer, where the buttons are",
    "nurse:change": "leads to the visit",
    "nurse:changes": "a part of a page",
    "setup:report_file": "a file",
    "setup:trail_csv": "a file",
    **{
        f"support:{table}_{kind}": "one of support's tables, which two templates show: looked at with the messages"
        for table in (
            *("clinic_site", "clinic_resource", "clinic_staffmember", "clinic_user", "clinic_shift", "clinic_closure"),
            *("clinic_heartbeat", "scheduling_protocol", "scheduling_appointment", "scheduling_series"),
            "scheduling_offer",
        )
        for kind in ("changelist", "change")
    },
    "portal:dates": "a calendar file",
    "portal:earlier": "needs an invitation of this patient's: looked at in test_earlier.py",
    **dict.fromkeys(
        (
            "portal:agreed",
            "portal:answer",
            "portal:answer_date",
            "portal:keep",
            "portal:new_time_suits",
            "portal:not_sooner",
            "portal:speak",
            "portal:take",
            "portal:wrong_person",
        ),
        "takes a form, and asks a stranger for the link before it says so",
    ),
}
