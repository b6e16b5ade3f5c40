"""A round of the mixer as tests need it."""


def mix(mixer, *blocks, gains=None, beside=None):
    """One round of so many voices, of which the first has these gains."""
    for block in blocks:
        mixer.add(block)
    if gains is not None:
        mixer.turn(0, gains)
    return mixer.mix(beside)
