"""The walk alone: whom it asks, when it stops, whom it stops believing."""

from hypothesis import given
from hypothesis import strategies as st

from p2p.dht.contact import NodeContact
from p2p.dht.lookup import ALPHA, ANSWER_S, DEADLINE_S, MAX_CANDIDATES, MAX_QUERIES, K, LookUp

TARGET = bytes(20)


def _node(number: int, ip: str | None = None) -> NodeContact:
    place = ip or f"11.{number >> 8}.{number & 255}.1"
    return NodeContact((place, 4000), number.to_bytes(32, "big"))


def _distance(contact: NodeContact) -> bytes:
    return contact.id


NODES = sorted((_node(number) for number in range(1, 400)), key=_distance)


def test_with_nobody_to_ask_it_is_over_at_once():
    walk = LookUp(TARGET, [], 0.0)
    assert walk.to_ask(0.0) == []
    assert walk.done(0.0)
    assert walk.closest() == []


def test_it_asks_the_closest_first_and_few_at_once():
    walk = LookUp(TARGET, NODES[10:60], 0.0)
    assert walk.to_ask(0.0) == NODES[10 : 10 + ALPHA]
    assert walk.to_ask(0.0) == []
    assert not walk.done(0.0)
    walk.on_answer(NODES[10], NODES[:3], 0.05)
    assert walk.to_ask(0.05) == NODES[:1]


def test_a_node_that_stalls_gives_its_place_to_another_but_may_still_answer():
    walk = LookUp(TARGET, NODES[:30], 0.0)
    walk.to_ask(0.0)
    assert walk.next_timer(0.0) < ANSWER_S
    assert walk.to_ask(0.35) == NODES[ALPHA : 2 * ALPHA]
    walk.on_answer(NODES[0], [], 0.9)
    assert walk.closest() == NODES[:1]


def test_it_ends_when_the_k_closest_have_answered():
    walk = LookUp(TARGET, NODES[:60], 0.0)
    now = 0.0
    while not walk.done(now):
        now += 0.01
        for contact in walk.to_ask(now):
            walk.on_answer(contact, NODES[:8], now)
    assert walk.closest() == NODES[:K]
    assert walk.queries < MAX_QUERIES


def test_a_single_node_is_asked_three_times_before_it_is_given_up():
    walk = LookUp(TARGET, NODES[:1], 0.0)
    asked, silent_at, now = 0, [], 0.0
    while not walk.done(now):
        asked_now = walk.to_ask(now)
        asked += len(asked_now)
        silent_at += [now + ANSWER_S for _ in asked_now]
        now += 0.05
        for _ in [each for each in silent_at if each <= now]:
            silent_at.remove(min(silent_at))
            walk.on_silence(NODES[0])
    assert asked == 3
    assert 1.0 <= now < 3.0


def test_questions_and_time_are_bounded_whatever_others_say():
    walk = LookUp(TARGET, NODES[100:120], 0.0)
    now, asked = 0.0, []
    while not walk.done(now):
        for contact in walk.to_ask(now):
            asked.append(contact)
            walk.on_answer(contact, NODES[max(0, 100 - 2 * len(asked)) : 100], now)
        now += 0.001
    assert len(asked) == walk.queries <= MAX_QUERIES
    late = LookUp(TARGET, NODES[:5], 0.0)
    assert late.to_ask(DEADLINE_S) == []
    assert late.done(DEADLINE_S)
    assert late.next_timer(0.0) == DEADLINE_S


def test_candidates_are_bounded_in_all_and_per_neighbourhood():
    walk = LookUp(TARGET, (_node(number) for number in range(1000)), 0.0)
    assert len(walk._candidates) == MAX_CANDIDATES
    crowd = LookUp(TARGET, (_node(number, "66.6.6.6") for number in range(50)), 0.0)
    assert len(crowd._candidates) == 2
    at_home = LookUp(TARGET, (_node(number, "127.0.0.1") for number in range(50)), 0.0)
    assert len(at_home._candidates) == 50


def test_who_names_the_dead_is_believed_last():
    liar, honest = NODES[200], NODES[201]
    walk = LookUp(TARGET, [liar, honest], 0.0)
    walk.to_ask(0.0)
    walk.on_answer(liar, NODES[:8], 0.01)
    walk.on_answer(honest, NODES[50:55], 0.01)
    for contact in walk.to_ask(0.01)[:3]:
        walk.on_silence(contact)
    assert set(walk.to_ask(0.02)) <= set(NODES[50:55])


def test_our_own_id_is_never_asked():
    walk = LookUp(TARGET, NODES[:3], 0.0, avoid=frozenset((NODES[0].id,)))
    assert walk.to_ask(0.0) == NODES[1:3]


def test_answers_of_strangers_and_second_answers_change_nothing():
    walk = LookUp(TARGET, NODES[:2], 0.0)
    walk.on_answer(NODES[5], NODES[6:9], 0.0)
    walk.on_answer(NODES[0], NODES[6:9], 0.0)
    walk.on_silence(NODES[5])
    walk.on_silence(NODES[0])
    assert walk.to_ask(0.0) == NODES[:2]
    walk.on_answer(NODES[0], [], 0.1)
    walk.on_answer(NODES[0], NODES[6:9], 0.1)
    walk.on_silence(NODES[0])
    assert walk.closest() == NODES[:1]
    assert walk.to_ask(0.1) == []


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 398), st.integers(0, 40)), max_size=80))
def test_no_order_of_events_breaks_the_walk(events):
    walk, now = LookUp(TARGET, NODES[300:310], 0.0), 0.0
    for kind, number, step in events:
        now += step / 100
        if kind == 0:
            walk.to_ask(now)
        elif kind == 1:
            walk.on_answer(NODES[number], NODES[number // 2 : number // 2 + 8], now)
        elif kind == 2:
            walk.on_silence(NODES[number])
        walk.done(now)
        assert now <= walk.next_timer(now) or now >= walk.ends_s or not walk._alive(now)
        assert walk.queries <= MAX_QUERIES
    assert walk.done(now + DEADLINE_S)
