"""Training sets: signals that may train -> scrubbed, deduplicated, split, checked, told of.

    signals ── terms ── scrub ── leaks ── duplicates ── contradictions ── split ── card
                                                                            └── formats/

`building` walks the steps and may be broken off anywhere; each step is a pure module of its own.
"""
