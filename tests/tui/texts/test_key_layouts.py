import pytest

from tui.texts.key_layouts import latin


@pytest.mark.parametrize(
    ("character", "key"),
    [
        ("H", "h"),
        ("ｈ", "h"),
        ("Ｈ", "h"),
        ("р", "h"),
        ("Р", "h"),
        ("й", "q"),
        ("ф", "a"),
        ("ي", "d"),
        ("ا", "h"),
        ("ی", "d"),
        ("ھ", "a"),
        ("η", "h"),
        ("י", "h"),
        ("ㅗ", "h"),
        ("\u3000", " "),
        ("？", "?"),
        ("h", "h"),
        (" ", " "),
        ("茶", "茶"),
    ],
)
def test_a_key_is_read_by_its_place(character, key):
    assert latin(character) == key
