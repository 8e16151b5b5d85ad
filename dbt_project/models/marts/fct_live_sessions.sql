-- A session keeps its own start and end; orders are its own by room and moment of payment, not by
-- the day, for sessions run past midnight.
with sales as (
    select
        sessions.session_id,
        count(distinct lines.order_id) as attributed_orders,
        sum(lines.paid_amount) as attributed_amount
    from {{ ref('stg_douyin__live_sessions') }} as sessions
    inner join {{ ref('int_visible_lines') }} as lines
        on lines.room_id = sessions.room_id
        and lines.shop_id = sessions.shop_id
        and lines.platform = sessions.platform
        and lines.paid_at >= sessions.started_at
        and lines.paid_at <= sessions.ended_at
    where lines.is_demand and not lines.is_gift
    group by sessions.session_id
)

select
    sessions.session_id,
    sessions.platform,
    sessions.shop_id,
    sessions.room_id,
    sessions.kol_id,
    sessions.started_at,
    sessions.ended_at,
    {{ beijing_date('sessions.started_at') }} as ds,
    cast(sessions.visitors as double) as visitors,
    cast(sessions.views as double) as views,
    cast(sessions.impressions as double) as impressions,
    cast(sessions.clicks as double) as clicks,
    cast(sessions.new_followers as double) as new_followers,
    cast(sessions.paid_orders as double) as paid_orders,
    cast(sessions.paid_amount as decimal(18, 2)) as paid_amount,
    cast(sessions.spend_amount as decimal(18, 2)) as spend_amount,
    coalesce(sales.attributed_orders, 0) as attributed_orders,
    cast(coalesce(sales.attributed_amount, 0) as decimal(18, 2)) as attributed_amount
from {{ ref('stg_douyin__live_sessions') }} as sessions
left join sales using (session_id)
where sessions.started_at < {{ end_of(as_of()) }}
