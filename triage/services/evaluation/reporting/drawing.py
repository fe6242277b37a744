"""A picture as SVG: drawn by classes alone, so that each page's own colours hold."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from triage.services.evaluation.reporting.blocks import Line, Picture, Point
from triage.services.evaluation.reporting.pictures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH

POINT_RADIUS = 4


def draw(picture: Picture) -> SafeString:
    """It names itself and says in words what it shows."""
    return format_html(
        '<figure><figcaption class="results-caption">{0}</figcaption>'
        '<div class="pages-scroll" tabindex="0" role="region" aria-label="Picture: {0}">'
        '<svg class="results-picture" viewBox="0 0 {1} {2}" role="img" aria-label="{0}. {3}">{4}{5}{6}{7}</svg></div></figure>',
        picture.title,
        WIDTH,
        HEIGHT,
        picture.text,
        _axes(picture),
        _lines(picture.lines),
        _points(picture.points),
        format_html('<circle class="results-marker" r="{}" data-marker hidden></circle>', 6),
    )


def _axes(picture: Picture) -> SafeString:
    ups = format_html_join(
        "",
        '<line class="pages-grid" x1="{}" x2="{}" y1="{}" y2="{}"></line>'
        '<text class="pages-axis pages-axis-cost" x="{}" y="{}">{}</text>',
        (
            (LEFT, WIDTH - RIGHT, _n(mark.at), _n(mark.at), LEFT - 8, _n(mark.at), mark.text)
            for mark in picture.marks_up
        ),
    )
    along = format_html_join(
        "",
        '<text class="pages-axis pages-axis-date" x="{}" y="{}">{}</text>',
        ((_n(mark.at), HEIGHT - BOTTOM + 18, mark.text) for mark in picture.marks_across),
    )
    middle = (LEFT + WIDTH - RIGHT) // 2
    names = format_html(
        '<text class="pages-axis pages-axis-date" x="{}" y="{}">{}</text><text class="pages-axis" x="{}" y="{}">{}</text>',
        middle,
        HEIGHT - 8,
        picture.across,
        LEFT,
        TOP - 5,
        picture.up,
    )
    return format_html("{}{}{}", ups, along, names)


def _lines(lines: Iterable[Line]) -> SafeString:
    return format_html_join(
        "",
        '<polyline class="results-line results-{}" points="{}"></polyline>',
        ((line.kind, " ".join(f"{_n(x)},{_n(y)}" for x, y in line.places)) for line in lines),
    )


def _points(points: Iterable[Point]) -> SafeString:
    return format_html_join(
        "",
        '<line class="results-whisker" x1="{0}" x2="{0}" y1="{1}" y2="{2}"></line>'
        '<circle class="results-point" cx="{0}" cy="{3}" r="{4}"><title>{5}</title></circle>',
        ((_n(p.x), _n(p.low), _n(p.high), _n(p.y), POINT_RADIUS, p.text) for p in points),
    )


def _n(number: float) -> str:
    """Never with a decimal comma, whatever the language."""
    return f"{number:.2f}"
