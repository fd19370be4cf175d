"""The sign-in page: allauth's own, with the names of who works at this computer."""

from typing import Any

from allauth.account.views import LoginView

from clinic import desk


class StaffLoginView(LoginView):  # type: ignore[misc]  # allauth ships no types
    """One POST with username and password; whoever has a second factor is asked for it on the next page."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """`people`: (username, name) of colleagues who signed in here before."""
        return {**super().get_context_data(**kwargs), "people": desk.people(self.request)}


login = StaffLoginView.as_view()
