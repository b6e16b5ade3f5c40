import sys

import pytest

from tui.doctor import kept
from tui.doctor.kept import kept_findings, system_registry
from tui.i18n import use_language

AS_DELIVERED = {
    "PagingFiles": [r"?:\pagefile.sys"],
    "HibernateEnabled": 1,
    "EnablePrefetcher": 3,
}
"""What Windows 10 and 11 say when they are new."""


def states(values):
    asked = []

    def registry(key, name):
        assert key.startswith("SYSTEM\\CurrentControlSet\\Control\\")
        asked.append(name)
        return values.get(name)

    found = kept_findings(registry)
    assert set(asked) == set(AS_DELIVERED)
    return {one.code: one for one in found}


@pytest.mark.parametrize("values", [AS_DELIVERED, {}])
def test_what_a_new_windows_keeps_is_named_and_so_is_what_it_does_not_tell(values):
    found = states(values)
    assert {code: one.state for code, one in found.items()} == dict.fromkeys(
        ("page_file", "hibernation", "traces"), "note"
    )
    assert "prefetch" in found["traces"].text
    assert all(one.hint for one in found.values())


def test_what_is_switched_off_is_not_warned_of_but_that_it_ran_is_always_noted():
    found = states({"PagingFiles": [""], "HibernateEnabled": 0, "EnablePrefetcher": 0})
    assert [found[code].state for code in ("page_file", "hibernation")] == ["ok", "ok"]
    assert found["traces"].state == "note"
    assert "prefetch" not in found["traces"].text


@pytest.mark.parametrize("language", ["zh_CN", "zh_TW"])
def test_it_is_said_in_chinese(language):
    use_language(language)
    try:
        lines = [line for one in kept_findings(lambda key, name: None) for line in one.lines()]
    finally:
        use_language("en")
    english = ("BitLocker", "VeraCrypt", "Windows", "powercfg", "off")
    left = " ".join(lines)
    for word in english:
        left = left.replace(word, "")
    assert not any(word.isascii() and word.isalpha() and len(word) > 2 for word in left.split())


def test_elsewhere_nothing_is_asked():
    if sys.platform == "win32":
        assert system_registry(kept._MEMORY, "PagingFiles") is not None
    else:
        assert system_registry(kept._MEMORY, "PagingFiles") is None
