"""Django's admin as it is used here: a list and a row of each table that is named in tables.py, and no way to write.

Of the admin's own addresses only these exist. Each is a staff page like the others: signed in, with a second factor,
within a session's limits, for whoever holds the permission; POST is refused before the admin sees it.
"""

from typing import Any, ClassVar, TypeVar

from django.contrib.admin import AdminSite, ModelAdmin, ShowFacets, display
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_safe

from clinic import opening
from clinic.models import User
from clinic.permissions import Permission
from clinic.views import View, needs

M = TypeVar("M", bound=Model)


def page(view: View) -> View:
    """A page of support's."""
    return require_safe(needs(Permission.LOOK_AFTER)(view))


def table_of(opts: Any) -> str:
    """What the admin calls a model in the names of its addresses."""
    return f"{opts.app_label}_{opts.model_name}"


class SupportSite(AdminSite):
    """The list of tables."""

    index_template = "support/index.html"
    enable_nav_sidebar = False
    empty_value_display = "\N{EN DASH}"

    def has_permission(self, request: HttpRequest) -> bool:
        """Asked by the admin for each table; the pages ask before (`page`)."""
        return isinstance(request.user, User) and request.user.may(Permission.LOOK_AFTER)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """None: tables are listed by themselves, as `tables`."""
        return []

    def tables(self, request: HttpRequest) -> HttpResponse:
        """The first page: `tables` are (name, address of its list)."""
        found = [(rows.opts.verbose_name_plural, f"support:{table_of(rows.opts)}_changelist") for rows in self.rows]
        return self.index(request, {"tables": found})

    @property
    def rows(self) -> "list[Rows[Any]]":
        """What was registered, in the order of tables.py."""
        return [rows for rows in self._registry.values() if isinstance(rows, Rows)]

    def get_urls(self) -> list[Any]:
        """The index, and of each table its list and its rows: no other address of the admin's."""
        return [path("", page(self.tables), name="index"), *(one for rows in self.rows for one in rows.get_urls())]


class Rows(ModelAdmin[M]):
    """One table: columns are named one by one, so that a new column is not shown before somebody has thought of it."""

    change_list_template = "support/rows.html"
    change_form_template = "support/row.html"
    actions = None
    preserve_filters = False
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    #: Where a row has no page of its own.
    only_list: ClassVar[bool] = False

    def of(self, user: User) -> QuerySet[M]:
        """The rows of the user's sites; a table whose rows cannot say it by themselves says it here."""
        rows: Any = self.model._default_manager
        found: QuerySet[M] = rows.for_user(user)
        return found

    def patient_of(self, row: M) -> Any:
        """The key of the patient whom a row is about, if it is about one."""
        return getattr(row, "patient_id", None)

    def get_urls(self) -> list[URLPattern]:
        """The list, and a row."""
        table = table_of(self.opts)
        found = [path(f"{self.opts.model_name}/", page(self.changelist_view), name=f"{table}_changelist")]
        if not self.only_list:
            found.append(path(f"{self.opts.model_name}/<str:pk>/", page(self.row), name=f"{table}_change"))
        return found

    @display(description="key", ordering="pk")
    def short_key(self, row: M) -> str:
        """The beginning of the key, which tells the rows of a page apart; the row has the whole."""
        return str(row.pk)[:8]

    def row(self, request: HttpRequest, pk: str) -> HttpResponse:
        """One row, and every column of it that support may see."""
        return self.change_view(request, pk, extra_context={"key": pk})

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """The rows that exist for who asks."""
        assert isinstance(request.user, User)  # noqa: S101 -- `page` lets in nobody else
        return self.of(request.user).order_by(*self.get_ordering(request))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> M:
        """The row; whom it is about goes on the trail as opened."""
        found = super().get_object(request, object_id, from_field)
        if found is None:
            raise Http404
        if patient := self.patient_of(found):
            opening.shows(patient)
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """What the address asks for and cannot be answered is a wrong address, not a reason to lead elsewhere."""
        try:
            return super().get_changelist_instance(request)
        except IncorrectLookupParameters as error:
            raise SuspiciousOperation("an address that the list does not know") from error

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters of the page. The admin would let any column be asked for, by its beginning too, and so tell
        letter by letter what a column says that is not shown.
        """
        endings = ("", "__exact", "__isnull", "__id__exact")
        names = [one if isinstance(one, str) else one[0] for one in self.list_filter]  # type: ignore[index]
        return lookup in {f"{name}{ending}" for name in names for ending in endings}

    def to_field_allowed(self, request: HttpRequest, to_field: str) -> bool:
        """Rows are found by their key."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may look after the program."""
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """The same for all tables."""
        return self.admin_site.has_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False
