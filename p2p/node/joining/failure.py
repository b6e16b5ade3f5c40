"""Why we did not get in: refused, nobody there, nobody to be reached, or no way to ask."""

import socket
import time
from collections.abc import Set as AbstractSet
from collections.abc import Sized

from crypto.ids import DhKey
from p2p.api.settings import Settings
from p2p.errors import UserError
from p2p.link.candidates import ANYWHERE_V4, ANYWHERE_V6, own_address_towards
from p2p.link.stream_dialer import Refusal
from p2p.node.endpoint import MemberEndpoint
from p2p.node.peers.admission import AdmissionRequest
from p2p.wire.addresses import Address, Scope, known_scope

FIND_LIMIT_S = 5.0
FIND_SLOW_S = 20.0
"""The same while a relay has answered and our link to it gets on: the line may be long."""
FIND_IN_MAINLINE_S = 10.0
"""The same while nodes of BitTorrent's DHT answer: there are millions of them."""
OPENING_S = 8.0
"""So much longer it may take to get in there: the door's router opens when its owner has read."""
FIND_AFTER_ANSWER_S = 3.0
"""After a relay has said that it knows nobody: it may still look further for us."""
ENTER_LIMIT_S = 12.0
ENTER_TRIPS = 20.0
"""And so many round trips more."""
OTHERS_S = 1.0
OTHERS_LIMIT_S = 6.0
"""How long other doors may still let us in after all known ones, or only some, have refused."""

BUSY_STAYS_S = 4.0
"""So long after a door had no place for us, another attempt may get one."""
BUSY_LIMIT_S = 120.0

NOBODY = "no_room"
BUSY = "busy"
_HINT = (
    "Try another network, or ask for an invite that names another relay. Compare the relay's line "
    "with who runs it."
)
_REFUSED: dict[Refusal, tuple[str, str, str, int]] = {
    "proxy": (
        "proxy_refused",
        "The proxy does not lead to the relay: it is not there, or says no.",
        "Compare the proxy's address, name and password, or ask who runs it. `--proxy none` goes "
        "without one: then your network sees which relay you use.",
        3,
    ),
    "certificate": (
        "certificate_refused",
        "What answers in the relay's place shows a certificate that is not the relay's.",
        _HINT,
        3,
    ),
    "web": ("no_relay_there", "A web server answers, and it is no relay.", _HINT, 3),
}
_NO_NETWORK = 3
_NO_ROOM = 5


REFUSALS = {
    "locked": ("locked", "The room is locked.", "Ask someone inside to open it."),
    "removed": ("removed", "A moderator removed you from this room.", ""),
    "left": ("left", "This run has left the room already.", "Join again."),
    "invited": (
        "invited",
        "This room lets in only who has a personal invite.",
        "Ask someone inside for one.",
    ),
    "denied": ("denied", "A moderator did not let you in.", ""),
    "used_up": ("used_up", "This invite has been used up.", "Ask for another one."),
    "expired": ("expired", "This invite has expired.", "Ask for another one."),
    BUSY: ("busy", "Too many people wait to be let in.", "Try again in a minute."),
    "full": ("full", "The room is full.", "Ask for a relay: without one a room holds 16 people."),
}


class SearchOutcome:
    """What a search for a way in has led to so far.

    Attributes:
        found_any: A door was found, so there is a room.
        imposter: Somebody answered for another room.
        asked: Everybody whom we have asked to let us in.
        getting_on: A relay has answered and our link to it is in the making, or up.
        asks_mainline: Nodes of BitTorrent's DHT have answered, or a relay looks there for us.
    """

    def __init__(self) -> None:
        self.found_any = False
        self.imposter = False
        self.asked: list[AdmissionRequest] = []
        self.getting_on = False
        self.asks_mainline = False
        self._relay_said_s: float | None = None
        self._rtt_s = 0.0
        self._refused: str | None = None
        self._refused_s = 0.0
        self._refused_by: set[DhKey] = set()
        self._outside_s = 0.0
        self._busy_s: float | None = None

    def refused(self, dh: DhKey, reason: str) -> None:
        """A door said no. It may be hostile, or know less than others: they get their turn."""
        if reason == BUSY:
            self._busy_s = time.monotonic()
            return
        if self._refused is None:
            self._refused_s = time.monotonic()
        self._refused = reason
        self._refused_by.add(dh)

    def met(self, rtt_s: float) -> None:
        """A way was so long, there and back."""
        self._rtt_s = max(self._rtt_s, rtt_s)

    def relay_said(self, now: float) -> None:
        """A relay has said what doors it knows, if any; the first that does counts."""
        self._relay_said_s = self._relay_said_s or now

    def give_up(self, waited_s: float, known: AbstractSet[DhKey]) -> None:
        """Raises UserError once there is no hope left.

        Args:
            waited_s: Since the search began.
            known: Keys of the doors that were found.
        """
        wait_s = OTHERS_S if self._refused_by >= known else OTHERS_LIMIT_S
        if any(asking.waiting for asking in self.asked):
            self._outside_s = waited_s  # until a moderator says something
            return
        waited_s -= self._outside_s
        if self._refused is not None and time.monotonic() - self._refused_s > wait_s:
            raise _refusal(self._refused)
        if self._busy_s is not None and time.monotonic() - self._busy_s < BUSY_STAYS_S:
            if waited_s > BUSY_LIMIT_S:
                raise _refusal(BUSY)
            return
        if self.imposter and waited_s > FIND_LIMIT_S:
            raise UserError(
                "wrong_room",
                "Someone answered for another room: refused.",
                "Compare the key with the person who gave it to you.",
                exit_code=4,
            )
        if not self.found_any and waited_s > FIND_LIMIT_S and not self._is_looking(waited_s):
            raise UserError(
                "no_room",
                "No one is here: nobody who is in this room could be found.",
                "Check the words, and that the room is open now. From another network ask for the "
                "long invite: the words alone do not say where the room is.",
                exit_code=5,
            )
        opening_s = OPENING_S if self.asks_mainline else 0.0
        if waited_s > ENTER_LIMIT_S + opening_s + ENTER_TRIPS * self._rtt_s:
            raise UserError(
                "unreachable",
                "The room was found, but nobody in it could be reached.",
                "Compare the key with the person who gave it to you. If it is right, your network "
                "and theirs may not link directly: try another network, or a relay that both "
                "can reach.",
                exit_code=3,
            )

    def _is_looking(self, waited_s: float) -> bool:
        """Whether somebody may still be found, later than usual."""
        if self.asks_mainline and waited_s < FIND_IN_MAINLINE_S:
            return True
        if self._relay_said_s is None:
            return self.getting_on and waited_s < FIND_SLOW_S
        return time.monotonic() - self._relay_said_s < FIND_AFTER_ANSWER_S


