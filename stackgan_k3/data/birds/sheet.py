"""A sheet to draw on: SVG elements one after another, rendered by resvg."""

import io

import numpy as np
import resvg_py
from PIL import Image

from stackgan_k3.data.birds.palette import RGB, css


class Sheet:
    """Collects shapes and renders them. The drawing is 256 units wide and high.

    Fills are ``"#rrggbb"``, ``"none"``, or what ``gradient`` and ``glow`` return.
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
        self, d: str, fill: str, *, stroke: str = "", width: float = 1.0, opacity: float = 1.0, ink: float = 1.0
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
        self._defs.append(
            f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" {box}>{_stops(colours)}</linearGradient>'
        )
        return f"url(#{name})"

    def glow(self, colour: RGB, opacity: float) -> str:
        """Defines a fill that fades from its middle to nothing at the edge of the shape."""
        name = f"{self._prefix}{len(self._defs)}"
        stops = "".join(
            f'<stop offset="{at}" stop-color="{css(colour)}" stop-opacity="{opacity * share:.3g}"/>'
            for at, share in ((0, 1.0), (0.5, 0.55), (1, 0.0))
        )
        self._defs.append(f'<radialGradient id="{name}">{stops}</radialGradient>')
        return f"url(#{name})"

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
        f'<stop offset="{number / last:.3g}" stop-color="{css(colour)}"/>' for number, colour in enumerate(colours)
    )
