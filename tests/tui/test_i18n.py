import ast
import re
from itertools import product
from pathlib import Path
from string import Formatter

import pytest

from audio.capture.typed import _HOW, _HOW_ON_WINDOWS
from audio.choices import CUES
from audio.device.device_choice import no_device
from crypto.errors import UserError
from crypto.roomkey import RoomKey
from crypto.words import parse, to_digits, to_line, to_words
from p2p.api.view import RelayView
from tests.tui.drawn import app_with, text_of
from tests.tui.scripted import ScriptedNode, full_room, run_room
from tui.cli import main
from tui.i18n import chosen_language, mark, parse_catalogue, tr, trn, use_language
from tui.texts.failures import told

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "tui" / "locale" / "zh_CN.po"


@pytest.fixture
def chinese():
    use_language("zh_CN")
    yield
    use_language("en")


def marked_strings():
    for path in sorted((ROOT / "tui").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in ("tr", "trn", "mark")
                and isinstance(node.args[0], ast.Constant)
            ):
                yield node.args[0].value


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_every_string_of_screens_and_line_mode_has_a_translation(language):
    path = CATALOGUE.with_name(f"{language}.po")
    catalogue = parse_catalogue(path.read_text(encoding="utf-8"))
    assert sorted(set(marked_strings()) - catalogue.keys()) == []


def sentences_of_other_parts():
    """What the other parts say to a person, or give as the reason inside such a sentence."""
    reasons = {"contact.py", "web_place.py"}
    for part in ("p2p", "audio", "crypto"):
        for path in sorted((ROOT / part).rglob("*.py")):
            calls = {"UserError", "DeviceError", "Notice"}
            calls |= {"RemoteError"} if path.name in reasons and part == "p2p" else set()
            tree = ast.parse(path.read_text(encoding="utf-8"))
            values = values_of_names(tree)
            said_by_relay = {"_say", "ValueError"} if path.parent.name == "relay" else set()
            for node in ast.walk(tree):
                if not isinstance(node, ast.Call):
                    continue
                if called(node) in said_by_relay:
                    yield from (one.value for one in node.args if isinstance(one, ast.Constant))
                if called(node) in calls:
                    for one in node.args:
                        yield from strings_in(one, values, set())


def called(node):
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def values_of_names(tree):
    """What stands behind a name anywhere in a file."""
    values = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            for target in getattr(node, "targets", None) or [node.target]:
                for name in (one.id for one in ast.walk(target) if isinstance(one, ast.Name)):
                    values.setdefault(name, []).append(node.value)
    return values


def strings_in(node, values, seen):
    """All strings that an expression may mean, by way of names and tables too."""
    for one in ast.walk(node):
        if isinstance(one, ast.Constant):
            yield one.value
        elif isinstance(one, ast.Name) and one.id not in seen:
            seen.add(one.id)
            for value in values.get(one.id, ()):
                yield from strings_in(value, values, seen)


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_what_other_parts_say_to_a_person_has_a_translation_too(language):
    path = CATALOGUE.with_name(f"{language}.po")
    catalogue = parse_catalogue(path.read_text(encoding="utf-8"))
    said = {text for text in sentences_of_other_parts() if isinstance(text, str) and " " in text}
    assert len(said) > 100
    assert sorted(said - catalogue.keys()) == []


@pytest.mark.parametrize("system", ["linux", "win32"])
@pytest.mark.parametrize("code", ["no_microphone", "no_speaker"])
@pytest.mark.parametrize("names", [(), ("null",), ("Monitor of Built-in Audio",), ("USB Headset",)])
@pytest.mark.parametrize("library_missing", [False, True])
@pytest.mark.parametrize("wanted", ["default", "bluetooth"])
def test_a_missing_device_has_a_translation(
    monkeypatch, system, code, names, library_missing, wanted
):
    monkeypatch.setattr("audio.device.device_choice.is_mic_denied", lambda: False)
    monkeypatch.setattr("audio.device.device_choice.sys.platform", system)
    catalogue = parse_catalogue(CATALOGUE.read_text(encoding="utf-8"))
    problem = no_device(code, wanted, names, library_missing)
    assert {problem.message_template, problem.hint_template} <= catalogue.keys()


def test_what_speaks_typed_lines_is_named_in_a_translation_for_each_system():
    catalogue = parse_catalogue(CATALOGUE.read_text(encoding="utf-8"))
    assert {_HOW, _HOW_ON_WINDOWS} <= catalogue.keys()


