{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_accounts', 'account_key') }}"
) }}

-- Every account that ever ordered, with the unionids it was seen with and what it bought.
with lines as (
    select
        concat_ws(':', lines.platform, lines.shop_id, lines.buyer_key) as account_key,
        lines.platform,
        lines.shop_id,
        lines.buyer_key,
        lines.union_key
    from {{ ref('int_order_lines') }} as lines
    {{ only_touched_accounts('lines') }}
    where lines.buyer_key is not null
),

accounts as (
    select
        lines.account_key,
        any_value(lines.platform) as platform,
        any_value(lines.shop_id) as shop_id,
        any_value(lines.buyer_key) as buyer_key,
        list_sort(list(distinct lines.union_key) filter (where lines.union_key is not null))
            as union_keys
    from lines
    group by lines.account_key
),

totals as (
    select
        days.account_key,
        min(days.ds) as first_ordered_on,
        max(days.ds) as last_ordered_on,
        cast(sum(days.order_count) as bigint) as order_count,
        cast(sum(days.paid_amount) as decimal(18, 2)) as paid_amount
    from {{ ref('int_account_days') }} as days
    {{ only_touched('days', 'int_touched_accounts', 'account_key') }}
    where days.line_count > 0
    group by days.account_key
)

select
    accounts.*,
    case
        when accounts.platform = 'generic' then accounts.buyer_key
        else 'c_' || left(md5(accounts.account_key), 20)
    end as account_id,
    totals.first_ordered_on,
    totals.last_ordered_on,
    totals.order_count,
    totals.paid_amount
from accounts
left join totals using (account_key)
