-- Money that comes weeks before the sale. A deposit the buyer forfeits is revenue without units.
select
    order_line_id,
    component_no,
    order_id,
    platform,
    shop_id,
    sku_id,
    warehouse_id,
    {{ beijing_date('deposit_paid_at') }} as deposit_on,
    qty,
    coalesce(deposit_amount, 0) as deposit_amount,
    balance_amount,
    ds as balance_on,
    case
        when is_forfeited and closed_at is not null then 'forfeited'
        when ds is not null then 'converted'
        when lifecycle = 'cancelled' then 'cancelled'
        else 'open'
    end as state,
    case when is_forfeited then {{ beijing_date('closed_at') }} end as forfeited_on,
    cast(case when is_forfeited and closed_at is not null then coalesce(deposit_amount, 0) else 0 end
        as decimal(18, 2)) as forfeited_amount
from {{ ref('int_visible_lines') }}
where deposit_paid_at is not null and not is_gift
