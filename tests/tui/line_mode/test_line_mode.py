import asyncio
import json
import os
import signal
import time

import pytest

from p2p.api import commands as ask
from p2p.api import events as told
from p2p.errors import UserError
from tests.tui.scripted import KEY, PERSONAL, ScriptedNode, full_room, member, room, run_room
from tui.line_mode.line_mode import INTERRUPTED, LineMode
from tui.line_mode.line_reader import LineReader


class Kept:
    """In place of a writer: keeps the lines."""

    def __init__(self):
        self.lines = []
        self.on_closed = None

    def write(self, line):
        self.lines.append(line)


class Typing:
    """Standard input that a test types into."""

    def __init__(self):
        self._read_end, self._write_end = os.pipe()
        self.reader = LineReader(self._read_end)

    def type(self, *lines):
        os.write(self._write_end, "".join(f"{line}\n" for line in lines).encode())

    def end(self):
        os.close(self._write_end)


class Run:
    """One line mode with a scripted node."""

    def __init__(self, node=None, *, as_json=False, opening=None, asks=False):
        self.node = node or ScriptedNode()
        self.out, self.talk, self.typing = Kept(), Kept(), Typing()
        self.mode = LineMode(
            self.out,
            self.talk,
            self.typing.reader,
            as_json=as_json,
            started_s=time.monotonic(),
            asks=asks,
            clock_text=lambda: "10:31:04",
        )
        self._opening = opening or self._open

    async def _open(self):
        return self.node

    async def to_the_end(self):
        return await asyncio.wait_for(self.mode.run(self._opening), 5)

    def events(self):
        return [json.loads(line) for line in self.out.lines]


async def until(true):
    for _ in range(500):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


async def test_a_run_in_sentences():
    run = Run()
    run.typing.type("hand", "leave")
    assert await run.to_the_end() == 0
    assert run.out.lines == [
        "10:31:04 joined tea-house, you are a listener, microphone off",
        "10:31:04 your hand is up, place 4",
        "10:31:04 you left the room",
    ]
    assert run.talk.lines == []


async def test_a_run_in_json_is_one_object_a_line_and_nothing_else():
    run = Run(as_json=True)
    run.node.tell(told.Notice("lan_open", "By words."))
    run.typing.type("key", "mic on", "nonsense", "leave")
    assert await run.to_the_end() == 0
    names = [event["event"] for event in run.events()]
    assert sorted(names) == ["error", "error", "joined", "key", "left"]
    assert all(event["schema"] == 1 and event["t_ms"] >= 0 for event in run.events())
    assert run.talk.lines == ["By words."]


async def test_commands_wait_until_we_are_in_the_room():
    node = ScriptedNode(opening=[])
    run = Run(node)
    run.typing.type("hand", "leave")
    running = asyncio.ensure_future(run.to_the_end())
    await asyncio.sleep(0.05)
    assert node.asked == []
    node.tell(node.joined())
    assert await running == 0
    assert node.asked == [ask.RaiseHand(), ask.Leave()]


async def test_the_end_of_input_does_not_leave():
    run = Run()
    run.typing.end()
    running = asyncio.ensure_future(run.to_the_end())
    await asyncio.sleep(0.1)
    assert not running.done()
    run.node.do(ask.Leave("time"))
    assert await running == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_leaves_the_room_in_good_order(number):
    run = Run()
    running = asyncio.ensure_future(run.to_the_end())
    await until(lambda: run.out.lines)
    os.kill(os.getpid(), number)
    assert await running == 0
    assert run.node.asked == [ask.Leave("signal")]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


async def test_a_second_signal_does_not_wait_for_anybody():
    run = Run()
    run.node.do = lambda command: None
    running = asyncio.ensure_future(run.to_the_end())
    await until(lambda: run.out.lines)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == INTERRUPTED


async def test_a_window_that_takes_no_more_lines_does_not_hurry_who_leaves():
    run = Run()
    run.node.do = lambda command: None
    running = asyncio.ensure_future(run.to_the_end())
    await until(lambda: run.out.lines)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(0.05)
    run.out.on_closed()
    await asyncio.sleep(0.05)
    assert not running.done()
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == INTERRUPTED


