"""Client libraries are loaded late, `one_at_a_time`, and without what is not needed: `absent`, `late`, `http_library`.

Threads that import the same packages side by side can see each other's half-loaded modules.
"""

from __future__ import annotations

import importlib
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

one_at_a_time = threading.RLock()


@contextmanager
def absent(name: str) -> Iterator[None]:
    """While this holds, an import of `name` fails as if it were not installed, unless it is loaded already.

    For libraries that do without `name` where it is not installed. None in sys.modules is the import system's own way
    to say "not there" (Python reference, 5.3.1).
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def late(is_late: Callable[[str], bool]) -> Iterator[None]:
    """While this holds, an import of a module that `is_late` picks by its name loads nothing.

    What is taken from it, classes and functions, is loaded when it is first called or asked for anything. For packages
    that import all their parts, of which a process uses few. A part that another one inherits from when it is loaded
    cannot be late: that fails with TypeError. Afterwards an import of the same module loads it as ever.
    """
    finder = _Late(is_late)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        finder.forget()


class _Late(MetaPathFinder, Loader):
    """Gives an empty module for each that is late."""

    def __init__(self, is_late: Callable[[str], bool]) -> None:
        self._is_late = is_late
        self._given: list[str] = []

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:  # noqa: ARG002
        return ModuleSpec(fullname, self) if self._is_late(fullname) else None

    def create_module(self, spec: ModuleSpec) -> None:
        """Leave the making to the import system."""

    def exec_module(self, module: ModuleType) -> None:
        name = module.__name__

        def part(attribute: str) -> _Part:
            if attribute.startswith("__"):
                raise AttributeError(attribute)
            return _Part(name, attribute)

        module.__getattr__ = part  # type: ignore[method-assign]
        self._given.append(name)

    def forget(self) -> None:
        for name in self._given:
            package, _, own_name = name.rpartition(".")
            sys.modules.pop(name, None)
            if package in sys.modules:
                vars(sys.modules[package]).pop(own_name, None)


class _Part:
    """Stands for a class or function of a module until it is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module = module
        self._name = name

    def _real(self) -> Any:
        with one_at_a_time:
            return getattr(importlib.import_module(self._module), self._name)

    def __call__(self, *arguments: object, **named: object) -> Any:
        return self._real()(*arguments, **named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._real(), name)


def http_library() -> ModuleType:
    """Returns `requests` without charset_normalizer, which takes 26 modules and 1.7 MiB.

    It guesses in what letters an answer is that does not say so, and requests takes UTF-8 where it is not installed.
    Twilio's and Google's answers are JSON in UTF-8. Google's clients load requests too, for their access tokens.
    """
    with one_at_a_time, absent("charset_normalizer"), warnings.catch_warnings():
        # requests warns that nothing guesses.
        warnings.filterwarnings("ignore", message="Unable to find acceptable character detection")
        import requests

        return requests
