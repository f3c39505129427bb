"""Turns our own HTML into PDF, without loading anything from anywhere."""

import importlib
import io
import tempfile

LONGEST_SECONDS = 60


class PdfFailed(Exception):
    """The page could not be drawn."""


def pdf_of(html: str) -> bytes:
    """The pages. Nothing that the HTML names is fetched: no network, no file. Raises PdfFailed."""
    # Loaded when first needed: it costs every other process a third of a second and 30 MB.
    pisa = importlib.import_module("xhtml2pdf.pisa")
    resources = importlib.import_module("xhtml2pdf.config.resources")
    drawn = io.BytesIO()
    with tempfile.TemporaryDirectory() as nothing:
        policy = resources.ResourceAccessPolicy.server(
            nothing, allow_remote=False, max_render_seconds=LONGEST_SECONDS
        )
        try:
            done = pisa.CreatePDF(html, dest=drawn, encoding="utf-8", resource_policy=policy)
        except resources.RenderLimitError as error:
            raise PdfFailed(str(error)) from error
    if done.err:
        raise PdfFailed(f"{done.err} errors")
    return drawn.getvalue()
