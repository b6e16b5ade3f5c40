import importlib.machinery
import subprocess
import sys
from pathlib import Path

import pytest

from audio.codec import libopus
from audio.errors import OpusMissingError


@pytest.fixture(autouse=True)
def _fresh_cache(monkeypatch):
    libopus.load.cache_clear()
    monkeypatch.setattr(libopus, "has_deep_plc", lambda _: False)
    yield
    libopus.load.cache_clear()


def test_the_library_comes_out_of_the_av_wheel():
    first = next(libopus.candidates())
    assert "av" in Path(first).parent.name
    assert libopus.version().startswith("libopus")
    assert "libopus.so.0" in list(libopus.candidates())


def test_finding_the_library_does_not_import_av():
    code = (
        "import sys; from audio.codec.opus import Decoder; Decoder(); "
        "sys.exit(any(name == 'av' or name.startswith('av.') for name in sys.modules))"
    )
    root = Path(libopus.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


def test_the_environment_names_another_file_first(monkeypatch):
    monkeypatch.setenv(libopus.OVERRIDE_VARIABLE, "/somewhere/libopus.so")
    assert next(libopus.candidates()) == "/somewhere/libopus.so"


def test_a_file_that_is_no_library_is_passed_over(monkeypatch, tmp_path):
    broken = tmp_path / "libopus.so"
    broken.write_bytes(b"not a library")
    monkeypatch.setenv(libopus.OVERRIDE_VARIABLE, str(broken))
    assert libopus.version().startswith("libopus")


def test_a_library_without_opus_is_passed_over(monkeypatch):
    found = next(libopus.candidates())
    monkeypatch.setattr(libopus, "candidates", lambda: iter([None, found]))
    # None loads the running program itself, which has no opus_encode.
    assert libopus.version().startswith("libopus")


def test_without_av_the_names_of_the_system_remain(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "libopus.so.0" in list(libopus.candidates())


def test_an_av_that_is_no_package_gives_no_folder(monkeypatch):
    single_module = importlib.machinery.ModuleSpec("av", None)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: single_module)
    assert next(libopus.candidates()) == "libopus.so.0"


def test_a_machine_without_libopus_gets_one_clear_error(monkeypatch):
    monkeypatch.setattr(libopus, "candidates", lambda: iter(["/nowhere/libopus.so"]))
    with pytest.raises(OpusMissingError, match="reinstall"):
        libopus.load()


def test_a_library_of_the_system_comes_first_if_it_conceals_better(monkeypatch):
    found = next(libopus.candidates())
    monkeypatch.setattr(libopus, "_SYSTEM_NAMES", ("/nowhere/libopus.so", found))
    monkeypatch.setattr(libopus, "candidates", lambda: iter(["/nowhere/libopus.so"]))
    with pytest.raises(OpusMissingError):
        libopus.load()
    monkeypatch.setattr(libopus, "has_deep_plc", lambda _: True)
    assert libopus.version().startswith("libopus")


def test_what_the_environment_names_is_not_asked_how_it_conceals(monkeypatch):
    monkeypatch.setenv(libopus.OVERRIDE_VARIABLE, next(libopus.candidates()))
    monkeypatch.setattr(libopus, "has_deep_plc", lambda _: pytest.fail("asked"))
    assert libopus.version().startswith("libopus")
