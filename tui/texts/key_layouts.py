"""Keys by their place on the keyboard, whatever alphabet is switched on.

A key of the room screen is a Latin letter. With a Russian, Greek, Hebrew, Arabic, Persian, Uyghur
or Korean layout, capitals or full-width letters the same key sends something else.
"""

import unicodedata

_LATIN = "qwertyuiopasdfghjklzxcvbnm"
_LAYOUTS = (
    "йцукенгшщзфывапролдячсмить",  # Russian
    "йцукенгшщзфівапролдячсмить",  # Ukrainian
    "·ςερτυθιοπασδφγηξκλζχψωβνμ",  # Greek
    "··קראטוןםפשדגכעיחלךזסבהנמצ",  # Hebrew
    "ضصثقفغعهخحشسيبلاتنمئءؤر·ىة",  # Arabic
    "ضصثقفغعهخحشسیبلاتنمظطزرذدپ",  # Persian
    "چۋېرتيۇڭوپھسداەىقكلزشغۈبنم",  # Uyghur; where it shares a letter with Arabic, that counts
    "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ",  # Korean
)


def _by_place() -> dict[str, str]:
    found: dict[str, str] = {}
    for layout in _LAYOUTS:
        for letter, latin in zip(layout, _LATIN, strict=True):
            found.setdefault(letter, latin)
    return found


_BY_PLACE = _by_place()


def latin(character: str) -> str:
    """Return the Latin letter or sign of the key that sent ``character``.

    Args:
        character: One character.

    Returns:
        Lower case; what is on no known layout comes back as it is, in its plain form.
    """
    plain = character if character in _BY_PLACE else unicodedata.normalize("NFKC", character)
    plain = plain.lower()
    return _BY_PLACE.get(plain, plain)
