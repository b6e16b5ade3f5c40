from audio.capture.mic_switch import MicSwitch


def test_a_wish_is_followed_once():
    switch = MicSwitch()
    assert (switch.on, switch.turned, switch.follow()) == (False, False, None)
    assert switch.set(True)
    assert not switch.set(True)
    assert (switch.on, switch.turned) == (True, True)
    assert switch.follow() is True
    assert (switch.on, switch.turned, switch.follow()) == (True, False, None)


def test_off_and_on_again_between_two_looks_is_a_new_opening():
    switch = MicSwitch()
    switch.set(True)
    switch.follow()
    switch.set(False)
    switch.set(True)
    assert switch.turned
    assert switch.follow() is True
    switch.set(False)
    assert switch.follow() is False
