"""What the system tells of its processor."""

from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")


def processor_facts() -> dict[str, str]:
    """Reads what Linux tells of the first processor.

    Returns:
        By name in small letters, for example ``{"model name": "AMD EPYC", "flags": "fpu … avx2"}``. Empty
        where the system tells nothing.

    Example:
        >>> all(name == name.lower() for name in processor_facts())
        True
    """
    try:
        text = CPUINFO.read_text(errors="replace")
    except OSError:
        return {}
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def multiplies_bfloat16() -> bool:
    """Says whether the processor multiplies bfloat16 itself; one that does not converts, at a high cost.

    Example:
        >>> isinstance(multiplies_bfloat16(), bool)
        True
    """
    flags = processor_facts().get("flags", "").split()
    return not {"amx_bf16", "avx512_bf16"}.isdisjoint(flags)
