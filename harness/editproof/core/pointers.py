"""Files that only point at their content: what a clone without ``git lfs pull`` has in place of images and weights.

Standard library only.
"""

from __future__ import annotations

from editproof.errors import EditproofError

_FORMS = (
    (b"version https://git-lfs.github.com/spec/", "Git LFS", "git lfs pull"),
    (b"version https://hawser.github.com/spec/", "Git LFS", "git lfs pull"),
    (b"/annex/objects/", "git-annex", "git annex get"),
)


def fault_of_pointer(content: bytes) -> tuple[str, str]:
    r"""What a file is instead of its content, and what to do; two empty texts where it is no pointer.

    Parameters
    ----------
    content : bytes
        All of the file, or its beginning.

    Examples
    --------
    >>> pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"
    >>> fault_of_pointer(pointer)
    ('it is a pointer of Git LFS, not the file', 'Fetch the file: git lfs pull.')
    >>> fault_of_pointer(b"\x89PNG")
    ('', '')
    """
    start = content[:64].lstrip()
    for head, name, command in _FORMS:
        if start.startswith(head):
            return f"it is a pointer of {name}, not the file", f"Fetch the file: {command}."
    return "", ""


def check_content(content: bytes, asked: str, error: type[EditproofError]) -> bytes:
    """The content itself, where it is no pointer.

    Raises
    ------
    error
        Where it is one.
    """
    found, advice = fault_of_pointer(content)
    if found:
        raise error(asked, found, advice)
    return content
