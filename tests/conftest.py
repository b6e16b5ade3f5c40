import os

from hypothesis import settings

# How long one example takes is no property of the code where several tests share a core. What is
# landed does not hang on luck: there the examples are always the same, elsewhere always others.
settings.register_profile("teahouse", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("teahouse")
# For who waits for it: bin/test. What is slow, and all of bin/test --all, tries as many as above.
settings.register_profile("fast", settings.get_profile("teahouse"), max_examples=25)

os.environ["TEAHOUSE_CONFIG"] = ""  # what somebody chose for the own runs is no matter of a test

# The proxy of whoever runs the tests is not theirs: members would go through it, and nowhere else.
for name in ("all_proxy", "https_proxy"):
    os.environ.pop(name, None)
    os.environ.pop(name.upper(), None)
