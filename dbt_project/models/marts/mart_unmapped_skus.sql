-- Sales that no SKU is known for, by what they are worth: link the listing in the ERP, or give it a
-- merchant code, from the top.
with totals as (
    select sum(paid_amount) as paid_amount
    from {{ ref('int_sales_daily') }}
),

unmapped as (
    select
        platform,
        shop_id,
        platform_item_id,
        platform_sku_id,
        sku_id,
        max(merchant_code) as merchant_code,
        bool_or(sku_mapping_step = 'ambiguous') as is_ambiguous,
        count(*) as line_count,
        sum(qty) as qty,
        cast(coalesce(sum(paid_amount), 0) as decimal(18, 2)) as paid_amount,
        min(ds) as first_sold_on,
        max(ds) as last_sold_on
    from {{ ref('int_visible_lines') }}
    where is_demand and sku_mapping_step in ('unmapped', 'ambiguous')
    group by all
)

select
    unmapped.*,
    coalesce(
        cast(unmapped.paid_amount as double) / nullif(cast(totals.paid_amount as double), 0), 0
    ) as paid_share
from unmapped
cross join totals
