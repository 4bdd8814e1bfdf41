"""The bundled example world: a simulated French home energy market that says so, with its planted truth beside it."""

from sources.example.truth import Truth, precision_recall
from sources.example.world import EXAMPLE_SOURCE, Example, make

__all__ = ["EXAMPLE_SOURCE", "Example", "Truth", "make", "precision_recall"]
