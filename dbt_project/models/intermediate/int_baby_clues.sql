{{ config(
    materialized='incremental', incremental_strategy='delete+insert', unique_key='customer_id'
) }}

-- A digest of everything that tells of a customer's babies. Where it changes, for whatever reason,
-- they are inferred again. `changed_at_build` says since which build it has been so, so that a run
-- that failed half-way forgets nothing.
with clues as (
    select customer_id, cast(hash(birth_month, confidence) as hugeint) as digest
    from {{ ref('int_told_births') }}
    union all
    select customers.customer_id, accounts.digest
    from {{ ref('int_account_clues') }} as accounts
    inner join {{ ref('int_customer_ids') }} as customers
        on customers.account_key = accounts.account_key
),

digests as (
    select customer_id, cast(sum(digest) as hugeint) as digest
    from clues
    group by customer_id
)

{% if execute and not is_full_build() and is_incremental() %}
select
    coalesce(digests.customer_id, held.customer_id) as customer_id,
    digests.digest,
    cast({{ build_number() }} as bigint) as changed_at_build
from digests
full join {{ this }} as held
    on held.customer_id = digests.customer_id
where digests.digest is distinct from held.digest
{% else %}
select
    customer_id,
    digest,
    cast(-1 as bigint) as changed_at_build
from digests
{% endif %}
