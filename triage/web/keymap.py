"""The keys of the workspace, for the help. The keys themselves stand on the controls (`data-key`); a test compares the two."""

from typing import NamedTuple


class Key(NamedTuple):
    """`keys` as they stand in `data-key`, several apart by a blank."""

    keys: str
    words: str


KEYMAP: tuple[tuple[str, tuple[Key, ...]], ...] = (
    (
        "In the queue",
        (
            Key("j k", "Next, previous ticket"),
            Key("Enter", "Open the ticket"),
            Key("x", "Select the ticket; X selects up to it"),
            Key("b", "Change the selected ones"),
            Key("/", "Search"),
            Key("c", "Create a ticket"),
        ),
    ),
    (
        "In a ticket",
        (
            Key("j k", "Next, previous ticket of the list"),
            Key("u", "Back to the queue"),
            Key("y", "Accept what triage suggests"),
            Key("1 2 3", "Pick an alternative label"),
            Key("l", "Choose another label"),
            Key("p t s", "Set priority, team, status"),
            Key("a m", "Assign; assign to me"),
            Key("h", "Put on hold"),
            Key("e", "Solve, and on to the next"),
            Key("z", "Undo the last change"),
        ),
    ),
    (
        "Replying",
        (
            Key("d", "Draft a reply; again: draft anew"),
            Key("Escape", "Stop the draft"),
            Key("Tab", "In an empty reply: take the draft"),
            Key("r n", "Write a reply, a note"),
            Key("mod+Enter", "Send, or add the note"),
            Key("mod+shift+Enter", "Send and solve"),
        ),
    ),
    ("Everywhere", (Key("mod+k", "Find any action"), Key("?", "This help"))),
)
