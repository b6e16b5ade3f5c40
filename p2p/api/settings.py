"""What a person chose before the room is entered."""

from dataclasses import dataclass, field

from crypto.errors import UserError

MODES = ("open", "shield")
WAYS = ("dht", "lan", "invite", "relay")
NO_RELAY = "no_sound_relay"
"""Code of the error after which a person may name a relay."""
MASKS = ("off", "disguise", "typed")
ECHOES = ("auto", "on", "off")


@dataclass(frozen=True, slots=True)
class Settings:
    """Choices for one run; nothing of it is written anywhere.

    Attributes:
        name: What others see; cleaned before use.
        topic: Of a room that is created.
        listen: ``(host, port)`` to listen on; None: any port on every interface.
        bootstrap: ``ip:port#nodekey`` lines of entry nodes, beside ``bootstrap_nodes.txt``.
        mode: ``open`` or ``shield``.
        mic: ``default``, a device's name, ``file:PATH``, ``tone:HZ`` or ``silence``.
        speaker: ``default``, a device's name, or ``null``.
        only: The single way by which a room may be found; None: all of them race.
        cues: Names of the sound cues that are on; None: all.
        mask: How our voice leaves: ``off``, ``disguise`` or ``typed``.
        echo: Whether the loudspeaker is taken out of it: ``auto``, ``on`` or ``off``.
        seconds: End of the run, counted from ``joined``; None: none.
        relays: lines of relays to go through, beside those of the invite and
            of ``bootstrap_nodes.txt``.
        mainline: ``host:port`` lines at which BitTorrent's DHT is entered; empty: it is not used.
            Only in open mode is it ever asked.
        proxy: ``socks5://…`` or ``http://…`` through which everything goes; empty: none.
    """

    name: str = ""
    topic: str = ""
    listen: tuple[str, int] | None = None
    bootstrap: tuple[str, ...] = ()
    mode: str = "open"
    mic: str = "default"
    speaker: str = "default"
    only: str | None = None
    seconds: float | None = None
    cues: tuple[str, ...] | None = None
    mask: str = "off"
    echo: str = "auto"
    relays: tuple[str, ...] = ()
    mainline: tuple[str, ...] = ()
    proxy: str = field(default="", repr=False)

    def check(self) -> None:
        """Refuses what cannot work.

        Raises:
            UserError: A word is unknown, or a proxy is to be gone around.
        """
        known = self.mode in MODES and (self.only is None or self.only in WAYS)
        if not known or self.mask not in MASKS or self.echo not in ECHOES:
            raise UserError("bad_option", "An option has an unknown value.", exit_code=2)
        if self.proxy and not self.hidden:
            raise UserError(
                "proxy_open",
                "Open mode can not go through a proxy: it links people straight.",
                "Leave --mode open out, or go without the proxy: --proxy none.",
                exit_code=2,
            )

    @property
    def hidden(self) -> bool:
        """Whether nobody in the room may learn our address."""
        return self.mode == "shield"

    def allows(self, way: str) -> bool:
        """Whether a room may be looked for by ``way``."""
        return self.only is None or self.only == way


def no_relay(*, joining: bool = False) -> UserError:
    """Return what ends a run in shield mode, or asks the person, when no relay is known.

    Nothing falls back to open mode by itself: that would show the address.

    Args:
        joining: With a key that names no relay: whoever gave it can give the invite instead.
    """
    if joining:
        return UserError(
            NO_RELAY,
            "This key does not say where the room is: ask for the long invite and join with that.",
            "Or name the room's relay with --relay. With --mode open the room is looked for, "
            "also in BitTorrent's network: nodes there and people in the room then see your "
            "address.",
            exit_code=3,
            joining=True,
        )
    return UserError(
        NO_RELAY,
        "Shield mode needs a relay that carries sound, and none is known.",
        "Name one with --relay, or use --mode open: people in the room then see your address.",
        exit_code=3,
    )
