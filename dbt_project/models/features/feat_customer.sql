-- Each slice sees purchases with ds <= its as_of, and of refunds those made by then.
-- Slice by slice: a median keeps all values of all its groups in memory.
with slices as (
    select as_of, row_number() over (order by as_of) as slice_no
    from {{ ref('int_slices') }}
),

{% for number in range(var('customer_slices')) %}
habits_{{ number }} as (
    select
        slices.as_of,
        days.customer_id,
        min(days.ds) as first_on,
        max(days.ds) as last_on,
        count(*) as frequency,
        sum(days.order_count) as orders,
        coalesce(sum(days.order_count) filter (where days.ds > slices.as_of - 30), 0) as orders_30d,
        coalesce(sum(days.order_count) filter (where days.ds > slices.as_of - 90), 0) as orders_90d,
        sum(days.paid_amount) as paid,
        coalesce(sum(days.paid_amount) filter (where days.ds > slices.as_of - 30), 0) as paid_30d,
        coalesce(sum(days.paid_amount) filter (where days.ds > slices.as_of - 90), 0) as paid_90d,
        sum(days.discounted_line_count) / sum(days.line_count) as discount_share,
        coalesce(
            sum(days.gift_qty) / nullif(sum(days.qty + days.gift_qty), 0), 0
        ) as gift_share,
        count(days.gap_days) as gaps,
        median(days.gap_days) as median_gap_days,
        sum(days.gap_days) as gap_sum,
        sum(days.gap_days * days.gap_days) as gap_square_sum
    from slices
    inner join {{ ref('int_customer_days') }} as days
        on days.ds <= slices.as_of
    where slices.slice_no = {{ number + 1 }}
    group by all
),
{% endfor %}

habits as (
    {% for number in range(var('customer_slices')) %}
    select * from habits_{{ number }}
    {{ "union all" if not loop.last }}
    {% endfor %}
),

refunds as (
    select
        slices.as_of,
        customers.customer_id,
        sum(refunds.refund_amount) as refunded,
        coalesce(
            sum(refunds.refund_amount) filter (where refunds.ordered_on > slices.as_of - 30), 0
        ) as refunded_30d,
        coalesce(
            sum(refunds.refund_amount) filter (where refunds.ordered_on > slices.as_of - 90), 0
        ) as refunded_90d
    from slices
    inner join {{ ref('fct_refunds') }} as refunds
        on refunds.refunded_on <= slices.as_of
        and refunds.ordered_on <= slices.as_of
    inner join {{ ref('int_customer_ids') }} as customers
        on customers.platform = refunds.platform
        and customers.shop_id = refunds.shop_id
        and customers.buyer_key = refunds.buyer_key
    where refunds.is_of_demand
    group by all
),

firsts as (
    select customer_id, 'category' as kind, category as value, min(ds) as first_on
    from {{ ref('int_customer_lines') }}
    where category is not null
    group by all
    union all
    select customer_id, 'brand' as kind, brand_id as value, min(ds) as first_on
    from {{ ref('int_customer_lines') }}
    where brand_id is not null
    group by all
),

breadth as (
    select
        slices.as_of,
        firsts.customer_id,
        count(*) filter (where firsts.kind = 'category') as category_count,
        count(*) filter (where firsts.kind = 'brand') as brand_count
    from slices
    inner join firsts
        on firsts.first_on <= slices.as_of
    group by all
),

joined as (
    select
        habits.*,
        habits.as_of - habits.last_on as recency_days,
        coalesce(breadth.category_count, 0) as category_count,
        coalesce(breadth.brand_count, 0) as brand_count,
        coalesce(refunds.refunded, 0) as refunded,
        coalesce(refunds.refunded_30d, 0) as refunded_30d,
        coalesce(refunds.refunded_90d, 0) as refunded_90d,
        last_day.platform,
        last_day.category as last_category,
        coalesce(of_category.gap_days, of_all.gap_days) as usual_gap_days
    from habits
    inner join {{ ref('int_customer_days') }} as last_day
        on last_day.customer_id = habits.customer_id
        and last_day.ds = habits.last_on
    inner join {{ ref('int_expected_gaps') }} as of_all
        on of_all.as_of = habits.as_of
        and of_all.category is null
    left join {{ ref('int_expected_gaps') }} as of_category
        on of_category.as_of = habits.as_of
        and of_category.category = last_day.category
    left join refunds
        on refunds.as_of = habits.as_of
        and refunds.customer_id = habits.customer_id
    left join breadth
        on breadth.as_of = habits.as_of
        and breadth.customer_id = habits.customer_id
),

-- Three gaps of their own speak for a customer; with fewer, what is usual after the category
-- last bought fills the missing votes. A week is the shortest rhythm believed, half a year the longest.
paced as (
    select
        *,
        greatest(7, least(180, (
            least(gaps, 3) * coalesce(median_gap_days, 0)
            + (3 - least(gaps, 3)) * usual_gap_days
        ) / 3)) as expected_gap_days
    from joined
)

select
    customer_id,
    as_of,
    cast(recency_days as double) as recency_days,
    cast(as_of - first_on as double) as tenure_days,
    cast(frequency as double) as frequency,
    cast(paid - refunded as double) as monetary_amount,
    coalesce(gap_sum / nullif(gaps, 0), expected_gap_days) as mean_gap_days,
    case
        when gaps >= 2
            then sqrt(greatest(0, gap_square_sum - gap_sum * gap_sum / gaps) / (gaps - 1))
        else 0
    end as sd_gap_days,
    recency_days / expected_gap_days as recency_over_gap,
    expected_gap_days,
    cast(orders_30d as double) as orders_30d,
    cast(orders_90d as double) as orders_90d,
    cast(paid_30d - refunded_30d as double) as amount_30d,
    cast(paid_90d - refunded_90d as double) as amount_90d,
    cast(paid as double) / orders as mean_order_amount,
    cast(category_count as double) as category_count,
    cast(brand_count as double) as brand_count,
    discount_share,
    cast(least(1, coalesce(cast(refunded as double) / nullif(cast(paid as double), 0), 0)) as double)
        as refund_rate,
    gift_share,
    platform,
    last_category,
    recency_days <= 2 * expected_gap_days as is_reachable
from paced
