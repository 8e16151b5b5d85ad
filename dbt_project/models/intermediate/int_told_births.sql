-- The babies the CRM tells of, as far as known at as_of: the month each was or will be born, counted
-- from year 0. A birthday is certain, a due date nearly.
with accounts as (
    select customer_id, buyer_key, null as union_key
    from {{ ref('int_customer_ids') }}
    where platform = 'taobao'
    union all
    select
        coalesce(identities.customer_id, accounts.account_id) as customer_id,
        null as buyer_key,
        unnest(accounts.union_keys) as union_key
    from {{ ref('int_accounts') }} as accounts
    left join {{ ref('int_identities') }} as identities
        on identities.node = accounts.account_id
),

members as (
    select accounts.customer_id, members.born_on, members.due_on
    from {{ ref('stg_crm__members') }} as members
    inner join accounts
        on accounts.buyer_key = members.tb_key
    union
    select accounts.customer_id, members.born_on, members.due_on
    from {{ ref('stg_crm__members') }} as members
    inner join accounts
        on accounts.union_key = members.union_key
)

select
    customer_id,
    year(born_on) * 12 + month(born_on) - 1 as birth_month,
    1.0 as confidence
from members
where born_on <= {{ as_of() }}
union all
select
    customer_id,
    year(due_on) * 12 + month(due_on) - 1 as birth_month,
    0.9 as confidence
from members
where born_on is null and due_on <= {{ as_of() }} + 300
