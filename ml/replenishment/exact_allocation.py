"""The same allocation by a solver: how much the list from the top gives away."""

import numpy as np

from ml.replenishment.allocation import Allocation, Limits, Offers


def best_value(
    allocation: Allocation,
    offers: Offers,
    limits: Limits,
    *,
    seconds: float = 60.0,
    gap: float = 1e-4,
) -> float:
    """An upper bound on the value any choice among the same blocks can reach, by HiGHS.

    Whole packs of each block; MOQ packs come together or not at all, and before the others of
    their row. The bound is the solver's dual bound, within `gap` of the optimum unless `seconds`
    ran out first. Needs the package highspy; raises RuntimeError if the solver gives no bound.
    """
    import highspy

    blocks = allocation.blocks
    n = len(blocks.row)
    if n == 0:
        return 0.0
    is_first = np.r_[True, np.diff(blocks.row) != 0]
    # a first block of MOQ size is all or nothing; unit "one block", all others "one pack"
    whole = is_first & (blocks.together > 1)
    packs = np.where(whole, 1.0, blocks.packs)
    scale = blocks.packs / packs
    first_of_row = np.maximum.accumulate(np.where(is_first, np.arange(n), 0))
    rows, columns, weights, upper = [], [], [], []

    def add(row_of, columns_of, weight, most):
        rows.append(row_of + len(upper))
        columns.append(columns_of)
        weights.append(weight)
        upper.extend(most)

    everything = np.arange(n)
    if np.isfinite(limits.budget):
        add(np.zeros(n, dtype=int), everything, blocks.cost * scale, [limits.budget])
    for caps, group, use in (
        (limits.supplier_units, offers.supplier, blocks.units),
        (limits.warehouse_room, offers.warehouse, blocks.room),
    ):
        if caps is not None:
            add(group[blocks.row], everything, use * scale, list(caps))
    later = np.flatnonzero(~is_first & whole[first_of_row])
    if len(later):
        link = np.arange(len(later))
        add(
            np.r_[link, link],
            np.r_[later, first_of_row[later]],
            np.r_[np.ones(len(later)), -packs[later]],
            [0.0] * len(later),
        )
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = n, len(upper)
    model.col_cost_ = -blocks.value / packs
    model.col_lower_, model.col_upper_ = np.zeros(n), packs
    model.row_lower_ = np.full(len(upper), -highspy.kHighsInf)
    model.row_upper_ = np.array(upper, dtype=float)
    from scipy.sparse import csc_array

    matrix = csc_array(
        (np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))),
        shape=(len(upper), n),
    )
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_, model.a_matrix_.index_ = matrix.indptr, matrix.indices
    model.a_matrix_.value_ = matrix.data
    model.integrality_ = [highspy.HighsVarType.kInteger] * n
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("mip_rel_gap", gap)
    solver.passModel(model)
    solver.run()
    bound = solver.getInfo().mip_dual_bound
    if not np.isfinite(bound):
        raise RuntimeError(f"no bound: {solver.modelStatusToString(solver.getModelStatus())}")
    return float(-bound)
