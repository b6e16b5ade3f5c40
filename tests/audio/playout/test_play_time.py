from audio.playout.play_time import PlayTime


def test_before_anything_was_played_nothing_was_invented():
    assert PlayTime().concealed_pct == 0.0


def test_holes_count_and_pauses_do_not():
    time = PlayTime()
    time.real(300)
    time.concealed(60)
    time.waited(40)
    time.resumed()
    time.waited(500)
    time.paused()
    time.resumed()
    assert time.concealed_pct == 25.0
