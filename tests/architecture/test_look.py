"""The look: colours that everybody can read, and templates that keep the strict content policy."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from app.scheduling.rules import AppointmentStatus

ROOT = Path(__file__).resolve().parents[2]
CSS = ROOT / "app/static/css"
TEMPLATES = sorted(
    [*(ROOT / "app/templates").rglob("*.html"), *(ROOT / "portal/templates").rglob("*.html")]
)
MESSAGES = ("ok", "info", "warn", "bad")
READABLE = 4.5  # WCAG 2.2, 1.4.3, for text of ordinary size
VISIBLE = 3.0  # WCAG 2.2, 1.4.11, for the border of a control


def tokens(sheet: str) -> dict[str, str]:
    """The hexadecimal colours of tokens.css, and of dark.css where it says otherwise."""
    found: dict[str, str] = {}
    for name in ("tokens.css", "dark.css") if sheet == "dark" else ("tokens.css",):
        text = (CSS / name).read_text(encoding="utf-8")
        found |= dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", text))
    return found


def channels(colour: str) -> tuple[float, float, float]:
    """Red, green and blue from 0 to 255, of #rrggbb or rgb(r g b)."""
    if colour.startswith("#"):
        return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))  # type: ignore[return-value]
    return tuple(float(part) for part in re.findall(r"[\d.]+", colour))  # type: ignore[return-value]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG defines it."""
    linear = [
        c / 12.92 if (c := part / 255) <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for part in channels(colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast ratio, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("state", list(AppointmentStatus))
def test_every_state_is_readable_on_its_badge(theme: str, state: str) -> None:
    colours = tokens(theme)

    ratio = contrast(colours[f"st-{state}"], colours[f"st-{state}-bg"])

    assert ratio >= READABLE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", MESSAGES)
def test_every_message_is_readable(theme: str, kind: str) -> None:
    colours = tokens(theme)

    ratio = contrast(colours[f"c-{kind}"], colours[f"c-{kind}-bg"])

    assert ratio >= READABLE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["c-bg", "c-surface", "c-raised", "c-sunken", "c-hover"])
def test_text_is_readable_on_every_surface(theme: str, ground: str) -> None:
    colours = tokens(theme)

    ratios = [contrast(colours[ink], colours[ground]) for ink in ("c-text", "c-muted", "c-bad")]

    assert min(ratios) >= READABLE


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_border_of_a_field_and_the_focus_ring_can_be_seen(theme: str) -> None:
    colours = tokens(theme)

    ratios = [contrast(colours[n], colours["c-surface"]) for n in ("c-line-strong", "c-focus")]

    assert min(ratios) >= VISIBLE


@pytest.mark.parametrize(
    "brand", ["#14532d", "#ffd500", "#000000", "#ffffff", "#7b1113", "#2f6fde", "#808080"]
)
def test_any_colour_of_an_institution_stays_readable(brand: str) -> None:
    template = Environment(
        loader=FileSystemLoader(ROOT / "app/templates"), autoescape=True
    ).get_template("clinic/brand.html")

    text = str(template.module.css_variables(brand, "#b45309"))  # type: ignore[attr-defined]

    own = dict(re.findall(r"--([\w-]+):\s*([^;}]+)", text))
    dark = tokens("dark")
    assert own["brand"] == brand
    assert contrast(own["brand-ink"], own["brand"]) >= READABLE
    assert contrast(own["brand-text"], "#f4f6f7") >= READABLE
    assert contrast(own["brand-dark"], dark["c-raised"]) >= READABLE
    assert contrast(own["brand-dark-ink"], own["brand-dark"]) >= READABLE


def test_a_colour_that_is_none_falls_back_to_ours() -> None:
    template = Environment(
        loader=FileSystemLoader(ROOT / "app/templates"), autoescape=True
    ).get_template("clinic/brand.html")

    text = str(template.module.css_variables("red;}</style>", None))  # type: ignore[attr-defined]

    assert "--brand:#0f6b43" in text
    assert "</style>" not in text


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_keeps_the_content_policy(path: Path) -> None:
    if "mail" in path.parts:
        return  # a letter is read outside our pages; mail programs know inline style only
    if "-pdf-frame-content" in path.read_text(encoding="utf-8"):
        return  # drawn as PDF (app/infra/pdf.py), never sent to a browser

    text = re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)

    scripts = re.findall(r"<script(?![^>]*application/json)[^>]*>", text)
    assert not re.findall(r"<[a-z][^>]*\son[a-z]+\s*=", text), "an inline handler"
    assert not re.findall(r"<[a-z][^>]*\sstyle\s*=", text), "an inline style"
    assert all("nonce=" in script for script in scripts), "a script without a nonce"
    assert all("nonce=" in style for style in re.findall(r"<style[^>]*>", text))
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", ""), (
        "something from another host"
    )
    assert not re.search(r"(src|href)=\"https:", text), "something from another host"


def test_every_icon_that_a_template_names_exists() -> None:
    drawn = set(
        re.findall(r'<symbol id="([\w-]+)"', (ROOT / "app/static/img/icons.svg").read_text())
    )

    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r"\bicon\(\"([\w-]+)\"", path.read_text(encoding="utf-8"))
    }

    assert named
    assert named <= drawn
