from lab.room_people import People
from p2p.mesh.mesh import (
    BACKOFF_ATTACHED_MAX_S,
    BACKOFF_MAX_S,
    FORGET_AFTER_S,
    HEARSAY_WAIT_S,
    LARGE,
    LARGER_WAIT_S,
    LOOK_EACH_S,
    REPORT_EVERY_S,
    REPORT_FRESH_S,
    ROOM_LIMIT,
    UNREPORTED_WAIT_S,
    MemberAppeared,
    MemberVanished,
    Mesh,
)

A, B, C, D = (bytes([i]) * 16 for i in range(1, 5))


def events(mesh: Mesh) -> list[MemberAppeared | MemberVanished]:
    found = []
    while (event := mesh.next_event()) is not None:
        found.append(event)
    return found


def when_dialled(mesh: Mesh, member: bytes, now: float) -> float:
    """The time from ``now`` on, in steps of a quarter of a second, when the mesh dials a member."""
    while member not in mesh.to_dial(now):
        now += 0.25
    return now


def test_a_newcomer_dials_everybody_at_once_and_the_others_wait_for_it() -> None:
    newcomer, old = Mesh(C), Mesh(A)
    newcomer.set_roster([A, B, C], 10.0, newcomer=True)
    old.set_roster([A, C], 10.0)
    assert set(newcomer.to_dial(10.0)) == {A, B}
    assert newcomer.to_dial(10.0) == []
    assert old.to_dial(10.0) == []
    assert old.next_timer() == 10.0 + HEARSAY_WAIT_S
    assert old.to_dial(10.0 + HEARSAY_WAIT_S) == [C]


def test_of_two_who_hear_of_each_other_the_smaller_id_dials_first() -> None:
    small, large = Mesh(A), Mesh(B)
    small.set_roster([B], 0.0)
    large.set_roster([A], 0.0)
    assert small.to_dial(HEARSAY_WAIT_S) == [B]
    assert large.to_dial(HEARSAY_WAIT_S) == []
    assert large.to_dial(HEARSAY_WAIT_S + LARGER_WAIT_S) == [A]


def test_a_newcomer_waits_until_a_neighbour_says_whom_it_can_carry_to() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C, D], 0.0, newcomer=True)
    mesh.link_up(B, 0, 0.0)
    assert mesh.to_dial(0.0) == []
    mesh.receive([(C, 0)], B, 0.1)
    assert mesh.to_dial(0.1) == [C]
    assert mesh.to_dial(UNREPORTED_WAIT_S) == [D]


def test_after_a_break_the_smaller_id_dials_first() -> None:
    small, large = Mesh(A), Mesh(B)
    for mesh, other in ((small, B), (large, A)):
        mesh.set_roster([other], 0.0)
        mesh.link_up(other, 2, 1.0)
        mesh.link_down(other, 5.0)
    assert small.to_dial(5.0) == [B]
    assert large.to_dial(5.0) == []
    assert large.to_dial(6.0) == [A]


def test_failed_dials_back_off_while_another_link_works() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0, newcomer=True)
    assert set(mesh.to_dial(0.0)) == {B, C}
    mesh.link_up(C, 0, 0.1)
    waits, now = [], 1.0
    for _ in range(5):
        mesh.dial_failed(B, now)
        due = when_dialled(mesh, B, now)
        waits.append(due - now)
        now = due
    assert waits == [1.0, 2.0, 4.0, BACKOFF_MAX_S, BACKOFF_MAX_S]


def test_alone_every_member_is_dialled_again_each_second() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B], 0.0, newcomer=True)
    for now in (0.0, 1.0, 2.0, 3.0, 4.0):
        assert mesh.to_dial(now) == [B]
        mesh.dial_failed(B, now)
    mesh.dial_failed(B, 4.5)  # nothing is being dialled: no effect
    mesh.dial_failed(D, 4.5)
    assert mesh.to_dial(5.0) == [B]


def test_a_link_that_comes_up_makes_waiting_dials_due() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0, newcomer=True)
    mesh.to_dial(0.0)
    mesh.dial_failed(B, 0.5)
    mesh.link_up(C, 1, 0.6)
    assert mesh.to_dial(0.6) == [B]


