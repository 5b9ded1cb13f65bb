"""Scores to measure: by hand, drawn at random, or of two overlapping classes."""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

# Seven clips to work out by hand, in ascending order: a a h a h h h.
LLR = np.array([-3.0, -2.0, -1.0, 0.5, 1.0, 2.0, 3.0])

HUMAN = np.array([False, False, True, False, True, True, True])


@st.composite
def scored(draw, max_size=30):
    """Scores with many ties, and labels of both classes."""
    size = draw(st.integers(2, max_size))
    score = st.one_of(st.integers(-3, 3).map(float), st.floats(-20, 20, width=32))
    llr = np.array(draw(st.lists(score, min_size=size, max_size=size)))
    human = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    assume(human.any() and not human.all())
    return llr, human


def mixture(n=600, *, seed=0, share=0.3, decimals=1):
    """Overlapping scores with ties (rounded), a share of them human."""
    rng = np.random.default_rng(seed)
    human = rng.random(n) < share
    return np.round(rng.normal(np.where(human, 1.0, -1.0), 1.5), decimals), human
