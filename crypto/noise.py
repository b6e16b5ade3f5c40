"""Noise handshakes and the transports that come out of them (revision 34, §5.3).

Every pattern of the specification over X25519 and ChaCha20-Poly1305 is here, so that all public
vectors apply; the program itself uses IKpsk1 only (see ``knock``).
"""

from collections.abc import Callable, Sequence

from crypto.dh import DH_BYTES, KeyPair
from crypto.errors import LocalError, RemoteError
from crypto.ids import DhKey
from crypto.noise_patterns import Pattern, parse_protocol_name
from crypto.noise_state import TAG_BYTES, CipherState, SymmetricState

MAX_MESSAGE_BYTES = 65_535
PSK_BYTES = 32


class Handshake:
    """One side of a running handshake.

    Attributes:
        initiator: Whether this side sends first.
        finished: All messages are through; only ``split`` is left to call.
        remote_static: The peer's static public key, as soon as it is known. Before the handshake
            is over nothing proves that the peer holds its secret half.
    """

    def __init__(
        self,
        protocol_name: str,
        *,
        initiator: bool,
        rng: Callable[[int], bytes],
        prologue: bytes = b"",
        static: KeyPair | None = None,
        remote_static: DhKey | None = None,
        psks: Sequence[bytes | bytearray] = (),
    ) -> None:
        """Start a handshake.

        Args:
            protocol_name: Such as ``Noise_IKpsk1_25519_ChaChaPoly_BLAKE2s``.
            initiator: This side sends first.
            rng: Source of the ephemeral secret, asked once for 32 bytes.
            prologue: What both sides must agree on; not sent.
            static: Own static key pair, where the pattern has one.
            remote_static: The peer's public key, where the pattern knows it beforehand.
            psks: Pre-shared keys in the order of the modifiers, 32 secret bytes each.

        Raises:
            LocalError: The name is unknown, or keys are missing, too many or of a wrong length.
        """
        pattern = parse_protocol_name(protocol_name)
        _check_keys(pattern, remote_static, psks)
        self.initiator = initiator
        self.finished = False
        self.remote_static = remote_static
        self._pattern = pattern
        self._rng = rng
        self._static = static
        self._ephemeral: KeyPair | None = None
        self._remote_ephemeral = DhKey(b"")
        self._psks = list(psks)
        self._messages_done = 0
        self._psks_done = 0
        self._symmetric = SymmetricState(protocol_name, pattern.hash_name)
        self._symmetric.mix_hash(prologue)
        self._mix_known_statics()

    @property
    def handshake_hash(self) -> bytes:
        """Hash of the whole transcript, for channel binding (rev 34 §11.2)."""
        return self._symmetric.hash

    @property
    def ephemeral_public(self) -> DhKey:
        """Own ephemeral public key, 32 bytes.

        Raises:
            LocalError: No message was written yet.
        """
        return self._own_ephemeral().public

    def peer_static(self) -> DhKey:
        """The peer's static public key, 32 bytes.

        Raises:
            LocalError: It is not known, or not yet.
        """
        if self.remote_static is None:
            raise LocalError("the Noise pattern needs the remote static key")
        return self.remote_static

    def write_message(self, payload: bytes) -> bytes:
        """Make the next message with ``payload`` in it, encrypted as the pattern allows.

        Raises:
            LocalError: It is not our turn, a key is missing, or the message would exceed 65,535
                bytes. The handshake is of no use after that.
            RemoteError: The peer's static key, given at the start, is a low-order point.
        """
        tokens = self._next_tokens(writing=True)
        parts: list[bytes] = []
        for symbol in tokens:
            if symbol == "e":
                self._ephemeral = KeyPair.generate(self._rng)
                parts.append(self._ephemeral.public)
                self._mix_ephemeral(self._ephemeral.public)
            elif symbol == "s":
                parts.append(self._symmetric.encrypt_and_hash(self._own_static().public))
            else:
                self._mix_secret(symbol)
        parts.append(self._symmetric.encrypt_and_hash(payload))
        message = b"".join(parts)
        if len(message) > MAX_MESSAGE_BYTES:
            raise LocalError("Noise message is too long")
        self._count_message()
        return message

    def read_message(self, message: bytes) -> bytes:
        """Read the peer's next message and return its payload.

        A message that is refused changes nothing: the genuine one can still follow.

        Raises:
            LocalError: It is not the peer's turn, or a key is missing.
            RemoteError: The message is malformed, too long or not authentic.
        """
        tokens = self._next_tokens(writing=False)
        if len(message) > MAX_MESSAGE_BYTES:
            raise RemoteError("Noise message is too long")
        before = self._symmetric.copy()
        known = (self._remote_ephemeral, self.remote_static, self._psks_done)
        try:
            payload = self._read(tokens, message)
        except RemoteError:
            self._symmetric.erase()
            self._symmetric = before
            self._remote_ephemeral, self.remote_static, self._psks_done = known
            raise
        before.erase()
        self._count_message()
        return payload

    def split(self) -> "Transport":
        """End the handshake and erase what it held.

        Raises:
            LocalError: The handshake is not finished, or was split before.
        """
        if not self.finished:
            raise LocalError("Noise handshake is not finished")
        to_responder, to_initiator = self._symmetric.split()
        back = None if self._pattern.one_way else to_initiator
        transport = (
            Transport(to_responder, back, self.handshake_hash)
            if self.initiator
            else Transport(back, to_responder, self.handshake_hash)
        )
        self.erase()
        return transport

    def erase(self) -> None:
        """Forget all secrets; nothing but ``handshake_hash`` works after that."""
        self._symmetric.erase()
        self._ephemeral = None
        self._static = None
        self._psks.clear()
        self.finished = False
        self._messages_done = len(self._pattern.messages)

    def _read(self, tokens: tuple[str, ...], message: bytes) -> bytes:
        rest = message
        for symbol in tokens:
            if symbol == "e":
                ephemeral, rest = _take(rest, DH_BYTES)
                self._remote_ephemeral = DhKey(ephemeral)
                self._mix_ephemeral(self._remote_ephemeral)
            elif symbol == "s":
                tag = TAG_BYTES if self._symmetric.cipher.has_key else 0
                sealed, rest = _take(rest, DH_BYTES + tag)
                self.remote_static = DhKey(self._symmetric.decrypt_and_hash(sealed))
            else:
                self._mix_secret(symbol)
        return self._symmetric.decrypt_and_hash(rest)

    def _next_tokens(self, *, writing: bool) -> tuple[str, ...]:
        if self._messages_done >= len(self._pattern.messages):
            raise LocalError("Noise handshake is over")
        initiators_turn = self._messages_done % 2 == 0
        if writing != (initiators_turn == self.initiator):
            raise LocalError("Noise message out of turn")
        return self._pattern.messages[self._messages_done]

    def _count_message(self) -> None:
        self._messages_done += 1
        self.finished = self._messages_done == len(self._pattern.messages)

    def _mix_ephemeral(self, public: DhKey) -> None:
        self._symmetric.mix_hash(public)
        if self._pattern.psk_count:  # rev 34 §9.2: else equal psks would give equal keys
            self._symmetric.mix_key(public)

    def _mix_secret(self, symbol: str) -> None:
        """Run a ``psk``, ``ee``, ``es``, ``se`` or ``ss`` symbol."""
        if symbol == "psk":
            self._symmetric.mix_key_and_hash(self._psks[self._psks_done])
            self._psks_done += 1
            return
        ours, theirs = (symbol[0], symbol[1]) if self.initiator else (symbol[1], symbol[0])
        own = self._own_ephemeral() if ours == "e" else self._own_static()
        remote = self._remote_ephemeral if theirs == "e" else self.peer_static()
        self._symmetric.mix_key(own.exchange(remote))

    def _own_ephemeral(self) -> KeyPair:
        if self._ephemeral is None:
            raise LocalError("no ephemeral key yet")
        return self._ephemeral

    def _own_static(self) -> KeyPair:
        if self._static is None:
            raise LocalError("the Noise pattern needs a static key pair")
        return self._static

    def _mix_known_statics(self) -> None:
        if self._pattern.initiator_known:
            self._symmetric.mix_hash(self._known_static(of_initiator=True))
        if self._pattern.responder_known:
            self._symmetric.mix_hash(self._known_static(of_initiator=False))

    def _known_static(self, *, of_initiator: bool) -> DhKey:
        if of_initiator == self.initiator:
            return self._own_static().public
        return self.peer_static()


