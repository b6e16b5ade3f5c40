"""What is pure is computed once for all members of a simulated room.

Hundreds of members in one process check the same signature on the same bytes and evaluate the same
set of operations. Both are functions of their input alone, so the simulation keeps their results;
what it runs is still the code that ships.
"""

import contextlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from functools import lru_cache
from typing import Any

from p2p.room import evaluation
from p2p.room.ops import op as ops
from p2p.room.store import opset, reading

KEPT = 256


class _Memory:
    """The last results of a function, by a key made of its arguments."""

    def __init__(self, function: Callable[..., Any], key: Callable[..., Hashable]) -> None:
        self._function = function
        self._key = key
        self._results: OrderedDict[Hashable, Any] = OrderedDict()

    def __call__(self, *args: Any) -> Any:
        key = self._key(*args)
        if key not in self._results:
            self._results[key] = self._function(*args)
            if len(self._results) > KEPT:
                self._results.popitem(last=False)
        self._results.move_to_end(key)
        return self._results[key]


def _same_set(held: Iterable[ops.Op], *rest: Hashable) -> Hashable:
    return frozenset(op.id for op in held), *rest


def _findings(*args: Any) -> Any:
    held, *rest = args
    return _GENUINE_FINDINGS(list(held), *rest)


_GENUINE_FINDINGS = opset.Findings
_PURE = ((ops, "verify"), (opset, "decode_op"), (opset, "Findings"), (opset, "kept"),
         (reading, "taken"), (evaluation, "Picture"))  # fmt: skip
_GENUINE = tuple(getattr(module, name) for module, name in _PURE)


@contextlib.contextmanager
def pure_parts_once() -> Iterator[None]:
    """Inside, each signature is checked once and each set of operations evaluated once."""
    verify, decode, _, kept, _, picture = _GENUINE
    with _instead(
        lru_cache(maxsize=1 << 16)(verify),
        lru_cache(maxsize=1 << 14)(decode),
        _Memory(_findings, lambda held, *rest: _same_set(held, *rest)),
        _Memory(kept, lambda findings: findings),
        lambda _findings, _ops: None,  # what is shared is not changed
        _Memory(picture, lambda findings: findings),
    ):
        yield


@contextlib.contextmanager
def each_for_itself() -> Iterator[None]:
    """Inside, everything is worked out and kept as a single member on its own machine has it."""
    with _instead(*_GENUINE):
        yield


@contextlib.contextmanager
def _instead(*functions: Callable[..., Any]) -> Iterator[None]:
    before = [getattr(module, name) for module, name in _PURE]
    for (module, name), function in zip(_PURE, functions, strict=True):
        setattr(module, name, function)
    try:
        yield
    finally:
        for (module, name), function in zip(_PURE, before, strict=True):
            setattr(module, name, function)
