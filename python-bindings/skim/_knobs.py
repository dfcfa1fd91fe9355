"""The knobs of a model as a mapping."""

from collections.abc import Iterator, Mapping, MutableMapping

from skim._errors import KnobError, KnobValueError
from skim._skim import Library


def check_name(name: str, known: list[str]) -> None:
    """Raise KnobError where `name` is no knob and no prefix of some, such as ``a.b`` of ``a.b.3``."""
    if any(knob == name or knob.startswith(f"{name}.") for knob in known):
        return
    what = f"expected one of {', '.join(known)}" if known else "the model has no knobs"
    raise KnobError(f"knob '{name}': {what}")


def checked(knobs: Mapping[str, float], known: list[str]) -> list[tuple[str, float]]:
    """Knobs of one call, with every name checked."""
    for name in knobs:
        check_name(name, known)
    return [(name, _number(name, value)) for name, value in knobs.items()]


def _number(name: str, value: float) -> float:
    try:
        return float(value)
    except TypeError:
        raise TypeError(f"knob '{name}': expected a number, got {type(value).__name__}") from None
    except (OverflowError, ValueError):
        shown = f"{value!r:.40}" if isinstance(value, str) else "one that is too large"
        raise KnobValueError(f"knob '{name}': expected a finite number, got {shown}") from None


class Knobs(MutableMapping[str, float]):
    """Numbers that change how much a model skips, by name.

    Setting ``knobs["a.b"]`` sets the knob ``a.b`` and all those whose names begin
    with ``a.b.``. Knobs belong to the model object and hold for the runs that
    begin afterwards; ``run(..., knobs=...)`` overrides them for one call.
    """

    def __init__(self, library: Library):
        self._library = library
        self._names = library.knob_names()

    def __getitem__(self, name: str) -> float:
        check_name(name, self._names)
        return self._library.get_knob(name)

    def __setitem__(self, name: str, value: float) -> None:
        check_name(name, self._names)
        self._library.set_knob(name, _number(name, value))

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"knob '{name}': knobs are set, not deleted")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<skim knobs {dict(self)}>"
