"""What a relay shows to strangers: the page of a web server that nobody has set up yet."""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>It works</title></head>
<body><h1>It works</h1><p>This web server has no pages yet.</p></body>
</html>
"""
_ERROR = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{status} {reason}</title></head>
<body><h1>{status} {reason}</h1></body>
</html>
"""
_REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
}


def page_for(method: bytes, target: bytes, status: int | None) -> tuple[int, str, bytes]:
    """Give the answer to a stranger's request.

    Args:
        method: Of the request.
        target: What it asks for.
        status: An error that is known already.

    Returns:
        Status, reason and body.
    """
    if status is None:
        if method not in (b"GET", b"HEAD"):
            status = 405
        else:
            status = 200 if target.partition(b"?")[0] in (b"/", b"/index.html") else 404
    reason = _REASONS[status]
    text = _PAGE if status == 200 else _ERROR.format(status=status, reason=reason)
    return status, reason, text.encode()
