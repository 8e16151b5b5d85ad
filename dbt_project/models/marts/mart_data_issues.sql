-- What the tables could not make right, counted, with the money in question.
with lines as (
    select
        lines.platform,
        lines.shop_id,
        lines.ds is not null and lines.paid_amount is null as no_paid_amount,
        lines.ds is not null and lines.is_demand and lines.sku_mapping_step = 'unmapped'
            as sku_unmapped,
        lines.ds is not null and lines.is_demand and lines.sku_mapping_step = 'ambiguous'
            as sku_ambiguous,
        lines.paid_at < lines.created_at as paid_before_ordered,
        lines.lifecycle = 'refunded' and lines.paid_amount > 0 and lines.refund_amount = 0
            as refunded_without_refund,
        lines.is_demand and not lines.is_gift and lines.paid_amount <> 0 and lines.component_no = 0
            and lines.paid_amount / nullif(lines.qty, 0)
                not between 0.05 * skus.list_price_amount and 3 * skus.list_price_amount
            as price_out_of_band,
        coalesce(lines.paid_amount, lines.gross_amount, 0) as amount
    from {{ ref('int_visible_lines') }} as lines
    left join {{ ref('int_skus') }} as skus
        on skus.sku_id = lines.sku_id
),

{% set line_issues = ['no_paid_amount', 'sku_unmapped', 'sku_ambiguous', 'paid_before_ordered',
    'refunded_without_refund', 'price_out_of_band'] %}
counted_lines as (
    select
        platform,
        shop_id,
        {%- for issue in line_issues %}
        {'count': count(*) filter (where {{ issue }}),
         'amount': sum(amount) filter (where {{ issue }})} as {{ issue }}{{ "," if not loop.last }}
        {%- endfor %}
    from lines
    group by platform, shop_id
),

refunds as (
    select
        platform,
        shop_id,
        case
            when order_line_id is null then 'refund_without_order'
            when status = 'success' and success_amount is null
                and type not in ('exchange', 'reship', 'repair')
                then 'refund_amount_unknown'
            -- a deposit that is paid back before the balance was never counted as paid
            when success_amount > refund_amount
                and order_line_id not in (
                    select order_line_id from {{ ref('fct_deposits') }} where state = 'cancelled'
                )
                then 'refund_above_payment'
        end as issue,
        coalesce(success_amount, requested_amount, 0) - coalesce(refund_amount, 0) as amount
    from {{ ref('fct_refunds') }}
),

issues as (
    {% for issue in line_issues %}
    select
        '{{ issue }}' as issue, platform, shop_id,
        {{ issue }}.count as record_count, {{ issue }}.amount as amount
    from counted_lines
    union all
    {% endfor %}
    select issue, platform, shop_id, count(*) as record_count, sum(amount) as amount
    from refunds
    where issue is not null
    group by all
    union all
    -- a platform's order number is of one shop only: another shop's file lies in a folder, and what
    -- it sold counts twice
    select
        'order_in_two_shops' as issue, platform, cast(null as varchar) as shop_id,
        count(*) as record_count, sum(amount) as amount
    from (
        select platform, sum(amount) - max(amount) as amount
        from (
            select platform, shop_id, platform_order_id, sum(coalesce(paid_amount, 0)) as amount
            from {{ ref('int_visible_lines') }}
            where platform in ('{{ var("order_platforms") | join("', '") }}')
            group by all
        )
        group by platform, platform_order_id
        having count(*) > 1
    )
    group by platform
    union all
    -- bundles that nothing says what is in
    select
        'bundle_without_parts' as issue, 'jushuitan' as platform, cast(null as varchar) as shop_id,
        count(*) as record_count, null as amount
    from {{ ref('int_skus') }}
    where is_bundle
        and sku_id not in (select bundle_code from {{ ref('int_bundle_parts') }})
    union all
    -- bundles that hold themselves, or bundles in bundles without end
    select
        'bundle_in_itself' as issue, 'jushuitan' as platform, cast(null as varchar) as shop_id,
        count(distinct bundle_code) as record_count, null as amount
    from {{ ref('int_bundle_parts') }}
    where is_endless
    union all
    -- SKUs of which an ERP account with several warehouses last told only how much there is of them
    -- in all: by warehouse it is a guess
    select
        'stock_total_only' as issue, source as platform, shop_id,
        count(distinct sku_id) as record_count, null as amount
    from (
        select *
        from {{ ref('int_stock') }}
        qualify row_number() over (
            partition by sku_id, warehouse_id order by snapshot_date desc
        ) = 1
    )
    where placement in ('shared', 'main')
    group by source, shop_id
)

select
    issue,
    platform,
    shop_id,
    cast(record_count as bigint) as record_count,
    cast(coalesce(amount, 0) as decimal(18, 2)) as amount
from issues
where record_count > 0
