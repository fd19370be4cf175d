"""What the forms of staff screens share."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout


def inner_helper(*layout: object) -> FormHelper:
    """For a form whose tag and token the page writes itself; its fields in order, or as `layout` has them."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    if layout:
        helper.layout = Layout(*layout)
    return helper
