"""Keep a picture of a screen with few colours, which makes text small."""

from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

_COLOURS: Final = 160


def keep_picture(png: bytes, path: Path, *, margin_px: int = 0) -> None:
    """Save the picture, with a white margin, and say how large it is."""
    shot = ImageOps.expand(Image.open(BytesIO(png)).convert("RGB"), border=margin_px, fill="white")
    shot.quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")
