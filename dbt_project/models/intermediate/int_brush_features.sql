-- What could betray a brush order (刷单): a row for every paid order with weak signs of one, and for
-- the sample from which the forest learns what is usual. Only what is visible at as_of counts.
{% set sample_orders = 20000 %}
with buyers as (
    select account, count(*) as buyer_orders
    from {{ ref('int_paid_orders') }}
    where account is not null
    group by account
),

-- A lone order: an account that bought one unit of one listing once and never came back.
orders as (
    select
        orders.*,
        coalesce(buyers.buyer_orders, 1) as buyer_orders,
        coalesce(buyers.buyer_orders = 1 and orders.has_one_listing and orders.units = 1, false)
            as is_lone
    from {{ ref('int_paid_orders') }} as orders
    left join buyers using (account)
),

-- An account counts at an address on the day of its first order there; one household shopping
-- again and again is one account.
shared_addresses as (
    select address
    from orders
    where address is not null and account is not null
    group by address
    having min(account) <> max(account)
),

address_orders as (
    select
        orders.order_id,
        orders.address,
        orders.paid_second,
        cast(row_number() over (
            partition by orders.address, orders.account
            order by orders.paid_second, orders.order_id
        ) = 1 as integer) as is_first
    from orders
    semi join shared_addresses using (address)
    where orders.account is not null
),

addresses as (
    select
        order_id,
        sum(is_first) over (
            partition by address
            order by paid_second
            range between 604800 preceding and 604800 following
        ) as address_buyers
    from address_orders
),

bursts as (
    select
        order_id,
        listing,
        paid_second,
        count(*) over (
            partition by listing
            order by paid_second
            range between 120 preceding and 120 following
        ) as lone_within_2_minutes,
        count(*) over (
            partition by listing
            order by paid_second
            range between 7200 preceding and 7200 following
        ) as lone_within_2_hours
    from orders
    where is_lone
    qualify lone_within_2_minutes >= 3
),

-- A flash sale draws regular customers in the same minutes, a crew of one-off accounts does not.
crowds as (
    select bursts.order_id, count(*) as orders_within_2_minutes
    from (
        select
            order_id,
            listing,
            paid_second,
            unnest([paid_second // 240 - 1, paid_second // 240, paid_second // 240 + 1]) as span
        from bursts
    ) as bursts
    inner join orders
        on orders.listing = bursts.listing
        and orders.paid_second // 240 = bursts.span
        and abs(orders.paid_second - bursts.paid_second) <= 120
    group by all
),

-- What others got for the same listing in the same week.
peers as (
    select
        listing,
        date_trunc('week', paid_on) as week,
        units,
        count(*) as peer_orders,
        count(*) filter (where has_gift) as peer_gifts,
        median(price_rate) as peer_price_rate
    from orders
    where has_one_listing
    group by all
),

reviews as (
    {% for platform in var('order_platforms') %}
    select order_id, epoch(min(created_at)) as reviewed_second, min(rating) as rating
    from {{ ref('stg_' ~ platform ~ '__reviews') }}
    where {{ beijing_date('created_at') }} <= {{ as_of() }}
    group by all
    {{ "union all" if not loop.last }}
    {% endfor %}
),

-- The sample goes by the hash of the order's id, so it is the same however the orders came in.
sample as (
    select order_id
    from orders
    order by draw, order_id
    limit {{ sample_orders }}
),

evidence as (
    select
        orders.order_id,
        orders.platform,
        orders.shop,
        orders.seller_flag,
        orders.units,
        orders.paid_hour,
        orders.buyer_orders,
        orders.is_lone,
        cast(greatest(1, coalesce(addresses.address_buyers, 1)) as bigint) as address_buyers,
        case
            when bursts.lone_within_2_minutes >= 0.8 * crowds.orders_within_2_minutes
                then bursts.lone_within_2_minutes
            else 1
        end as burst_orders,
        coalesce(bursts.lone_within_2_hours - bursts.lone_within_2_minutes, 0) / 59
            as usual_burst_orders,
        orders.hours_to_ship,
        orders.hours_to_finish,
        (reviews.reviewed_second - orders.paid_second) / 3600 as hours_to_review,
        reviews.rating,
        case when not orders.has_gift and peers.peer_orders >= 10
            then peers.peer_gifts / peers.peer_orders
            else 0
        end as missed_gift_rate,
        coalesce(orders.price_rate - peers.peer_price_rate, 0) as price_gap
    from orders
    left join addresses using (order_id)
    left join bursts using (order_id)
    left join crowds using (order_id)
    left join reviews using (order_id)
    left join peers
        on peers.listing = orders.listing
        and peers.week = date_trunc('week', orders.paid_on)
        and peers.units = orders.units
        and orders.has_one_listing
),

marked as (
    select
        evidence.*,
        sample.order_id is not null as is_sample,
        cast(is_lone as integer)
        + cast(coalesce(seller_flag is not null, false) as integer)
        + cast(address_buyers >= 3 as integer)
        + cast(burst_orders >= 3 and burst_orders >= 3 * usual_burst_orders as integer)
        + cast(coalesce(hours_to_finish < 48, false) as integer)
        + cast(coalesce(hours_to_review < 72, false) as integer)
        + cast(missed_gift_rate >= 0.6 as integer)
        + cast(abs(price_gap) >= 0.15 as integer)
        + cast(paid_hour < 6 as integer)
        >= 2 as is_candidate
    from evidence
    left join sample using (order_id)
)

select *
from marked
where is_candidate or is_sample