def _refusal(reason: str) -> UserError:
    code, message, hint = REFUSALS.get(
        reason, ("refused", "The room did not let you in.", "Try again.")
    )
    return UserError(code, message, hint, exit_code=6)


def explained(
    error: UserError,
    settings: Settings,
    endpoint: MemberEndpoint,
    relays: Sized,
    answered: Sized,
) -> UserError:
    """Puts a better reason in the place of "no one is here", if there is one.

    Args:
        error: Why we did not get in; anything but ``no_room`` stays as it is.
        settings: Which ways were allowed.
        endpoint: Our socket and DHT, after the search.
        relays: The relays that we were to ask.
        answered: Those that did answer.
    """
    if error.code != NOBODY:
        return error
    if not _on_a_network():
        return UserError(
            "no_network",
            "This computer seems to be on no network.",
            "Connect it to one, then try again.",
            _NO_NETWORK,
        )
    asked_relays = settings.hidden or (settings.relays and settings.allows("relay"))
    if relays and asked_relays and not (answered or endpoint.dht.peers):
        refusal = endpoint.station.mux.streams.dialer.refusal
        return _silent(len(relays)) if refusal is None else UserError(*_REFUSED[refusal])
    if answered:
        return UserError(
            NOBODY,
            "No one is here: the relay answers, and nobody with this room key is at it.",
            "Compare the key with the person who gave it, and ask whether the room is open now. "
            "It may use another relay: the invite says which.",
            _NO_ROOM,
        )
    mainline = endpoint.mainline
    if mainline is not None and mainline.nodes:
        return UserError(
            NOBODY,
            "No one is here: nobody who is in this room could be found.",
            "Check the words, and that the room is open now. A room that is a few seconds old may "
            "not be found yet: try again. Whoever hides can be found by the long invite only.",
            _NO_ROOM,
        )
    if endpoint.contacts and settings.allows("dht") and endpoint.dht.peers == 0:
        return UserError(
            "no_entry_node",
            "Nothing answers: 0 of {count} entry nodes.",
            "Check the network, or name an entry node that runs with --bootstrap.",
            _NO_NETWORK,
            count=len(endpoint.contacts),
        )
    if mainline is not None and endpoint.dht.peers == 0:
        return UserError(
            NOBODY,
            "No one is here on this network, and BitTorrent's network, by which words alone lead "
            "further, does not answer.",
            "Check the words, and that the room is open now. From another network ask for the "
            "long invite.",
            _NO_ROOM,
        )
    return error


def _silent(relays: int) -> UserError:
    if relays == 1:
        message = "The relay does not answer: it does not run, or this network shuts it out."
    else:
        message = "None of {count} relays answers: none runs, or this network shuts them out."
    return UserError(
        "relay_silent",
        message,
        "Ask who runs it, try another network, or ask for an invite that names another relay.",
        _NO_NETWORK,
        count=relays,
    )


def _on_a_network() -> bool:
    """Whether the kernel knows a way out, or an interface beside the loopback one."""
    interfaces: list[Address] = [(f"ff02::1%{index}", 9) for index, _ in socket.if_nameindex()]
    own = [own_address_towards(address) for address in (ANYWHERE_V4, ANYWHERE_V6, *interfaces)]
    return any(ip is not None and known_scope(ip) is not Scope.LOOPBACK for ip in own)
