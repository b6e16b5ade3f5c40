"""Which relay is tried next."""

from crypto.contact import Contact
from p2p.node.relays.relay_choice import RETRY_S, RelayChoice

A, B = (Contact(bytes((port,)) * 32, ("192.0.2.1", port), "relay") for port in (1, 2))


def test_who_refused_a_pass_is_tried_again_at_once_when_there_is_another() -> None:
    choice = RelayChoice()
    choice.set_relays([A, B])
    choice.refused_us(A, "bad_pass", 0.0)
    choice.refused_us(B, "full", 0.0)
    assert choice.next((), RETRY_S / 2) is None
    choice.pass_changed()
    assert choice.next((), RETRY_S / 2) == A
    assert choice.next({A.dh}, RETRY_S / 2) is None, "it is as full as before"
    assert choice.next({A.dh}, RETRY_S) == B
