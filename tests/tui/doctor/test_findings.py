import pytest

from tui.doctor.findings import Finding, as_object, exit_code


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ([], 0),
        (["clock"], 1),
        (["speaker"], 7),
        (["clock", "speaker"], 7),
        (["speaker", "relay"], 3),
        (["udp"], 3),
    ],
)
def test_the_exit_code_names_what_hinders_most(bad, code):
    rest = [Finding("microphone", "note", "none"), Finding("nat", "ok", "none")]
    assert exit_code([Finding(one, "bad", "broken") for one in bad] + rest) == code


def test_a_line_names_the_state_the_thing_and_what_to_do():
    finding = Finding("relay", "bad", "does not answer", "Ask.", number=2)
    assert finding.lines() == ["BAD   relay 2: does not answer", "      What to do: Ask."]
    assert Finding("nat", "ok", "none").lines() == ["ok    NAT: none"]


def test_the_object_for_scripts_says_all_and_nothing_empty():
    findings = [
        Finding("relay", "ok", "answers", number=1, values={"udp_ms": 3.0}),
        Finding("nat", "ok", "none"),
    ]
    assert as_object(findings) == {
        "schema": 1,
        "ok": True,
        "findings": [
            {
                "code": "relay",
                "state": "ok",
                "text": "answers",
                "hint": "",
                "number": 1,
                "values": {"udp_ms": 3.0},
            },
            {"code": "nat", "state": "ok", "text": "none", "hint": ""},
        ],
    }