async def test_a_signal_while_the_room_is_looked_for_ends_the_search():
    async def never():
        await asyncio.sleep(60)

    run = Run(opening=never)
    running = asyncio.ensure_future(run.to_the_end())
    await asyncio.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)
    assert await running == INTERRUPTED


async def test_a_reader_that_goes_away_makes_us_leave():
    run = Run()
    running = asyncio.ensure_future(run.to_the_end())
    await until(lambda: run.out.on_closed and run.out.lines)
    run.out.on_closed()
    assert await running == 0


@pytest.mark.parametrize("as_json", [True, False])
async def test_a_room_that_is_not_there_is_an_error_and_an_exit_code(as_json):
    async def nobody():
        raise UserError("no_room", "No one is here.", "Check the words.", 5)

    run = Run(as_json=as_json, opening=nobody)
    assert await run.to_the_end() == 5
    if as_json:
        assert run.events()[0]["code"] == "no_room"
    else:
        assert run.out.lines == [
            "10:31:04 error: No one is here.",
            "10:31:04 hint: Check the words.",
        ]


async def test_a_node_that_fails_while_running_is_told_like_any_failure():
    run = Run()

    async def fail():
        await asyncio.sleep(0.01)
        raise UserError("port_in_use", "The port is in use.", "Choose another.", 3)

    run.node.run = fail
    assert await run.to_the_end() == 3


async def test_a_bug_is_not_swallowed():
    run = Run()

    async def fail():
        raise ValueError

    run.node.run = fail
    with pytest.raises(ExceptionGroup):
        await run.to_the_end()


async def test_a_node_that_does_not_end_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr("tui.line_mode.line_mode._CLOSING_LIMIT_S", 0.05)
    run = Run()

    async def hang():
        await asyncio.sleep(60)

    run.node.run = hang
    run.typing.type("leave")
    assert await run.to_the_end() == 0


async def test_who_and_hands_are_answered_by_events():
    run = Run(as_json=True)
    run.typing.type("who", "hands", "leave")
    await run.to_the_end()
    events = run.events()
    assert sum(event["event"] == "member" for event in events) == 12
    assert [event["place"] for event in events if event["event"] == "hand"] == [1, 2, 3]


async def test_who_in_sentences_gives_everybody_a_number():
    run = Run()
    run.typing.type("who", "leave")
    await run.to_the_end()
    assert "1 王小明 (host)" in run.out.lines
    assert "5 amina (listener, you)" in run.out.lines
    assert "12 guest-3 (listener, does not answer)" in run.out.lines


async def test_no_hands_is_an_answer_too():
    run = Run(ScriptedNode(full_room()), as_json=True)
    for n in (6, 7, 8):
        run.node.change(n, hand_place=None)
    run.typing.type("hands", "leave")
    await run.to_the_end()
    assert [event["code"] for event in run.events() if event["event"] == "error"] == ["no_hands"]


async def test_help_is_talk():
    run = Run(as_json=True)
    run.typing.type("help", "leave")
    await run.to_the_end()
    assert len(run.talk.lines) > 10
    assert [event["event"] for event in run.events()] == ["joined", "left"]


async def test_stats_are_read_aloud_only_when_asked_for():
    run = Run()
    run.node.tell(told.Stats({"sealed": 1}, [], []))
    run.typing.type("stats", "leave")
    await run.to_the_end()
    assert sum("stats:" in line for line in run.out.lines) == 1


async def test_the_key_stands_without_a_time_in_front():
    run = Run()
    run.node.tell(KEY)
    run.typing.type("leave")
    await run.to_the_end()
    assert f"key: {KEY.words}" in run.out.lines
    assert f"invite: {KEY.invite}" in run.out.lines


async def test_the_exit_code_is_the_one_of_the_node():
    run = Run()
    run.node.tell(told.Left("removed", {}, exit_code=6))
    run.node._ended.set()
    assert await run.to_the_end() == 6


