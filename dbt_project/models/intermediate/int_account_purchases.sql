{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_accounts', 'account_key') }}"
) }}

-- What an account bought for babies of an age, by month. Gifts are what the shop chose, and brush
-- orders are nobody's need: neither is among the lines.
select
    concat_ws(':', lines.platform, lines.shop_id, lines.buyer_key) as account_key,
    year(lines.ds) * 12 + month(lines.ds) - 1 as month,
    stages.product_stage,
    stages.months_from,
    stages.months_to,
    stages.edge_months,
    count(*) as lines
from {{ ref('int_visible_lines') }} as lines
{{ only_touched_accounts('lines') }}
inner join {{ ref('int_consumption_stages') }} as stages
    on stages.sku_id = lines.sku_id
where lines.is_demand
    and not lines.is_gift
    and lines.buyer_key is not null
group by all
