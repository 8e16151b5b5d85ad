{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_accounts', 'account_key') }}"
) }}

-- What one account ordered on one day, gifts along with it. Of the category it keeps that of the
-- costliest line; `largest` compares such lines (fen, then a digest of the line) in 16 bytes, for a
-- day's lines by their names would not fit in memory.
with lines as (
    select
        concat_ws(':', lines.platform, lines.shop_id, lines.buyer_key) as account_key,
        lines.ds,
        hash(lines.order_id) as order_digest,
        lines.is_gift,
        lines.qty,
        lines.gross_amount,
        lines.paid_amount,
        skus.category,
        cast(coalesce(lines.paid_amount, 0) * 100 as hugeint) * 18446744073709551616
            + hash(lines.order_line_id, lines.component_no) as largest
    from {{ ref('int_visible_lines') }} as lines
    {{ only_touched_accounts('lines') }}
    left join {{ ref('int_skus') }} as skus
        on skus.sku_id = lines.sku_id
    where lines.is_demand and lines.buyer_key is not null
)

select
    account_key,
    ds,
    count(distinct order_digest) filter (where not is_gift) as order_count,
    count(*) filter (where not is_gift) as line_count,
    count(*) filter (where not is_gift and paid_amount < 0.95 * gross_amount)
        as discounted_line_count,
    coalesce(sum(qty) filter (where not is_gift), 0) as qty,
    coalesce(sum(qty) filter (where is_gift), 0) as gift_qty,
    cast(coalesce(sum(paid_amount) filter (where not is_gift), 0) as decimal(18, 2)) as paid_amount,
    cast(sum(gross_amount) filter (where not is_gift) as decimal(18, 2)) as gross_amount,
    cast(sum(gross_amount - paid_amount) filter (where not is_gift) as decimal(18, 2))
        as discount_amount,
    arg_max_null(category, largest) filter (where not is_gift) as category,
    max(largest) filter (where not is_gift) as largest
from lines
group by account_key, ds
