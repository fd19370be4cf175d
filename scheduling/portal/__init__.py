"""The pages that open from a link, without an account: the patient's and the companion's."""
