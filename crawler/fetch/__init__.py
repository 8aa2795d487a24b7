"""From a candidate to a capture: frontier, robots, guard, wire."""
