{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_accounts', 'account_key') }}"
) }}

-- Every account that ever ordered, with the unionids it was seen with.
with lines as (
    select
        platform,
        shop_id,
        buyer_key,
        union_key,
        concat_ws(':', platform, shop_id, buyer_key) as account_key
    from {{ ref('int_order_lines') }}
    where buyer_key is not null
)

select
    lines.account_key,
    min(lines.platform) as platform,
    min(lines.shop_id) as shop_id,
    min(lines.buyer_key) as buyer_key,
    case
        when min(lines.platform) = 'generic' then min(lines.buyer_key)
        else 'c_' || left(md5(lines.account_key), 20)
    end as account_id,
    list_sort(list(distinct lines.union_key) filter (where lines.union_key is not null))
        as union_keys
from lines
{{ only_touched('lines', 'int_touched_accounts', 'account_key') }}
group by lines.account_key