def mistakes_in_a_key():
    """What is said of a key with mistakes, in each of its forms and with each pair of them."""
    key = RoomKey(bytes(range(16)))
    words, line, digits = to_words(key), to_line(key), to_digits(key)
    some = words.split()
    yield from (" ".join(some[:n]) for n in (1, 14))
    for first, last in product(("vioiln", "qqqqqq"), ("monky", "龘", "zoo")):
        yield " ".join([*some[:6], first, *some[7:11], last, *some[12:]])
    yield " ".join([*some[:6], "vioiln", *some[7:13]])
    yield " ".join([*some[:6], "qqqqqq", *some[7:13]])
    for text in (line, digits):
        whole = text.replace("-", "").replace(" ", "")
        yield from (whole[1:], whole[:7] + whole[8:], whole[:7] + "7" + whole[7:], whole[::-1])
        yield whole[:6] + whole[7] + whole[6] + whole[8:]


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_what_is_wrong_with_a_key_is_said_in_chinese(language):
    use_language(language)
    said = set()
    try:
        for text in mistakes_in_a_key():
            with pytest.raises(UserError) as caught:
                parse(text)
            said |= {*told(caught.value)} - {""}
    finally:
        use_language("en")
    assert len(said) > 20
    assert [one for one in said if re.search("[A-Za-z]{2,} [a-z]+ [a-z]+", one)] == []


def test_translations_keep_the_values_of_their_strings():
    def fields(text):
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}

    for catalogue in (CATALOGUE, CATALOGUE.with_name("zh_TW.po")):
        for message, forms in parse_catalogue(catalogue.read_text(encoding="utf-8")).items():
            assert all(fields(form) == fields(message) for form in forms), message


def test_readers_of_traditional_characters_get_them_and_else_simplified_ones_not_english():
    use_language("zh_TW")
    try:
        assert tr("no microphone was found") == "沒有找到麥克風"
        simplified = parse_catalogue(CATALOGUE.read_text(encoding="utf-8"))
        assert [text for text in simplified if tr(text) == text != simplified[text][0]] == []
    finally:
        use_language("en")


