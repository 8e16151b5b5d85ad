"""What a platform knows of its orders and refunds at a bucket's end, as SQL over the truth."""

from orchestration.sandbox.dialects.text import DAYS, orders_of

_MOMENTS = ("deposit_at", "paid_at", "shipped_at", "finished_at", "closed_at")
_KNOWN = ", ".join(f"if({moment} < bucket_end, {moment}, null) as {moment}" for moment in _MOMENTS)
_ORDERS = f"""
    select own.* replace ({_KNOWN}), bucket_no, bucket_end, modified_at
    from (
        select order_no, bucket_no, bucket_end, max(moment) as modified_at
        from (
            select order_no, unnest([created_at, {", ".join(_MOMENTS)}]) as moment
            from own
            union all
            select order_no, unnest([created_at, approved_at, success_at, closed_at])
            from refunds semi join own using (order_no)
        )
        join days on cast(moment as date) = days.day
        group by all
    )
    join own using (order_no)
"""
_REFUNDS = """
    select told.*, bucket_no, bucket_end, modified_at,
        case
            when success_at < bucket_end then 'success'
            when closed_at < bucket_end then status
            when approved_at < bucket_end then 'approved'
            else 'requested'
        end as state
    from (
        select refund_no, bucket_no, bucket_end, max(moment) as modified_at
        from (
            select refund_no, unnest([created_at, approved_at, success_at, closed_at]) as moment
            from told
        )
        join days on cast(moment as date) = days.day
        group by all
    )
    join told using (refund_no)
"""


def order_states(platform: str) -> str:
    """CTEs `days`, `own` (the platform's orders) and `states`.

    `states` has a row per order and bucket in which something happened to the order or its
    refunds, with bucket_no, bucket_end, modified_at (the last thing that happened) and the moments
    that lay before bucket_end.
    """
    return f"days as ({DAYS}),\nown as ({orders_of(platform)}),\nstates as ({_ORDERS})"


def refund_states(platform: str, told: str) -> str:
    """CTEs `days`, `own`, `told` and `states`; `told` is SQL over refunds, own and other tables.

    `states` has a row per refund and bucket in which something happened to it, with `state`:
    requested, approved, success, closed or refused.
    """
    own = orders_of(platform)
    return f"days as ({DAYS}),\nown as ({own}),\ntold as ({told}),\nstates as ({_REFUNDS})"


LINE_REFUNDS = """
    select order_no, line_no, bucket_no,
        max_by(
            case
                when success_at < bucket_end then 'success'
                when refunds.closed_at < bucket_end then refunds.status
                else 'requested'
            end,
            refunds.created_at
        ) as refund_state,
        coalesce(sum(success_cents) filter (success_at < bucket_end), 0)::bigint as refunded_cents
    from refunds
    join (select order_no, bucket_no, bucket_end from states) using (order_no)
    where refunds.created_at < bucket_end
    group by all
"""
"""Of every line in `states` that a refund was asked for: where the last one stands, and what all
of them paid back."""
