"""``teahouse doctor``: what on this machine and its network helps or hinders a talk."""
