from hypothesis import settings

# How long one example takes is no property of the code where several tests share a core.
settings.register_profile("teahouse", deadline=None)
settings.load_profile("teahouse")
