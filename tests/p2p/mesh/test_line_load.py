from p2p.mesh.line_load import WINDOW_S, Sample, Samples


def samples(*times: float) -> Samples:
    """Of a line on which each packet takes 20 ms."""
    found = Samples()
    for number, at_s in enumerate(times):
        found.add(Sample(at_s, number, number, 100.0 * number, at_s, 0.02, 0.04))
    return found


def test_samples_are_forgotten_when_they_are_old():
    found = samples(0.0, 1.0, 2.0, WINDOW_S + 1.5)
    assert len(found) == 2
    assert found.last is not None
    assert found.last.at_s == WINDOW_S + 1.5


def test_a_stall_of_our_own_machine_is_no_queue_and_packets_that_wait_ever_longer_are():
    def stands(*waits_s: float) -> bool:
        found = Samples()
        for number, wait_s in enumerate(waits_s):
            at_s = 0.1 * number + wait_s
            found.add(Sample(at_s, number, number, 100.0 * number, at_s, wait_s, wait_s))
        load = found.load(0.1 * len(waits_s))
        return load is not None and load.stands

    assert not stands(0.0, 0.0, 0.0, 0.9)
    assert not stands(0.0, 0.0, 0.0, 0.0, 0.9, 0.0)
    assert stands(0.0, 0.15, 0.3, 0.45)
    assert stands(0.0, 0.06, 0.12, 0.18, 0.24, 0.3)


def test_samples_of_one_moment_tell_no_rate():
    found = samples(1.0, 1.0, 1.0, 1.0)
    load = found.load(1.0)
    assert load is not None
    assert (load.carried_bps, found.sent_bps()) == (0.0, 0.0)


def test_of_few_samples_nothing_is_told():
    found = samples(1.0, 1.1, 1.2)
    assert (found.load(1.2), found.sent_bps()) == (None, 0.0)
