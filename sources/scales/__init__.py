"""Answers that share cells, each printed on a scale of its own: y = c x + noise, one c an answer, one x a cell.

`answers` reads the table, `rounding` knows what printing whole numbers does, `fit` finds c and x, `errors` how well they
are known, `draws` which answers share one sample, `bounds` what rounding alone makes certain, `place` puts it together for
terms; `series` does the same for one term over overlapping windows and coarser answers.
"""
