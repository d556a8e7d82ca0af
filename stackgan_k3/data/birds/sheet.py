"""A sheet to draw on: SVG elements one after another, rendered by resvg."""

import io

import numpy as np
import resvg_py
from PIL import Image

from stackgan_k3.data.birds.palette import RGB, css, mix


class Sheet:
    """Collects shapes and renders them. The drawing is 256 units wide and high.

    Fills are ``"#rrggbb"``, ``"none"``, or what ``gradient`` returns.
    Clips, filters and group opacity are left out on purpose: each costs as much as
    a whole bird.

    Args:
        prefix: What the names of its gradients begin with; another one for a sheet
            that is to be included in this one.

    Example:
        >>> sheet = Sheet()
        >>> sheet.path("M0 0H256V256H0Z", "#ff0000")
        >>> sheet.render(8)[0, 0].tolist()
        [255, 0, 0]
    """

    def __init__(self, prefix: str = "g") -> None:
        self._prefix = prefix
        self._shapes: list[str] = []
        self._defs: list[str] = []

    def path(
        self,
        d: str,
        fill: str,
        *,
        stroke: str = "",
        width: float = 1.0,
        opacity: float = 1.0,
        ink: float = 1.0,
    ) -> None:
        """Adds a shape.

        Args:
            d: SVG path data.
            fill: Its fill.
            stroke: The colour of its edge; none if empty.
            width: Width of the edge.
            opacity: Opacity of the fill.
            ink: Opacity of the edge.
        """
        edge = ""
        if stroke:
            edge = f' stroke="{stroke}" stroke-width="{width:.3g}"'
            edge += f' stroke-opacity="{ink:.3g}"' if ink < 1 else ""
        alpha = f' fill-opacity="{opacity:.3g}"' if opacity < 1 else ""
        self._shapes.append(f'<path d="{d}" fill="{fill}"{alpha}{edge}/>')

    def stroke(self, d: str, colour: str, width: float, opacity: float = 1.0) -> None:
        """Adds a line without fill."""
        self.path(d, "none", stroke=colour, width=width, ink=opacity)

    def ellipse(
        self, x: float, y: float, rx: float, ry: float, fill: str, *, opacity: float = 1.0, tilt: float = 0.0
    ) -> None:
        """Adds an ellipse; ``tilt`` is in degrees, clockwise."""
        turn = f' transform="rotate({tilt:.3g} {x:.4g} {y:.4g})"' if tilt else ""
        alpha = f' fill-opacity="{opacity:.3g}"' if opacity < 1 else ""
        shape = f'cx="{x:.4g}" cy="{y:.4g}" rx="{rx:.4g}" ry="{ry:.4g}"'
        self._shapes.append(f'<ellipse {shape} fill="{fill}"{alpha}{turn}/>')

    def gradient(self, start: tuple[float, float], end: tuple[float, float], *colours: RGB) -> str:
        """Defines a linear gradient of evenly spaced colours and returns it as a fill."""
        name = f"{self._prefix}{len(self._defs)}"
        box = f'x1="{start[0]:.4g}" y1="{start[1]:.4g}" x2="{end[0]:.4g}" y2="{end[1]:.4g}"'
        head = f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" {box}>'
        self._defs.append(f"{head}{_stops(colours)}</linearGradient>")
        return f"url(#{name})"

    def wash(self, top: float, bottom: float, *colours: RGB) -> None:
        """Fills the sheet's width from ``top`` to ``bottom`` with evenly spaced colours.

        Drawn in strips: a gradient over the whole sheet takes three times as long as
        the bird.
        """
        edges = np.linspace(top, bottom, max(int((bottom - top) / 3), 2) + 1)
        self._shapes.append('<g shape-rendering="crispEdges">')
        for upper, lower in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            at = ((upper + lower) / 2 - top) / (bottom - top) * (len(colours) - 1)
            first = min(int(at), len(colours) - 2)
            fill = css(mix(colours[first], colours[first + 1], at - first))
            # Each strip reaches under the next, so that no seam shows.
            self._shapes.append(f'<path d="M0 {upper:.4g}H256V{lower + 2:.4g}H0Z" fill="{fill}"/>')
        self._shapes.append("</g>")

    def glow(self, x: float, y: float, rx: float, ry: float, colour: RGB, opacity: float) -> None:
        """Adds a spot that fades from its middle to nothing at its edge."""
        rings = 9
        share = 1 - (1 - opacity) ** (1 / rings)
        self._shapes.append('<g shape-rendering="crispEdges">')
        for number in range(rings):
            size = ((number + 1) / rings) ** 1.1
            self.ellipse(x, y, rx * size, ry * size, css(colour), opacity=share)
        self._shapes.append("</g>")

    def begin(self, transform: str) -> None:
        """Opens a group with its own coordinates."""
        self._shapes.append(f'<g transform="{transform}" stroke-linejoin="round" stroke-linecap="round">')

    def end(self) -> None:
        """Closes the group."""
        self._shapes.append("</g>")

    def include(self, other: "Sheet") -> None:
        """Adds the shapes of another sheet, whose prefix must be another."""
        self._defs += other._defs
        self._shapes += other._shapes

    def svg(self) -> str:
        """Returns the drawing as an SVG document."""
        head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256" stroke-linecap="round">'
        return f"{head}<defs>{''.join(self._defs)}</defs>{''.join(self._shapes)}</svg>"

    def render(self, size: int) -> np.ndarray:
        """Renders the drawing.

        Args:
            size: Width and height in pixels.

        Returns:
            uint8 ``[size, size, 3]``, RGB.
        """
        png = resvg_py.svg_to_bytes(
            svg_string=self.svg(), width=size, height=size, background="#ffffff", skip_system_fonts=True
        )
        with Image.open(io.BytesIO(png)) as picture:
            return np.asarray(picture.convert("RGB"))


def _stops(colours: tuple[RGB, ...]) -> str:
    last = max(len(colours) - 1, 1)
    return "".join(
        f'<stop offset="{number / last:.3g}" stop-color="{css(colour)}"/>'
        for number, colour in enumerate(colours)
    )
