"""What the platforms' dialects have in common: money, moments and records as SQL."""

DAYS = """
    select cast(unnest(range(first_day, last_day + 1, interval 1 day)) as date) as day, bucket_no,
        cast(last_day + 1 as timestamp) as bucket_end
    from buckets
"""
"""Every day of every bucket, with the first moment after the bucket."""


def yuan(cents: str) -> str:
    """Cents as yuan: text with two decimals."""
    return f"cast(({cents}) * 0.01 as varchar)"


def time(moment: str) -> str:
    """A moment as the platforms write it, in Beijing."""
    return f"strftime({moment}, '%Y-%m-%d %H:%M:%S')"


def record(*fields: tuple[str, str]) -> str:
    """A JSON object of names and SQL values, without those that are null."""
    pairs = ", ".join(f"'{name}', {value}" for name, value in fields)
    return f"json_merge_patch('{{}}', json_object({pairs}))"


def orders_of(platform: str) -> str:
    """The orders a platform tells of, with their shop."""
    return f"""
        select orders.*, shops.shop_id
        from orders
        join shops using (shop_no)
        where orders.platform = '{platform}' and not coalesce(erp_only, false)
    """


def known_orders(*moments: str) -> str:
    """Orders of `own` in every bucket of `days` in which one of their `changes` falls.

    `changes` has order_no and changed_at. Those `moments` that lie after the bucket's end are not
    known yet; modified_at is the last change.
    """
    known = ", ".join(f"if({at} < bucket_end, {at}, null) as {at}" for at in moments)
    return f"""
        select own.* replace ({known}), bucket_no, bucket_end, modified_at
        from (
            select order_no, bucket_no, bucket_end, max(changed_at) as modified_at
            from changes
            join days on cast(changes.changed_at as date) = days.day
            group by all
        )
        join own using (order_no)
    """
