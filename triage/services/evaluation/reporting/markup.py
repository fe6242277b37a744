"""Blocks as HTML, every text escaped: for the admin page, and for the report in a file, which runs no scripts."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from triage.services.evaluation.reporting.blocks import (
    Block,
    Cell,
    Chapter,
    Explorer,
    Head,
    Note,
    Picture,
    Section,
    Table,
    Tiles,
    Words,
)
from triage.services.evaluation.reporting.drawing import draw

NUMBER = SafeString(' class="pages-number"')
NO_CLASS = SafeString("")
NOTHING = SafeString("")
NOTES = {
    "": "results-text",
    "quiet": "pages-quiet",
    "headline": "results-headline",
    "info": "pages-note pages-note-info",
    "warning": "pages-note pages-note-warning",
}


def write(chapters: Iterable[Chapter], *, is_live: bool) -> SafeString:
    """All chapters. `is_live`: on a page that runs scripts."""
    return joined(_chapter(each, is_live) for each in chapters)


def joined(parts: Iterable[SafeString]) -> SafeString:
    return format_html_join("\n", "{}", ((part,) for part in parts))


def _chapter(chapter: Chapter, is_live: bool) -> SafeString:
    sections = joined(_section(each, is_live) for each in chapter.sections)
    if not chapter.title:
        return sections
    return format_html(
        '<details class="results-chapter"{}><summary><span class="results-title">{}</span></summary>\n{}</details>',
        SafeString(" open") if chapter.is_open else NOTHING,
        chapter.title,
        sections,
    )


def _section(section: Section, is_live: bool) -> SafeString:
    return format_html(
        '<section class="pages-panel results-section" id="{}"><h2>{}</h2>\n{}</section>',
        section.name,
        section.title,
        joined(_block(block, is_live) for block in section.blocks),
    )


def _block(block: Block, is_live: bool) -> SafeString:
    if isinstance(block, Table):
        return _table(block)
    if isinstance(block, Explorer):
        return _explorer(block, is_live)
    if isinstance(block, Note):
        return _note(block)
    if isinstance(block, Picture):
        return draw(block)
    return _tiles(block) if isinstance(block, Tiles) else _words(block)


def _note(note: Note) -> SafeString:
    return format_html('<p class="{}">{}</p>', NOTES[note.kind], note.text)


def _words(words: Words) -> SafeString:
    lines = format_html_join("", "<li>{}</li>", ((line,) for line in words.lines))
    return format_html('<h3>{}</h3><ul class="results-words">{}</ul>', words.title, lines)


def _tiles(block: Tiles) -> SafeString:
    tiles = format_html_join(
        "",
        '<div class="pages-tile"><dt>{}</dt><dd class="pages-figure">{}</dd><dd class="pages-quiet">{}</dd></div>',
        ((tile.title, tile.figure, tile.about) for tile in block.tiles),
    )
    return format_html('<dl class="pages-tiles">{}</dl>', tiles)


def _table(table: Table) -> SafeString:
    rows = joined(_row(row) for row in table.rows) or format_html(
        '<tr><td colspan="{}" class="pages-quiet">{}</td></tr>', len(table.heads), table.empty
    )
    return format_html(
        '<div class="pages-scroll" tabindex="0" role="region" aria-label="{}"><table class="pages-table {}"><thead>'
        "<tr>{}</tr></thead><tbody>{}</tbody></table></div>{}",
        table.title,
        table.kind,
        _heads(table.heads),
        rows,
        _note(Note(table.note, "quiet")) if table.note else NOTHING,
    )


def _heads(heads: Iterable[Head]) -> SafeString:
    return format_html_join(
        "",
        '<th scope="col"{}{}>{}</th>',
        (
            (
                NUMBER if head.is_number else NO_CLASS,
                format_html(' title="{}"', head.about) if head.about else NOTHING,
                head.title,
            )
            for head in heads
        ),
    )


def _row(cells: Iterable[Cell]) -> SafeString:
    first, *others = cells
    rest = joined(format_html("<td{}>{}</td>", _class(cell), _text(cell)) for cell in others)
    return format_html('<tr><th scope="row">{}</th>{}</tr>', _text(first), rest)


def _class(cell: Cell) -> SafeString:
    names = " ".join(filter(None, ("pages-number" if cell.is_number else "", cell.kind)))
    return format_html(' class="{}"', names) if names else NO_CLASS


def _text(cell: Cell) -> SafeString:
    if cell.address:
        return format_html('<a class="pages-link" href="{}">{}</a>', cell.address, cell.text)
    return format_html("{}", cell.text)


def _explorer(explorer: Explorer, is_live: bool) -> SafeString:
    """The slider is shown by the script alone; the table says the same without it."""
    slider = _slider(explorer) if is_live else NOTHING
    heads = format_html_join(
        "", '<th scope="col" class="pages-number">{}</th>', ((title,) for title in explorer.titles)
    )
    return format_html(
        '<div class="thresholds" data-thresholds>{}{}{}<details><summary>All thresholds that were tried</summary>'
        '<div class="pages-scroll" tabindex="0" role="region" aria-label="All thresholds that were tried">'
        '<table class="pages-table"><thead><tr>{}<th scope="col">Proof</th></tr></thead><tbody>{}</tbody></table></div>'
        "</details></div>",
        slider,
        draw(explorer.picture),
        _note(Note(explorer.note, "quiet")),
        heads,
        joined(_stops(explorer)),
    )


def _stops(explorer: Explorer) -> Iterable[SafeString]:
    for stop in explorer.stops:
        figures = format_html_join(
            "", '<td class="pages-number">{}</td>', ((text,) for text in stop.figures)
        )
        yield format_html(
            '<tr class="thresholds-{}" data-stop="{}" data-x="{}" data-y="{}"><th scope="row" class="pages-number">{}</th>'
            "{}<td>{}</td></tr>",
            stop.state,
            stop.state,
            f"{stop.x:.2f}",
            f"{stop.y:.2f}",
            stop.threshold,
            figures,
            stop.words,
        )


def _slider(explorer: Explorer) -> SafeString:
    """Further right is stricter, as a threshold is higher; the stops are from strict to loose."""
    tiles = format_html_join(
        "",
        '<div class="pages-tile"><dt>{}</dt><dd class="pages-figure" data-figure="{}"></dd></div>',
        ((title, place) for place, title in enumerate(explorer.titles[1:])),
    )
    most = len(explorer.stops) - 1
    return format_html(
        '<div data-slider hidden><label for="{0}">Threshold <output for="{0}" data-now></output></label>'
        '<input type="range" id="{0}" min="0" max="{1}" step="1" value="{2}" aria-describedby="{0}-proof">'
        '<p id="{0}-proof" class="thresholds-proof" data-proof></p><dl class="pages-tiles">{3}</dl></div>',
        f"threshold-{explorer.name}",
        most,
        most - explorer.chosen,
        tiles,
    )