@pytest.mark.parametrize("as_json", [True, False])
async def test_what_a_command_changes_is_said_before_it_is_done(as_json):
    run = Run(ScriptedNode(full_room("host")), as_json=as_json)
    seen = []
    do = run.node.do
    run.node.do = lambda command: (seen.append(list(run.talk.lines)), do(command))
    run.typing.type("remove lau", "lock", "leave")
    await run.to_the_end()
    assert run.node.asked == [ask.Remove(6), ask.SetLock(True), ask.Leave()]
    assert "come back under a new name unless you lock the room" in seen[0][-1]
    assert "Nobody new comes in" in seen[1][-1]


async def test_a_person_who_types_is_asked_before_what_weighs():
    run = Run(ScriptedNode(full_room("host")), asks=True)
    run.typing.type("remove lau", "no", "remove lau new key", "yes", "mute 2", "leave")
    await run.to_the_end()
    assert run.node.asked == [ask.Remove(6, new_key=True), ask.Mute(2), ask.Leave()]
    assert "Nothing was done." in run.talk.lines
    assert "10:31:04 new key for 12 members; who was removed" in "\n".join(run.out.lines)


async def test_the_last_moderator_who_types_is_asked_before_leaving():
    view = room(member(1, "amina", "host", me=True), member(2, "lau"))
    run = Run(ScriptedNode(view), asks=True)
    run.node.tell_member(2)
    run.typing.type("leave", "no", "promote lau co-host", "yes", "leave")
    await run.to_the_end()
    assert run.node.asked == [ask.Promote(2, "co-host"), ask.Leave()]
    assert "10:31:04 lau is a co-host now" in run.out.lines


async def test_a_script_leaves_without_a_question():
    view = room(member(1, "amina", "host", me=True), member(2, "lau"))
    run = Run(ScriptedNode(view), as_json=True)
    run.typing.type("leave")
    assert await run.to_the_end() == 0
    assert run.node.asked == [ask.Leave()]


async def test_the_room_is_run_by_typed_lines_and_answers_in_json():
    run = Run(ScriptedNode(run_room("host")), as_json=True)
    run.typing.type("who", "let 14", "entry invited", "new key", "words 6", "words 6 same")
    run.typing.type("invite 1 2", "promote lau moderator", "leave")
    await run.to_the_end()
    events = [event for event in run.events() if event["event"] not in ("joined", "left")]
    answers = [
        {key: value for key, value in event.items() if key not in ("schema", "t_ms", "id")}
        for event in events[15:]
    ]
    assert [event["event"] for event in events[:15]] == ["member"] * 13 + ["waiting"] * 2
    lau = {"event": "member", "n": 6, "name": "lau", "state": "here", "by": 5}
    words = {"event": "words", "n": 6}
    assert answers == [
        {"event": "waiting", "n": 14, "name": "sofiа", "on": False},
        {"event": "member", "n": 14, "name": "sofiа", "role": "listener", "state": "here"}
        | {"by": None},
        {"event": "setting", "what": "entry", "value": "invited", "by": 5},
        {"event": "room_key", "why": "asked", "members": 14},
        words | {"code": "K7QD3M", "words": ["river", "lamp", "tea"], "state": "ready"},
        words | {"code": "", "words": [], "state": "verified"},
        {"event": "key", "words": KEY.words, "line": KEY.line, "digits": KEY.digits}
        | {"invite": PERSONAL},
        lau | {"role": "moderator"},
    ]


async def test_who_names_those_who_wait_outside():
    run = Run(ScriptedNode(run_room("host")))
    run.typing.type("who", "leave")
    await run.to_the_end()
    assert "10:31:04 waits outside: 小李; `let 15` or `deny 15`" in run.out.lines


async def test_accept_1_twice_in_one_breath_invites_one_person():
    run = Run(ScriptedNode(full_room("host")), as_json=True)
    run.typing.type("accept 1", "accept 1", "leave")
    await run.to_the_end()
    assert run.node.asked == [ask.AcceptHand(6), ask.Leave()]
    (error,) = [event for event in run.events() if event["event"] == "error"]
    assert error["code"] == "accepted_just_now"
