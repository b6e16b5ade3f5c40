"""The three families of errors, of which everything raised in this program is one.

No message of any of them may hold key material, an address, or the name of a person:
messages end in logs and on screens that others see.
"""


class LocalError(Exception):
    """We misused an interface: a bug in this program."""


class RemoteError(Exception):
    """A peer broke a rule. The caller counts it and drops what caused it; nothing else changes."""


class UserError(Exception):
    """Something that a person has to know.

    Attributes:
        code: Stable short name for scripts and translation, such as ``port_in_use``.
        message: One line that says what happened.
        hint: One line that says what to do; may be empty.
        exit_code: What the process ends with (1 bug, 2 usage, 3 no network, 4 bad key,
            5 no room, 6 locked or removed, 7 audio, 130 interrupted).
        values: Values that ``message`` and ``hint`` were formatted with, for translation.
    """

    def __init__(
        self, code: str, message: str, hint: str = "", exit_code: int = 1, **values: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message.format(**values) if values else message
        self.hint = hint.format(**values) if values else hint
        self.exit_code = exit_code
        self.message_template = message
        self.hint_template = hint
        self.values = values
