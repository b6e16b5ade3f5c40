"""What the members agree on, as sentences: who comes in, who is who, how, under which key."""

from p2p.api.events import RoomKeyChanged, SettingChanged, Waiting, Words
from p2p.api.view import RoomView
from tui.i18n import mark, tr, trn
from tui.powers import find, runs_room
from tui.texts.peer_text import peer_text
from tui.texts.roster import Roster

SETTING_SENTENCES = {
    ("lock", "on"): mark("the room is locked: nobody new comes in"),
    ("lock", "off"): mark("the room is not locked any more"),
    ("entry", "open"): mark("whoever has the room key comes in"),
    ("entry", "ask"): mark("whoever comes waits until a moderator says yes"),
    ("entry", "invited"): mark("only who has a personal invite comes in"),
    ("profile", "table"): mark("sound for a small room: the shortest delay"),
    ("profile", "hall"): mark("sound for a large room: fewer packets, a little later"),
}
VERIFIED_MEANS = mark(
    "Verified means: the voice that read the words to you has the keys of this name, until it "
    "leaves. It does not mean that the person is honest, or does not record."
)
NO_MODERATOR = mark("Nobody can moderate now: sound goes on; no new speakers, removals, keys.")
MODERATORS_SENTENCES = {
    False: mark(
        "Nobody who can moderate is here. Sound goes on; no new speakers, no removals, no new keys "
        "until one is back. Whoever comes back after a crash has no powers: then open a new room."
    ),
    True: mark("Somebody who can moderate is here again."),
}
NOTICE_SENTENCES = {
    "keys_missing": mark("Somebody's sound can not be opened yet: asking for the new key."),
    "keys_back": mark("The new key is here."),
    "keys_differ": mark(
        "Someone here hands out other room keys. If you hear nobody soon, leave and join again."
    ),
    "voice_held": mark(
        "You are not heard: somebody was removed, and the new key has not reached you. "
        "`speak anyway`: who was removed may hear you."
    ),
    "voice_unchecked": mark(
        "You are not heard: no moderator's word came for 30 s, so somebody may have been removed "
        "without your knowing. `speak anyway`: who was removed may hear you."
    ),
    "impersonated": mark(
        "Somebody else signs in your name: it has a copy of your keys. Leave, and come in again."
    ),
    "time_wrong": mark(
        "The member that let you in told a wrong time. The others have put it right."
    ),
    "voice_freed": mark("You are heard again, and not by who was removed."),
    "voice_anyway": mark("You are heard; who was removed may hear you until the new key is here."),
    "nobody_reached": mark(
        "Nobody in the room can be reached now, so there is no sound: trying again. If it stays "
        "so, try another network, or add a relay that carries sound: `relay LINE`."
    ),
    "propose_hall": mark(
        "More than 50 people are here. `profile hall` sends half of the packets, a little "
        "later: kinder to relays and slow lines."
    ),
    "reached_again": mark("Others can be reached again."),
    "messages_taken_out": mark(
        "Your network let sound through but no messages. Going another way to the relay."
    ),
    "clock_wrong": mark(
        "The clock of this machine is wrong. The room is found by the time of the network; set "
        "the clock right."
    ),
    "by_proxy": mark(
        "Everything goes through your proxy, nothing beside it. It sees which relay you use."
    ),
    "waiting_outside": mark("You wait outside: a moderator has to let you in."),
}


def problem_sentence(view: RoomView) -> str:
    """Return what is wrong now, which the view gives as a sentence or as a notice's code."""
    return tr(NOTICE_SENTENCES.get(view.problem, view.problem)) if view.problem else ""


def waiting_sentences(event: Waiting, view: RoomView) -> list[str]:
    """Return who waits outside, or no longer; a member that was let in is told to be here."""
    name = peer_text(event.name)
    if event.on and runs_room(view):
        return [tr("waits outside: {name}; `let {n}` or `deny {n}`", name=name, n=event.n)]
    if event.on:
        return [tr("waits outside: {name}", name=name)]
    let_in = find(view, event.n)
    if let_in is not None and let_in.state == "here":
        return []
    return [tr("waits no longer: {name}", name=name)]


def words_sentences(event: Words, roster: Roster) -> list[str]:
    """Return how the comparison stands, and what to do next."""
    name = roster.name(event.n)
    if event.state == "asked":
        ask = tr("wants to compare safety words: {name}; `words {n}`", name=name, n=event.n)
        return [ask]
    if event.state == "ready":
        words = " ".join(event.words)
        return [
            tr(
                "safety words with {name}: {code}   {words}",
                name=name,
                code=event.code,
                words=words,
            ),
            tr("Read them to each other. `words {n} same` or `words {n} differ`", n=event.n),
        ]
    if event.state == "verified":
        return [tr("verified: {name}", name=name), tr(VERIFIED_MEANS)]
    if event.state == "differ":
        return [
            tr(
                "The words of {name} differ: this is not who you hear, or someone is between you.",
                name=name,
            ),
            tr("Say nothing here that must stay secret. Compare again, or leave."),
        ]
    return [tr("no words with {name}: no answer, or not an honest one", name=name)]


def setting_sentence(event: SettingChanged, roster: Roster) -> str:
    """Return how the room is run now, and by whose will."""
    sentence = SETTING_SENTENCES.get((event.what, event.value))
    text = tr(sentence) if sentence else peer_text(f"{event.what}: {event.value}", 40)
    if event.by is None:
        return text
    return tr("{what} (by {name})", what=text, name=roster.name(event.by))


def room_key_sentence(event: RoomKeyChanged) -> str:
    """Return to how many a new key was given, and why."""
    count = event.n_members
    if event.why == "kick":
        return trn(
            "new key for {count} member; who was removed opens nothing that is said from now on",
            "new key for {count} members; who was removed opens nothing that is said from now on",
            count,
        )
    if event.why == "merge":
        return trn(
            "the room was in two parts and is one again: new key for {count} member",
            "the room was in two parts and is one again: new key for {count} members",
            count,
        )
    return trn("new key for {count} member", "new key for {count} members", count)
