import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.keycode import DIGITS, LINE, WORDS, code_of
from crypto.keytext import Spelling
from crypto.repair import missing, one_wrong, surplus, swapped
from crypto.roomkey import RoomKey

CODE = code_of(RoomKey(b"repair this key!"))
FORMS = pytest.mark.parametrize("numerals", [WORDS, LINE, DIGITS], ids=lambda n: n.form)


def _spelling(numerals, symbols):
    return Spelling(numerals, tuple(symbols), tuple(map(str, symbols)))


@FORMS
def test_an_unknown_symbol_is_filled_in(numerals):
    for place in range(numerals.count):
        symbols = numerals.symbols_of(CODE)
        right, symbols[place] = symbols[place], None
        assert list(one_wrong(_spelling(numerals, symbols))) == [(place, right, CODE)]


@FORMS
def test_two_unknown_symbols_are_not_guessed(numerals):
    symbols = [None, None, *numerals.symbols_of(CODE)[2:]]
    assert list(one_wrong(_spelling(numerals, symbols))) == []


@FORMS
def test_two_wrong_symbols_are_not_guessed(numerals):
    symbols = [(symbol + 1) % numerals.base for symbol in numerals.symbols_of(CODE)[:2]]
    symbols += numerals.symbols_of(CODE)[2:]
    assert list(one_wrong(_spelling(numerals, symbols))) == []


@FORMS
@settings(max_examples=30)
@given(data=st.data())
def test_a_swap_a_gap_and_a_surplus_are_placed(numerals, data):
    symbols = numerals.symbols_of(CODE)
    place = data.draw(st.integers(0, numerals.count - 2))
    extra = data.draw(st.integers(0, numerals.base - 1))
    turned = [*symbols[:place], symbols[place + 1], symbols[place], *symbols[place + 2 :]]
    if turned != symbols:
        assert swapped(numerals, turned) == place
    # Where equal symbols stand side by side any of them may be the one.
    gap = missing(numerals, symbols[:place] + symbols[place + 1 :])
    assert symbols[:gap] + symbols[gap + 1 :] == symbols[:place] + symbols[place + 1 :]
    longer = [*symbols[:place], extra, *symbols[place:]]
    found = surplus(numerals, longer)
    assert longer[:found] + longer[found + 1 :] == symbols


@FORMS
def test_what_no_single_mistake_explains_stays_unexplained(numerals):
    symbols = [7] * numerals.count
    assert swapped(numerals, symbols) is None
    assert missing(numerals, symbols[1:]) is None
    assert surplus(numerals, [*symbols, 7]) is None
    assert surplus(numerals, [*symbols[:-1], None, None]) is None
    assert surplus(numerals, symbols) is None
