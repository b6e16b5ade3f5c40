"""What a person has to know about sound: no such device, no such file, a device that is gone."""

from audio.errors import SoundError

EXIT_AUDIO = 7
EXIT_USAGE = 2


class DeviceError(SoundError):
    """A sentence for a person, in the parts that translation and scripts need.

    Attributes:
        code: Stable short name: ``no_microphone``, ``no_speaker``, ``no_sound_file``, ``bad_tone``,
            ``microphone_lost``, ``speaker_lost``, ``mic_silent``, ``sound_failed``.
        message_template: One line that says what happened, with ``{names}`` of ``values``.
        hint_template: One line that says what to do, likewise; may be empty.
        exit_code: What a process ends with that cannot go on without it.
        values: What stands for the names.
    """

    def __init__(
        self, code: str, message: str, hint: str = "", exit_code: int = EXIT_AUDIO, **values: object
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message_template = message
        self.hint_template = hint
        self.exit_code = exit_code
        self.values = values

    @property
    def message(self) -> str:
        """The line that says what happened."""
        return self.message_template.format(**self.values)

    @property
    def hint(self) -> str:
        """The line that says what to do."""
        return self.hint_template.format(**self.values)
