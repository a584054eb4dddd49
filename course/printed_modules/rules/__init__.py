"""A module on paper as data: what comes after what, in nodes that the template typesets one after another."""
