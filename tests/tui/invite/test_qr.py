from tui.invite.qr import largest_that_fits, qr_lines


def test_a_short_key_is_29_by_15_cells():
    lines = qr_lines("7K3QM0XW4P9TZRB2HJ6DV8N1CYE5GA4F7")
    assert (len(lines[0]), len(lines)) == (29, 15)
    assert len({len(line) for line in lines}) == 1


def test_a_long_invite_in_upper_case_stays_small():
    lines = qr_lines("A" * 105)
    assert (len(lines[0]), len(lines)) == (37, 19)


def test_the_first_that_fits_is_taken():
    texts = ["A" * 105, "A" * 33]
    assert largest_that_fits(texts, 40, 20)[0] == 0
    assert largest_that_fits(texts, 30, 16)[0] == 1
    assert largest_that_fits(texts, 20, 10) is None
