"""Sliding window against replayed frames, after RFC 6479: no bit is ever shifted."""

WINDOW = 1_024

_WORD_BITS = 64
_WORDS = WINDOW // _WORD_BITS + 1  # one word more than the window: the one being filled
_MAX_COUNTER = 2**64


class ReplayWindow:
    """Remembers which of the last 1,024 counters were seen.

    Ask only about counters whose frame was found authentic: a forged counter far ahead would
    make all genuine ones look old.
    """

    __slots__ = ("_top", "_words")

    def __init__(self) -> None:
        self._top = 0
        self._words = [0] * _WORDS

    def accept(self, counter: int) -> bool:
        """Note a counter, 0 to 2^64 - 1.

        Returns:
            Whether it is new; False for one seen before, older than the window, or out of range.
        """
        if not 0 <= counter < _MAX_COUNTER or counter + WINDOW <= self._top:
            return False
        word_number = counter // _WORD_BITS
        self._clear_up_to(word_number)
        self._top = max(self._top, counter)
        place, bit = word_number % _WORDS, 1 << (counter % _WORD_BITS)
        if self._words[place] & bit:
            return False
        self._words[place] |= bit
        return True

    def _clear_up_to(self, word_number: int) -> None:
        """Empty the words that the window enters, each once however far it jumps."""
        top_word = self._top // _WORD_BITS
        for entered in range(max(top_word, word_number - _WORDS) + 1, word_number + 1):
            self._words[entered % _WORDS] = 0