class Transport:
    """What a finished handshake leaves: one cipher per direction, messages in order.

    Attributes:
        handshake_hash: Hash of the handshake's transcript, not secret.
    """

    def __init__(
        self, send: CipherState | None, receive: CipherState | None, handshake_hash: bytes
    ) -> None:
        """Take the ciphers; None stands for the direction a one-way pattern does not have."""
        self._send = send
        self._receive = receive
        self.handshake_hash = handshake_hash

    def encrypt(self, plaintext: bytes, ad: bytes = b"") -> bytes:
        """Encrypt the next message to the peer; the result is 16 bytes longer.

        Raises:
            LocalError: This side of a one-way pattern does not send, or the message would exceed
                65,535 bytes.
        """
        if len(plaintext) > MAX_MESSAGE_BYTES - TAG_BYTES:
            raise LocalError("Noise message is too long")
        return _present(self._send).encrypt_with_ad(ad, plaintext)

    def decrypt(self, sealed: bytes, ad: bytes = b"") -> bytes:
        """Decrypt the next message of the peer; a refused one does not count.

        Raises:
            LocalError: This side of a one-way pattern does not receive.
            RemoteError: The bytes are not the peer's next message, or too long.
        """
        if len(sealed) > MAX_MESSAGE_BYTES:
            raise RemoteError("Noise message is too long")
        return _present(self._receive).decrypt_with_ad(ad, sealed)

    def rekey_send(self) -> None:
        """Change the key of what we send; the peer must call ``rekey_receive`` at the same place.

        Raises:
            LocalError: This side does not send.
        """
        _present(self._send).rekey()

    def rekey_receive(self) -> None:
        """Change the key of what we receive.

        Raises:
            LocalError: This side does not receive.
        """
        _present(self._receive).rekey()


def _check_keys(
    pattern: Pattern, remote_static: DhKey | None, psks: Sequence[bytes | bytearray]
) -> None:
    if len(psks) != pattern.psk_count or any(len(psk) != PSK_BYTES for psk in psks):
        raise LocalError("wrong number or length of pre-shared keys")
    if remote_static is not None and len(remote_static) != DH_BYTES:
        raise LocalError("a static public key is 32 bytes")


def _present(cipher: CipherState | None) -> CipherState:
    if cipher is None:
        raise LocalError("a one-way Noise pattern has no such direction")
    return cipher


def _take(data: bytes, length: int) -> tuple[bytes, bytes]:
    if len(data) < length:
        raise RemoteError("Noise message is too short")
    return data[:length], data[length:]
