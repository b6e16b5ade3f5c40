"""The handshake patterns of the Noise Protocol Framework, revision 34, as data.

A pattern is a list of messages, a message is a list of tokens. Which static keys are known
beforehand follows from the letters of the name (rev 34 §7.4, §7.5): ``K`` is "known".
"""

import re
from dataclasses import dataclass

from crypto.errors import LocalError

# rev 34 §7.4 (one-way), §7.5 (interactive), appendix 18.1 (deferred). A comma ends a message;
# the initiator sends the first one, then they take turns.
_MESSAGES = {
    "N": "e es",
    "K": "e es ss",
    "X": "e es s ss",
    "NN": "e, e ee",
    "NK": "e es, e ee",
    "NX": "e, e ee s es",
    "KN": "e, e ee se",
    "KK": "e es ss, e ee se",
    "KX": "e, e ee se s es",
    "XN": "e, e ee, s se",
    "XK": "e es, e ee, s se",
    "XX": "e, e ee s es, s se",
    "IN": "e s, e ee se",
    "IK": "e es s ss, e ee se",
    "IX": "e s, e ee se s es",
    "NK1": "e, e ee es",
    "NX1": "e, e ee s, es",
    "X1N": "e, e ee, s, se",
    "X1K": "e es, e ee, s, se",
    "XK1": "e, e ee es, s se",
    "X1K1": "e, e ee es, s, se",
    "X1X": "e, e ee s es, s, se",
    "XX1": "e, e ee s, es s se",
    "X1X1": "e, e ee s, es s, se",
    "K1N": "e, e ee, se",
    "K1K": "e es, e ee, se",
    "KK1": "e, e ee se es",
    "K1K1": "e, e ee es, se",
    "K1X": "e, e ee s es, se",
    "KX1": "e, e ee se s, es",
    "K1X1": "e, e ee s, se es",
    "I1N": "e s, e ee, se",
    "I1K": "e es s, e ee, se",
    "IK1": "e s, e ee se es",
    "I1K1": "e s, e ee es, se",
    "I1X": "e s, e ee s es, se",
    "IX1": "e s, e ee se s, es",
    "I1X1": "e s, e ee s, se es",
}
_NAME = re.compile(
    r"Noise_([NKXI]1?[NKX]?1?)((?:psk\d)(?:\+psk\d)*)?_25519_ChaChaPoly"
    r"_(BLAKE2s|BLAKE2b|SHA256|SHA512)"
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A handshake as the state machine runs it.

    Attributes:
        messages: Tokens of each message in turn, initiator first; ``psk`` tokens are in place.
        initiator_known: The initiator's static key is known to the responder beforehand.
        responder_known: The responder's static key is known to the initiator beforehand.
        one_way: Only the initiator ever sends.
        psk_count: How many pre-shared keys the pattern takes.
        hash_name: Name of the hash for ``hashlib``.
    """

    messages: tuple[tuple[str, ...], ...]
    initiator_known: bool
    responder_known: bool
    one_way: bool
    psk_count: int
    hash_name: str


def parse_protocol_name(name: str) -> Pattern:
    """Read a protocol name such as ``Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s`` (rev 34 §8).

    Raises:
        LocalError: The name is malformed, or names a pattern or primitive that is not built.
    """
    match = _NAME.fullmatch(name)
    if match is None or match[1] not in _MESSAGES:
        raise LocalError("unknown Noise protocol name")
    base, modifiers, hash_name = match.groups()
    messages = [part.split() for part in _MESSAGES[base].split(",")]
    positions = [int(text) for text in re.findall(r"\d", modifiers or "")]
    for position in positions:
        if position > len(messages):
            raise LocalError("Noise psk modifier beyond the last message")
        if position == 0:  # rev 34 §9.4: psk0 opens message 1, pskN closes message N
            messages[0].insert(0, "psk")
        else:
            messages[position - 1].append("psk")
    letters = base.replace("1", "")
    return Pattern(
        messages=tuple(tuple(tokens) for tokens in messages),
        initiator_known=letters[0] == "K",
        responder_known=len(letters) == 1 or letters[1] == "K",
        one_way=len(letters) == 1,
        psk_count=len(positions),
        hash_name=hash_name.lower(),
    )