def test_a_member_is_here_while_linked_or_reported_by_a_neighbour() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0)
    mesh.receive([(C, 2)], B, 0.0)  # B is no neighbour yet: ignored
    assert events(mesh) == []
    mesh.link_up(B, 1, 1.0)
    mesh.receive([(C, 2), (D, 2)], B, 2.0)
    assert events(mesh) == [MemberAppeared(B), MemberAppeared(C)]
    assert mesh.is_here(C)
    assert not mesh.is_here(D)
    assert mesh.carriers(C) == [(B, 2)]
    mesh.receive([], B, 4.0)
    assert events(mesh) == [MemberVanished(C)]
    mesh.link_down(B, 5.0)
    assert events(mesh) == [MemberVanished(B)]
    mesh.link_down(B, 5.0)
    mesh.link_down(D, 5.0)
    assert events(mesh) == []


def test_an_old_report_lapses() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0)
    mesh.link_up(B, 1, 0.0)
    mesh.receive([(C, 0)], B, 0.0)
    events(mesh)
    mesh.on_timer(REPORT_FRESH_S)
    assert mesh.is_here(C)
    mesh.on_timer(REPORT_FRESH_S + 0.1)
    assert events(mesh) == [MemberVanished(C)]


def test_reports_go_to_every_neighbour_at_once_after_a_change_and_then_every_two_seconds() -> None:
    mesh = Mesh(A)
    assert mesh.to_send(0.0) == []
    assert mesh.next_timer() is None
    mesh.set_roster([B, C], 0.0)
    mesh.link_up(B, 1, 1.0)
    mesh.link_up(C, 2, 1.0)
    assert mesh.next_timer() == 1.0
    assert mesh.to_send(1.0) == [(B, [(C, 2)]), (C, [(B, 1)])]
    assert mesh.to_send(1.0 + REPORT_EVERY_S / 2) == []
    assert len(mesh.to_send(1.0 + REPORT_EVERY_S)) == 2


def test_who_left_the_roster_is_forgotten() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B], 0.0)
    mesh.link_up(B, 0, 0.0)
    mesh.receive([], B, 0.0)
    mesh.set_roster([], 1.0)
    assert mesh.links == {}
    assert mesh.next_timer() is None
    mesh.link_up(C, 0, 2.0)  # its join op is still under way to us
    assert mesh.links == {C: 0}


def test_nobody_dials_a_member_for_ever() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0, newcomer=True)
    mesh.link_up(C, 0, 0.0)
    mesh.on_timer(FORGET_AFTER_S + 1)
    assert mesh.to_dial(FORGET_AFTER_S + 1) == []


def test_alone_nobody_is_given_up_for_it_may_be_our_own_network_that_is_gone() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0, newcomer=True)
    back = 3 * FORGET_AFTER_S
    mesh.on_timer(back)
    assert mesh.to_dial(back) == [B, C]
    mesh.link_up(B, 0, back)
    mesh.dial_failed(C, back)
    mesh.on_timer(back + 1.0)
    assert mesh.missing() == [C]
    mesh.on_timer(back + FORGET_AFTER_S + 1.0)
    assert mesh.missing() == []


def test_a_full_mesh_stays_within_its_limit_and_dials_those_who_are_here_first() -> None:
    others = [bytes([10 + i]) * 16 for i in range(20)]
    mesh = Mesh(A)
    mesh.set_roster(others, 0.0, newcomer=True)
    mesh.link_up(others[0], 1, 0.0)
    mesh.receive([(others[19], 1)], others[0], 0.0)
    due = mesh.to_dial(UNREPORTED_WAIT_S)
    assert len(due) == ROOM_LIMIT - 2
    assert due[0] == others[19]


def test_who_was_dialled_in_vain_is_missing_until_it_is_linked_or_given_up() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B, C], 0.0, newcomer=True)
    mesh.to_dial(0.0)
    assert mesh.missing() == []
    mesh.dial_failed(B, 1.0)
    mesh.dial_failed(C, 1.0)
    assert mesh.missing() == [B, C]
    mesh.link_up(C, 0, 1.5)
    mesh.to_dial(1.5)
    mesh.dial_failed(B, 3.0)
    assert mesh.missing() == [B]
    mesh.on_timer(FORGET_AFTER_S + 10.0)
    assert mesh.missing() == []


def test_news_of_a_member_makes_its_dial_due() -> None:
    mesh = Mesh(B)
    mesh.set_roster([A, C], 0.0)
    mesh.link_up(C, 0, 0.0)
    mesh.dial_now(A, 0.1)
    mesh.dial_now(C, 0.1)
    mesh.dial_now(D, 0.1)
    assert mesh.to_dial(0.1) == [A]


