"""Where the style sheet of Bootstrap comes from: the installed package, of which only two files are wanted."""

from collections.abc import Iterable, Iterator
from typing import Any

import bootstrap_wrapper
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

#: The map is never fetched by a page, but the style sheet names it, and a name without a file fails collectstatic.
WANTED = ("bootstrap.min.css", "bootstrap.min.css.map")
PREFIX = "bootstrap"


class BootstrapFinder(BaseFinder):
    """Offers `bootstrap/bootstrap.min.css` as a static file. Bootstrap's scripts and its other fifty files stay out:
    no page uses them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.storage = FileSystemStorage(location=bootstrap_wrapper.get_bootstrap_css_dir())
        self.storage.prefix = PREFIX  # type: ignore[attr-defined]  # collectstatic reads it

    def find(self, path: str, find_all: bool = False) -> Any:
        """The file behind `path` (relative to STATIC_URL), or nothing."""
        folder, _, name = path.partition("/")
        found = [self.storage.path(name)] if folder == PREFIX and name in WANTED else []
        return found if find_all else (found[0] if found else [])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        """What collectstatic copies."""
        for name in WANTED:
            yield name, self.storage
