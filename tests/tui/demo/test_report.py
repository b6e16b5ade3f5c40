from tui.demo.report import MemberLog, build

HOST, AMINA, KENJI = "王小明", "amina", "kenji"


def a_log(name: str, others: dict[int, str], rows: list[dict], role: str = "listener") -> MemberLog:
    log = MemberLog(name)
    for n, other in others.items():
        log.take({"event": "member", "n": n, "name": other})
    log.take({"event": "joined", "role": "listener", "via": "dht", "admitted_ms": 80})
    log.take({"event": "first_sound", "ms": 120})
    links = [{"n": n, "path": "loopback"} for n in others if n != 1]
    log.take({"event": "stats", "links": links})
    log.take({"event": "stats", "links": []})
    totals = {"role": role, "members": rows, "packet_sizes": [223]}
    log.take({"event": "left", "totals": totals})
    return log


def a_row(n: int, sent: int = 0, opened: int = 0, rejected: int = 0) -> dict:
    return {"n": n, "sent": sent, "opened": opened, "rejected": rejected}


def a_good_run() -> list[MemberLog]:
    host = a_log(HOST, {1: HOST, 2: AMINA, 3: KENJI}, [a_row(2, 100), a_row(3, 90)], "host")
    amina = a_log(AMINA, {1: AMINA, 2: HOST, 3: KENJI}, [a_row(2, 0, 100), a_row(3)])
    kenji = a_log(KENJI, {1: KENJI, 5: HOST, 9: AMINA}, [a_row(5, 0, 90), a_row(9)])
    return [host, amina, kenji]


HANDS = [{"name": AMINA, "raised_ms": 10, "granted_ms": 20}]


def test_a_run_in_which_everybody_heard_the_speaker_is_ok() -> None:
    report = build(a_good_run(), [HOST], HANDS)
    assert report["ok"] is True
    assert report["schema"] == 1
    assert report["pairs"] == [
        {"speaker": HOST, "listener": AMINA, "sealed": 100, "opened": 100, "rejected": 0},
        {"speaker": HOST, "listener": KENJI, "sealed": 90, "opened": 90, "rejected": 0},
    ]
    assert report["members"][0]["role"] == "host"
    assert report["members"][1] == {
        "name": AMINA,
        "role": "listener",
        "via": "dht",
        "join_ms": 80,
        "first_sound_ms": 120,
    }
    assert report["packet_sizes"] == [223]
    assert {(link["a"], link["b"]) for link in report["links"]} == {
        (AMINA, KENJI),
        (AMINA, HOST),
        (KENJI, HOST),
    }


def test_one_who_heard_too_little_or_rejected_frames_makes_it_not_ok() -> None:
    for row in (a_row(2, 0, 50), a_row(2, 0, 100, 1), a_row(2, 0, 0)):
        logs = a_good_run()
        logs[1].left["totals"]["members"] = [row]
        assert build(logs, [HOST], HANDS)["ok"] is False


def test_a_speaker_who_sent_nothing_makes_it_not_ok() -> None:
    logs = a_good_run()
    logs[0].left["totals"]["members"] = []
    assert build(logs, [HOST], HANDS)["ok"] is False


def test_two_sizes_of_datagrams_or_a_hand_that_was_not_granted_make_it_not_ok() -> None:
    logs = a_good_run()
    logs[2].left["totals"]["packet_sizes"] = [223, 224]
    assert build(logs, [HOST], HANDS)["ok"] is False
    assert build(a_good_run(), [HOST], [])["ok"] is False
    waiting = [{"name": AMINA, "raised_ms": 10, "granted_ms": None}]
    assert build(a_good_run(), [HOST], waiting)["ok"] is False


def test_a_member_that_never_came_or_never_left_makes_it_not_ok() -> None:
    logs = [*a_good_run(), MemberLog("ghost")]
    report = build(logs, [HOST], HANDS)
    assert report["ok"] is False
    assert report["members"][-1]["join_ms"] is None


def test_a_speaker_that_was_never_started_is_a_report_that_is_not_ok() -> None:
    report = build(a_good_run()[1:], [HOST, AMINA], HANDS)
    assert report["ok"] is False
    assert report["pairs"][0]["sealed"] == 0
