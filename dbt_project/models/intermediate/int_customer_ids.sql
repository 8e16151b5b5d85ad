{{ config(materialized='view') }}

-- A generic shop's own customer id may stand for accounts of several shops without a tie.
select
    accounts.account_key,
    accounts.platform,
    accounts.shop_id,
    accounts.buyer_key,
    coalesce(identities.customer_id, accounts.account_id) as customer_id,
    identities.customer_id is not null or accounts.platform = 'generic' as is_tied,
    accounts.first_ordered_on,
    accounts.last_ordered_on,
    accounts.order_count,
    accounts.paid_amount
from {{ ref('int_accounts') }} as accounts
left join {{ ref('int_identities') }} as identities
    on identities.node = accounts.account_id
