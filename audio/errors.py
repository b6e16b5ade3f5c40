"""What can go wrong with sound. Messages never hold a person's name, an address or sound itself."""


class SoundError(Exception):
    """Root of the errors of this package that foreign bytes or a poor machine can cause."""


class PayloadError(SoundError):
    """A payload is not what a framer of this profile writes. The caller counts and drops it."""


class OpusError(SoundError):
    """Bytes are no Opus frame of ours, or the codec refused. The caller conceals the frame."""


class OpusMissingError(SoundError):
    """No libopus could be loaded on this machine."""
