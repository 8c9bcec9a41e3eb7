"""Products of matrices by the thread that asks for them.

From a certain size on, OpenBLAS has threads of its own multiply, and those spin for some 25 ms after each product: on
two cores the encoder waits for one of them. Cut into blocks below that size a product takes as long by the clock and a
twentieth of the processor's time (DESIGN.md, "Encoder").
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

# OpenBLAS multiplies with one thread up to so many multiplications.
ALONE = 1 << 18
# So many columns at once, or the blocks of a long question hold few rows: with 200 columns that takes half as long.
COLUMNS = 64


def product(left: Floats, right: Floats) -> Floats:
    """`left` (n, d) times `right` (d, m): an array (n, m).

    >>> product(np.ones((3, 2), np.float32), np.eye(2, dtype=np.float32)).tolist()
    [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]
    """
    n, d = left.shape
    m = right.shape[1]
    if m > COLUMNS and n > 1:
        cut = [product(left, np.ascontiguousarray(right[:, at : at + COLUMNS])) for at in range(0, m, COLUMNS)]
        return np.concatenate(cut, axis=1)
    rows = max(ALONE // (d * m), 1)
    blocks = n // rows
    result = np.empty((n, m), np.float32)
    if blocks:
        whole = blocks * rows
        np.matmul(left[:whole].reshape(blocks, rows, d), right, out=result[:whole].reshape(blocks, rows, m))
    if n > blocks * rows:
        result[blocks * rows :] = left[blocks * rows :] @ right
    return result