def test_who_is_attached_to_a_relay_of_ours_is_here_and_is_not_looked_for() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B], 0.0, newcomer=True)
    mesh.set_attached([B, D], 0.0)
    assert events(mesh) == [MemberAppeared(B)]
    assert mesh.to_dial(0.0) == [B]
    mesh.dial_failed(B, 0.0)
    assert mesh.missing() == []
    mesh.set_attached([], 1.0)
    assert events(mesh) == [MemberVanished(B)]
    assert mesh.missing() == [B]


def test_a_direct_way_to_who_is_attached_is_tried_ever_more_seldom() -> None:
    mesh = Mesh(A)
    mesh.set_roster([B], 0.0, newcomer=True)
    mesh.set_attached([B], 0.0)
    now = 0.0
    assert mesh.to_dial(now) == [B]
    for _ in range(12):
        mesh.dial_failed(B, now)
        before, now = now, when_dialled(mesh, B, now)
    assert now - before == BACKOFF_ATTACHED_MAX_S


def test_who_hides_dials_nobody_and_still_knows_who_is_here() -> None:
    mesh = Mesh(A, dials=False)
    mesh.set_roster([B, C], 0.0, newcomer=True)
    assert mesh.next_timer() is None
    mesh.set_attached([B], 0.0)
    assert mesh.to_dial(100.0) == []
    assert mesh.is_here(B)
    assert not mesh.is_here(C)


def test_how_long_nobody_has_seen_a_member_counts_from_when_it_was_last_here() -> None:
    mesh = Mesh(A)
    mesh.set_roster([A, B, C], 10.0)
    assert mesh.unseen_s(B, 40.0) == 30.0
    mesh.set_attached([B], 100.0)
    assert mesh.unseen_s(B, 100.0) == 0.0
    mesh.set_attached([], 100.0 + 2 * REPORT_FRESH_S)
    assert mesh.unseen_s(B, 400.0) > 280.0
    assert mesh.unseen_s(D, 400.0) == 0.0


def test_told_by_changes_the_roster_is_the_same():
    one, other = Mesh(A), Mesh(A)
    one.set_roster([A, B, C], 0.0)
    other.change_roster({A, B, C}, set(), 0.0)
    one.link_up(B, 2, 0.0)
    other.link_up(B, 2, 0.0)
    for mesh in (one, other):
        mesh.receive([(C, 2)], B, 0.1)
    one.set_roster([A, C], 1.0)
    other.change_roster({C}, {B, D}, 1.0)
    for mesh in (one, other):
        assert mesh.links == {}
        assert mesh.here == set()
        assert [*map(type, events(mesh))] == [MemberAppeared, MemberAppeared, MemberVanished]
        assert mesh.to_dial(0.5) == []
        assert mesh.to_dial(4.0) == [C]


def test_in_a_large_room_it_is_looked_at_less_often_who_is_to_be_dialled():
    many = [n.to_bytes(16) for n in range(LARGE + 1)]
    mesh = Mesh(A)
    mesh.set_roster([A, *many], 0.0, newcomer=True)
    mesh.set_attached(many, 0.0)
    first = mesh.to_dial(0.0)
    assert len(first) == ROOM_LIMIT - 1
    between_s = len(many) * LOOK_EACH_S
    assert mesh.to_dial(0.5 * between_s) == []
    assert mesh.to_dial(1.5 * between_s)
    for member in first:
        mesh.link_up(member, 2, 1.0)
    assert mesh.to_dial(2.0) == []


def test_whoever_is_here_is_never_long_unseen():
    mesh = Mesh(A)
    mesh.set_roster([A, B], 0.0)
    mesh.set_attached([B], 1.0)
    assert mesh.unseen_s(B, 500.0) == 0.0
    mesh.set_attached([], 500.0)
    assert mesh.unseen_s(B, 510.0) == 10.0


def test_the_room_itself_tells_who_belongs_to_it():
    people = People(2)
    host, one, two = people.ids
    mesh = Mesh(host)
    mesh.follow_room(people.state().members, 0.0, newcomer=True)
    assert set(mesh.to_dial(0.0)) == {one, two}
    mesh.set_attached([one, two], 1.0)
    before = people.state().members
    people.remove(2)
    mesh.follow_room(before.but([people.member(2)]), 2.0)
    assert mesh.here == {one}
