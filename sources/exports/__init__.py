"""Readers of files that people export by hand from search and listening tools."""

from sources.exports.mapping import Mapping, fingerprint
from sources.exports.parts import read_in_parts
from sources.exports.proposal import Proposal, ProposedColumn, propose, propose_file
from sources.exports.reader import read_bytes, read_export
from sources.exports.reading import Reading

__all__ = [
    "Mapping",
    "Proposal",
    "ProposedColumn",
    "Reading",
    "fingerprint",
    "propose",
    "propose_file",
    "read_bytes",
    "read_export",
    "read_in_parts",
]
