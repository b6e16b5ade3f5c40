import pytest

from tui.demo.sentences import sentence_of

NAMES = {2: "amina"}


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ({"event": "hand", "n": 2, "place": 1}, "hand: amina, place 1"),
        ({"event": "hand", "n": 2, "place": None}, ""),  # it was accepted: that is told next
        ({"event": "mic", "on": False, "why": "granted"}, "host is invited to speak"),
        ({"event": "mic", "on": True, "why": "granted"}, "host: microphone on"),
        ({"event": "mic", "on": False, "why": "muted"}, "host: microphone off"),
        ({"event": "stats"}, ""),
    ],
)
def test_an_event_of_a_member_is_told_in_a_line(event, says):
    assert sentence_of("host", NAMES, event, host="host") == says
    if event["event"] == "hand":
        assert sentence_of("amina", NAMES, event, host="host") == ""
