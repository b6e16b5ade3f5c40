"""Models of networks for the sound benches and tests: when does each packet arrive, if at all.

A model takes the number of packets, 20 ms apart, and a seeded generator; it returns arrival
times in seconds, NaN where the packet is lost. All is reproducible from the seed.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Times = npt.NDArray[np.float64]
Generator = np.random.Generator
Network = Callable[[int, Generator], Times]
SPACING_S = 0.02


def sent(packets: int) -> Times:
    """When the packets leave."""
    return np.arange(packets) * SPACING_S


def lan(packets: int, rng: Generator) -> Times:
    """A quiet wire: 1 ms and a little noise."""
    return sent(packets) + 0.001 + np.abs(rng.normal(0.0, 0.0005, packets))


def random_loss(share: float, over: Network = lan) -> Network:
    """Each packet is lost with the same chance."""

    def model(packets: int, rng: Generator) -> Times:
        times = over(packets, rng)
        times[rng.random(packets) < share] = np.nan
        return times

    return model


def bursty_loss(share: float, burst: float = 3.0, over: Network = lan) -> Network:
    """Gilbert-Elliott: losses come in runs of ``burst`` packets on average."""

    def model(packets: int, rng: Generator) -> Times:
        times = over(packets, rng)
        leave_bad = 1.0 / burst
        enter_bad = leave_bad * share / (1.0 - share)
        bad = False
        for index, draw in enumerate(rng.random(packets)):
            bad = draw >= leave_bad if bad else draw < enter_bad
            if bad:
                times[index] = np.nan
        return times

    return model


def gauss(mean_s: float, deviation_s: float) -> Network:
    """Delay scatters around a mean; packets overtake each other."""

    def model(packets: int, rng: Generator) -> Times:
        delay = np.maximum(0.0, rng.normal(mean_s, deviation_s, packets))
        return sent(packets) + delay

    return model


def pareto(shape: float, scale_s: float) -> Network:
    """Mostly quick, with a long tail (Lomax), capped at half a second."""

    def model(packets: int, rng: Generator) -> Times:
        return sent(packets) + 0.01 + np.minimum(0.5, rng.pareto(shape, packets) * scale_s)

    return model


def stalls(every_s: float, shortest_s: float, longest_s: float) -> Network:
    """Radio that now and then holds everything back and then lets all of it go at once."""

    def model(packets: int, rng: Generator) -> Times:
        times = lan(packets, rng)
        begin = rng.exponential(every_s)
        while begin < times[-1]:
            end = begin + rng.uniform(shortest_s, longest_s)
            held = (times >= begin) & (times < end)
            times[held] = end + np.arange(int(held.sum())) * 0.0002
            begin = end + rng.exponential(every_s)
        return times

    return model


def step(extra_s: float, begin: float = 1 / 3, end: float = 2 / 3) -> Network:
    """The path becomes longer for a while and then is as before."""

    def model(packets: int, rng: Generator) -> Times:
        times = lan(packets, rng)
        times[int(packets * begin) : int(packets * end)] += extra_s
        return times

    return model


def drift(parts_per_million: float) -> Network:
    """The sender's clock runs slow (positive) or fast (negative) against the listener's."""

    def model(packets: int, rng: Generator) -> Times:
        return lan(packets, rng) + sent(packets) * parts_per_million * 1e-6

    return model


TABLE: dict[str, Network] = {
    "lan": lan,
    "lan, 5 % random": random_loss(0.05),
    "lan, 10 % random": random_loss(0.10),
    "lan, 20 % random": random_loss(0.20),
    "lan, 5 % bursts": bursty_loss(0.05),
    "lan, 10 % bursts": bursty_loss(0.10),
    "lan, 20 % bursts": bursty_loss(0.20),
    "gauss 40±20 ms": gauss(0.040, 0.020),
    "gauss 40±20 ms, 20 %": random_loss(0.20, gauss(0.040, 0.020)),
    "pareto(2) x 20 ms": pareto(2.0, 0.020),
    "stalls 80-250 ms": stalls(4.0, 0.080, 0.250),
    "80 ms longer, and back": step(0.080),
    "clock 100 ppm slow": drift(100.0),
    "clock 100 ppm fast": drift(-100.0),
}
"""The networks of the table that ``bench/sound_loss.py`` prints."""
