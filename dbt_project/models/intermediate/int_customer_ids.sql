{{ config(materialized='view') }}

select
    accounts.account_key,
    accounts.platform,
    accounts.shop_id,
    accounts.buyer_key,
    coalesce(identities.customer_id, accounts.account_id) as customer_id
from {{ ref('int_accounts') }} as accounts
left join {{ ref('int_identities') }} as identities
    on identities.node = accounts.account_id
