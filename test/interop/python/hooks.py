"""What Schemathesis does besides what the document says."""

import uuid

import schemathesis

KEY = "Idempotency-Key"


@schemathesis.hook
def before_call(context, case, kwargs):
    """Sends a key once only: two requests under one key are rightly refused, also if each of them is well-formed."""
    if case.headers and KEY in case.headers and is_key(case.headers[KEY]):
        case.headers[KEY] = str(uuid.uuid4())


def is_key(value):
    return isinstance(value, str) and 1 <= len(value) <= 255 and value.isascii() and value.isprintable() and '"' not in value.strip('"')
