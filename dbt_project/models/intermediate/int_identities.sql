-- Who stands behind several accounts. Accounts of different shops are one customer only where the
-- same WeChat unionid or the same brand member ties them; everything else stays within its shop. A
-- customer goes by the smallest of its accounts' names, so the order in which ties are found
-- decides nothing. Only what is tied to something is here.
with recursive links as (
    select account_id as node, 'union ' || unnest(union_keys) as bond
    from {{ ref('int_accounts') }}
    where union_keys is not null
    union
    select account_id as node, 'taobao ' || buyer_key as bond
    from {{ ref('int_accounts') }}
    where platform = 'taobao'
        and buyer_key in (select tb_key from {{ ref('stg_crm__members') }})
    union
    select 'member ' || member_key as node, 'union ' || union_key as bond
    from {{ ref('stg_crm__members') }}
    where union_key is not null
    union
    select 'member ' || member_key as node, 'taobao ' || tb_key as bond
    from {{ ref('stg_crm__members') }}
    where tb_key is not null
),

-- a bond that only one node has ties nothing together
ties as (
    select node, bond
    from links
    qualify count(*) over (partition by bond) > 1
),

edges as (
    select node as one, bond as other from ties
    union all
    select bond as one, node as other from ties
),

-- the smallest account name spreads along the ties until nothing changes; a member's own name
-- comes after all of them
labels (node, label) using key (node) as (
    select node, min(if(starts_with(node, 'member '), '~' || node, node)) as label
    from ties
    group by node
    union
    select edges.other as node, min(labels.label) as label
    from labels
    inner join edges
        on edges.one = labels.node
    left join recurring.labels as known
        on known.node = edges.other
    where known.label is null or labels.label < known.label
    group by edges.other
)

select labels.node, labels.label as customer_id
from labels
semi join ties
    on ties.node = labels.node
where not starts_with(labels.label, '~')
