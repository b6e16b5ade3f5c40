"""A line with a queue, in virtual time: what is sent over it comes later, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field

from p2p.mesh.arrivals import Arrivals
from p2p.mesh.line_load import Load
from p2p.mesh.line_measure import LineMeasure
from p2p.mesh.line_reports import LineReports
from p2p.mesh.shape_walk import ShapeWalk
from p2p.wire.line_report import LineReport

LOOK_EVERY_S = 0.1


@dataclass
class Bottleneck:
    """One direction of a line.

    Attributes:
        rate_bps: What it carries.
        queue_s: How long its queue may get; what comes then is lost.
        delay_s: What every packet takes besides.
    """

    rate_bps: float
    queue_s: float = 3.0
    delay_s: float = 0.02
    busy_until_s: float = 0.0

    def arrival_s(self, size_bytes: int, now: float) -> float | None:
        """When a packet that enters now comes out; None: never."""
        begins_s = max(now, self.busy_until_s)
        if begins_s - now > self.queue_s:
            return None
        self.busy_until_s = begins_s + 8.0 * size_bytes / self.rate_bps
        return self.busy_until_s + self.delay_s

    def waiting_s(self, now: float) -> float:
        """How long a packet that enters now would wait."""
        return max(0.0, self.busy_until_s - now)


@dataclass
class Shape:
    """Packets of one size, evenly spaced."""

    size_bytes: int
    spacing_s: float

    @property
    def rate_bps(self) -> float:
        """With all headers."""
        return 8.0 * self.size_bytes / self.spacing_s


SHAPES = (Shape(291, 0.02), Shape(401, 0.04), Shape(341, 0.06), Shape(179, 0.06))


@dataclass
class Speaker:
    """One that speaks over a bottleneck, and listens to the reports of the other end.

    Attributes:
        line: On the way out.
        back_s: How long reports take.
        lose: Tells of the n-th packet whether it is lost besides.
        jitter: Says how much longer the n-th packet takes, s.
        lie: What the other end makes of a report.
        shapes: ``(time, shape)`` at each change.
        queues: ``(time, wait)`` at each packet.
    """

    line: Bottleneck
    back_s: float = 0.02
    walk: ShapeWalk = field(
        default_factory=lambda: ShapeWalk([shape.rate_bps for shape in SHAPES], 0.0)
    )
    measure: LineMeasure = field(default_factory=LineMeasure)
    arrivals: Arrivals = field(default_factory=lambda: Arrivals(16))
    reports: LineReports = field(default_factory=LineReports)
    lose: Callable[[int], bool] | None = None
    jitter: Callable[[int], float] | None = None
    lie: Callable[[LineReport], LineReport] | None = None
    now: float = 0.0
    sent: int = 0
    lost: int = 0
    shapes: list[tuple[float, int]] = field(default_factory=list)
    queues: list[tuple[float, float]] = field(default_factory=list)
    load: Load | None = None
    _looked_s: float = 0.0
    _under_way: list[tuple[float, int]] = field(default_factory=list)
    _reports: list[tuple[float, LineReport]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reports.want(wanted=True)

    def speak(self, seconds: float) -> None:
        """Sends packet after packet for so long."""
        until_s = self.now + seconds
        while self.now < until_s:
            self._hear()
            if self.now - self._looked_s >= LOOK_EVERY_S:
                self._look()
            shape = SHAPES[self.walk.shape]
            self._send(shape.size_bytes)
            self.now += shape.spacing_s

    def _look(self) -> None:
        self._looked_s = self.now
        self.load = self.measure.load(self.now)
        before = self.walk.shape
        if self.walk.step(self.load, self.now) != before:
            self.shapes.append((self.now, self.walk.shape))

    def pause(self, seconds: float) -> None:
        """Sends nothing for so long."""
        self.now += seconds
        self._hear()

    def _send(self, size_bytes: int) -> None:
        seq = (self.sent + 1) & 0xFFFF
        self.measure.sent(seq, size_bytes, self.now)
        self.queues.append((self.now, self.line.waiting_s(self.now)))
        arrival_s = self.line.arrival_s(size_bytes, self.now)
        if arrival_s is None or (self.lose is not None and self.lose(self.sent)):
            self.lost += 1
        else:
            if self.jitter is not None:
                arrival_s += self.jitter(self.sent)
            before_s = self._under_way[-1][0] if self._under_way else 0.0
            self._under_way.append((max(arrival_s, before_s), seq))
        self.sent += 1

    def _hear(self) -> None:
        while self._under_way and self._under_way[0][0] <= self.now:
            at_s, seq = self._under_way.pop(0)
            self.arrivals.came(seq, at_s)
            if at_s >= self.reports.due_s:
                report = self.reports.make(self.arrivals, at_s)
                if self.lie is not None:
                    report = self.lie(report)
                self._reports.append((at_s + self.back_s, report))
        while self._reports and self._reports[0][0] <= self.now:
            at_s, report = self._reports.pop(0)
            self.measure.reported(report, at_s)
