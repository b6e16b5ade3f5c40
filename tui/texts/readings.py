"""What a person should know of how their room key was read."""

from tui.i18n import tr


def reading_notes(invite: object) -> list[str]:
    """Say what was corrected, and what was lost, in reading a key.

    Args:
        invite: From ``crypto.invite.parse_key_text``.
    """
    notes = []
    repair = getattr(invite, "repair", None)
    if repair is not None and repair.form == "words":
        notes.append(
            tr(
                "Word {position} `{given}` was read as {meant}: the checksum says so.",
                position=repair.position,
                given=repair.given[:24],
                meant=repair.meant,
            )
        )
    elif repair is not None:
        notes.append(
            tr("One wrong character, number {position}, was put right.", position=repair.position)
        )
    if getattr(invite, "contacts_lost", False):
        notes.append(tr("The invite is damaged: its contacts are lost, the key in it is good."))
    return notes
