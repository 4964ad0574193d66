"""A PDF opened again: its pages as text, its fonts, its properties."""

import io
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader


@dataclass(frozen=True)
class Opened:
    pages: list[str]
    properties: dict[str, Any]
    fonts: dict[str, bool]
    """Name of each font -> whether it travels inside the file."""

    @property
    def text(self) -> str:
        """All of it, with single spaces and no line breaks: what a search would find."""
        return " ".join(" ".join(self.pages).split())


def open_pdf(content: bytes) -> Opened:
    reader = PdfReader(io.BytesIO(content))
    fonts: dict[str, bool] = {}
    for page in reader.pages:
        resources: Any = page["/Resources"]
        for font in resources.get("/Font", {}).values():
            known = font.get_object()
            described = known.get("/FontDescriptor")
            fonts[known["/BaseFont"]] = described is not None and "/FontFile2" in described.get_object()
    properties = {str(name): value for name, value in (reader.metadata or {}).items()}
    return Opened([page.extract_text() for page in reader.pages], properties, fonts)
