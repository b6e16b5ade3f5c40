"""``teahouse ctl``: another program on this machine opens and closes the microphone.

A key of the desktop, a pedal or a script speaks to a running member over a socket that its user
alone can reach. It is there only if the member was started with ``--ctl``.
"""
