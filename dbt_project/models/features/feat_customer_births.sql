-- What told of a birth, from the day on which it did: an entry in the CRM, or a purchase of
-- something used at a certain age. The birth lies between two months, or up to edge_months beyond.
with told as (
    select
        members.known_on as ds,
        customers.customer_id,
        date_trunc('month', coalesce(members.born_on, members.due_on)) as born
    from {{ ref('stg_crm__members') }} as members
    inner join {{ ref('int_customer_members') }} as customers using (member_key)
    where members.born_on is not null or members.due_on is not null
),

bought as (
    select
        lines.customer_id,
        lines.ds,
        to_months(cast(ages.months_to as integer)) as oldest,
        to_months(cast(ages.months_from as integer)) as youngest,
        max(ages.edge_months) as edge_months
    from {{ ref('int_customer_lines') }} as lines
    inner join {{ ref('int_consumption_stages') }} as ages using (sku_id)
    group by all
)

select
    customer_id,
    ds,
    'crm' as source,
    cast(born as date) as earliest_birth_on,
    cast(born as date) as latest_birth_on,
    cast(0 as bigint) as edge_months
from told
group by all
union all
select
    customer_id,
    ds,
    'purchase' as source,
    cast(date_trunc('month', ds) - oldest as date) as earliest_birth_on,
    cast(date_trunc('month', ds) - youngest as date) as latest_birth_on,
    cast(edge_months as bigint) as edge_months
from bought
