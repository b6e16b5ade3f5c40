"""The long invite: in without any entry node."""

import pytest

from lab.programs.people import MANDARIN, House

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


async def test_the_long_invite_is_enough_without_any_entry_node(house: House) -> None:
    host = await house.create("host", mic=MANDARIN)
    assert any("no relay is known" in line for line in host.talk)
    host.say("mic on")
    invite = host.heard("key")[0]["invite"]
    guest = await house.join("guest", invite, "--only", "invite")
    assert guest.heard("joined")[0]["via"] == "invite"
    await guest.hears("first_sound")
    await guest.hears_more_of("host")


async def test_an_invite_in_lower_case_and_in_two_lines_still_opens_the_room(
    house: House, tmp_path
) -> None:
    host = await house.create("host")
    invite = host.heard("key")[0]["invite"].lower()
    path = tmp_path / "invite"
    path.write_text(f"come in!\n{invite[:40]}\n{invite[40:]}\n")
    guest = await house.run(
        *(
            "join",
            "--key-file",
            str(path),
            "--plain",
            "--json",
            "--mode",
            "open",
            "--only",
            "invite",
        ),
        *("--listen", "127.0.0.1:0", "--mic", "silence", "--speaker", "null"),
    )
    await guest.hears("joined")


async def test_one_who_came_by_invite_hands_out_an_invite_of_its_own(house: House) -> None:
    host = await house.create("host")
    first = await house.join("first", host.heard("key")[0]["invite"], "--only", "invite")
    shown = await first.asks("key", "key")
    assert shown["words"] == host.heard("key")[0]["words"]
    await host.leave()
    await first.sees("host", state="left")
    second = await house.join("second", shown["invite"], "--only", "invite")
    await second.sees("first", state="here")
