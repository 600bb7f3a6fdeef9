"""What is wrong with a page for one who looks at it: what axe finds in either theme, and what the screen cuts off."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # heavy; most test runs have no use for it
    from playwright.sync_api import Page

# A page that changes without being loaded anew keeps the checker: to read its half a megabyte takes time, too.
_RUN = """async (rules) => {
  const results = await axe.run({ resultTypes: ["violations"], ...(rules && { runOnly: rules }) });
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}"""
# Which of its rules look at colours: all that a theme changes.
_OF_COLOURS = ["color-contrast", "link-in-text-block"]


def violations(page: Page) -> list[str]:
    """Returns for each the rule's id and the beginning of the element, or how wide the page is."""
    from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]

    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(_RUN)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {told}" for told in page.evaluate(_RUN, _OF_COLOURS)]
    page.emulate_media(color_scheme="light")
    width, screen = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    return found if width <= screen else [*found, f"{width} wide on {screen}"]
