"""Any exception of an instrument's own code as one error; an interruption by the user stays an interruption."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from editproof.errors import EditproofError, InstrumentError

_WORDS = 200


@contextmanager
def one_error(asked: str, advice: str = "Mend the instrument.") -> Iterator[None]:
    """Turn whatever the block raises into one error, ``SystemExit`` too: an instrument does not end a run.

    Raises
    ------
    InstrumentError
    """
    try:
        yield
    except (KeyboardInterrupt, EditproofError):
        raise
    except BaseException as error:
        words = " ".join(f"{type(error).__name__}: {error}".split())[:_WORDS]
        raise InstrumentError(asked, f"it raised {words}", advice) from error
