"""``teahouse relay``: the volunteer's program around one relay."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from p2p.console import CTRL_C, ENDS, on_console_end
from p2p.dht.contact import NodeContact
from p2p.errors import UserError
from p2p.log import start_log, start_trace
from p2p.relay import notify
from p2p.relay.config import Config, RelaySettings, load
from p2p.relay.control import Control
from p2p.relay.metrics import Summary
from p2p.relay.server import Relay, is_public, run_relay
from p2p.relay.status import StatusPage, check
from p2p.relay.units import said_bytes
from p2p.wire.addresses import Address

LOG = logging.getLogger("teahouse.relay")


Words = Callable[..., str]
"""A sentence and its values: the sentence in the language of whoever reads it."""


def _english(sentence: str, **values: object) -> str:
    return sentence.format(**values) if values else sentence


def main(argv: Sequence[str], words: Words = _english) -> int:
    """Runs a relay until a signal ends it.

    Args:
        argv: What follows ``relay`` on the command line.
        words: What it says to the person who starts it.

    Returns:
        The exit code: 0 also after SIGTERM; 1 of ``--check`` when the relay is not well.

    Raises:
        UserError: An option is no good, or a port is in use.
    """
    config = load(argv, os.environ)
    settings = config.settings()
    if config.print_config:
        sys.stdout.write(config.as_text())
        return 0
    if config.check:
        return _check(settings.status)
    if os.environ.get("TEAHOUSE_DEBUG") != "1":  # with it a log is there already
        start_log(str(config["log-level"]))
    if config["trace"]:
        start_trace(str(config["trace"]))
    # SIGINT reaches the whole group of a terminal; the second of any of them ends at once.
    asyncio.run(Program(argv, config, settings, words).run())
    return 0


def _check(status: Address | None) -> int:
    if status is None:
        raise UserError(
            "no_status",
            "This relay has no status page to ask.",
            "Give it one with --status 127.0.0.1:9095.",
            exit_code=2,
        )
    well, words = asyncio.run(check(status))
    sys.stdout.write(f"{words}\n")
    return 0 if well else 1


class Program:
    """A relay with its signals, its status page and its log.

    Args:
        argv: The command line, read again when limits are to be.
        config: As it was read from it.
        settings: Of it.
        words: What it says to the person who starts it.
    """

    def __init__(
        self, argv: Sequence[str], config: Config, settings: RelaySettings, words: Words = _english
    ) -> None:
        self._argv = argv
        self._config = config
        self._settings = settings
        self._words = words
        self._control = Control(settings.limits)
        self._notifier = notify.Notifier()
        self._refresh: Callable[[], None] = lambda: None
        self._line: NodeContact | None = None

    async def run(self) -> None:
        """Serves until the first signal, waits for members to move, ends; at the second at once."""
        relay = asyncio.ensure_future(self._serve())
        with (
            _signals(self._told_to_stop(relay), self._told_to_reload),
            contextlib.suppress(asyncio.CancelledError),
        ):
            await relay

    async def _serve(self) -> None:
        page = StatusPage(self._control.metrics, lambda: self._refresh())
        async with contextlib.AsyncExitStack() as stack:
            if self._settings.status is not None:
                try:
                    await stack.enter_async_context(page.serving(self._settings.status))
                except UserError as exc:
                    if not self._config.is_default("status"):
                        raise
                    LOG.warning("no status page: %s", exc.message)
            saying = asyncio.ensure_future(self._say_now_and_then())
            stack.callback(saying.cancel)
            if self._settings.home:
                self._say(
                    "asking others whether strangers get through to this home; up to a minute"
                )
            await run_relay(self._settings, self._ready, self._control, self._running)

    def _running(self, relay: Relay) -> None:
        self._refresh = relay.refresh

    def _ready(self, contact: NodeContact) -> None:
        sys.stdout.write(f"{contact}\n")
        sys.stdout.flush()
        before, self._line = self._line, contact
        if before is not None:
            self._say("this home has another address now: people need the new line")
            return
        limits = self._settings.limits
        self._say(
            "people keep this line with `teahouse config set relays LINE`, "
            "or give it with --relay; other relays with --bootstrap"
        )
        web = self._settings.web.address
        if web is not None:
            line = replace(contact, web=web)
            self._say("and this one where only the web is open: {line}", line=line)
        if self._settings.home:
            self._say_of_home()
        elif not is_public(contact):
            self._say(
                "the address in it is not a public one: for people outside forward the port, UDP "
                "and TCP, and start it with --public-address"
            )
        if self._settings.bootstrap_only:
            self._say("entry node and courier; it holds no room key and carries no sound")
        else:
            self._say("entry node, courier and forwarder of sealed sound; it holds no room key")
        self._say(
            "at {rate}/s this can send {monthly} a month; at most {links} links and {rooms} rooms",
            rate=said_bytes(limits.max_rate),
            monthly=limits.monthly,
            links=limits.max_links,
            rooms=limits.max_rooms,
        )
        self._notifier.say(notify.READY)

    def _say_of_home(self) -> None:
        self._say(
            "strangers get through to this home by UDP at this address; whether TCP does too was "
            "not tried"
        )
        self._say("whoever has the line knows the address of this home")
        if self._config.is_default("up-kbps"):
            self._say(
                "its line is taken to carry {kbps} kbit/s upwards; --up-kbps says what it does",
                kbps=self._config["up-kbps"],
            )

    def _say(self, sentence: str, **values: object) -> None:
        sys.stderr.write(f"teahouse relay: {self._words(sentence, **values)}\n")

    async def _say_now_and_then(self) -> None:
        """Hourly line, and a sign of life for systemd."""
        summary = Summary(self._control.metrics)
        every_s = self._settings.summary_interval_s
        tick_s = min(self._notifier.alive_every_s or 3600.0, every_s or 3600.0)
        passed_s = 0.0
        while True:
            await asyncio.sleep(tick_s)
            self._notifier.say(notify.ALIVE)
            passed_s += tick_s
            if every_s and passed_s >= every_s:
                passed_s = 0.0
                self._refresh()
                LOG.info("%s", summary.line(every_s))

    def _told_to_stop(self, relay: "asyncio.Future[None]") -> Callable[[], None]:
        def stop() -> None:
            if self._control.draining.is_set():
                relay.cancel()
                return
            LOG.info("stopping; members get time to move. Once more stops at once")
            self._notifier.say(notify.STOPPING)
            self._control.drain()

        return stop

    def _told_to_reload(self) -> None:
        try:
            self._control.limits = load(self._argv, os.environ).settings().limits
        except UserError as mistake:
            LOG.warning("limits stay as they were: %s %s", mistake.message, mistake.hint)
        else:
            LOG.info("limits read again: %s a month at most", self._control.limits.monthly)
        try:
            self._control.reload_certificate()
        except UserError as mistake:
            LOG.warning("the certificate stays as it was: %s %s", mistake.message, mistake.hint)


@contextlib.contextmanager
def _signals(stop: Callable[[], None], reload: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    handlers = {"SIGINT": stop, "SIGTERM": stop, "SIGHUP": reload}
    known = [getattr(signal, name) for name in handlers if hasattr(signal, name)]
    for number in known:
        with contextlib.suppress(NotImplementedError):  # on Windows the console tells
            loop.add_signal_handler(number, handlers[number.name])
    forget = on_console_end(partial(loop.call_soon_threadsafe, stop), (CTRL_C, *ENDS))
    try:
        yield
    finally:
        forget()
        for number in known:
            with contextlib.suppress(NotImplementedError):
                loop.remove_signal_handler(number)
