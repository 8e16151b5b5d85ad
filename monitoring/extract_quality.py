"""Is an extract sound enough to derive a plan from? Broken rows and files against a limit."""

from monitoring.verdict import Verdict

FLOOR_ROWS = 50  # fewer broken rows are typing errors, not a changed format


def broken_share(
    *,
    rows: int,
    broken: int,
    newest_rows: int,
    newest_broken: int,
    files: int,
    files_unreadable: int,
    limit: float,
) -> Verdict:
    """Verdict "broken_share_below_limit" on all that landed for one dataset.

    Red when more than `limit` (a share) of all rows, or of the rows of the newest day, went to
    quarantine and these are at least 50 rows, or when not one file could be read. The newest day
    is judged by itself because a format that changed today drowns in two years of good rows.
    """
    share, newest = broken / max(rows, 1), newest_broken / max(newest_rows, 1)
    problems = [
        f"{count:,} of {total:,} rows {when} are broken ({count / total:.1%}, limit {limit:.0%})"
        for count, total, when in (
            (broken, rows, "in all"),
            (newest_broken, newest_rows, "of the newest day"),
        )
        if count >= FLOOR_ROWS and count > limit * total
    ]
    if files and files_unreadable == files:
        problems.append(f"none of the {files} files can be read")
    told = f"{share:.2%} of all rows and {newest:.2%} of the newest day's are broken"
    return Verdict(
        "broken_share_below_limit",
        not problems,
        "; ".join(problems) or f"{told} (limit {limit:.0%})",
        {"broken_share": share, "newest_broken_share": newest, "limit": limit},
    )