@pytest.mark.parametrize(
    ("wish", "environ", "language"),
    [
        ("zh_CN", {}, "zh_CN"),
        ("zh-CN", {"LANG": "en_GB.UTF-8"}, "zh_CN"),
        (None, {"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        (None, {"LANGUAGE": "fr:zh", "LANG": "de_DE"}, "zh_CN"),
        (None, {"LC_ALL": "C.UTF-8", "LANG": "zh_CN"}, "en"),
        (None, {"LANG": "de_DE.UTF-8@euro"}, "en"),
        (None, {"LANG": "zh_TW.UTF-8"}, "zh_TW"),
        (None, {"LANG": "zh_HK.UTF-8"}, "zh_TW"),
        ("zh-Hant-HK", {}, "zh_TW"),
        ("zh_SG", {}, "zh_CN"),
        (None, {}, "en"),
    ],
)
def test_the_first_known_wish_decides(wish, environ, language):
    assert chosen_language(wish, environ) == language


def test_values_and_plurals_are_put_in(chinese):
    assert tr("member {n}", n=7) == "7 号成员"
    assert trn("{count} here", "{count} here", 3) == "3 人在场"
    assert tr("not in the catalogue {x}", x=1) == "not in the catalogue 1"
    assert mark("On stage") == "On stage"


def test_english_has_two_plural_forms():
    assert trn("{count} cup", "{count} cups", 1) == "1 cup"
    assert trn("{count} cup", "{count} cups", 2) == "2 cups"


def test_a_catalogue_may_fold_long_strings_and_leave_some_empty():
    text = """
        # note
        msgid ""
        msgstr "head\\n"

        msgid "a"
        " b"
        msgstr "c"
        " d"
        msgid "e"
        msgstr ""
    """
    assert parse_catalogue(text) == {"a b": ("c d",)}


ALLOWED = {"Enter", "TEAHOUSE", "Teahouse", "Ctrl", "relay"}


@pytest.mark.parametrize("keys", [(), ("f1",), ("enter",), ("q",), ("i",)])
async def test_no_english_is_left_on_a_chinese_screen(chinese, keys):
    node = ScriptedNode(full_room("host"))
    names = {one.name for one in node.now.members} | {"tea-house", *_key_parts()}
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()
        text = text_of(app)
    assert_only_names(text, names)


@pytest.mark.parametrize(
    "keys",
    [
        ("r",),
        ("w",),
        ("r", "v"),
        ("r", "o"),
        ("r", "a"),
        ("r", "a", "tab", "enter"),
        ("slash",),
        ("slash", "z", "q"),
        ("enter",),
        ("tab", "enter"),
        ("tab", "enter", "x"),
        ("tab", "enter", "c"),
        ("tab", "enter", "g"),
        ("tab", "enter", "g", "s"),
    ],
)
async def test_no_english_is_left_where_the_room_is_run_in_chinese(chinese, keys):
    relay = RelayView(1, "192.0.2.1:9", used=True, up=True, named=True)
    node = ScriptedNode(run_room("host", relays=(relay,), mode="shield"))
    app = app_with(node)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        await pilot.pause()
        text = text_of(app)
    names = {one.name for one in (*node.now.members, *node.now.waiting)}
    assert_only_names(text, names | {"tea-house", "K7QD3M", "river", "lamp", "tea"})


def assert_only_names(text, names):
    text = text.replace("teahouse relay", "").replace("teahouse join", "")
    for known in sorted(names, key=len, reverse=True):
        text = text.replace(known, "")
    assert [word for word in re.findall(r"[A-Za-z]{4,}", text) if word not in ALLOWED] == []


def _key_parts():
    from tests.tui.scripted import KEY, WORDS

    return {KEY.line, KEY.invite, KEY.invite[:100], *WORDS.split()}


MISTAKES = (
    ["join", "--no-such-option"],
    ["create", "--listen", "nowhere"],
    ["create", "--mode", "fast"],
    ["create", "--seconds", "soon"],
    ["create", "--meter-hz", "99"],
    ["create", "--cues", "loud"],
    ["create", "--name"],
    ["create", "--plain=yes"],
    ["create", "--me", "open"],
    ["devices", "--seconds", "0"],
    ["ctl"],
    ["ctl", "mic"],
    ["completions", "tcsh"],
    ["doctor", "--seconds"],
    ["relay", "--max-rate"],
)
TYPED = re.compile(r"(--?[a-z-]+|'[^']*'|\\{[^}]*\\}|teahouse [a-z]+|[A-Z:#|]{2,})")


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
@pytest.mark.parametrize("line", MISTAKES, ids=" ".join)
def test_no_english_is_left_of_what_is_wrong_with_a_command_line(language, line, capsys):
    try:
        with pytest.raises(SystemExit) as end:
            main([*line, "--lang", language] if line[0] != "ctl" else ["--lang", language, *line])
        assert end.value.code == 2
    finally:
        use_language("en")
    *_, said = capsys.readouterr().err.strip().splitlines()
    words = {"toggle", "hold", "typed", "bash", "zsh", "fish", "what", "shell", *CUES}
    left = [word for word in re.findall("[A-Za-z]{4,}", TYPED.sub("", said)) if word not in words]
    assert left == [], said


RELAY_MISTAKES = (
    ["--listen", "nowhere"],
    ["--public-address", "x:1"],
    ["--max-rooms", "many"],
    ["--max-rate", "much"],
    ["--drain-timeout", "soon"],
    ["--log-level", "loud"],
    ["--no-such"],
    ["--config", "/no/such/file"],
)


@pytest.mark.parametrize("line", RELAY_MISTAKES, ids=" ".join)
def test_no_english_is_left_of_what_is_wrong_with_a_relays_options(line, capsys):
    try:
        assert main(["--lang", "zh_CN", "relay", *line]) == 2
    finally:
        use_language("en")
    said = capsys.readouterr().err
    typed = re.sub(r"`[^`]*`|--[a-z-]+|(max|drain|log|public)-[a-z]+|listen", "", said)
    words = ("HOST", "PORT", "info", "debug", "warning", "error")
    left = [word for word in re.findall("[A-Za-z]{4,}", typed) if word not in words]
    assert left == [], said


async def test_no_english_is_left_on_the_chinese_start_screen(chinese):
    app = app_with()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        words = re.findall(r"[A-Za-z]{4,}", text_of(app))
    assert [word for word in words if word not in {*ALLOWED, "amina"}] == []
