"""Words that the commands print."""


def counted(number: int, one: str, more: str = "") -> str:
    """Says how many there are of something.

    Args:
        number: How many.
        one: What one is called.
        more: What several are called, ``one`` and an s by default.

    Example:
        >>> counted(1, "picture"), counted(2000, "class", "classes")
        ('1 picture', '2,000 classes')
    """
    return f"{number:,} {one if number == 1 else more or one + 's'}"


def printable(text: str) -> str:
    r"""Returns a text with what would not be seen, or would steer a terminal, written as an escape.

    Args:
        text: Such as a file's name, which can hold anything.

    Example:
        >>> print(printable("a\x1b[2Jé.jpg"))
        a\x1b[2Jé.jpg
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )
