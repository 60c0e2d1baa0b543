"""Numbers and verdicts in the words in which people read them, the same on the terminal, on pages and in pictures."""

from __future__ import annotations


def percent(fraction: float, decimals: int = 2) -> str:
    """Return a fraction in [0, 1] as per cent: `97.80 %`."""
    return f"{100 * fraction:.{decimals}f} %"


def counted(number: int, noun: str) -> str:
    """Return a number of things: `1 epoch`, `2,000 epochs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def duration(seconds: float) -> str:
    """Return seconds as people say them: `0.44 s`, `19 s`, `7 min 10 s`, `2 h 5 min`."""
    if seconds < 59.5:
        return f"{seconds:.2f} s" if seconds < 9.995 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def milliseconds(seconds: float) -> str:
    """Return a short time: `1.25 ms`."""
    return f"{1000 * seconds:.2f} ms"


def precise_milliseconds(seconds: float) -> str:
    """Return a short time by three digits: `0.030 ms`, `1.25 ms`, `116 ms`."""
    value = 1000 * seconds
    decimals = next((decimals for bound, decimals in ((100, 0), (10, 1), (1, 2)) if value >= bound), 3)
    return f"{value:,.{decimals}f} ms"


def images_at_once(number: int) -> str:
    """Return how many images a model is given: `one image at a time`, `1,000 images at a time`."""
    return "one image at a time" if number == 1 else f"{number:,} images at a time"


def kilobytes(num_bytes: int) -> str:
    """Return the size of a file: `1,234 kB`."""
    return f"{num_bytes / 1000:,.0f} kB"


def calibration_verdict(temperature: float) -> str:
    """Return how far a model's probabilities can be believed, from what its logits would have to be divided by."""
    return "too sure of itself" if temperature > 1 else "not sure enough of itself"


def pixels_given(name: str, num_tried: int) -> str:
    """Return what a model is given as pixels: `0..1, found by trying on 1,000 training images …`."""
    how = f", found by trying on {num_tried:,} training images; --pixels says otherwise" if num_tried else ""
    return f"{name}{how}"


def unbroken(text: str) -> str:
    """Return `text` with spaces at which no line is broken, for a page."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")
