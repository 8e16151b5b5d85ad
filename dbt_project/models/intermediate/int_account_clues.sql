{{ config(
    materialized='incremental',
    incremental_strategy='append',
    pre_hook="{{ forget('int_touched_accounts', 'account_key') }}"
) }}

-- A digest of what an account bought for babies of an age, whichever customer it turns out to be.
select
    purchases.account_key,
    sum(cast(hash(
        purchases.account_key, purchases.month, purchases.product_stage, purchases.months_from,
        purchases.months_to, purchases.edge_months, purchases.lines
    ) as hugeint)) as digest
from {{ ref('int_account_purchases') }} as purchases
{{ only_touched('purchases', 'int_touched_accounts', 'account_key') }}
group by purchases.account_key
